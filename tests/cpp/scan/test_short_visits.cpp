#include <gtest/gtest.h>

#include <limits>

#include "stagefunnel/scan/short_visits.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::scan {
namespace {

using namespace stagefunnel::testing;

constexpr const char* kNone = "(missing)";

/// Returns the stages of the rows of item 1 that are left where visits of stages in progress last 10 or more.
Labels left(const std::vector<Row>& rows, std::vector<std::int64_t> least = {10, 10, 10, 10, 0, 0}) {
    const Log log = log_of(rows);
    WithoutShortVisits without = without_short_visits(log.journeys, shop().read(log), least, 1);
    return Log{without.journeys ? *without.journeys : log.journeys, log.labels}.stages_of(1);
}

TEST(WithoutShortVisits, TakesTheStageFromTheRowsOfAShortVisit) {
    EXPECT_EQ(left({{1, "New", 0}, {1, "Delivery", 20}, {1, "Delivery", 25}, {1, "Discussion", 29}}),
              (Labels{"New", kNone, kNone, "Discussion"}));
}

TEST(WithoutShortVisits, KeepsAVisitOfTheLeastLength) {
    EXPECT_EQ(left({{1, "New", 0}, {1, "Delivery", 20}, {1, "Discussion", 30}}),
              (Labels{"New", "Delivery", "Discussion"}));
    EXPECT_EQ(left({{1, "New", 0}, {1, "Delivery", 20}, {1, "Discussion", 29}}),
              (Labels{"New", kNone, "Discussion"}));
}

TEST(WithoutShortVisits, KeepsTheFirstAndTheLastVisit) {
    EXPECT_EQ(left({{1, "New", 0}, {1, "Discussion", 1}}), (Labels{"New", "Discussion"}));
    EXPECT_EQ(left({{1, "New", 0}, {1, "Discussion", 1}, {1, "New", 2}, {1, "Delivery", 3}}),
              (Labels{"New", kNone, kNone, "Delivery"}));
}

TEST(WithoutShortVisits, JudgesEachVisitByItsOwnLength) {
    // Without Delivery, New would last from 0 to 60; without it New at 25 is still a short visit of its own.
    EXPECT_EQ(left({{1, "New", 0}, {1, "Delivery", 20}, {1, "New", 25}, {1, "Delivery", 30}, {1, "Won", 60}}),
              (Labels{"New", kNone, kNone, "Delivery", "Won"}));
}

TEST(WithoutShortVisits, HasALengthForEachStage) {
    const std::vector<Row> rows{
        {1, "New", 0}, {1, "Lost", 5}, {1, "Discussion", 6}, {1, "Lost", 7}, {1, "Won", 8}};
    EXPECT_EQ(left(rows), (Labels{"New", "Lost", kNone, "Lost", "Won"}));
    EXPECT_EQ(left(rows, {0, 0, 0, 0, 0, 2}), (Labels{"New", kNone, "Discussion", kNone, "Won"}));
}

TEST(WithoutShortVisits, SharesAllButTheStages) {
    const Log log = log_of({{1, "New", 0}, {1, "Delivery", 20}, {1, "Won", 25}, {2, "New", 3}});
    const WithoutShortVisits without = without_short_visits(
        log.journeys, shop().read(log), std::vector<std::int64_t>{10, 10, 10, 10, 0, 0}, 1);
    ASSERT_TRUE(without.journeys.has_value());
    EXPECT_EQ(without.journeys->time.data(), log.journeys.time.data());
    EXPECT_EQ(without.journeys->offsets.data(), log.journeys.offsets.data());
    EXPECT_EQ((Log{log.journeys, log.labels}.stages_of(1)), (Labels{"New", "Delivery", "Won"}));
}

TEST(WithoutShortVisits, LooksPastUnlistedRows) {
    EXPECT_EQ(
        left({{1, "New", 0}, {1, "Delivery", 20}, {1, "Call", 25}, {1, "Delivery", 26}, {1, "Won", 28}}),
        (Labels{"New", kNone, "Call", kNone, "Won"}));
}

TEST(WithoutShortVisits, JoinsTheNamesOfOneStage) {
    const Log log = log_of({{1, "New", 0}, {1, "Proposal", 20}, {1, "Offer", 25}, {1, "Won", 40}});
    const Pipeline pipeline(2, 1, 0, {0, 1, 1, 2});
    const std::vector<std::int64_t> least{10, 10, 0};
    EXPECT_FALSE(without_short_visits(log.journeys, pipeline, least, 1).journeys);
}

TEST(WithoutShortVisits, CountsTheVisitsByRow) {
    const Log log = log_of({{1, "New", 0},
                            {1, "Delivery", 20},
                            {1, "New", 21},
                            {1, "Delivery", 22},
                            {1, "Won", 23},
                            {2, "New", 0},
                            {2, "Delivery", 1},
                            {2, "Won", 2}});
    const std::vector<std::int64_t> least{10, 10, 10, 10, 0, 0};
    EXPECT_EQ(without_short_visits(log.journeys, shop().read(log), least, 1).taken_out,
              (std::vector<std::int64_t>{1, 0, 0, 3, 0, 0}));
}

TEST(WithoutShortVisits, MakesNoJourneysWhereNoVisitIsShort) {
    const Log log = log_of({{1, "New", 0}, {1, "Delivery", 20}, {1, "Won", 30}});
    const std::vector<std::int64_t> least{10, 10, 10, 10, 0, 0};
    EXPECT_FALSE(without_short_visits(log.journeys, shop().read(log), least, 1).journeys);
}

TEST(WithoutShortVisits, KeepsItemsRowsAndTheirPlaces) {
    const Log log = log_of({{7, "New", 0}, {7, "Delivery", 20}, {7, "Won", 21}, {8, "New", 3}});
    const std::vector<std::int64_t> least{10, 10, 10, 10, 0, 0};
    const Journeys made = *without_short_visits(log.journeys, shop().read(log), least, 1).journeys;
    EXPECT_EQ(list_of(made.offsets), list_of(log.journeys.offsets));
    EXPECT_EQ(list_of(made.time), list_of(log.journeys.time));
    EXPECT_EQ(list_of(made.first_row), list_of(log.journeys.first_row));
    EXPECT_EQ(list_of(made.key), list_of(log.journeys.key));
    EXPECT_EQ(made.n_labels, log.journeys.n_labels);
}

TEST(WithoutShortVisits, MeasuresFromTheFirstTimeToTheLastOne) {
    constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(left({{1, "New", kFirst}, {1, "Delivery", kFirst + 1}, {1, "Won", kLast}},
                   {kLast, kLast, kLast, kLast, 0, 0}),
              (Labels{"New", "Delivery", "Won"}));
}

TEST(WithoutShortVisits, AreTheSameForAnyNumberOfThreads) {
    CodedRows rows;
    rows.n_labels = 3;
    for (std::uint64_t item = 0; item < 60'000; ++item) {
        for (std::int64_t i = 0; i < 4; ++i)
            rows.add(item, (item + static_cast<std::uint64_t>(i) * i) % 3,
                     i * 7 + static_cast<std::int64_t>(item % 5) * i);
    }
    const Journeys journeys = rows.build();
    const std::vector<std::int64_t> least{9, 9, 9};
    const auto codes_of = [](const WithoutShortVisits& without) {
        return std::visit([](const auto& codes) { return std::vector<int>(codes.begin(), codes.end()); },
                          without.journeys->stage);
    };
    const WithoutShortVisits one = without_short_visits(journeys, same_rows(2, 1, 0), least, 1);
    const WithoutShortVisits many = without_short_visits(journeys, same_rows(2, 1, 0), least, 3);
    EXPECT_EQ(one.taken_out, many.taken_out);
    EXPECT_EQ(codes_of(one), codes_of(many));
}

TEST(WithoutShortVisits, RefuseLengthsThatDoNotFit) {
    const Log log = log_of({{1, "New", 0}});
    const std::vector<std::int64_t> one{10}, negative{0, 0, 0, 0, -1, 0};
    EXPECT_EQ(
        message_of([&] { static_cast<void>(without_short_visits(log.journeys, shop().read(log), one, 1)); }),
        "least must have one value per stage, got 1 value for 6 stages");
    EXPECT_EQ(message_of([&] {
                  static_cast<void>(without_short_visits(log.journeys, shop().read(log), negative, 1));
              }),
              "a least length is negative");
    EXPECT_THROW(static_cast<void>(without_short_visits(log.journeys, same_rows(1, 1, 0), one, 1)),
                 std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::scan
