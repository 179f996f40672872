#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "stagefunnel/stats/chain.hpp"

namespace stagefunnel::stats {
namespace {

ChainEnds solve(std::size_t n_transient, std::size_t n_absorbing, const std::vector<double>& probability) {
    return solve_chain({n_transient, n_absorbing, probability});
}

TEST(Chain, WalksOfADrunkardEndWhereTheyAreNear) {
    // Corners 1, 2 and 3 between home at 0 and a bar at 4: home is reached with 3/4, 2/4 and 1/4.
    const ChainEnds ends = solve(3, 2, {0, .5, 0, .5, 0, .5, 0, .5, 0, 0, 0, .5, 0, 0, .5});
    for (std::size_t s = 0; s < 3; ++s) {
        EXPECT_NEAR(ends.absorbed[s * 3], (3.0 - static_cast<double>(s)) / 4, 1e-15);
        EXPECT_EQ(ends.absorbed[s * 3 + 2], 0);
    }
    // Begun in the middle, it is visited twice and the corners beside it once each.
    EXPECT_NEAR(ends.visits[3 + 0], 1, 1e-15);
    EXPECT_NEAR(ends.visits[3 + 1], 2, 1e-15);
}

TEST(Chain, AStateWithoutAWayOutIsUndetermined) {
    // 0 ends with a half and goes to 1 with a half; 1 and 2 go round in a circle.
    const ChainEnds ends = solve(3, 1, {0, .5, 0, .5, 0, 0, 1, 0, 0, 1, 0, 0});
    EXPECT_EQ(ends.has_way_out, (std::vector<std::uint8_t>{1, 0, 0}));
    EXPECT_NEAR(ends.absorbed[0], .5, 1e-15);
    EXPECT_NEAR(ends.absorbed[1], .5, 1e-15);
    EXPECT_EQ(ends.absorbed[3], 1);
    EXPECT_EQ(ends.absorbed[5], 1);
}

TEST(Chain, WhatIsNeverSeenToLeaveIsUndetermined) {
    const ChainEnds ends = solve(1, 1, {.5, .25});
    EXPECT_NEAR(ends.absorbed[0], .5, 1e-15);
    EXPECT_NEAR(ends.absorbed[1], .5, 1e-15);
    EXPECT_NEAR(ends.visits[0], 2, 1e-15);
}

TEST(Chain, ChancesAboveOneAreRefused) {
    EXPECT_THROW((void)solve(1, 1, {.6, .6}), std::invalid_argument);
    EXPECT_THROW((void)solve(1, 1, {-.1, .6}), std::invalid_argument);
    EXPECT_THROW((void)solve(2, 1, {0, 1}), std::invalid_argument);
}

TEST(Chain, AChainOfNoStatesIsEmpty) { EXPECT_TRUE(solve(0, 2, {}).absorbed.empty()); }

}  // namespace
}  // namespace stagefunnel::stats
