#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "stagefunnel/questions/funnel/funnel.hpp"
#include "stagefunnel/questions/funnel/item_states.hpp"
#include "stagefunnel/questions/funnel/trend.hpp"
#include "support/log_builder.hpp"
#include "support/random_log.hpp"

namespace stagefunnel::funnel {
namespace {

using namespace stagefunnel::testing;

TEST(DatedStates, CountAsItemsThatAreReadOneByOne) {
    const Journeys journeys = random_log(60'000, 20'000, 5).build();
    const std::int64_t always = StageRules::kAlways, forever = StageRules::kForever;
    const std::vector<StageRules> all_rules{
        {.optional = {}, .since = {always, 500}, .until = {forever, forever}},
        {.optional = {}, .since = {always, always}, .until = {400, forever}},
        {.optional = {}, .since = {300, always}, .until = {forever, 600}},
        {.optional = {}, .since = {100, 300}, .until = {700, 900}},
        {.optional = {0, 1}, .since = {200, 300}, .until = {800, forever}}};
    for (const StageRules& rules : all_rules) {
        const Pipeline pipeline(2, 1, 1, {0, 1, 2, 3, Pipeline::kUnlisted}, rules);
        for (const Kind kind : {Kind::classic, Kind::conversions_won, Kind::furthest}) {
            const auto by_state = find_states_of_items(journeys, pipeline, 2);
            ASSERT_TRUE(by_state.has_value());
            const std::vector<Options> plain{{.kind = kind, .group = {}, .amount = {}}};
            const Counts counts = count_funnels(pipeline, plain, *by_state).front();
            // The trend of one period counts item by item.
            const std::vector<std::int64_t> bounds{0, 1'000};
            const Counts read = count_trend(journeys, pipeline, plain.front(),
                                            {.bounds = bounds, .as_of = {}, .elsewhere = {}});
            EXPECT_EQ(counts.passed, read.passed);
            EXPECT_EQ(counts.assumed, read.assumed);
            EXPECT_EQ(counts.skipped, read.skipped);
            EXPECT_EQ(counts.began_beyond, read.began_beyond);
            EXPECT_EQ(counts.beyond_absent, read.beyond_absent);
            EXPECT_EQ(counts.lost_from, read.lost_from);
            EXPECT_EQ(counts.won, read.won);
        }
    }
}

TEST(DatedStates, AreThousandsIfNeedBe) {
    const Journeys journeys = random_log(100'000, 25'000, 6).build();
    const std::int64_t always = StageRules::kAlways, forever = StageRules::kForever;
    const Pipeline pipeline(
        4, 1, 1, {0, 1, 2, 3, 4, 5},
        {.optional = {}, .since = {always, 300, 500, always}, .until = {forever, forever, forever, 700}});
    const auto by_state = find_states_of_items(journeys, pipeline, 2);
    ASSERT_TRUE(by_state.has_value());
    EXPECT_GT(by_state->states.size(), 2'048U);  // more than the first table of keys takes
    std::vector<std::int32_t> groups(journeys.n_items());
    for (std::size_t item = 0; item < groups.size(); ++item)
        groups[item] = static_cast<std::int32_t>(item % 3);
    const std::vector<Options> grouped{
        {.kind = Kind::conversions_won, .group = groups, .n_groups = 3, .amount = {}}};
    const Counts counts = count_funnels(pipeline, grouped, *by_state).front();
    const std::vector<std::int64_t> bounds{0, 1'000};
    const Counts read =
        count_trend(journeys, pipeline, grouped.front(), {.bounds = bounds, .as_of = {}, .elsewhere = {}});
    EXPECT_EQ(counts.passed, read.passed);
    EXPECT_EQ(counts.assumed, read.assumed);
    EXPECT_EQ(counts.skipped, read.skipped);
    EXPECT_EQ(counts.began_beyond, read.began_beyond);
    EXPECT_EQ(counts.beyond_absent, read.beyond_absent);
    EXPECT_EQ(counts.open_at, read.open_at);
    EXPECT_EQ(counts.lost_from, read.lost_from);
}

TEST(DatedStates, AreOneWhereTheTimesOfMovesMakeNoDifference) {
    // Of the stages A, B and C the second is there from 10 on. An item of A alone is not beyond it, whenever
    // its rows are; a move from A to C goes beyond B from 10 on, and before it does not. An item that began
    // at C before it lacks nothing that it began beyond once it has visited A.
    const std::vector<std::vector<std::pair<std::size_t, std::int64_t>>> items{
        {{0, 1}},           {{0, 20}},         {{0, 1}, {0, 20}},       {{0, 1}, {2, 2}},
        {{0, 20}, {2, 21}}, {{0, 1}, {2, 20}}, {{2, 1}, {0, 2}, {2, 3}}};
    CodedRows rows;
    rows.n_labels = 3;
    for (std::uint64_t item = 0; item < 7'000; ++item) {
        for (const auto& [code, time] : items[item % 7]) rows.add(item, code, time);
    }
    const Journeys journeys = rows.build();
    const std::int64_t always = StageRules::kAlways, forever = StageRules::kForever;
    const StageRules rules{
        .optional = {}, .since = {always, 10, always}, .until = {forever, forever, forever}};
    const auto item_states = find_states_of_items(journeys, Pipeline(3, 0, 0, {0, 1, 2}, rules), 2);
    ASSERT_EQ(item_states->states.size(), 3U);
    std::vector<std::uint32_t> state_of_key(7'000);
    for (std::size_t item = 0; item < journeys.n_items(); ++item)
        state_of_key[journeys.key[item]] = item_states->of_item[item];
    EXPECT_EQ(state_of_key[0], state_of_key[1]);
    EXPECT_EQ(state_of_key[0], state_of_key[2]);
    EXPECT_EQ(state_of_key[4], state_of_key[5]);
    EXPECT_EQ(state_of_key[3], state_of_key[6]);
    EXPECT_NE(state_of_key[3], state_of_key[4]);
    for (std::size_t key = 0; key < 7'000; ++key) EXPECT_EQ(state_of_key[key], state_of_key[key % 7]);
}

}  // namespace
}  // namespace stagefunnel::funnel
