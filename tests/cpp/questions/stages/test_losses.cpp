#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "stagefunnel/questions/stages/losses.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::stages {
namespace {

using namespace stagefunnel::testing;

const Stages kLossStages{{"New", "Offer"}, {"Won"}, {"Lost", "Spam"}};

Losses losses_of(const std::vector<Row>& rows) {
    const Log log = log_of(rows);
    return find_losses(log.journeys, kLossStages.read(log), 1);
}

TEST(FindLosses, ListsTheItemsThatAreLostNow) {
    const Losses losses =
        losses_of({{1, "New", 0}, {1, "Lost", 4}, {2, "Lost", 0}, {2, "Won", 1}, {3, "New", 0}});
    EXPECT_EQ(losses.item.size(), 1U);
    EXPECT_EQ(losses.from_stage, (std::vector<std::int32_t>{0}));
    EXPECT_EQ(losses.lost_stage, (std::vector<std::int32_t>{3}));
}

TEST(FindLosses, TimesTheFirstOfTheClosingLostVisits) {
    const Losses losses = losses_of({{1, "New", 1},
                                     {1, "Lost", 2},
                                     {1, "Offer", 10},
                                     {1, "Offer", 12},
                                     {1, "Lost", 15},
                                     {1, "Spam", 40}});
    EXPECT_EQ(losses.until_lost, (std::vector<std::uint64_t>{14}));
    EXPECT_EQ(losses.in_stage, (std::vector<std::uint64_t>{5}));
    EXPECT_EQ(losses.from_stage, (std::vector<std::int32_t>{1}));
    EXPECT_EQ(losses.lost_stage, (std::vector<std::int32_t>{4}));
}

TEST(FindLosses, AReturnIsLostFromItsWonStage) {
    const Losses losses = losses_of({{1, "New", 0}, {1, "Won", 3}, {1, "Lost", 9}});
    EXPECT_EQ(losses.from_stage, (std::vector<std::int32_t>{2}));
    EXPECT_EQ(losses.in_stage, (std::vector<std::uint64_t>{6}));
}

TEST(FindLosses, AnItemCreatedLostWasLostFromNowhere) {
    const Losses losses = losses_of({{1, "Lost", 3}, {1, "Spam", 9}});
    EXPECT_EQ(losses.from_stage, (std::vector<std::int32_t>{-1}));
    EXPECT_EQ(losses.until_lost, (std::vector<std::uint64_t>{0}));
    EXPECT_EQ(losses.in_stage, (std::vector<std::uint64_t>{0}));
}

TEST(FindLosses, HoldsLengthsBeyondSignedIntegers) {
    constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min() + 1;
    constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();
    const Losses losses = losses_of({{1, "New", kLow}, {1, "Lost", kHigh}});
    EXPECT_EQ(losses.until_lost, (std::vector<std::uint64_t>{std::numeric_limits<std::uint64_t>::max() - 1}));
}

TEST(FindLosses, IsTheSameForAnyNumberOfThreads) {
    CodedRows rows;
    rows.n_labels = 5;
    std::mt19937_64 random(5);
    for (std::uint64_t i = 0; i < 150'000; ++i)
        rows.add(i % 50'000, random() % 5, static_cast<std::int64_t>(random() % 1'000));
    const Journeys journeys = rows.build();
    const Losses one = find_losses(journeys, same_rows(2, 1, 2), 1);
    const Losses many = find_losses(journeys, same_rows(2, 1, 2), 3);
    ASSERT_GT(one.item.size(), 0U);
    EXPECT_EQ(many.item, one.item);
    EXPECT_EQ(many.until_lost, one.until_lost);
    EXPECT_EQ(many.in_stage, one.in_stage);
}

}  // namespace
}  // namespace stagefunnel::stages
