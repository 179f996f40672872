#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

#include "stagefunnel/questions/funnel/chain.hpp"
#include "stagefunnel/questions/funnel/entries.hpp"
#include "stagefunnel/questions/funnel/funnel.hpp"
#include "stagefunnel/questions/funnel/item_states.hpp"
#include "stagefunnel/questions/stages/items.hpp"
#include "stagefunnel/questions/stages/quality.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::funnel {
namespace {

using namespace stagefunnel::testing;

constexpr std::int64_t kAlways = StageRules::kAlways, kForever = StageRules::kForever;

Stages demo() { return {{"New", "Demo", "Offer"}, {"Won"}, {"Lost"}}; }

/// Demo is optional.
StageRules optional_demo() { return {.optional = {0, 1, 0}, .since = {}, .until = {}}; }

/// Demo is there from 10 on.
StageRules dated_demo() {
    return {.optional = {}, .since = {kAlways, 10, kAlways}, .until = {kForever, kForever, kForever}};
}

Pipeline read(const Log& log, StageRules rules) {
    const std::vector<std::int32_t> rows = demo().read(log).rows();
    return {3, 1, 1, {rows.begin(), rows.end() - 1}, std::move(rules)};
}

Counts count(const std::vector<Row>& rows, const StageRules& rules, Kind kind) {
    const Log log = log_of(rows);
    Options options;
    options.kind = kind;
    return count_funnel(log.journeys, read(log, rules), options);
}

TEST(StageRules, NothingSkipsFillsInOrRequiresAnOptionalStage) {
    const std::vector<Row> rows = {{1, "New", 0}, {1, "Offer", 1}, {1, "Won", 2}};
    const Counts classic = count(rows, optional_demo(), Kind::classic);
    EXPECT_TRUE(classic.skipped.isZero());
    EXPECT_EQ(classic.beyond, (CountMatrix{{1, 0, 1, 0, 0}}));
    for (const Kind kind : {Kind::conversions_won, Kind::conversions_moves, Kind::furthest})
        EXPECT_TRUE(count(rows, optional_demo(), kind).assumed.isZero());
    EXPECT_EQ(count(rows, optional_demo(), Kind::strict).passed, (CountMatrix{{1, 0, 1, 1, 0}}));
}

TEST(StageRules, AnOptionalStageCountsInStrictWhereverItIsPassed) {
    const std::vector<Row> rows = {{1, "Demo", 0}, {1, "Offer", 1}};
    EXPECT_EQ(count(rows, optional_demo(), Kind::strict).passed, (CountMatrix{{0, 1, 0, 0, 0}}));
}

TEST(StageRules, AMoveActsOnAStageAsItWasThen) {
    const std::vector<Row> early = {{1, "New", 0}, {1, "Offer", 9}};
    const std::vector<Row> late = {{1, "New", 0}, {1, "Offer", 10}};
    EXPECT_TRUE(count(early, dated_demo(), Kind::classic).skipped.isZero());
    EXPECT_EQ(count(early, dated_demo(), Kind::classic).beyond_absent, (CountMatrix{{0, 1, 0, 0, 0}}));
    EXPECT_EQ(count(late, dated_demo(), Kind::classic).skipped, (CountMatrix{{0, 1, 0, 0, 0}}));
    EXPECT_TRUE(count(late, dated_demo(), Kind::classic).beyond_absent.isZero());
    for (const Kind kind : {Kind::conversions_moves, Kind::furthest}) {
        EXPECT_TRUE(count(early, dated_demo(), kind).assumed.isZero());
        EXPECT_EQ(count(late, dated_demo(), kind).assumed, (CountMatrix{{0, 1, 0, 0, 0}}));
    }
    EXPECT_EQ(count(early, dated_demo(), Kind::strict).passed, (CountMatrix{{1, 0, 1, 0, 0}}));
    EXPECT_EQ(count(late, dated_demo(), Kind::strict).passed, (CountMatrix{{1, 0, 0, 0, 0}}));
}

TEST(StageRules, OneMoveBeyondAStageThatWasThereIsEnough) {
    const std::vector<Row> rows = {{1, "New", 0}, {1, "Offer", 9}, {1, "Won", 10}};
    const Counts counts = count(rows, dated_demo(), Kind::conversions_won);
    EXPECT_EQ(counts.skipped, (CountMatrix{{0, 1, 0, 0, 0}}));
    EXPECT_EQ(counts.assumed, (CountMatrix{{0, 1, 0, 0, 0}}));
    EXPECT_EQ(counts.beyond_absent, (CountMatrix{{0, 1, 0, 0, 0}}));
    EXPECT_EQ(count(rows, dated_demo(), Kind::strict).passed, (CountMatrix{{1, 0, 0, 0, 0}}));
}

TEST(StageRules, AnItemThatIsCreatedLostFillsInTheFirstStageThatIsThere) {
    StageRules rules{
        .optional = {1, 0, 0}, .since = {kAlways, 10, kAlways}, .until = {kForever, 20, kForever}};
    const auto assumed = [&](std::int64_t time) {
        return count({{1, "Lost", time}}, rules, Kind::conversions_moves).assumed;
    };
    EXPECT_EQ(assumed(9), (CountMatrix{{0, 0, 1, 0, 0}}));
    EXPECT_EQ(assumed(19), (CountMatrix{{0, 1, 0, 0, 0}}));
    EXPECT_EQ(assumed(20), (CountMatrix{{0, 0, 1, 0, 0}}));
}

TEST(StageRules, ItemsCountTheSkippedStagesThatWereThere) {
    const Log log = log_of({{1, "Offer", 9}, {2, "Offer", 10}});
    const stages::ItemFacts facts = stages::item_facts(log.journeys, read(log, dated_demo()), 1);
    EXPECT_EQ(list_of(facts.skipped), (std::vector<std::int64_t>{1, 2}));
}

TEST(StageRules, RowsOutsideTheDatesAreCounted) {
    const Log log = log_of({{1, "Demo", 9}, {1, "Demo", 10}, {2, "New", 0}});
    EXPECT_EQ(stages::pipeline_quality(log.journeys, read(log, dated_demo()), 1).rows_outside_dates, 1);
    EXPECT_EQ(stages::pipeline_quality(log.journeys, read(log, optional_demo()), 1).rows_outside_dates, 0);
}

TEST(StageRules, AStageCountsInTheGroupOfTheFirstEntryBeyondItWhileItWasThere) {
    const Log log = log_of({{1, "New", 0}, {1, "Offer", 9}, {1, "Won", 10}});
    const std::vector<std::int32_t> group = {0, 1, 2};
    const RowColumns columns{.whole = log.journeys, .group = group, .n_groups = 3, .amount = {}};
    Options options;
    options.kind = Kind::furthest;
    const Counts counts = count_entries(log.journeys, read(log, dated_demo()), options, columns);
    EXPECT_EQ(counts.skipped.col(1), (CountVector{{0, 0, 1}}));
    EXPECT_EQ(counts.assumed.col(1), (CountVector{{0, 0, 1}}));
    EXPECT_EQ(counts.beyond_absent.col(1), (CountVector{{0, 1, 0}}));
}

/// Items of up to five rows at random, in the time from 0 to about 100.
CodedRows random_rows(std::size_t n_items) {
    CodedRows rows;
    rows.n_labels = 5;
    std::mt19937 random(19);
    for (std::size_t item = 0; item < n_items; ++item) {
        auto time = static_cast<std::int64_t>(random() % 60);
        for (auto left = 1 + random() % 5; left > 0; --left) {
            rows.add(item, random() % 5, time);
            time += static_cast<std::int64_t>(random() % 12);
        }
    }
    return rows;
}

TEST(StageRules, ItemsOfOneStateCountAlike) {
    const StageRules rules{
        .optional = {1, 0, 0}, .since = {kAlways, 20, kAlways}, .until = {50, kForever, 40}};
    const Pipeline pipeline(3, 1, 1, {0, 1, 2, 3, 4}, rules);
    for (const unsigned threads : {1U, 3U}) {
        const Journeys journeys = random_rows(30'000).build(threads);
        std::vector<std::int32_t> group(journeys.n_items());
        for (std::size_t item = 0; item < group.size(); ++item)
            group[item] = static_cast<std::int32_t>(item % 3);
        const auto states = find_states_of_items(journeys, pipeline, threads);
        ASSERT_TRUE(states.has_value());
        for (const Kind kind : {Kind::classic, Kind::conversions_won, Kind::furthest}) {
            Options options;
            options.kind = kind;
            options.threads = threads;
            options.group = group;
            options.n_groups = 3;
            const Counts by_state = count_funnel(journeys, pipeline, options, &*states);
            // Read at the stages, with one group per item, items are counted one by one.
            const RowColumns columns{.whole = journeys, .group = group, .n_groups = 3, .amount = {}};
            const Counts one_by_one = count_entries(journeys, pipeline, options, columns);
            for (const auto& [name, table] : kStageTables) {
                if (table == &Counts::amount_missing) continue;
                EXPECT_EQ(by_state.*table, one_by_one.*table) << name;
            }
        }
    }
}

}  // namespace
}  // namespace stagefunnel::funnel
