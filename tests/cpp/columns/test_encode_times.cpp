#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "stagefunnel/columns/encode.hpp"
#include "support/columns.hpp"

namespace stagefunnel::columns {
namespace {

using namespace stagefunnel::testing;

using Stamps = std::vector<std::int64_t>;
constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

Stamps times_in(const Column& column) {
    const Times times = encode_times(column);
    return {times.time.begin(), times.time.end()};
}

TEST(EncodeTimes, DoesNotCopy64BitIntegersWithoutMissingValues) {
    const Column column = numbers_column<std::int64_t>({5, 6});
    const Times times = encode_times(column);
    EXPECT_EQ(static_cast<const void*>(times.time.data()), column.chunks.front().values);
    EXPECT_TRUE(times.owned.empty());
}

TEST(EncodeTimes, WidensDaysAndNarrowIntegers) {
    EXPECT_EQ(times_in(read({numbers_array<std::int32_t>("tdD", {-1, 20'000})})), (Stamps{-1, 20'000}));
    EXPECT_EQ(times_in(numbers_column<std::uint8_t>({255})), (Stamps{255}));
}

TEST(EncodeTimes, JoinsChunks) {
    EXPECT_EQ(
        times_in(read({numbers_array<std::int64_t>("l", {3}), numbers_array<std::int64_t>("l", {1, 2})})),
        (Stamps{3, 1, 2}));
}

TEST(EncodeTimes, TakesWholeFloatsAndNaNAsMissing) {
    const Column column = numbers_column<double>({1700000000.0, NAN});
    EXPECT_EQ(times_in(column).front(), 1'700'000'000);
    EXPECT_EQ(encode_times(column).missing_rows, (Rows{1}));
}

TEST(EncodeTimes, RefusesAFloatThatIsNotWholeOrMayBeRounded) {
    EXPECT_THROW(static_cast<void>(encode_times(numbers_column<double>({1.5}))), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(encode_times(numbers_column<double>({9007199254740994.0}))),
                 std::invalid_argument);
}

TEST(EncodeTimes, RefusesText) {
    EXPECT_EQ(message_of([] { static_cast<void>(encode_times(texts_column({"2026-03-01"}))); }),
              "times must be timestamps, dates or integers, got text");
}

TEST(EncodeTimes, RefusesAnUnsignedNumberBeyondInt64) {
    const auto highest = static_cast<std::uint64_t>(kHighest);
    EXPECT_EQ(times_in(numbers_column<std::uint64_t>({highest})), (Stamps{kHighest}));
    EXPECT_EQ(
        message_of([&] { static_cast<void>(encode_times(numbers_column<std::uint64_t>({0, highest + 1}))); }),
        "9223372036854775808 in row 1 is not a whole number below 2^63");
}

TEST(EncodeTimes, TakesTheLowestTimestampAsMissing) {
    const Column column = read({numbers_array<std::int64_t>("tsn:", {kLowest, 5, kLowest})});
    EXPECT_EQ(encode_times(column).missing_rows, (Rows{0, 2}));
}

TEST(EncodeTimes, TakesTheLowestTimestampAsMissingInEveryChunk) {
    const Column column =
        read({numbers_array<std::int64_t>("tsn:", {5}), numbers_array<std::int64_t>("tsn:", {kLowest})});
    EXPECT_EQ(encode_times(column).missing_rows, (Rows{1}));
}

TEST(EncodeTimes, TakesTheLowestTimestampInsideADictionaryAsMissing) {
    const Column column =
        read({dictionary_array<std::int32_t>({1, 0}, numbers_array<std::int64_t>("tsu:UTC", {kLowest, 5}))});
    EXPECT_EQ(encode_times(column).missing_rows, (Rows{1}));
    EXPECT_EQ(times_in(column).front(), 5);
}

TEST(EncodeTimes, TakesInfiniteTimestampsAsMissing) {
    for (const char* format : {"tss:", "tsm:", "tsu:UTC", "tsn:"}) {
        const Column column =
            read({numbers_array<std::int64_t>(format, {kHighest, 5, -kHighest, kHighest - 1, kLowest + 2})});
        EXPECT_EQ(encode_times(column).missing_rows, (Rows{0, 2})) << format;
    }
    const Column chunks = read({numbers_array<std::int64_t>("tsu:", {5, kHighest}),
                                numbers_array<std::int64_t>("tsu:", {-kHighest})});
    EXPECT_EQ(encode_times(chunks).missing_rows, (Rows{1, 2}));
}

TEST(EncodeTimes, TakesInfiniteDaysAsMissing) {
    constexpr std::int32_t kDay = std::numeric_limits<std::int32_t>::max();
    const Column column = read({numbers_array<std::int32_t>("tdD", {kDay, 5, -kDay, kDay - 1})});
    EXPECT_EQ(encode_times(column).missing_rows, (Rows{0, 2}));
}

TEST(EncodeTimes, TakesTheHighestPlainIntegerAsATime) {
    EXPECT_TRUE(encode_times(numbers_column<std::int64_t>({kHighest, -kHighest})).missing_rows.empty());
}

TEST(EncodeTimes, TakesTheLowestPlainIntegerAsATime) {
    const Times times = encode_times(numbers_column<std::int64_t>({kLowest}, {0}));
    EXPECT_TRUE(times.missing_rows.empty());
    EXPECT_EQ(times.time.front(), kLowest);
}

TEST(EncodeTimes, ListsTheRowsThatABitmapMarksAsMissing) {
    const Column column = read({with_missing(numbers_array<std::int64_t>("tsu:UTC", {1, 2, 3}), {0, 2})});
    EXPECT_EQ(encode_times(column).missing_rows, (Rows{0, 2}));
}

TEST(EncodeTimes, TakesAColumnWithoutRows) {
    EXPECT_TRUE(times_in(numbers_column<std::int64_t>({})).empty());
}

TEST(RowOrder, IsNotGivenUnlessItIsMadeFromAColumn) {
    EXPECT_FALSE(RowOrder().given());
    EXPECT_TRUE(RowOrder(numbers_column<std::int64_t>({})).given());
}

TEST(RowOrder, ComparesIntegersAsNumbers) {
    const Column column = numbers_column<std::int32_t>({-5, 9, 10});
    const RowOrder order(column);
    EXPECT_TRUE(order.less(0, 1));
    EXPECT_TRUE(order.less(1, 2));
    EXPECT_FALSE(order.less(2, 1));
    EXPECT_FALSE(order.less(1, 1));
    EXPECT_EQ(order.size(), 3U);
}

TEST(RowOrder, ComparesUnsignedNumbersBeyondInt64AsNumbers) {
    const Column column = numbers_column<std::uint64_t>({1, std::uint64_t{1} << 63U, ~std::uint64_t{0}});
    const RowOrder order(column);
    EXPECT_TRUE(order.less(0, 1));
    EXPECT_TRUE(order.less(1, 2));
}

TEST(RowOrder, ComparesDigitsAsNumbers) {
    const Column column = texts_column({"9", "10", "123456789012345678901", "0"});
    const RowOrder order(column);
    EXPECT_TRUE(order.less(0, 1));
    EXPECT_TRUE(order.less(1, 2));
    EXPECT_TRUE(order.less(3, 0));
    EXPECT_EQ(order.size(), 4U);
}

TEST(RowOrder, IgnoresLeadingZerosOfDigits) {
    const Column column = texts_column({"009", "10", "9", "00"});
    const RowOrder order(column);
    EXPECT_TRUE(order.less(0, 1));
    EXPECT_FALSE(order.less(0, 2));
    EXPECT_FALSE(order.less(2, 0));
    EXPECT_TRUE(order.less(3, 0));
}

TEST(RowOrder, ComparesTextByBytesIfOneValueHasOtherCharactersThanDigits) {
    const Column column = texts_column({"9", "10", "a"});
    const RowOrder order(column);
    EXPECT_TRUE(order.less(1, 0));
    EXPECT_TRUE(order.less(0, 2));
}

TEST(RowOrder, TakesAnEmptyTextAsTextNotAsANumber) {
    const Column column = texts_column({"9", "10", ""});
    const RowOrder order(column);
    EXPECT_TRUE(order.less(1, 0));
    EXPECT_TRUE(order.less(2, 1));
}

TEST(RowOrder, ReadsTextThroughDictionariesOfSeveralChunks) {
    const Column column = read({dictionary_array<std::int32_t>({0, 1}, text_array({"10", "9"})),
                                dictionary_array<std::int32_t>({0}, text_array({"11"}))});
    const RowOrder order(column);
    EXPECT_TRUE(order.less(1, 0));
    EXPECT_TRUE(order.less(0, 2));
}

TEST(RowOrder, RefusesAMissingValueNamingItsRow) {
    EXPECT_EQ(message_of([] { RowOrder(texts_column({"1", std::nullopt})); }),
              "the order column has no value in row 1");
    EXPECT_EQ(message_of([] { RowOrder(numbers_column<double>({1, 2, NAN})); }),
              "the order column has no value in row 2");
}

}  // namespace
}  // namespace stagefunnel::columns
