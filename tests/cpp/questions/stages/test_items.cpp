#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "stagefunnel/questions/stages/items.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::stages {
namespace {

using namespace stagefunnel::testing;

enum ShopRow : std::int32_t { kNew, kDiscussion, kPrepayment, kDelivery, kWon, kLost };

using StageRows = LargeVector<std::int32_t>;
using Counts = LargeVector<std::int64_t>;

ItemFacts facts_of(const std::vector<Labels>& journeys) {
    const Log log = log_of_journeys(journeys);
    return item_facts(log.journeys, shop().read(log), 1);
}

std::vector<Outcome> outcomes_of(const ItemFacts& facts) {
    std::vector<Outcome> outcomes;
    for (const std::uint8_t outcome : facts.outcome) outcomes.push_back(static_cast<Outcome>(outcome));
    return outcomes;
}

TEST(ItemFacts, ListItemsByTheirFirstRowInTheInput) {
    const Log log = log_of({{9, "Won", 50}, {3, "New", 1}, {5, "New", 2}, {9, "New", 10}});
    const ItemFacts facts = item_facts(log.journeys, shop().read(log), 1);
    EXPECT_EQ(facts.first_row, (LargeVector<std::uint32_t>{0, 1, 2}));
    EXPECT_EQ(facts.first_time, (Counts{10, 1, 2}));
    EXPECT_EQ(facts.last_stage, (StageRows{kWon, kNew, kNew}));
}

TEST(ItemFacts, LeaveOutItemsWithoutAListedRow) {
    const ItemFacts facts = facts_of({{"Call"}, {"New"}});
    EXPECT_EQ(facts.first_row, (LargeVector<std::uint32_t>{1}));
    EXPECT_EQ(facts.visits, (Counts{1}));
}

TEST(ItemFacts, StartWithTheFirstListedRow) {
    const ItemFacts facts = facts_of({{"Call", "Call", "New"}});
    EXPECT_EQ(facts.first_time, (Counts{2}));
    EXPECT_EQ(facts.first_row, (LargeVector<std::uint32_t>{0}));
}

TEST(ItemFacts, HaveTheOutcomeOfTheLastVisit) {
    EXPECT_EQ(outcomes_of(facts_of({{"Won", "New"}, {"Lost", "Won"}, {"Won", "Lost"}})),
              (std::vector<Outcome>{Outcome::open, Outcome::won, Outcome::lost}));
}

TEST(ItemFacts, CloseAtTheFirstOfTheFinalVisitsThatEndTheJourney) {
    const ItemFacts facts = facts_of({{"New", "Won", "Lost", "Won"},   // one run of final visits
                                      {"New", "Lost", "New", "Won"},   // opened again
                                      {"New", "Won", "Won", "Won"}});  // one visit of three rows
    EXPECT_EQ(facts.closed_at, (Counts{1, 3, 1}));
}

TEST(ItemFacts, HaveTheFurthestStageWithAVisit) {
    EXPECT_EQ(facts_of({{"New", "Prepayment", "Discussion"}, {"Discussion", "Won"}, {"Won"}, {"Lost"}})
                  .furthest_stage,
              (StageRows{kPrepayment, kDiscussion, -1, -1}));
}

TEST(ItemFacts, AreLostFromTheLastVisitBeforeTheClosingLostOnes) {
    EXPECT_EQ(facts_of({{"New", "Delivery", "Discussion", "Lost"},
                        {"Won", "Lost"},
                        {"Lost"},
                        {"Lost", "New"},
                        {"New", "Lost", "Won"}})
                  .lost_from,
              (StageRows{kDiscussion, kWon, -1, -1, -1}));
}

TEST(ItemFacts, CountVisitsNotRows) {
    EXPECT_EQ(facts_of({{"New", "New", "Discussion", "New"}, {"New", "Call", "New"}}).visits, (Counts{3, 1}));
}

TEST(ItemFacts, CountTransitionsBackBetweenStagesInProgressOnly) {
    EXPECT_EQ(
        facts_of({{"Delivery", "New", "Delivery", "Prepayment"}, {"Delivery", "Lost", "New"}, {"Won", "New"}})
            .back_moves,
        (Counts{2, 0, 0}));
}

TEST(ItemFacts, CountStagesGoneBeyondWithoutAVisit) {
    EXPECT_EQ(facts_of({{"New", "Delivery"},
                        {"Delivery", "New", "Delivery"},
                        {"Discussion", "Won"},
                        {"Won"},
                        {"New", "Lost"},
                        {"Lost"},
                        {"Discussion", "Won", "Lost", "Delivery"}})
                  .skipped,
              (Counts{2, 2, 3, 4, 0, 0, 2}));
}

TEST(ItemFacts, AreEmptyForALogWithoutItems) { EXPECT_TRUE(facts_of({}).outcome.empty()); }

TEST(ItemFacts, AreTheSameInTheSameOrderForAnyNumberOfThreads) {
    // Every third item has no listed row, so that there are gaps to close between the rows of the threads.
    CodedRows rows;
    rows.n_labels = 3;
    std::mt19937_64 random(20'261'125);
    for (std::size_t row = 0; row < 100'000; ++row) {
        const std::uint64_t item = random() % 70'000;
        rows.add(item, item % 3 == 0 ? 2 : random() % 2, static_cast<std::int64_t>(random() % 50));
    }
    const Journeys journeys = rows.build();
    const Pipeline pipeline(1, 1, 0, {0, 1, Pipeline::kUnlisted});
    const ItemFacts alone = item_facts(journeys, pipeline, 1);
    EXPECT_TRUE(std::is_sorted(alone.first_row.begin(), alone.first_row.end()));
    for (const std::uint32_t row : alone.first_row) ASSERT_NE(rows.item[row] % 3, 0);
    for (const unsigned threads : {2U, 7U}) {
        const ItemFacts facts = item_facts(journeys, pipeline, threads);
        EXPECT_EQ(facts.first_row, alone.first_row);
        EXPECT_EQ(facts.outcome, alone.outcome);
        EXPECT_EQ(facts.first_time, alone.first_time);
        EXPECT_EQ(facts.closed_at, alone.closed_at);
        EXPECT_EQ(facts.last_stage, alone.last_stage);
        EXPECT_EQ(facts.furthest_stage, alone.furthest_stage);
        EXPECT_EQ(facts.lost_from, alone.lost_from);
        EXPECT_EQ(facts.visits, alone.visits);
        EXPECT_EQ(facts.back_moves, alone.back_moves);
        EXPECT_EQ(facts.skipped, alone.skipped);
    }
}

}  // namespace
}  // namespace stagefunnel::stages
