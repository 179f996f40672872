#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "stagefunnel/columns/column.hpp"
#include "stagefunnel/columns/encode.hpp"
#include "support/columns.hpp"

namespace stagefunnel::columns {
namespace {

using namespace stagefunnel::testing;

const Texts kTexts{"New", "", "a label of more than twelve bytes", "NA",
                   "another one that a view cannot hold"};
const std::vector<std::string> kPlain{"New", "", "a label of more than twelve bytes", "NA",
                                      "another one that a view cannot hold"};

TEST(ColumnFromArrow, ReadsTextWith32BitOffsets) { EXPECT_EQ(texts_in(read({text_array(kPlain)})), kTexts); }

TEST(ColumnFromArrow, ReadsTextWith64BitOffsets) {
    EXPECT_EQ(texts_in(read({text_array<std::int64_t>(kPlain, "U")})), kTexts);
}

TEST(ColumnFromArrow, ReadsViewsOfShortAndOfLongText) {
    EXPECT_EQ(texts_in(read({view_array(kPlain)})), kTexts);
}

TEST(ColumnFromArrow, TakesTwelveBytesAsTheLongestTextInsideAView) {
    const Column column = read({view_array({"twelve bytes", "thirteen byte"})});
    EXPECT_EQ(texts_in(column), (Texts{"twelve bytes", "thirteen byte"}));
}

TEST(ColumnFromArrow, ReadsBinaryOfAllThreeLayoutsAsText) {
    EXPECT_EQ(texts_in(read({text_array(kPlain, "z")})), kTexts);
    EXPECT_EQ(texts_in(read({text_array<std::int64_t>(kPlain, "Z")})), kTexts);
    EXPECT_EQ(texts_in(read({view_array(kPlain, "vz")})), kTexts);
}

TEST(ColumnFromArrow, KeepsZeroBytesInsideAText) {
    const std::string inside("a\0b", 3);
    EXPECT_EQ(texts_in(read({text_array({inside, "a"})})), (Texts{inside, "a"}));
}

TEST(ColumnFromArrow, ReadsFixedWidthBinary) {
    const Column column = read({fixed_array({"aaaabbbbccccdddd", "AAAABBBBCCCCDDDD"})});
    EXPECT_EQ(column.width, 16U);
    EXPECT_EQ(texts_in(column), (Texts{"aaaabbbbccccdddd", "AAAABBBBCCCCDDDD"}));
}

TEST(ColumnFromArrow, ReadsIntegersOfEveryWidth) {
    const Numbers expected{1, 100, 0};
    EXPECT_EQ(numbers_in(read({numbers_array<std::int8_t>("c", {1, 100, 0})})), expected);
    EXPECT_EQ(numbers_in(read({numbers_array<std::uint8_t>("C", {1, 100, 0})})), expected);
    EXPECT_EQ(numbers_in(read({numbers_array<std::int16_t>("s", {1, 100, 0})})), expected);
    EXPECT_EQ(numbers_in(read({numbers_array<std::uint16_t>("S", {1, 100, 0})})), expected);
    EXPECT_EQ(numbers_in(read({numbers_array<std::int32_t>("i", {1, 100, 0})})), expected);
    EXPECT_EQ(numbers_in(read({numbers_array<std::uint32_t>("I", {1, 100, 0})})), expected);
    EXPECT_EQ(numbers_in(read({numbers_array<std::int64_t>("l", {1, 100, 0})})), expected);
    EXPECT_EQ(numbers_in(read({numbers_array<std::uint64_t>("L", {1, 100, 0})})), expected);
    EXPECT_EQ(numbers_in(read({numbers_array<float>("f", {1, 100, 0})})), expected);
    EXPECT_EQ(numbers_in(read({numbers_array<double>("g", {1, 100, 0})})), expected);
}

TEST(ColumnFromArrow, KeepsTheSignOfNarrowIntegers) {
    EXPECT_EQ(numbers_in(read({numbers_array<std::int8_t>("c", {-1, -128})})), (Numbers{-1, -128}));
    EXPECT_EQ(numbers_in(read({numbers_array<std::uint8_t>("C", {255, 128})})), (Numbers{255, 128}));
}

TEST(ColumnFromArrow, KeepsTheFormatOfTimestampsAndDates) {
    EXPECT_EQ(read({numbers_array<std::int64_t>("tsu:Europe/Berlin", {0})}).format, "tsu:Europe/Berlin");
    const Column days = read({numbers_array<std::int32_t>("tdD", {20'000})});
    EXPECT_EQ(days.format, "tdD");
    EXPECT_EQ(days.storage, Storage::int32);
    EXPECT_EQ(read({numbers_array<std::int64_t>("tdm", {0})}).storage, Storage::int64);
}

TEST(ColumnFromArrow, StartsASlicedTextAtItsOffset) {
    EXPECT_EQ(texts_in(read({sliced(text_array(kPlain), 2, 2)})), (Texts{kTexts[2], kTexts[3]}));
    EXPECT_EQ(texts_in(read({sliced(view_array(kPlain), 2, 2)})), (Texts{kTexts[2], kTexts[3]}));
}

TEST(ColumnFromArrow, StartsASlicedArrayOfNumbersAtItsOffset) {
    EXPECT_EQ(numbers_in(read({sliced(numbers_array<std::int16_t>("s", {7, 8, 9}), 1, 2)})), (Numbers{8, 9}));
}

TEST(ColumnFromArrow, StartsSlicedFixedWidthBinaryAtItsOffset) {
    EXPECT_EQ(texts_in(read({sliced(fixed_array({"aa", "bb", "cc"}), 1, 2)})), (Texts{"bb", "cc"}));
}

TEST(ColumnFromArrow, ReadsMissingValuesFromTheBitmap) {
    const Column column = read({with_missing(text_array({"a", "b", "c"}), {1})});
    EXPECT_EQ(texts_in(column), (Texts{"a", std::nullopt, "c"}));
}

TEST(ColumnFromArrow, ReadsTheBitmapOfASliceFromTheOffset) {
    const std::vector<std::int64_t> values{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    const Column column = read({sliced(with_missing(numbers_array("l", values), {7, 9}), 7, 4)});
    EXPECT_EQ(numbers_in(column), (Numbers{std::nullopt, 8, std::nullopt, 10}));
}

TEST(ColumnFromArrow, ReadsTheBitmapIfMissingValuesWereNotCounted) {
    const ArrayPtr array = with_missing(numbers_array<std::int64_t>("l", {5, 6}), {0});
    array->array.null_count = -1;
    EXPECT_EQ(numbers_in(read({array})), (Numbers{std::nullopt, 6}));
}

TEST(ColumnFromArrow, ReadsCodesThroughTheirDictionary) {
    const Column column = read({dictionary_array<std::int32_t>({1, 0, 1}, text_array({"New", "Won"}))});
    EXPECT_EQ(texts_in(column), (Texts{"Won", "New", "Won"}));
}

TEST(ColumnFromArrow, ReadsCodesOfAnyIntegerWidth) {
    const Texts expected{"Won", "New"};
    EXPECT_EQ(texts_in(read({dictionary_array<std::int8_t>({1, 0}, text_array({"New", "Won"}), "c")})),
              expected);
    EXPECT_EQ(texts_in(read({dictionary_array<std::uint16_t>({1, 0}, text_array({"New", "Won"}), "S")})),
              expected);
    EXPECT_EQ(texts_in(read({dictionary_array<std::uint32_t>({1, 0}, view_array({"New", "Won"}), "I")})),
              expected);
    EXPECT_EQ(texts_in(read({dictionary_array<std::int64_t>({1, 0}, text_array({"New", "Won"}), "l")})),
              expected);
}

TEST(ColumnFromArrow, GivesEachChunkItsOwnDictionary) {
    const Column column =
        read({dictionary_array<std::int32_t>({0, 1}, text_array({"New", "Won"})),
              dictionary_array<std::int32_t>({0, 1, 2}, text_array({"Won", "Lost", "New"}))});
    EXPECT_EQ(texts_in(column), (Texts{"New", "Won", "Won", "Lost", "New"}));
}

TEST(ColumnFromArrow, SlicesCodesAndDictionaryEachByItsOwnOffset) {
    const ArrayPtr dictionary = sliced(text_array({"unused", "New", "Won"}), 1, 2);
    EXPECT_EQ(texts_in(read({sliced(dictionary_array<std::int32_t>({1, 0, 1}, dictionary), 1, 2)})),
              (Texts{"New", "Won"}));
}

TEST(ColumnFromArrow, ReadsAMissingCodeAndAMissingEntryAsMissing) {
    const ArrayPtr dictionary = with_missing(text_array({"New", "?"}), {1});
    const Column column = read({with_missing(dictionary_array<std::int32_t>({0, 1, 9}, dictionary), {2})});
    EXPECT_EQ(texts_in(column), (Texts{"New", std::nullopt, std::nullopt}));
}

TEST(ColumnFromArrow, ReadsADictionaryOfNumbers) {
    const Column column =
        read({dictionary_array<std::int32_t>({1, 0}, numbers_array<std::int64_t>("l", {30, 40}))});
    EXPECT_EQ(numbers_in(column), (Numbers{40, 30}));
}

TEST(ColumnWithDictionary, ReadsCodesThroughTheOtherColumn) {
    const Column column = column_with_dictionary(numbers_column<std::int8_t>({1, 0, -1}, {0, 0, 1}),
                                                 texts_column({"New", "Won"}));
    EXPECT_EQ(texts_in(column), (Texts{"Won", "New", std::nullopt}));
}

TEST(ColumnWithDictionary, ReadsADictionaryOfSeveralChunks) {
    const Column dictionary = read({text_array({"New", "Offer"}), text_array({"Won"}), text_array({"Lost"})});
    const Column column = column_with_dictionary(numbers_column<std::int8_t>({3, 2, 1, 0}), dictionary);
    EXPECT_EQ(texts_in(column), (Texts{"Lost", "Won", "Offer", "New"}));
    const std::vector<std::uint32_t> rows{1, 0};
    EXPECT_EQ(take_bytes(column, rows), (std::vector<std::optional<std::string>>{"Won", "Lost"}));
}

TEST(ColumnFromArrow, RefusesACodeOutsideItsDictionary) {
    const Column above = read({dictionary_array<std::int32_t>({0, 2}, text_array({"New", "Won"}))});
    const Column below = read({dictionary_array<std::int32_t>({0, -1}, text_array({"New", "Won"}))});
    EXPECT_THROW(static_cast<void>(encode_stages(above)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(encode_stages(below)), std::invalid_argument);
}

TEST(ColumnFromArrow, JoinsChunksAndSkipsEmptyOnes) {
    const Column column = read({text_array({}), text_array({"a"}), text_array({}), text_array({"b", "a"})});
    EXPECT_EQ(column.length, 3U);
    EXPECT_EQ(texts_in(column), (Texts{"a", "b", "a"}));
}

TEST(ColumnFromArrow, TakesAColumnWithoutRows) {
    const Column column = read({text_array({})});
    EXPECT_EQ(column.length, 0U);
    EXPECT_TRUE(column.chunks.empty());
    EXPECT_TRUE(texts_in(column).empty());
}

TEST(ColumnFromArrow, KeepsItsOwnerAliveAsLongAsTheColumnLives) {
    ArrayPtr array = text_array({"New"});
    const std::weak_ptr<OwnedArray> watched = array;
    {
        const Column column = read({std::move(array)});
        EXPECT_FALSE(watched.expired());
        EXPECT_EQ(texts_in(column), (Texts{"New"}));
    }
    EXPECT_TRUE(watched.expired());
}

TEST(ColumnFromArrow, RefusesAnArrayWithoutItsBuffers) {
    const ArrayPtr few = numbers_array<std::int64_t>("l", {1});
    few->array.n_buffers = 1;
    EXPECT_THROW(static_cast<void>(read({few})), std::invalid_argument);
    const ArrayPtr null = numbers_array<std::int64_t>("l", {1});
    null->buffers[1] = nullptr;
    EXPECT_THROW(static_cast<void>(read({null})), std::invalid_argument);
}

TEST(ColumnFromArrow, RefusesADictionaryColumnWithoutADictionary) {
    const ArrayPtr array = dictionary_array<std::int32_t>({0}, text_array({"New"}));
    array->array.dictionary = nullptr;
    EXPECT_THROW(static_cast<void>(read({array})), std::invalid_argument);
}

struct Unread {
    const char* format;
    const char* name;
};

class UnsupportedType : public ::testing::TestWithParam<Unread> {};

TEST_P(UnsupportedType, IsRefusedByItsName) {
    const ArrayPtr array = numbers_array<std::int64_t>(GetParam().format, {0});
    EXPECT_EQ(message_of([&] { static_cast<void>(read({array})); }),
              std::string("unsupported column type: ") + GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(ColumnFromArrow, UnsupportedType,
                         ::testing::Values(Unread{"n", "null"}, Unread{"b", "boolean"},
                                           Unread{"e", "float16"}, Unread{"d:19,2", "decimal"},
                                           Unread{"ttu", "time of day"}, Unread{"tDn", "duration"},
                                           Unread{"tiM", "interval"}, Unread{"+l", "nested"},
                                           Unread{"?", "Arrow type '?'"}),
                         [](const auto& type) { return "Format" + std::to_string(type.index); });

TEST(DescribeFormat, NamesTheSupportedTypes) {
    EXPECT_EQ(describe_format("g"), "float64");
    EXPECT_EQ(describe_format("L"), "uint64");
    EXPECT_EQ(describe_format("vu"), "text");
    EXPECT_EQ(describe_format("Z"), "binary");
    EXPECT_EQ(describe_format("tdD"), "date");
    EXPECT_EQ(describe_format("tsn:UTC"), "timestamp");
    EXPECT_EQ(describe_format("w:16"), "fixed-width binary");
}

TEST(HoldsBytes, IsTrueForADictionaryOfTexts) {
    EXPECT_TRUE(holds_bytes(read({text_array({"a"})})));
    EXPECT_TRUE(holds_bytes(read({fixed_array({"a"})})));
    EXPECT_TRUE(holds_bytes(read({dictionary_array<std::int32_t>({0}, text_array({"a"}))})));
    EXPECT_FALSE(holds_bytes(numbers_column<double>({1})));
    EXPECT_FALSE(
        holds_bytes(read({dictionary_array<std::int32_t>({0}, numbers_array<std::int64_t>("l", {1}))})));
}

TEST(Column, ReadsMissingValuesFromAByteMask) {
    EXPECT_EQ(numbers_in(numbers_column<std::int64_t>({4, 5, 6}, {0, 1, 0})), (Numbers{4, std::nullopt, 6}));
}

/// Text that is read in place, and what changes its offsets or views afterwards.
template <class Number, class Read>
void expect_outside(const ArrayPtr& array, std::size_t place, Number number, Read read_all) {
    const Column column = read({array});
    Number before{};
    char* const at = array->memory[0].data() + place * sizeof(Number);
    std::memcpy(&before, at, sizeof before);
    std::memcpy(at, &number, sizeof number);
    EXPECT_THROW(read_all(column), std::invalid_argument) << number << " in place of " << before;
    std::memcpy(at, &before, sizeof before);
    EXPECT_NO_THROW(read_all(column));
}

const std::vector<std::function<void(const Column&)>> kReadings{
    [](const Column& column) { static_cast<void>(encode_items(column)); },
    [](const Column& column) { static_cast<void>(pack_items(column)); },
    [](const Column& column) { static_cast<void>(encode_stages(column)); },
    [](const Column& column) { static_cast<void>(RowOrder(column)); },
    [](const Column& column) { static_cast<void>(take_bytes(column, std::vector<std::uint32_t>{0, 1, 2})); },
};

TEST(ColumnFromArrow, HoldsEachOffsetAgainstTheBytesWhenItIsRead) {
    for (const auto& read_all : kReadings) {
        for (const std::int32_t offset :
             {-1, 100, std::numeric_limits<std::int32_t>::max(), std::numeric_limits<std::int32_t>::min()}) {
            expect_outside<std::int32_t>(text_array({"one", "two", "three"}), 1, offset, read_all);
            expect_outside<std::int32_t>(text_array({"one", "two", "three"}), 3, offset, read_all);
        }
        for (const std::int64_t offset : {std::int64_t{-1}, std::int64_t{100}, std::int64_t{1} << 62,
                                          std::numeric_limits<std::int64_t>::min()}) {
            expect_outside<std::int64_t>(text_array<std::int64_t>({"one", "two", "three"}, "U"), 1, offset,
                                         read_all);
        }
    }
}

TEST(ColumnFromArrow, HoldsEachViewAgainstItsBufferWhenItIsRead) {
    const auto views = [] {
        return view_array({"a text of many bytes", "another one of many", "third of many bytes"});
    };
    for (const auto& read_all : kReadings) {
        for (const std::int32_t number : {-1, 1'000, std::numeric_limits<std::int32_t>::max()}) {
            expect_outside<std::int32_t>(views(), 4, number, read_all);  // the length of the second text
            expect_outside<std::int32_t>(views(), 6, number, read_all);  // its buffer
            expect_outside<std::int32_t>(views(), 7, number, read_all);  // its place there
        }
    }
}

TEST(ColumnFromArrow, TakesTheSizeOfABufferFromWhoKnowsIt) {
    const ArrayPtr array = text_array({"one", "two", "three"});
    const std::int32_t beyond = 100;
    std::memcpy(array->memory[0].data() + 3 * sizeof beyond, &beyond, sizeof beyond);
    const BufferSizes sizes{{array->buffers[2], 11}};
    const Column column = column_from_arrow(array->schema, {&array->array}, array, sizes);
    EXPECT_THROW(static_cast<void>(encode_stages(column)), std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::columns
