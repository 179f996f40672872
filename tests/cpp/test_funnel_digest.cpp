#include <gtest/gtest.h>

#include <random>

#include "log_builder.hpp"
#include "stagefunnel/funnel.hpp"

namespace stagefunnel {
namespace {

using namespace stagefunnel::testing;

// Logs of more items than a small pipeline has states of: they are counted state by state.
// With a group for every item each item is counted by itself, so the two ways must agree.

constexpr std::size_t kStages = 5;  // 2 in progress, 1 won, 2 lost; one more label is unlisted

Pipeline five_of_six() { return {2, 1, 2, {0, 1, 2, 3, 4, Pipeline::kUnlisted}}; }

Journeys many_items() {
    CodedRows rows;
    rows.n_labels = kStages + 1;
    std::mt19937_64 random(20261124);
    for (std::uint64_t item = 0; item < 40'000; ++item) {
        const std::uint64_t n = 1 + random() % 6;
        for (std::uint64_t i = 0; i < n; ++i)
            rows.add(item, random() % (kStages + 1), static_cast<std::int64_t>(i));
    }
    return rows.build();
}

void expect_same(const FunnelCounts& a, const FunnelCounts& b) {
    EXPECT_EQ(a.passed, b.passed);
    EXPECT_EQ(a.assumed, b.assumed);
    EXPECT_EQ(a.visited, b.visited);
    EXPECT_EQ(a.skipped, b.skipped);
    EXPECT_EQ(a.beyond, b.beyond);
    EXPECT_EQ(a.lost_from, b.lost_from);
    EXPECT_EQ(a.open_at, b.open_at);
    EXPECT_EQ(a.won, b.won);
    EXPECT_EQ(a.lost, b.lost);
    EXPECT_EQ(a.open, b.open);
    EXPECT_EQ(a.left_out, b.left_out);
    EXPECT_EQ(a.reopened_won, b.reopened_won);
}

class CountedByState : public ::testing::TestWithParam<std::tuple<Kind, LostThenWon>> {};

TEST_P(CountedByState, GivesWhatCountingItemByItemGives) {
    const Journeys journeys = many_items();
    const std::vector<std::int32_t> one_group(journeys.n_items(), 0);
    FunnelOptions options;
    std::tie(options.kind, options.lost_then_won) = GetParam();
    options.group = one_group;
    const FunnelCounts item_by_item = count_funnel(journeys, five_of_six(), options);
    options.group = {};
    for (const unsigned threads : {1U, 2U, 7U}) {
        options.threads = threads;
        expect_same(count_funnel(journeys, five_of_six(), options), item_by_item);
    }
}

INSTANTIATE_TEST_SUITE_P(KindsAndRules, CountedByState,
                         ::testing::Combine(::testing::Values(Kind::classic, Kind::conversions_won,
                                                              Kind::conversions_moves, Kind::furthest,
                                                              Kind::strict),
                                            ::testing::Values(LostThenWon::include, LostThenWon::exclude,
                                                              LostThenWon::exclude_reopened)));

}  // namespace
}  // namespace stagefunnel
