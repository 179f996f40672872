#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "questions/sequence/rules/row_matching.hpp"

namespace stagefunnel::sequence {
namespace {

TEST(RowMatching, GivesNoRowToTwoSteps) {
    RowMatching matching(2);
    matching.add(0b11, 1);
    EXPECT_EQ(matching.most(), 1U);
    matching.add(0b01, 1);
    EXPECT_EQ(matching.most(), 2U);
}

TEST(RowMatching, HasNoRowsAfterItIsCleared) {
    RowMatching matching(2);
    matching.add(0b11, 2);
    EXPECT_EQ(matching.most(), 2U);
    matching.clear();
    EXPECT_EQ(matching.most(), 0U);
}

TEST(RowMatching, KeepsAMatchingMaximumAsRowsComeAndGo) {
    RowMatching matching(2);
    EXPECT_EQ(matching.supply(0b11, 1), 0U);
    EXPECT_EQ(matching.fill_more(), 1U);
    EXPECT_EQ(matching.supply(0b01, 2), 0U);
    EXPECT_EQ(matching.fill_more(), 1U) << "the row of both steps moves to step 2";
    EXPECT_EQ(matching.supply(0b01, 1), 2U) << "there were two rows of the kind";
    EXPECT_EQ(matching.withdraw(0b11, 1), 1U) << "step 2 loses its row";
    EXPECT_EQ(matching.fill_more(), 0U);
}

TEST(RowMatching, UsesNoMoreRowsOfAGroupThanItsQuota) {
    RowMatching matching(3);
    const std::size_t group = matching.add_group(2);
    matching.add(0b001, 1, group);
    matching.add(0b010, 1, group);
    matching.add(0b100, 1, group);
    EXPECT_EQ(matching.most(), 2U);
}

TEST(RowMatching, LetsRowsOfAGroupTakeTheQuotaOfEachOther) {
    RowMatching matching(5);
    const std::size_t one = matching.add_group(1), other = matching.add_group(1);
    matching.add(0b10011, 1, one);
    matching.add(0b00011, 1, one);
    matching.add(0b00011, 2, other);
    matching.add(0b01011, 1, other);
    matching.add(0b00011, 2);
    EXPECT_EQ(matching.most(), 4U);
}

struct Source {
    std::uint64_t steps;
    std::size_t n_rows;
    std::size_t group;
};

/// Tries every way to give rows to the steps from `step` on; returns the most steps filled.
std::size_t most_of_all_ways(std::vector<Source>& sources, std::vector<std::size_t>& quotas, std::size_t step,
                             std::size_t n) {
    if (step == n) return 0;
    std::size_t most = most_of_all_ways(sources, quotas, step + 1, n);
    for (Source& source : sources) {
        const bool full = source.group != RowMatching::kNoGroup && quotas[source.group] == 0;
        if ((source.steps >> step & 1) == 0 || source.n_rows == 0 || full) continue;
        --source.n_rows;
        if (source.group != RowMatching::kNoGroup) --quotas[source.group];
        most = std::max(most, 1 + most_of_all_ways(sources, quotas, step + 1, n));
        ++source.n_rows;
        if (source.group != RowMatching::kNoGroup) ++quotas[source.group];
    }
    return most;
}

TEST(RowMatching, FillsAsManyStepsAsTheBestOfAllWays) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 20'000; ++round) {
        const std::size_t n_steps = 1 + random() % 5, n_groups = random() % 3;
        RowMatching matching(n_steps);
        std::vector<Source> sources;
        std::vector<std::size_t> quotas;
        for (std::size_t g = 0; g < n_groups; ++g) {
            quotas.push_back(random() % 3);
            ASSERT_EQ(matching.add_group(quotas.back()), g);
        }
        for (std::size_t k = random() % 6; k > 0; --k) {
            const std::size_t group = random() % (n_groups + 1);
            sources.push_back({random() % (std::uint64_t{1} << n_steps), 1 + random() % 2,
                               group == n_groups ? RowMatching::kNoGroup : group});
            matching.add(sources.back().steps, sources.back().n_rows, sources.back().group);
        }
        ASSERT_EQ(matching.most(), most_of_all_ways(sources, quotas, 0, n_steps)) << "round " << round;
    }
}

}  // namespace
}  // namespace stagefunnel::sequence
