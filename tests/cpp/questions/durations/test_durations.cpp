#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "stagefunnel/questions/durations/durations.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::durations {
namespace {

using namespace stagefunnel::testing;

constexpr std::int64_t kEarliest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();

/// The table's rows are New, Offer, Won, Lost.
std::vector<StageTime> times_of(const Log& log, Per per = Per::visit,
                                const std::vector<stats::Quantile>& quantiles = {}) {
    const Stages stages{{"New", "Offer"}, {"Won"}, {"Lost"}};
    return time_in_stage(log.journeys, stages.read(log), per, quantiles, 1);
}

/// Items that stay in New for these lengths of time.
Log stays_in_new(const std::vector<std::int64_t>& durations) {
    std::vector<Row> rows;
    for (std::size_t i = 0; i < durations.size(); ++i) {
        const auto item = static_cast<std::int64_t>(i);
        rows.push_back({item, "New", 100});
        rows.push_back({item, "Offer", 100 + durations[i]});
    }
    return log_of(rows);
}

double part_of(const stats::Duration& duration) {
    return static_cast<double>(duration.rest) / static_cast<double>(duration.of);
}

void expect_equal(const stats::Duration& duration, std::uint64_t whole, double part) {
    EXPECT_EQ(duration.whole, whole);
    EXPECT_EQ(part_of(duration), part);
}

TEST(TimeInStage, LastsUntilTheNextVisitStarts) {
    const auto table = times_of(log_of({{7, "New", 10}, {7, "Offer", 13}, {7, "Won", 20}}));
    expect_equal(table[0].mean, 3, 0);
    expect_equal(table[1].mean, 7, 0);
}

TEST(TimeInStage, StartsAVisitAtTheFirstOfItsRows) {
    const auto table = times_of(log_of({{7, "New", 10}, {7, "New", 12}, {7, "Offer", 15}}));
    EXPECT_EQ(table[0].visits, 1);
    expect_equal(table[0].mean, 5, 0);
}

TEST(TimeInStage, CountsTheLastVisitAsOpenAndInNoDuration) {
    const auto table = times_of(log_of({{7, "New", 10}, {7, "Offer", 13}, {7, "New", 20}}));
    EXPECT_EQ(table[0].visits, 2);
    EXPECT_EQ(table[0].completed, 1);
    EXPECT_EQ(table[0].open, 1);
    EXPECT_EQ(table[0].items, 1);
    expect_equal(table[0].mean, 3, 0);
}

TEST(TimeInStage, CountsAFinalVisitThatAnotherFollowsAsCompleted) {
    const auto table = times_of(log_of({{7, "Won", 10}, {7, "Lost", 14}}));
    EXPECT_EQ(table[2].completed, 1);
    expect_equal(table[2].mean, 4, 0);
    EXPECT_EQ(table[3].open, 1);
}

TEST(TimeInStage, GivesZerosWithoutACompletedVisit) {
    const auto table = times_of(log_of({{7, "New", 10}}), Per::visit, {{1, 2}});
    EXPECT_EQ(table[0].completed, 0);
    expect_equal(table[0].mean, 0, 0);
    expect_equal(table[0].quantiles.at(0), 0, 0);
    EXPECT_EQ(table[1].visits, 0);
}

TEST(TimeInStage, BridgesUnlistedRows) {
    const auto table = times_of(log_of({{7, "New", 10}, {7, "Call", 12}, {7, "New", 15}, {7, "Won", 20}}));
    EXPECT_EQ(table[0].visits, 1);
    expect_equal(table[0].mean, 10, 0);
}

TEST(TimeInStage, KeepsTheExactFractionOfAMean) {
    const auto table = times_of(stays_in_new({1, 2, 2, 2}));
    expect_equal(table[0].mean, 1, 0.75);
}

TEST(TimeInStage, MayLastLongerThanInt64) {
    const auto table =
        times_of(log_of({{7, "New", kEarliest}, {7, "Won", kLatest}}), Per::visit, {{1, 2}, {1, 1}});
    const std::uint64_t longest = std::numeric_limits<std::uint64_t>::max();
    expect_equal(table[0].mean, longest, 0);
    expect_equal(table[0].quantiles.at(0), longest, 0);
    expect_equal(table[0].quantiles.at(1), longest, 0);
}

TEST(TimeInStage, SumsBeyond64Bits) {
    const auto table = times_of(log_of({{7, "New", kEarliest},
                                        {7, "Won", kLatest},
                                        {8, "New", kEarliest},
                                        {8, "Won", kLatest},
                                        {9, "New", 0},
                                        {9, "Won", 1}}));
    // (2 (2^64 - 1) + 1) / 3 = (2^65 - 1) / 3 and 2^65 - 1 = 3 × 12297829382473034410 + 1.
    expect_equal(table[0].mean, 12297829382473034410U, 1.0 / 3);
}

TEST(TimeInStage, InterpolatesBetweenTheTwoNearestValues) {
    const auto table = times_of(stays_in_new({40, 10, 30, 20}), Per::visit, {{1, 2}, {1, 4}, {0, 1}, {1, 1}});
    expect_equal(table[0].quantiles.at(0), 25, 0);
    expect_equal(table[0].quantiles.at(1), 17, 0.5);
    expect_equal(table[0].quantiles.at(2), 10, 0);
    expect_equal(table[0].quantiles.at(3), 40, 0);
}

TEST(TimeInStage, GivesQuantilesInTheOrderOfItsArguments) {
    const auto table = times_of(stays_in_new({5, 1, 4, 2, 3}), Per::visit, {{1, 1}, {1, 4}, {3, 4}, {1, 4}});
    expect_equal(table[0].quantiles.at(0), 5, 0);
    expect_equal(table[0].quantiles.at(1), 2, 0);
    expect_equal(table[0].quantiles.at(2), 4, 0);
    expect_equal(table[0].quantiles.at(3), 2, 0);
}

TEST(TimeInStage, HasEveryQuantileOfOneDuration) {
    const auto table = times_of(stays_in_new({6}), Per::visit, {{0, 1}, {9, 10}, {1, 1}});
    for (const stats::Duration& quantile : table[0].quantiles) expect_equal(quantile, 6, 0);
}

TEST(TimeInStage, KeepsTheFractionOfAQuantileBelowOne) {
    const auto table = times_of(stays_in_new({0, 2}), Per::visit, {{1, 3}, {2, 3}});
    expect_equal(table[0].quantiles.at(0), 0, 2.0 / 3);
    expect_equal(table[0].quantiles.at(1), 1, 1.0 / 3);
}

TEST(TimeInStage, TakesNineTenthsExactly) {
    // With eleven values nine tenths are the tenth value itself, however far away the next one is.
    const auto table =
        times_of(stays_in_new({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, kLatest - 100}), Per::visit, {{9, 10}});
    expect_equal(table[0].quantiles.at(0), 9, 0);
}

TEST(TimeInStage, SumsOrTakesTheLongestOfAnItemsVisits) {
    const Log log = log_of({{7, "New", 0},
                            {7, "Offer", 2},
                            {7, "New", 10},
                            {7, "Offer", 15},
                            {7, "New", 100},  // open, so in no duration
                            {8, "New", 0},
                            {8, "Offer", 9}});
    const auto by_visit = times_of(log, Per::visit, {{1, 2}}), by_item = times_of(log, Per::item, {{1, 2}}),
               by_longest = times_of(log, Per::longest, {{1, 2}});
    expect_equal(by_visit[0].quantiles.at(0), 5, 0);  // 2, 5, 9
    expect_equal(by_item[0].mean, 8, 0);              // 7, 9
    expect_equal(by_item[0].quantiles.at(0), 8, 0);
    expect_equal(by_longest[0].mean, 7, 0);  // 5, 9
    for (const auto* table : {&by_visit, &by_item, &by_longest}) {
        EXPECT_EQ((*table)[0].visits, 4);
        EXPECT_EQ((*table)[0].completed, 3);
        EXPECT_EQ((*table)[0].items, 2);
    }
}

TEST(TimeInStage, TakesTheLongestVisitWhereItComesFirst) {
    const Log log = log_of({{7, "New", 0}, {7, "Offer", 8}, {7, "New", 10}, {7, "Offer", 11}});
    expect_equal(times_of(log, Per::longest)[0].mean, 8, 0);
}

TEST(TimeInStage, RefusesAQuantileOutsideZeroToOne) {
    for (const stats::Quantile q :
         {stats::Quantile{11, 10}, stats::Quantile{0, 0}, stats::Quantile{1, 1'000'000'001}}) {
        EXPECT_THROW(static_cast<void>(times_of(stays_in_new({1}), Per::visit, {q})), std::invalid_argument);
    }
}

TEST(TimeInStage, GivesEveryStageForALogWithoutItems) {
    const auto table = times_of(log_of({}), Per::visit, {{1, 2}});
    ASSERT_EQ(table.size(), 4U);
    EXPECT_EQ(table[3].visits, 0);
}

TEST(TimeInStage, IsTheSameWhateverTheNumberOfThreads) {
    CodedRows rows;
    rows.n_labels = 5;
    std::mt19937_64 random(5);
    for (std::size_t row = 0; row < 300'000; ++row) {
        rows.add(random() % 120'000, random() % 5, static_cast<std::int64_t>(random() % 100'000));
    }
    const Journeys journeys = rows.build(2);
    const std::vector<stats::Quantile> quantiles{{1, 10}, {1, 2}, {9, 10}};
    for (const Per per : {Per::visit, Per::item, Per::longest}) {
        const auto alone = time_in_stage(journeys, same_rows(3, 1, 1), per, quantiles, 1);
        for (const unsigned threads : {2U, 7U}) {
            const auto shared = time_in_stage(journeys, same_rows(3, 1, 1), per, quantiles, threads);
            for (std::size_t row = 0; row < alone.size(); ++row) {
                EXPECT_EQ(shared[row].visits, alone[row].visits);
                EXPECT_EQ(shared[row].completed, alone[row].completed);
                EXPECT_EQ(shared[row].open, alone[row].open);
                EXPECT_EQ(shared[row].items, alone[row].items);
                expect_equal(shared[row].mean, alone[row].mean.whole, part_of(alone[row].mean));
                for (std::size_t q = 0; q < quantiles.size(); ++q) {
                    const stats::Duration& expected = alone[row].quantiles[q];
                    expect_equal(shared[row].quantiles[q], expected.whole, part_of(expected));
                }
            }
        }
    }
}

}  // namespace
}  // namespace stagefunnel::durations
