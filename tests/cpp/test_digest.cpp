#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "log_builder.hpp"
#include "stagefunnel/digest.hpp"
#include "stagefunnel/funnel.hpp"

namespace stagefunnel::testing {
namespace {

CodedRows random_log(std::size_t n_rows, std::uint64_t n_items, std::size_t n_labels) {
    std::mt19937_64 random(20'261'124);
    CodedRows log;
    log.n_labels = n_labels;
    for (std::size_t row = 0; row < n_rows; ++row) {
        log.add(random() % n_items, random() % n_labels, static_cast<std::int64_t>(random() % 1'000));
    }
    return log;
}

void expect_same(const FunnelCounts& found, const FunnelCounts& expected) {
    EXPECT_EQ(found.passed, expected.passed);
    EXPECT_EQ(found.assumed, expected.assumed);
    EXPECT_EQ(found.visited, expected.visited);
    EXPECT_EQ(found.skipped, expected.skipped);
    EXPECT_EQ(found.beyond, expected.beyond);
    EXPECT_EQ(found.lost_from, expected.lost_from);
    EXPECT_EQ(found.open_at, expected.open_at);
    EXPECT_EQ(found.won, expected.won);
    EXPECT_EQ(found.lost, expected.lost);
    EXPECT_EQ(found.open, expected.open);
    EXPECT_EQ(found.left_out, expected.left_out);
    EXPECT_EQ(found.reopened_won, expected.reopened_won);
}

TEST(Digest, CountsEveryFunnelAsItemByItem) {
    const Journeys journeys = random_log(20'000, 6'000, 6).build();
    // One label of the log is not listed.
    const Pipeline pipeline(2, 1, 2, {0, 1, Pipeline::kUnlisted, 2, 3, 4});
    const auto digest = digest_of(journeys, pipeline, 2);
    ASSERT_TRUE(digest.has_value());
    // With a group the items are counted one by one.
    const std::vector<std::int32_t> one_group(journeys.n_items(), 0);
    for (const Kind kind :
         {Kind::classic, Kind::conversions_won, Kind::conversions_moves, Kind::furthest, Kind::strict}) {
        for (const LostThenWon flip :
             {LostThenWon::include, LostThenWon::exclude, LostThenWon::exclude_reopened}) {
            FunnelOptions options;
            options.kind = kind;
            options.lost_then_won = flip;
            const FunnelCounts found = count_funnel(journeys, pipeline, options, &*digest);
            options.group = one_group;
            expect_same(found, count_funnel(journeys, pipeline, options));
        }
    }
}

TEST(Digest, IsNotMadeOfFewItemsOrManyStages) {
    EXPECT_FALSE(digest_of(random_log(100, 20, 6).build(), same_rows(4, 1, 1), 1).has_value());
    EXPECT_FALSE(digest_of(random_log(40'000, 20'000, 13).build(), same_rows(11, 1, 1), 1).has_value());
}

TEST(Digest, HasAllItemsWithAListedRow) {
    const Journeys journeys = random_log(20'000, 6'000, 2).build();
    const auto digest = digest_of(journeys, Pipeline(1, 1, 0, {0, 1}), 7);
    ASSERT_TRUE(digest.has_value());
    std::size_t n_items = 0;
    for (const Digest::State& state : digest->states) n_items += state.items;
    EXPECT_EQ(n_items, journeys.n_items());
}

}  // namespace
}  // namespace stagefunnel::testing
