#include <gtest/gtest.h>

#include <set>
#include <string>

#include "columns/packed_text.hpp"
#include "stagefunnel/columns/encode.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/journeys/lookup.hpp"
#include "support/columns.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::columns {
namespace {

using namespace stagefunnel::testing;

Texts numbered(const std::string& prefix, std::size_t n) {
    Texts texts;
    for (std::size_t i = 0; i < n; ++i) texts.emplace_back(prefix + std::to_string(i));
    return texts;
}

TEST(PackItems, PacksTextsWithSevenBytesAfterThePrefix) {
    const ItemKeys keys = pack_items(texts_column({"D-1234567", "D-7654321", "D-", "D-1234567"}));
    EXPECT_FALSE(keys.hashed());
    EXPECT_TRUE(keys.holds_text());
    EXPECT_EQ(keys.prefix, "D-");
    EXPECT_EQ(keys.key[0], keys.key[3]);
    EXPECT_EQ((std::set<std::uint64_t>{keys.key.begin(), keys.key.end()}).size(), 3U);
}

TEST(PackItems, HashesTextsWithEightBytesAfterThePrefix) {
    EXPECT_TRUE(pack_items(texts_column({"12345678", "87654321"})).hashed());
}

TEST(PackItems, GivesDifferentKeysToTextsOfZeroBytesAndOfNoBytes) {
    const std::string zero(1, '\0'), zeros(2, '\0');
    const ItemKeys keys = pack_items(texts_column({"", zero, zeros}));
    EXPECT_EQ((std::set<std::uint64_t>{keys.key.begin(), keys.key.end()}).size(), 3U);
}

TEST(PackItems, HashesAllTextsIfOneDoesNotFit) {
    for (const std::string& odd : {std::string("E-1"), std::string("D"), std::string("D-12345678")}) {
        Texts texts = numbered("D-", 5'000);
        texts[4'321] = odd;
        const ItemKeys keys = pack_items(texts_column(texts), 2);
        EXPECT_TRUE(keys.hashed()) << odd;
        EXPECT_FALSE(keys.prefix.has_value());
    }
}

TEST(PackItems, DoesNotPackIntegersOrColumnsWithoutRows) {
    EXPECT_FALSE(pack_items(numbers_column<std::int64_t>({5, 6})).holds_text());
    const ItemKeys nothing = pack_items(texts_column({std::nullopt, std::nullopt}));
    EXPECT_EQ(nothing.missing_rows, (Rows{0, 1}));
}

TEST(PackItems, ListsTheMissingRowsOfAllThreads) {
    Texts texts = numbered("D-", 100'000);
    for (const std::size_t row : {3U, 50'000U, 99'999U}) texts[row] = std::nullopt;
    const ItemKeys keys = pack_items(texts_column(texts), 7);
    EXPECT_EQ(keys.missing_rows, (Rows{3, 50'000, 99'999}));
    EXPECT_TRUE(std::equal(keys.key.begin(), keys.key.end(), pack_items(texts_column(texts)).key.begin()));
}

TEST(TextPacker, UnpacksWhatItPacked) {
    const TextPacker packer("lead ");
    for (const char* text : {"lead ", "lead 1", "lead 12", "lead 123", "lead 1234", "lead 1234567"}) {
        std::uint64_t key = 0;
        ASSERT_TRUE(packer.pack(text, key));
        EXPECT_EQ(packer.unpack(key), text);
    }
}

TEST(PackedItems, AreFoundByTheHashesOfATable) {
    const Column item = texts_column({"D-1", "D-22", "D-1"});
    const Column time = numbers_column<std::int64_t>({0, 1, 2});
    const Journeys journeys =
        journeys::build_journeys(pack_items(item), encode_stages(item), encode_times(time), {}, {}, 1);
    const journeys::TableRows match =
        journeys::match_items(journeys, encode_items(texts_column({"D-22", "other", "D-1"})));
    ASSERT_EQ(journeys.first_row.size(), 2U);
    for (std::size_t at = 0; at < 2; ++at) EXPECT_EQ(match.row[at], journeys.first_row[at] == 0 ? 2 : 0);
    const auto one = journeys::journey_of(journeys, encode_items(texts_column({"D-1"})));
    ASSERT_TRUE(one.has_value());
    EXPECT_EQ(list_of(one->time), (std::vector<std::int64_t>{0, 2}));
    EXPECT_THROW(static_cast<void>(journeys::match_items(journeys, encode_items(time))),
                 std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::columns
