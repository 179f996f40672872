#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "stagefunnel/columns/encode.hpp"
#include "support/columns.hpp"

namespace stagefunnel::columns {
namespace {

using namespace stagefunnel::testing;

constexpr double kTwoTo53 = 9007199254740992.0;

std::vector<std::uint64_t> keys_of(const ItemKeys& keys) { return {keys.key.begin(), keys.key.end()}; }

/// Returns the number of distinct keys of a column, with both halves.
std::size_t n_distinct(const ItemKeys& keys) {
    std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
    for (std::size_t row = 0; row < keys.size(); ++row) {
        seen.emplace(keys.key[row], keys.hashed() ? keys.high[row] : 0);
    }
    return seen.size();
}

TEST(EncodeItems, DoesNotCopy64BitIntegersWithoutMissingValues) {
    const Column column = numbers_column<std::int64_t>({5, -6});
    const ItemKeys keys = encode_items(column);
    EXPECT_EQ(static_cast<const void*>(keys.key.data()), column.chunks.front().values);
    EXPECT_TRUE(keys.owned.empty());
    EXPECT_FALSE(keys.hashed());
}

TEST(EncodeItems, StartsASliceThatItDoesNotCopyAtItsOffset) {
    const Column column = read({sliced(numbers_array<std::int64_t>("l", {1, 2, 3}), 1, 2)});
    EXPECT_EQ(keys_of(encode_items(column)), (std::vector<std::uint64_t>{2, 3}));
}

TEST(EncodeItems, GivesIntegersOfAnyWidthTheSameKeys) {
    const auto wide = keys_of(encode_items(numbers_column<std::int64_t>({-1, 0, 100})));
    EXPECT_EQ(keys_of(encode_items(numbers_column<std::int8_t>({-1, 0, 100}))), wide);
    EXPECT_EQ(keys_of(encode_items(numbers_column<std::int16_t>({-1, 0, 100}))), wide);
    EXPECT_EQ(keys_of(encode_items(numbers_column<std::int32_t>({-1, 0, 100}))), wide);
    EXPECT_EQ(keys_of(encode_items(numbers_column<double>({-1, 0, 100}))), wide);
    EXPECT_EQ(keys_of(encode_items(numbers_column<float>({-1, 0, 100}))), wide);
}

TEST(EncodeItems, GivesDifferentKeysToUnsignedNumbersBeyondInt64) {
    const std::uint64_t top = std::numeric_limits<std::uint64_t>::max();
    EXPECT_EQ(keys_of(encode_items(numbers_column<std::uint64_t>({top, top - 1}))),
              (std::vector<std::uint64_t>{top, top - 1}));
    EXPECT_EQ(keys_of(encode_items(numbers_column<std::uint64_t>({top, top - 1}, {0, 0}))),
              (std::vector<std::uint64_t>{top, top - 1}));
}

TEST(EncodeItems, TakesWholeFloatsUpTo2To53) {
    EXPECT_EQ(keys_of(encode_items(numbers_column<double>({kTwoTo53, -0.0}))),
              (std::vector<std::uint64_t>{std::uint64_t{1} << 53U, 0}));
}

TEST(EncodeItems, TakesSinglePrecisionUpTo2To24) {
    EXPECT_EQ(keys_of(encode_items(numbers_column<float>({16777216.0F}))),
              (std::vector<std::uint64_t>{16777216}));
    EXPECT_EQ(message_of([] { static_cast<void>(encode_items(numbers_column<float>({16777218.0F}))); }),
              "16777218.000000 in row 0 is not a whole number below 2^24");
}

TEST(EncodeItems, RefusesAFloatThatIsNotWholeNamingValueAndRow) {
    EXPECT_EQ(message_of([] { static_cast<void>(encode_items(numbers_column<double>({1, 1.5}))); }),
              "1.500000 in row 1 is not a whole number below 2^53");
}

TEST(EncodeItems, CountsTheRefusedRowOverAllChunks) {
    const Column column = read({numbers_array<double>("g", {1, 2}), numbers_array<double>("g", {3, 4.5})});
    EXPECT_EQ(message_of([&] { static_cast<void>(encode_items(column)); }),
              "4.500000 in row 3 is not a whole number below 2^53");
}

TEST(EncodeItems, RefusesFloatsThatMayBeRounded) {
    EXPECT_THROW(static_cast<void>(encode_items(numbers_column<double>({kTwoTo53 + 2}))),
                 std::invalid_argument);
    EXPECT_THROW(static_cast<void>(encode_items(numbers_column<double>({-kTwoTo53 - 2}))),
                 std::invalid_argument);
    EXPECT_THROW(static_cast<void>(encode_items(numbers_column<double>({INFINITY}))), std::invalid_argument);
}

TEST(EncodeItems, TakesNaNAsMissing) {
    EXPECT_EQ(encode_items(numbers_column<double>({1, NAN, 3, NAN})).missing_rows, (Rows{1, 3}));
}

TEST(EncodeItems, ListsMissingRowsOfAllChunksInRisingOrder) {
    const Column column = read({with_missing(text_array({"a", "b"}), {0}), text_array({"c"}),
                                with_missing(text_array({"d", "e"}), {0, 1})});
    EXPECT_EQ(encode_items(column).missing_rows, (Rows{0, 3, 4}));
}

TEST(EncodeItems, TakesNAAndEmptyTextAsKeysLikeAnyOther) {
    const ItemKeys keys = encode_items(texts_column({"NA", "", "nan", "None"}));
    EXPECT_TRUE(keys.missing_rows.empty());
    EXPECT_EQ(n_distinct(keys), 4U);
}

TEST(EncodeItems, ReducesATextToTheSameKeyInEveryLayout) {
    const std::vector<std::string> texts{"7", "a text of more than sixteen bytes"};
    const ItemKeys plain = encode_items(read({text_array(texts)}));
    ASSERT_TRUE(plain.hashed());
    const ItemKeys wide = encode_items(read({text_array<std::int64_t>(texts, "U")}));
    const ItemKeys views = encode_items(read({view_array(texts)}));
    const ItemKeys codes =
        encode_items(read({dictionary_array<std::int32_t>({1, 0}, text_array({texts[1], "7"}))}));
    for (const ItemKeys* other : {&wide, &views, &codes}) {
        EXPECT_EQ(keys_of(*other), keys_of(plain));
        EXPECT_TRUE(std::equal(plain.high.begin(), plain.high.end(), other->high.begin(), other->high.end()));
    }
}

TEST(EncodeItems, GivesDifferentKeysToTextsThatDifferOnlyInLength) {
    std::vector<std::optional<std::string>> texts;
    for (std::size_t n = 0; n <= 64; ++n) {
        texts.emplace_back(std::string(n, 'a'));
        if (n > 0) texts.emplace_back(std::string(n, '\0'));
    }
    EXPECT_EQ(n_distinct(encode_items(texts_column(texts))), texts.size());
}

TEST(EncodeItems, GivesDifferentKeysToTextsThatDifferInOneByteAtAnyPlace) {
    std::vector<std::optional<std::string>> texts{std::string(40, 'a')};
    for (std::size_t at = 0; at < 40; ++at) {
        for (const char other : {'b', '\0', '\xff'}) {
            std::string text(40, 'a');
            text[at] = other;
            texts.emplace_back(std::move(text));
        }
    }
    EXPECT_EQ(n_distinct(encode_items(texts_column(texts))), texts.size());
}

TEST(EncodeItems, GivesDifferentKeysToUuids) {
    const Column column = read({fixed_array({"0123456789abcde0", "0123456789abcde1", "0123456789abcde0"})});
    const ItemKeys keys = encode_items(column);
    EXPECT_EQ(n_distinct(keys), 2U);
    EXPECT_EQ(keys.key[0], keys.key[2]);
}

TEST(EncodeItems, TakesAColumnWithoutRows) {
    EXPECT_EQ(encode_items(numbers_column<std::int64_t>({})).size(), 0U);
    EXPECT_EQ(encode_items(numbers_column<double>({})).size(), 0U);
    EXPECT_EQ(encode_items(texts_column({})).size(), 0U);
}

}  // namespace
}  // namespace stagefunnel::columns
