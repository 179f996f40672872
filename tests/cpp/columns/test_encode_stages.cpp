#include <gtest/gtest.h>

#include <cmath>

#include "stagefunnel/columns/encode.hpp"
#include "support/columns.hpp"

namespace stagefunnel::columns {
namespace {

using namespace stagefunnel::testing;

using Codes = LargeVector<std::uint16_t>;

std::vector<std::string> text_labels(const StageCodes& stages) {
    return std::get<std::vector<std::string>>(stages.labels);
}
std::vector<std::int64_t> number_labels(const StageCodes& stages) {
    return std::get<std::vector<std::int64_t>>(stages.labels);
}

/// Returns the numbers 0 … n - 1 twice, so that every label is looked up again after all others.
std::vector<std::int64_t> twice(std::int64_t n) {
    std::vector<std::int64_t> values;
    for (int pass = 0; pass < 2; ++pass) {
        for (std::int64_t value = 0; value < n; ++value) values.push_back(value);
    }
    return values;
}

TEST(EncodeStages, NumbersLabelsInOrderOfFirstAppearance) {
    const StageCodes stages = encode_stages(texts_column({"Won", "New", "Won", "Lost", "New"}));
    EXPECT_EQ(text_labels(stages), (std::vector<std::string>{"Won", "New", "Lost"}));
    EXPECT_EQ(stages.code, (Codes{0, 1, 0, 2, 1}));
}

TEST(EncodeStages, NumbersDictionaryEntriesInTheOrderOfTheRowsNotOfTheDictionary) {
    const Column column =
        read({dictionary_array<std::int32_t>({2, 0}, text_array({"New", "unused", "Won"}))});
    const StageCodes stages = encode_stages(column);
    EXPECT_EQ(text_labels(stages), (std::vector<std::string>{"Won", "New"}));
    EXPECT_EQ(stages.code, (Codes{0, 1}));
}

TEST(EncodeStages, JoinsALabelThatADictionaryHasTwice) {
    const Column column = read({dictionary_array<std::int32_t>({0, 1}, text_array({"New", "New"}))});
    EXPECT_EQ(encode_stages(column).code, (Codes{0, 0}));
}

TEST(EncodeStages, CountsTheRowsOfEachCodeAndKeepsTheFirst) {
    const StageCodes stages = encode_stages(texts_column({"New", "Won", "New", "New"}));
    EXPECT_EQ(stages.rows, (Rows{3, 1}));
    EXPECT_EQ(stages.first_row, (Rows{0, 1}));
}

TEST(EncodeStages, GivesAMissingStageTheCodeAfterTheLastLabel) {
    const StageCodes stages = encode_stages(texts_column({std::nullopt, "New", "Won", std::nullopt}));
    EXPECT_EQ(stages.code, (Codes{2, 0, 1, 2}));
    EXPECT_EQ(stages.missing_rows, (Rows{0, 3}));
    EXPECT_EQ(stages.n_labels(), 2U);
    EXPECT_EQ(stages.rows, (Rows{1, 1}));
}

TEST(EncodeStages, TakesIntegersAsLabels) {
    const StageCodes stages = encode_stages(numbers_column<std::int32_t>({30, -1, 30}));
    EXPECT_EQ(number_labels(stages), (std::vector<std::int64_t>{30, -1}));
    EXPECT_EQ(stages.code, (Codes{0, 1, 0}));
}

TEST(EncodeStages, TakesWholeFloatsAsIntegersAndNaNAsMissing) {
    const StageCodes stages = encode_stages(numbers_column<double>({2, NAN, 1}));
    EXPECT_EQ(number_labels(stages), (std::vector<std::int64_t>{2, 1}));
    EXPECT_EQ(stages.missing_rows, (Rows{1}));
}

TEST(EncodeStages, RefusesAFloatThatIsNotWhole) {
    EXPECT_THROW(static_cast<void>(encode_stages(numbers_column<double>({1.5}))), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(encode_stages(numbers_column<double>({9007199254740994.0}))),
                 std::invalid_argument);
}

TEST(EncodeStages, RefusesAnUnsignedLabelThatWouldTurnNegative) {
    EXPECT_EQ(
        message_of([] {
            static_cast<void>(encode_stages(numbers_column<std::uint64_t>({1, std::uint64_t{1} << 63U})));
        }),
        "9223372036854775808 in row 1 is not a whole number below 2^63");
}

TEST(EncodeStages, Takes65535DistinctIntegers) {
    const StageCodes stages = encode_stages(numbers_column(twice(65'535)));
    ASSERT_EQ(stages.n_labels(), 65'535U);
    EXPECT_EQ(stages.code.front(), 0);
    EXPECT_EQ(stages.code.back(), 65'534);
    EXPECT_EQ(stages.rows, Rows(65'535, 2));
}

TEST(EncodeStages, Takes65535DistinctTexts) {
    std::vector<std::optional<std::string>> texts;
    for (const std::int64_t value : twice(65'535)) texts.emplace_back("stage " + std::to_string(value));
    const StageCodes stages = encode_stages(texts_column(texts));
    ASSERT_EQ(stages.n_labels(), 65'535U);
    EXPECT_EQ(text_labels(stages).back(), "stage 65534");
    EXPECT_EQ(stages.rows, Rows(65'535, 2));
}

TEST(EncodeStages, HasACodeForMissingStagesBeside65535Labels) {
    std::vector<std::int64_t> values = twice(65'535);
    std::vector<std::uint8_t> missing(values.size(), 0);
    values.push_back(7);
    missing.push_back(1);
    EXPECT_EQ(encode_stages(numbers_column(values, missing)).code.back(), 65'535);
}

TEST(EncodeStages, Refuses65536DistinctStages) {
    const std::string wanted =
        "the stage column has more than 65,535 distinct stages; is it the item column?";
    EXPECT_EQ(message_of([] { static_cast<void>(encode_stages(numbers_column(twice(65'536)))); }), wanted);
}

TEST(LeaveOut, CountsRowsAndFirstRowsWithoutTheDroppedOnes) {
    StageCodes stages = encode_stages(texts_column({"New", "Won", "New", std::nullopt, "Won", "New"}));
    leave_out(stages, Rows{0, 3, 4});
    EXPECT_EQ(stages.rows, (Rows{2, 1}));
    EXPECT_EQ(stages.first_row, (Rows{2, 1}));
}

TEST(LeaveOut, KeepsTheLabelOfAStageThatLosesAllItsRows) {
    StageCodes stages = encode_stages(texts_column({"New", "Won"}));
    leave_out(stages, Rows{0});
    EXPECT_EQ(stages.rows, (Rows{0, 1}));
    EXPECT_EQ(stages.n_labels(), 2U);
}

TEST(EncodeStages, TakesAColumnWithoutRows) {
    EXPECT_EQ(encode_stages(texts_column({})).n_labels(), 0U);
    EXPECT_EQ(encode_stages(numbers_column<std::int64_t>({})).n_labels(), 0U);
}

TEST(EncodeStages, HasNoLabelIfEveryStageIsMissing) {
    const StageCodes stages = encode_stages(texts_column({std::nullopt, std::nullopt}));
    EXPECT_EQ(stages.n_labels(), 0U);
    EXPECT_EQ(stages.code, (Codes{0, 0}));
}

}  // namespace
}  // namespace stagefunnel::columns
