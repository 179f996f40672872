#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "questions/sequence/rules/row_matching.hpp"

namespace stagefunnel::sequence {
namespace {

TEST(Filling, GivesNoRowToTwoSteps) {
    RowMatching filling(2);
    filling.add(0b11, 1);
    EXPECT_EQ(filling.most(), 1U);
    filling.add(0b01, 1);
    EXPECT_EQ(filling.most(), 2U);
}

TEST(Filling, ForgetsWhatItHad) {
    RowMatching filling(2);
    filling.add(0b11, 2);
    EXPECT_EQ(filling.most(), 2U);
    filling.clear();
    EXPECT_EQ(filling.most(), 0U);
}

TEST(Filling, GivesOnlySoManyRowsOfAGroup) {
    RowMatching filling(3);
    const std::size_t group = filling.add_group(2);
    filling.add(0b001, 1, group);
    filling.add(0b010, 1, group);
    filling.add(0b100, 1, group);
    EXPECT_EQ(filling.most(), 2U);
}

TEST(Filling, LetsTheRowsOfAGroupGiveWayToEachOther) {
    RowMatching filling(5);
    const std::size_t one = filling.add_group(1), other = filling.add_group(1);
    filling.add(0b10011, 1, one);
    filling.add(0b00011, 1, one);
    filling.add(0b00011, 2, other);
    filling.add(0b01011, 1, other);
    filling.add(0b00011, 2);
    EXPECT_EQ(filling.most(), 4U);
}

struct Part {
    std::uint64_t steps;
    std::size_t n_rows;
    std::size_t group;
};

/// Every way to give rows to the steps from `step` on.
std::size_t tried(std::vector<Part>& parts, std::vector<std::size_t>& quotas, std::size_t step,
                  std::size_t n) {
    if (step == n) return 0;
    std::size_t most = tried(parts, quotas, step + 1, n);
    for (Part& part : parts) {
        const bool full = part.group != RowMatching::kNoGroup && quotas[part.group] == 0;
        if ((part.steps >> step & 1) == 0 || part.n_rows == 0 || full) continue;
        --part.n_rows;
        if (part.group != RowMatching::kNoGroup) --quotas[part.group];
        most = std::max(most, 1 + tried(parts, quotas, step + 1, n));
        ++part.n_rows;
        if (part.group != RowMatching::kNoGroup) ++quotas[part.group];
    }
    return most;
}

TEST(Filling, FillsAsManyStepsAsAnyOtherWay) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 20'000; ++round) {
        const std::size_t n_steps = 1 + random() % 5, n_groups = random() % 3;
        RowMatching filling(n_steps);
        std::vector<Part> parts;
        std::vector<std::size_t> quotas;
        for (std::size_t g = 0; g < n_groups; ++g) {
            quotas.push_back(random() % 3);
            ASSERT_EQ(filling.add_group(quotas.back()), g);
        }
        for (std::size_t k = random() % 6; k > 0; --k) {
            const std::size_t group = random() % (n_groups + 1);
            parts.push_back({random() % (std::uint64_t{1} << n_steps), 1 + random() % 2,
                             group == n_groups ? RowMatching::kNoGroup : group});
            filling.add(parts.back().steps, parts.back().n_rows, parts.back().group);
        }
        ASSERT_EQ(filling.most(), tried(parts, quotas, 0, n_steps)) << "round " << round;
    }
}

}  // namespace
}  // namespace stagefunnel::sequence
