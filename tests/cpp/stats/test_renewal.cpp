#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
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

TEST(FollowExits, AddUpWhatTheExitsWithinTheStepsAreWorth) {
    // The exits of `kChance` in the three steps that have any, and what they are worth with 0 and 1 steps
    // left: a win 1, and a visit of stage 1 a half of that after one step.
    const std::vector<std::int64_t> bounds{0, 2, 3}, step{1, 2, 1};
    const Shares chance{0, 0.5, 0, 0, 0, 0, 0.25, 0, 0, 0, 0.5, 0};
    const Shares worth{0, 0, 1, 0, 0, 0.5, 1, 0};
    const ExitRows exits{.n_stages = 2, .bounds = bounds, .step = step, .chance = chance};
    const std::vector<std::int32_t> stage{0, 0, 0, 1, 1};
    const std::vector<std::int64_t> age{0, 1, 2, 0, 7};
    EXPECT_EQ(follow_exits(exits, worth, 1, stage, age, 2), (Shares{0, 0.25, 0, 0.5, 0}));
    // Within two steps from age 0: half of what goes on, and the quarter, as `wins_within` has it.
    const Shares longer{0, 0, 1, 0, 0, 0.5, 1, 0, 0.5, 0.5, 1, 0};
    EXPECT_EQ(follow_exits(exits, longer, 2, stage, age, 1), (Shares{0.5, 0.25, 0, 0.5, 0}));
    // Two values at once, and steps that are as far apart as they can be.
    const std::vector<std::int64_t> far{0, std::numeric_limits<std::int64_t>::max(), 1};
    const Shares twice{0, 0, 0, 0, 1, 2, 0, 0};
    EXPECT_EQ(follow_exits({.n_stages = 2, .bounds = bounds, .step = far, .chance = chance}, twice, 0,
                           std::vector<std::int32_t>{0}, std::vector<std::int64_t>{0}, 1),
              (Shares{0, 0}));
}

TEST(FollowExits, RefuseWhatDoesNotFit) {
    const std::vector<std::int64_t> bounds{0, 2}, step{1, 2}, falling{2, 1}, age{0};
    const Shares chance(6, 0.1), worth(3, 1);
    const std::vector<std::int32_t> stage{0}, wrong{1};
    EXPECT_NO_THROW((void)follow_exits({.n_stages = 1, .bounds = bounds, .step = step, .chance = chance},
                                       worth, 0, stage, age, 1));
    EXPECT_THROW((void)follow_exits({.n_stages = 1, .bounds = bounds, .step = falling, .chance = chance},
                                    worth, 0, stage, age, 1),
                 std::invalid_argument);
    EXPECT_THROW((void)follow_exits({.n_stages = 1, .bounds = bounds, .step = step, .chance = worth}, worth,
                                    0, stage, age, 1),
                 std::invalid_argument);
    EXPECT_THROW((void)follow_exits({.n_stages = 1, .bounds = bounds, .step = step, .chance = chance}, worth,
                                    1, stage, age, 1),
                 std::invalid_argument);
    EXPECT_THROW((void)follow_exits({.n_stages = 1, .bounds = bounds, .step = step, .chance = chance}, worth,
                                    0, wrong, age, 1),
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
