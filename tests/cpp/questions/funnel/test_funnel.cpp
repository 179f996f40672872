#include <gtest/gtest.h>

#include <random>

#include "stagefunnel/questions/funnel/funnel.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::funnel {
namespace {

using namespace stagefunnel::testing;

Counts count(const Log& log, Kind kind = Kind::classic, LostThenWon rule = LostThenWon::include,
             const Stages& stages = shop()) {
    Options options;
    options.kind = kind;
    options.lost_then_won = rule;
    return count_funnel(log.journeys, stages.read(log), options);
}

Counts count(const std::vector<Labels>& journeys, Kind kind = Kind::classic,
             LostThenWon rule = LostThenWon::include, const Stages& stages = shop()) {
    return count(log_of_journeys(journeys), kind, rule, stages);
}

TEST(CountFunnel, CountsAnItemOnceInAStageHoweverOftenItPasses) {
    const Counts counts = count({{"New", "Discussion", "New", "Discussion", "Discussion"}});
    EXPECT_EQ(counts.passed, (CountMatrix{{1, 1, 0, 0, 0, 0}}));
}

TEST(CountFunnel, DistinguishesPassedFromAssumed) {
    const Counts counts = count({{"New", "Won"}, {"Delivery", "Won"}}, Kind::conversions_won);
    EXPECT_EQ(counts.passed, (CountMatrix{{1, 0, 0, 1, 2, 0}}));
    EXPECT_EQ(counts.assumed, (CountMatrix{{1, 2, 2, 1, 0, 0}}));
}

TEST(CountFunnel, CountsVisitsWhateverTheKind) {
    const Counts counts = count({{"Discussion", "Won"}}, Kind::strict);
    EXPECT_TRUE(counts.passed.isZero());
    EXPECT_EQ(counts.visited, (CountMatrix{{0, 1, 0, 0, 1, 0}}));
}

TEST(CountFunnel, CountsStagesBelowTheFurthestAsGoneBeyond) {
    const Counts counts = count({{"New", "Prepayment"}});
    EXPECT_EQ(counts.skipped, (CountMatrix{{0, 1, 0, 0, 0, 0}}));
    EXPECT_EQ(counts.beyond, (CountMatrix{{1, 0, 0, 0, 0, 0}}));
}

TEST(CountFunnel, CountsAWinAsGoneBeyondEveryStageEvenIfLostLater) {
    const Counts counts = count({{"Discussion", "Won", "Lost"}});
    EXPECT_EQ(counts.skipped, (CountMatrix{{1, 0, 1, 1, 0, 0}}));
    EXPECT_EQ(counts.beyond, (CountMatrix{{0, 1, 0, 0, 0, 0}}));
}

TEST(CountFunnel, CountsTheSkippedStagesThatTheFirstVisitWasBeyond) {
    EXPECT_EQ(count({{"Prepayment", "Won"}}).began_beyond, (CountMatrix{{1, 1, 0, 0, 0, 0}}));
    EXPECT_EQ(count({{"Won"}}).began_beyond, (CountMatrix{{1, 1, 1, 1, 0, 0}}));
    EXPECT_TRUE(count({{"New", "Delivery"}}).began_beyond.isZero());
}

TEST(CountFunnel, AStageThatAnItemCameBackToIsNotBegunBeyond) {
    const Counts counts = count({{"Prepayment", "New", "Won"}});
    EXPECT_EQ(counts.began_beyond, (CountMatrix{{0, 1, 0, 0, 0, 0}}));
    EXPECT_EQ(counts.skipped, (CountMatrix{{0, 1, 0, 1, 0, 0}}));
}

TEST(CountFunnel, AnItemCreatedLostBeganBeyondNoStage) {
    const Counts counts = count({{"Lost", "Prepayment"}});
    EXPECT_EQ(counts.skipped, (CountMatrix{{1, 1, 0, 0, 0, 0}}));
    EXPECT_TRUE(counts.began_beyond.isZero());
}

TEST(CountFunnel, CountsALossAsGoingBeyondNoStage) {
    const Counts counts = count({{"New", "Lost"}});
    EXPECT_TRUE(counts.skipped.isZero());
    EXPECT_TRUE(counts.beyond.isZero());
}

TEST(CountFunnel, CountsALossAtTheLastVisitBeforeTheClosingLostOnes) {
    const Stages stages{{"New", "Offer"}, {"Won"}, {"Lost", "Junk"}};
    const Counts counts = count(
        {{"New", "Offer", "Lost", "Junk"}, {"New", "Lost", "New", "Junk"}, {"Won", "Lost"}, {"Lost", "Junk"}},
        Kind::classic, LostThenWon::include, stages);
    EXPECT_EQ(counts.lost_from, (CountMatrix{{1, 1, 1, 0, 0}}));
    EXPECT_EQ(counts.lost(0), 4);
}

TEST(CountFunnel, CountsOpenItemsAtTheirLastVisit) {
    const Counts counts = count({{"New", "Delivery", "Discussion"}, {"New", "Lost", "New"}});
    EXPECT_EQ(counts.open_at, (CountMatrix{{1, 1, 0, 0, 0, 0}}));
    EXPECT_EQ(counts.open(0), 2);
}

TEST(CountFunnel, CountsOutcomesByTheLastVisit) {
    const Counts counts = count({{"New"}, {"New", "Won"}, {"Won", "Lost"}, {"Lost", "Won"}, {"Won", "New"}});
    EXPECT_EQ(counts.open(0), 2);
    EXPECT_EQ(counts.won(0), 2);
    EXPECT_EQ(counts.lost(0), 1);
    EXPECT_EQ(counts.reopened_won(0), 1);
}

TEST(CountFunnel, FillsNothingForAWinThatFollowsALoss) {
    const Counts won = count({{"New", "Lost", "Won"}}, Kind::conversions_won);
    EXPECT_TRUE(won.assumed.isZero());
    const Counts by_transitions = count({{"New", "Lost", "Won"}}, Kind::conversions_moves);
    EXPECT_TRUE(by_transitions.assumed.isZero());
}

TEST(CountFunnel, KeepsTheFilledStagesAfterALaterLoss) {
    const Counts counts = count({{"Discussion", "Won", "Lost"}}, Kind::conversions_won);
    EXPECT_EQ(counts.assumed, (CountMatrix{{1, 0, 1, 1, 0, 0}}));
}

TEST(CountFunnel, DoesNotCountATransitionBetweenWonStagesAsAnEntry) {
    const Stages stages{{"New", "Offer"}, {"Signed", "Paid"}, {"Lost"}};
    const std::vector<Labels> after_loss{{"Lost", "Signed", "Paid"}};
    EXPECT_TRUE(count(after_loss, Kind::conversions_won, LostThenWon::include, stages).assumed.isZero());
    const std::vector<Labels> after_work{{"New", "Signed", "Paid"}};
    EXPECT_EQ(count(after_work, Kind::conversions_won, LostThenWon::include, stages).assumed,
              (CountMatrix{{0, 1, 0, 0, 0}}));
}

TEST(CountFunnel, FillsTheStagesBetweenOnATransitionForwardOrBack) {
    EXPECT_EQ(count({{"New", "Delivery"}}, Kind::conversions_moves).assumed,
              (CountMatrix{{0, 1, 1, 0, 0, 0}}));
    EXPECT_EQ(count({{"Delivery", "Discussion"}}, Kind::conversions_moves).assumed,
              (CountMatrix{{1, 0, 1, 0, 0, 0}}));
}

TEST(CountFunnel, FillsNothingOnATransitionOutOfAFinalStage) {
    EXPECT_EQ(count({{"New", "Lost", "Delivery"}}, Kind::conversions_moves).assumed, CountMatrix::Zero(1, 6));
    EXPECT_EQ(count({{"New", "Prepayment", "Won", "Delivery"}}, Kind::conversions_moves).assumed,
              (CountMatrix{{0, 1, 0, 0, 0, 0}}));
}

TEST(CountFunnel, FillsOnlyLaterStagesOnATransitionToWon) {
    // Creation in Lost gives the first stage, the return to Prepayment nothing, and the win gives Delivery.
    EXPECT_EQ(count({{"Lost", "Prepayment", "Won"}}, Kind::conversions_moves).assumed,
              (CountMatrix{{1, 0, 0, 1, 0, 0}}));
}

TEST(CountFunnel, PassesStrictStagesInTheOrderOfTimeNotOfFirstVisits) {
    EXPECT_EQ(count({{"Discussion", "New", "Discussion", "Prepayment"}}, Kind::strict).passed,
              (CountMatrix{{1, 1, 1, 0, 0, 0}}));
    EXPECT_EQ(count({{"Discussion", "New", "Prepayment"}}, Kind::strict).passed,
              (CountMatrix{{1, 0, 0, 0, 0, 0}}));
}

TEST(CountFunnel, CountsAStrictWinAfterTheWholePrefixOnly) {
    EXPECT_EQ(count({{"New", "Discussion", "Prepayment", "Delivery", "Won"}}, Kind::strict).passed,
              (CountMatrix{{1, 1, 1, 1, 1, 0}}));
    EXPECT_EQ(count({{"Won", "New", "Discussion", "Prepayment", "Delivery"}}, Kind::strict).passed,
              (CountMatrix{{1, 1, 1, 1, 0, 0}}));
}

TEST(CountFunnel, FillsNoStageInFurthestForAnItemThatWasOnlyLost) {
    EXPECT_EQ(count({{"Lost"}}, Kind::furthest).passed, (CountMatrix{{0, 0, 0, 0, 0, 1}}));
    EXPECT_TRUE(count({{"Lost"}}, Kind::furthest).assumed.isZero());
}

TEST(LostThenWonRule, LeavesOutWinsThatDirectlyFollowALossOrAllReopenedOnes) {
    const std::vector<Labels> journeys{{"New", "Lost", "Won"},         // failure, then success
                                       {"New", "Lost", "New", "Won"},  // worked on again in between
                                       {"New", "Won", "Lost"},         // success, then failure
                                       {"New", "Won"},
                                       {"Lost", "New"}};
    const auto left_out = [&](LostThenWon rule) { return count(journeys, Kind::classic, rule).left_out(0); };
    EXPECT_EQ(left_out(LostThenWon::include), 0);
    EXPECT_EQ(left_out(LostThenWon::exclude), 1);
    EXPECT_EQ(left_out(LostThenWon::exclude_reopened), 2);
    EXPECT_EQ(count(journeys, Kind::classic, LostThenWon::include).reopened_won(0), 2);
    EXPECT_EQ(count(journeys, Kind::classic, LostThenWon::exclude).reopened_won(0), 1);
    EXPECT_EQ(count(journeys, Kind::classic, LostThenWon::exclude_reopened).reopened_won(0), 0);
}

TEST(LostThenWonRule, SeesALossBeforeARunOfSeveralWonVisits) {
    const Stages stages{{"New"}, {"Signed", "Paid"}, {"Lost"}};
    const std::vector<Labels> journeys{{"Lost", "Signed", "Paid"}};
    EXPECT_EQ(count(journeys, Kind::classic, LostThenWon::exclude, stages).left_out(0), 1);
}

TEST(LostThenWonRule, CountsAnItemThatIsLeftOutNowhereElse) {
    const Counts counts = count({{"New", "Lost", "Won"}}, Kind::furthest, LostThenWon::exclude);
    for (const CountMatrix* matrix :
         {&counts.passed, &counts.assumed, &counts.visited, &counts.skipped, &counts.began_beyond,
          &counts.beyond, &counts.lost_from, &counts.open_at}) {
        EXPECT_TRUE(matrix->isZero());
    }
    EXPECT_EQ(counts.won(0) + counts.lost(0) + counts.open(0), 0);
    EXPECT_EQ(counts.left_out(0), 1);
}

TEST(CountFunnel, RemovesUnlistedRowsBeforeItFormsVisits) {
    const std::vector<Labels> journeys{{"Lost", "Call", "Won"}, {"Call"}};
    const Counts counts = count(journeys, Kind::classic, LostThenWon::exclude);
    EXPECT_EQ(counts.left_out(0), 1);
    EXPECT_EQ(counts.won(0) + counts.lost(0) + counts.open(0), 0);
}

TEST(CountFunnel, GivesTheFullTableForALogWithoutItems) {
    const Counts counts = count(std::vector<Labels>{});
    EXPECT_EQ(counts.passed, CountMatrix::Zero(1, 6));
    EXPECT_EQ(counts.amount.size(), 0);
}

TEST(CountFunnel, AcceptsAPipelineOfFinalStagesOnly) {
    const Stages stages{{}, {"Won"}, {"Lost"}};
    for (const Kind kind :
         {Kind::classic, Kind::conversions_won, Kind::conversions_moves, Kind::furthest, Kind::strict}) {
        const Counts counts = count({{"Won"}, {"Lost"}}, kind, LostThenWon::include, stages);
        EXPECT_EQ(counts.passed, (CountMatrix{{1, 1}}));
        EXPECT_TRUE(counts.assumed.isZero());
    }
}

TEST(CountFunnel, CountsEachGroupByItself) {
    const Log log = log_of_journeys({{"New"}, {"New", "Won"}, {"New", "Lost", "Won"}});
    std::vector<std::int32_t> group(3);
    group[log.place_of(1)] = 2;
    group[log.place_of(2)] = 0;
    group[log.place_of(3)] = 2;
    Options options;
    options.lost_then_won = LostThenWon::exclude;
    options.group = group;
    options.n_groups = 3;
    const Counts counts = count_funnel(log.journeys, shop().read(log), options);
    EXPECT_EQ(counts.passed, (CountMatrix{{1, 0, 0, 0, 1, 0}, {0, 0, 0, 0, 0, 0}, {1, 0, 0, 0, 0, 0}}));
    EXPECT_EQ(counts.won, (CountVector{{1, 0, 0}}));
    EXPECT_EQ(counts.open, (CountVector{{0, 0, 1}}));
    EXPECT_EQ(counts.left_out, (CountVector{{0, 0, 1}}));
}

TEST(CountFunnel, RefusesGroupsThatAreNotOnePerItemOrLieOutside) {
    const Log log = log_of_journeys({{"New"}, {"New"}});
    const auto with = [&](const std::vector<std::int32_t>& group, std::int32_t n_groups) {
        Options options;
        options.group = group;
        options.n_groups = n_groups;
        static_cast<void>(count_funnel(log.journeys, shop().read(log), options));
    };
    EXPECT_NO_THROW(with({0, 1}, 2));
    EXPECT_EQ(message_of([&] { with({0}, 2); }), "groups must be one per item");
    EXPECT_EQ(message_of([&] { with({0, 2}, 2); }), "a group lies out of range");
    EXPECT_EQ(message_of([&] { with({0, -1}, 2); }), "a group lies out of range");
    EXPECT_EQ(message_of([&] { with({}, 0); }), "there must be a group");
}

TEST(CountFunnel, RefusesAPipelineMadeForAnotherLog) {
    const Log log = log_of_journeys({{"New", "Won"}});
    EXPECT_THROW(static_cast<void>(count_funnel(log.journeys, same_rows(3, 0, 0), {})),
                 std::invalid_argument);
}

TEST(CountFunnel, CountsTheSameWhateverTheNumberOfThreads) {
    CodedRows rows;
    rows.n_labels = 6;
    std::mt19937_64 random(11);
    for (std::size_t row = 0; row < 300'000; ++row) {
        rows.add(random() % 120'000, random() % 6, static_cast<std::int64_t>(row));
    }
    const Journeys journeys = rows.build(2);
    std::vector<double> amount(journeys.n_items());
    std::vector<std::int32_t> group(journeys.n_items());
    for (std::size_t item = 0; item < amount.size(); ++item) {
        amount[item] = static_cast<double>(journeys.key[item] % 1000) * 0.1;
        group[item] = static_cast<std::int32_t>(journeys.key[item] % 3);
    }
    Options options;
    options.kind = Kind::conversions_moves;
    options.lost_then_won = LostThenWon::exclude;
    options.amount = amount;
    options.group = group;
    options.n_groups = 3;
    const Counts alone = count_funnel(journeys, same_rows(4, 1, 1), options);
    EXPECT_GT(alone.passed.sum(), 200'000);
    for (const unsigned threads : {2U, 7U}) {
        options.threads = threads;
        const Counts shared = count_funnel(journeys, same_rows(4, 1, 1), options);
        EXPECT_EQ(shared.passed, alone.passed);
        EXPECT_EQ(shared.assumed, alone.assumed);
        EXPECT_EQ(shared.visited, alone.visited);
        EXPECT_EQ(shared.skipped, alone.skipped);
        EXPECT_EQ(shared.began_beyond, alone.began_beyond);
        EXPECT_EQ(shared.beyond, alone.beyond);
        EXPECT_EQ(shared.lost_from, alone.lost_from);
        EXPECT_EQ(shared.open_at, alone.open_at);
        EXPECT_EQ(shared.amount, alone.amount);
        EXPECT_EQ(shared.amount_missing, alone.amount_missing);
        EXPECT_EQ(shared.won, alone.won);
        EXPECT_EQ(shared.lost, alone.lost);
        EXPECT_EQ(shared.open, alone.open);
        EXPECT_EQ(shared.left_out, alone.left_out);
        EXPECT_EQ(shared.reopened_won, alone.reopened_won);
    }
}

}  // namespace
}  // namespace stagefunnel::funnel
