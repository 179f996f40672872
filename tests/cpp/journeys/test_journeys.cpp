#include <gtest/gtest.h>

#include <limits>

#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/journeys/lookup.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::journeys {
namespace {

using namespace stagefunnel::testing;

using Stamps = std::vector<std::int64_t>;
constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

TEST(BuildJourneys, GroupsTheRowsOfEachItem) {
    const Log log = log_of({{7, "New", 1}, {8, "New", 1}, {7, "Won", 2}, {8, "Lost", 2}});
    EXPECT_EQ(log.journeys.n_items(), 2U);
    EXPECT_EQ(log.stages_of(7), (Labels{"New", "Won"}));
    EXPECT_EQ(log.stages_of(8), (Labels{"New", "Lost"}));
}

TEST(BuildJourneys, OrdersTheRowsOfAnItemByTime) {
    const Log log = log_of({{7, "Won", 30}, {7, "New", 10}, {7, "Offer", 20}});
    EXPECT_EQ(log.stages_of(7), (Labels{"New", "Offer", "Won"}));
    EXPECT_EQ(log.times_of(7), (Stamps{10, 20, 30}));
}

TEST(BuildJourneys, KeepsTheOrderOfTheInputBetweenRowsOfEqualTime) {
    const Log log = log_of({{7, "Late", 5}, {7, "B", 3}, {7, "A", 3}, {7, "C", 3}, {7, "Early", 1}});
    EXPECT_EQ(log.stages_of(7), (Labels{"Early", "B", "A", "C", "Late"}));
}

TEST(BuildJourneys, OrdersRowsOfEqualTimeByARowOrder) {
    const Column ids = numbers_column<std::int64_t>({10, 9, -1});
    const Log log = log_of({{7, "C", 3}, {7, "B", 3}, {7, "A", 3}}, columns::RowOrder(ids));
    EXPECT_EQ(log.stages_of(7), (Labels{"A", "B", "C"}));
}

TEST(BuildJourneys, OrdersRowsOfEqualTimeByDigitsAsNumbers) {
    const Column ids = texts_column({"10", "9"});
    EXPECT_EQ(log_of({{7, "B", 3}, {7, "A", 3}}, columns::RowOrder(ids)).stages_of(7), (Labels{"A", "B"}));
}

TEST(BuildJourneys, OrdersRowsOfEqualTimeByPlainText) {
    const Column ids = texts_column({"row b", "row a"});
    EXPECT_EQ(log_of({{7, "B", 3}, {7, "A", 3}}, columns::RowOrder(ids)).stages_of(7), (Labels{"A", "B"}));
}

TEST(BuildJourneys, OrdersByTimeBeforeTheRowOrder) {
    const Column ids = numbers_column<std::int64_t>({2, 1});
    EXPECT_EQ(log_of({{7, "A", 3}, {7, "B", 4}}, columns::RowOrder(ids)).stages_of(7), (Labels{"A", "B"}));
}

TEST(BuildJourneys, KeepsTheOrderOfTheInputBetweenRowsOfEqualTimeAndOrder) {
    const Column ids = texts_column({"07", "7", "007", "6"});
    const Log log = log_of({{7, "B", 3}, {7, "C", 3}, {7, "D", 3}, {7, "A", 3}}, columns::RowOrder(ids));
    EXPECT_EQ(log.stages_of(7), (Labels{"A", "B", "C", "D"}));
}

TEST(BuildJourneys, StoresConsecutiveRepeatsOfAStage) {
    const Log log = log_of({{7, "New", 1}, {7, "New", 2}, {7, "New", 2}});
    EXPECT_EQ(log.stages_of(7), (Labels{"New", "New", "New"}));
}

TEST(BuildJourneys, OrdersTheExtremesOfTime) {
    const Log log = log_of({{7, "C", kHighest}, {7, "A", kLowest}, {7, "B", 0}});
    EXPECT_EQ(log.times_of(7), (Stamps{kLowest, 0, kHighest}));
    EXPECT_EQ(log.stages_of(7), (Labels{"A", "B", "C"}));
}

/// A journey of pairs of rows with equal times. The pairs arrive newest first, the rows of a pair in order.
std::vector<Row> newest_first(std::int64_t n_rows) {
    std::vector<Row> rows;
    for (std::int64_t pair = n_rows / 2 - 1; pair >= 0; --pair) {
        rows.push_back({7, std::to_string(2 * pair), pair});
        rows.push_back({7, std::to_string(2 * pair + 1), pair});
    }
    return rows;
}

class LengthOfJourney : public ::testing::TestWithParam<std::int64_t> {};

TEST_P(LengthOfJourney, DoesNotMatterForTheOrderOrForTies) {
    Labels rising;
    for (std::int64_t i = 0; i < GetParam(); ++i) rising.push_back(std::to_string(i));
    EXPECT_EQ(log_of(newest_first(GetParam())).stages_of(7), rising);
}

INSTANTIATE_TEST_SUITE_P(BuildJourneys, LengthOfJourney, ::testing::Values(2, 22, 24, 26, 100, 1000));

TEST(BuildJourneys, LeavesDroppedRowsOut) {
    const Log log = log_of({{7, "New", 1}, {8, "New", 1}, {7, "Offer", 2}, {7, "Won", 3}}, {}, {0, 1, 2});
    EXPECT_EQ(log.journeys.n_items(), 1U);
    EXPECT_EQ(log.stages_of(7), (Labels{"Won"}));
    EXPECT_EQ(list_of(log.journeys.first_row), (std::vector<std::uint32_t>{3}));
}

TEST(BuildJourneys, TakesALogWhoseRowsAreAllDropped) {
    const Log log = log_of({{7, "New", 1}}, {}, {0});
    EXPECT_EQ(log.journeys.n_items(), 0U);
    EXPECT_EQ(log.journeys.n_rows(), 0U);
    EXPECT_EQ(list_of(log.journeys.offsets), (std::vector<std::uint64_t>{0}));
}

TEST(BuildJourneys, TakesEmptyColumns) {
    EXPECT_EQ(log_of({}).journeys.n_items(), 0U);
    EXPECT_EQ(list_of(log_of({}).journeys.offsets), (std::vector<std::uint64_t>{0}));
}

TEST(BuildJourneys, RefusesADroppedRowOutsideTheLog) {
    EXPECT_THROW(static_cast<void>(log_of({{7, "New", 1}}, {}, {1})), std::out_of_range);
}

TEST(BuildJourneys, KeepsTheItemsFirstRowInTheInputNotInTheJourney) {
    const Log log = log_of({{8, "New", 5}, {7, "Won", 9}, {7, "New", 1}});
    EXPECT_EQ(log.journeys.first_row.at(log.place_of(7)), 1U);
    EXPECT_EQ(log.journeys.first_row.at(log.place_of(8)), 0U);
}

TEST(BuildJourneys, KeepsRowsWithoutAStageUnderTheCodeAfterTheLastLabel) {
    const Column item = numbers_column<std::int64_t>({7, 7}), time = numbers_column<std::int64_t>({1, 2});
    const columns::StageCodes stages = columns::encode_stages(texts_column({std::nullopt, "New"}));
    const Log log{build_journeys(columns::encode_items(item), stages, columns::encode_times(time), {}, {}, 1),
                  {"New"}};
    EXPECT_EQ(log.stages_of(7), (Labels{"(missing)", "New"}));
}

TEST(BuildJourneys, UsesTheNarrowestCodesThatFitBesideTheMissingStage) {
    CodedRows rows;
    rows.add(7, 254, 0);
    rows.add(7, 255, 1);
    rows.n_labels = 255;
    const Journeys narrow = rows.build();
    ASSERT_EQ(narrow.stage.index(), 0U);
    EXPECT_EQ(list_of(std::get<0>(narrow.stage)), (std::vector<std::uint8_t>{254, 255}));
    rows.stage.back() = 256;
    rows.n_labels = 256;
    const Journeys wide = rows.build();
    ASSERT_EQ(wide.stage.index(), 1U);
    EXPECT_EQ(list_of(std::get<1>(wide.stage)), (std::vector<std::uint16_t>{254, 256}));
}

TEST(BuildJourneys, KeepsItemsApartThatShareOneHalfOfAHash) {
    CodedRows rows;
    rows.add(5, 0, 0);
    rows.add(5, 0, 1);
    rows.add(6, 0, 2);
    rows.high = {1, 2, 1};
    const Journeys journeys = rows.build();
    EXPECT_EQ(journeys.n_items(), 3U);
    EXPECT_EQ(list_of(journeys.key), (std::vector<std::uint64_t>{5, 5, 6}));
    EXPECT_EQ(list_of(journeys.high), (std::vector<std::uint64_t>{1, 2, 1}));
}

TEST(BuildJourneys, RefusesColumnsOfDifferentLengths) {
    CodedRows stage_short;
    stage_short.add(7, 0, 0);
    CodedRows time_short = stage_short;
    stage_short.stage.clear();
    time_short.time.clear();
    EXPECT_EQ(message_of([&] { static_cast<void>(stage_short.build()); }),
              "the columns differ in length: item 1, stage 0, time 1");
    EXPECT_EQ(message_of([&] { static_cast<void>(time_short.build()); }),
              "the columns differ in length: item 1, stage 1, time 0");
}

TEST(BuildJourneys, RefusesARowOrderOfAnotherLength) {
    const Column ids = numbers_column<std::int64_t>({1, 2});
    EXPECT_THROW(static_cast<void>(log_of({{7, "New", 1}}, columns::RowOrder(ids))), std::invalid_argument);
}

TEST(ItemsByFirstRow, ListsTheItemsInTheOrderOfTheInput) {
    std::vector<Row> rows;
    for (std::int64_t i = 0; i < 40; ++i) rows.push_back({(i * 17) % 40, "New", -i});
    const Log log = log_of(rows);
    std::vector<std::int64_t> listed, expected;
    for (const std::uint32_t item : items_by_first_row(log.journeys)) {
        listed.push_back(static_cast<std::int64_t>(log.journeys.key[item]));
    }
    for (const Row& row : rows) expected.push_back(row.item);
    EXPECT_EQ(listed, expected);
}

TEST(ItemsByFirstRow, IsEmptyForALogWithoutItems) {
    EXPECT_TRUE(items_by_first_row(log_of({}).journeys).empty());
}

}  // namespace
}  // namespace stagefunnel::journeys
