#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>
#include <vector>

#include "stagefunnel/stats/calibration.hpp"
#include "stagefunnel/stats/renewal.hpp"

namespace stagefunnel::stats {
namespace {

using Shares = std::vector<double>;

// Of stage 0 a half goes to stage 1 after one step, and a quarter is won after two; of stage 1 a half is won
// after one step.
const Shares kChance{0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.25, 0, 0, 0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0};
const Shares kLeft{1, 0.5, 0.25, 1, 0.5, 0};

StepShares two_stages() { return {.n_stages = 2, .n_ages = 3, .chance = kChance, .left = kLeft}; }

TEST(WinsWithin, FollowWhatComesToAStageUpToTheHorizon) {
    // After one step one of stage 1 is won by a half, one of stage 0 not yet; after two steps of age 1 a
    // quarter of the half that is left is won.
    const Shares one = wins_within(two_stages(), 1, 1);
    EXPECT_DOUBLE_EQ(one[0], 0);
    EXPECT_DOUBLE_EQ(one[1], 0.5);
    EXPECT_DOUBLE_EQ(one[3], 0.5);
    // Within two steps: half of the half that goes on, and the quarter.
    const Shares two = wins_within(two_stages(), 2, 2);
    EXPECT_DOUBLE_EQ(two[0], 0.5);
    EXPECT_DOUBLE_EQ(two[1], 0.5);
    EXPECT_DOUBLE_EQ(two[2], 0);
    EXPECT_TRUE(std::isnan(two[5]));  // nobody is left
    EXPECT_THROW((void)wins_within({.n_stages = 1, .n_ages = 3, .chance = kChance, .left = kLeft}, 1, 1),
                 std::invalid_argument);
}

TEST(ReadChances, TakeTheStepAtWhoseBeginningAnAgeIs) {
    const Shares table{0.1, 0.2, 1.5, 0.4, NAN, 0.6};
    const std::vector<std::int64_t> oldest{9, 9}, age{0, 2, 3, 7, 10, 3};
    const std::vector<std::int32_t> stage{0, 0, 0, 0, 0, 1};
    // A step is 5 / 2 long.
    const ReadChances found = read_chances(table, oldest, stage, age, {5, 2}, 1);
    EXPECT_EQ(found.win[0], 0.1);
    EXPECT_EQ(found.win[1], 0.1);
    EXPECT_EQ(found.win[2], 0.2);
    EXPECT_EQ(found.win[3], 1);  // rounding makes no more
    EXPECT_TRUE(std::isnan(found.win[4]));
    EXPECT_TRUE(std::isnan(found.win[5]));
    EXPECT_EQ(found.beyond, (LargeVector<std::uint8_t>{0, 0, 0, 0, 1, 1}));
    EXPECT_THROW((void)read_chances(table, oldest, stage, age, {0, 1}, 1), std::invalid_argument);
    const std::vector<std::int32_t> wrong(6, 2);
    EXPECT_THROW((void)read_chances(table, oldest, wrong, age, {5, 2}, 1), std::invalid_argument);
}

TEST(Calibrate, CountsItemsByTheClassOfTheirChance) {
    const Shares chance{0.05, 0.15, NAN, 1, 0.19};
    const std::vector<std::uint8_t> won{0, 1, 1, 1, 0};
    const std::vector<std::uint32_t> item{3, 0, 1, 2, 0};
    std::vector<std::uint16_t> seen(4, 0);
    const Calibrated found = calibrate(chance, won, item, 10, seen);
    EXPECT_EQ(found.n, (std::vector<std::int64_t>{1, 2, 0, 0, 0, 0, 0, 0, 0, 1}));
    EXPECT_EQ(found.won, (std::vector<std::int64_t>{0, 1, 0, 0, 0, 0, 0, 0, 0, 1}));
    EXPECT_DOUBLE_EQ(found.expected[1], 0.34);
    EXPECT_DOUBLE_EQ(found.squared, 0.05 * 0.05 + 0.85 * 0.85 + 0.19 * 0.19);
    EXPECT_EQ(seen, (std::vector<std::uint16_t>{2, 0, 512, 1}));
    EXPECT_THROW((void)calibrate(chance, won, item, 17, seen), std::invalid_argument);
    EXPECT_THROW((void)calibrate(Shares(5, 1.5), won, item, 10, seen), std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::stats
