#include <gtest/gtest.h>

#include <random>

#include "stagefunnel/questions/stages/transitions.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::stages {
namespace {

using namespace stagefunnel::testing;

/// The tables' rows and columns are New, Offer, Won.
Transitions count(const std::vector<Labels>& journeys) {
    const Log log = log_of_journeys(journeys);
    return count_transitions(log.journeys, Stages{{"New", "Offer"}, {"Won"}, {}}.read(log), 1);
}

TEST(CountTransitions, CountsFromTheRowToTheColumn) {
    EXPECT_EQ(count({{"New", "Offer", "Won"}, {"New", "Won"}}).moves,
              (CountMatrix{{0, 1, 1}, {0, 0, 1}, {0, 0, 0}}));
}

TEST(CountTransitions, CountsAReturnToAStageAsATransition) {
    EXPECT_EQ(count({{"New", "Offer", "New"}}).moves, (CountMatrix{{0, 1, 0}, {1, 0, 0}, {0, 0, 0}}));
}

TEST(CountTransitions, DoesNotCountARepeatAsATransition) {
    EXPECT_EQ(count({{"New", "New", "Offer", "Offer"}}).moves,
              (CountMatrix{{0, 1, 0}, {0, 0, 0}, {0, 0, 0}}));
}

TEST(CountTransitions, CountsAnItemOnceHoweverOftenItMakesATransition) {
    const Transitions counts = count({{"New", "Offer", "New", "Offer"}, {"New", "Offer"}});
    EXPECT_EQ(counts.moves(0, 1), 3);
    EXPECT_EQ(counts.items(0, 1), 2);
    EXPECT_EQ(counts.items(1, 0), 1);
}

TEST(CountTransitions, CountsNoTransitionFromOneItemToTheNext) {
    EXPECT_TRUE(count({{"New"}, {"Offer"}}).moves.isZero());
}

TEST(CountTransitions, CountsTransitionsAcrossUnlistedRows) {
    EXPECT_EQ(count({{"New", "Call", "Offer", "Call", "Offer"}}).moves,
              (CountMatrix{{0, 1, 0}, {0, 0, 0}, {0, 0, 0}}));
}

TEST(CountTransitions, GivesEmptyTablesForALogWithoutItems) {
    const Transitions counts = count({});
    EXPECT_EQ(counts.moves, CountMatrix::Zero(3, 3));
    EXPECT_EQ(counts.items, CountMatrix::Zero(3, 3));
}

TEST(CountTransitions, RefusesAPipelineOfMoreThan4096Stages) {
    EXPECT_EQ(
        message_of([] { static_cast<void>(count_transitions(Journeys{}, Pipeline(4'097, 0, 0, {}), 1)); }),
        "transitions take a pipeline of at most 4,096 stages, this one has 4097");
}

TEST(CountTransitions, AddsUpToTheVisitsLessOneOfEachItemWhateverTheNumberOfThreads) {
    CodedRows rows;
    rows.n_labels = 300;
    std::mt19937_64 random(5);
    std::size_t n = 0;
    // Each stage differs from the stage before it, so that every row is a visit.
    for (std::uint64_t item = 0; item < 50'000; ++item) {
        std::size_t stage = random() % 300;
        for (std::int64_t time = 0; time < 4; ++time, ++n) {
            rows.add(item, stage, time);
            stage = (stage + 1 + random() % 299) % 300;
        }
    }
    const Journeys journeys = rows.build(2);
    const Transitions alone = count_transitions(journeys, same_rows(298, 1, 1), 1);
    EXPECT_EQ(alone.moves.sum(), static_cast<std::int64_t>(n) - 50'000);
    EXPECT_TRUE(alone.moves.diagonal().isZero());
    EXPECT_TRUE((alone.items.array() <= alone.moves.array()).all());
    for (const unsigned threads : {2U, 7U}) {
        const Transitions shared = count_transitions(journeys, same_rows(298, 1, 1), threads);
        EXPECT_EQ(shared.moves, alone.moves);
        EXPECT_EQ(shared.items, alone.items);
    }
}

}  // namespace
}  // namespace stagefunnel::stages
