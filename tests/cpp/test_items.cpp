#include <gtest/gtest.h>

#include "log_builder.hpp"
#include "stagefunnel/items.hpp"

namespace stagefunnel {
namespace {

using namespace stagefunnel::testing;

enum ShopRow : std::int32_t { kNew, kDiscussion, kPrepayment, kDelivery, kWon, kLost };

using StageRows = std::vector<std::int32_t>;
using Counts = std::vector<std::int64_t>;

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
    EXPECT_EQ(facts.first_row, (std::vector<std::uint32_t>{0, 1, 2}));
    EXPECT_EQ(facts.first_time, (Counts{10, 1, 2}));
    EXPECT_EQ(facts.last_stage, (StageRows{kWon, kNew, kNew}));
}

TEST(ItemFacts, LeaveOutItemsWithoutAListedRow) {
    const ItemFacts facts = facts_of({{"Call"}, {"New"}});
    EXPECT_EQ(facts.first_row, (std::vector<std::uint32_t>{1}));
    EXPECT_EQ(facts.visits, (Counts{1}));
}

TEST(ItemFacts, StartWithTheFirstListedRow) {
    const ItemFacts facts = facts_of({{"Call", "Call", "New"}});
    EXPECT_EQ(facts.first_time, (Counts{2}));
    EXPECT_EQ(facts.first_row, (std::vector<std::uint32_t>{0}));
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

TEST(ItemFacts, RememberTheFurthestStageReallyVisited) {
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

TEST(ItemFacts, CountMovesBackBetweenStagesInProgressOnly) {
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

}  // namespace
}  // namespace stagefunnel
