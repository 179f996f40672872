// Transitions, flow and time in stage of groups: each group as a log of its items alone.

#include <gtest/gtest.h>

#include <random>
#include <stdexcept>

#include "stagefunnel/questions/durations/durations.hpp"
#include "stagefunnel/questions/stages/flow.hpp"
#include "stagefunnel/questions/stages/transitions.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::stages {
namespace {

using namespace stagefunnel::testing;
using List = std::vector<std::int64_t>;

const Stages kFourStages{{"New", "Offer"}, {"Won"}, {"Lost"}};

/// The group of each item in the order of the journeys, which is not that of the input; `of_row` has the
/// group of every row of the input.
std::vector<std::int32_t> groups_by_row(const Log& log, const std::vector<std::int32_t>& of_row) {
    std::vector<std::int32_t> group;
    for (const std::uint32_t row : log.journeys.first_row) group.push_back(of_row[row]);
    return group;
}

TEST(CountTransitionsOfGroups, ListsTheTransitionsThatAGroupHas) {
    const Log log = log_of_journeys({{"New", "Offer", "New", "Offer"}, {"New", "Won"}, {"New", "Offer"}});
    const auto group = groups_by_row(log, {2, 2, 2, 2, 0, 0, 2, 2});
    const GroupTransitions table =
        count_transitions_of_groups(log.journeys, kFourStages.read(log), group, 3, 1);
    EXPECT_EQ(table.group, (List{0, 2, 2}));
    EXPECT_EQ(table.from, (List{0, 0, 1}));
    EXPECT_EQ(table.to, (List{2, 1, 0}));
    EXPECT_EQ(table.moves, (List{1, 3, 1}));
    EXPECT_EQ(table.items, (List{1, 2, 1}));
}

TEST(CountFlowOfGroups, HasOneNumberPerGroupAndStage) {
    const Log log = log_of({{1, "New", 1}, {1, "Offer", 12}, {2, "New", 13}, {3, "Won", 30}});
    const auto group = groups_by_row(log, {1, 1, 0, 2});
    const std::vector<std::int64_t> starts{10};
    const Flow flow = count_flow(log.journeys, kFourStages.read(log),
                                 {.starts = starts, .end = 20, .group = group, .n_groups = 3});
    const auto column = [](const CountVector& counts) { return List(counts.begin(), counts.end()); };
    EXPECT_EQ(column(flow.at_start), (List{0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}));
    EXPECT_EQ(column(flow.created), (List{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
    EXPECT_EQ(column(flow.advanced), (List{0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0}));
    EXPECT_EQ(column(flow.at_end), (List{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}));
}

TEST(TimeInStageOfGroups, SummarisesEachGroupAlone) {
    const Log log =
        log_of({{1, "New", 0}, {1, "Won", 4}, {2, "New", 0}, {2, "Won", 10}, {3, "New", 5}, {3, "New", 6}});
    const auto group = groups_by_row(log, {0, 0, 0, 0, 1, 1});
    const std::vector<stats::Quantile> median{{1, 2}};
    const auto table = durations::time_in_stage_of_groups(log.journeys, kFourStages.read(log),
                                                          durations::Per::visit, median, group, 2, 1);
    ASSERT_EQ(table.size(), 8U);
    EXPECT_EQ(table[0].completed, 2);
    EXPECT_EQ(table[0].mean.whole, 7U);
    EXPECT_EQ(table[0].quantiles[0].whole, 7U);
    EXPECT_EQ(table[2].open, 2);
    EXPECT_EQ(table[4].open, 1);
    EXPECT_EQ(table[4].completed, 0);
    EXPECT_EQ(table[4].items, 1);
}

TEST(Groups, OfWrongItemsAreRefused) {
    const Log log = log_of({{1, "New", 0}, {2, "New", 0}});
    const auto count = [&](const std::vector<std::int32_t>& group) {
        return count_transitions_of_groups(log.journeys, kFourStages.read(log), group, 2, 1);
    };
    EXPECT_NO_THROW(static_cast<void>(count({0, 1})));
    EXPECT_THROW(static_cast<void>(count({0})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(count({0, 2})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(count({0, -1})), std::invalid_argument);
}

TEST(Groups, OfNoItemsHaveNothing) {
    const Log log = log_of({});
    EXPECT_TRUE(count_transitions_of_groups(log.journeys, kFourStages.read(log), {}, 0, 2).group.empty());
    const std::vector<std::int64_t> starts{0};
    EXPECT_EQ(
        count_flow(log.journeys, kFourStages.read(log), {.starts = starts, .n_groups = 3}).at_end.size(), 12);
}

TEST(CountFlowOfGroups, HasThePeriodsOfEachGroupTogether) {
    const Log log = log_of({{1, "New", 1}, {1, "Offer", 12}, {2, "New", 3}, {2, "Won", 23}});
    const auto group = groups_by_row(log, {1, 1, 0, 0});
    const std::vector<std::int64_t> starts{10, 20};
    const std::vector<double> amount(log.journeys.n_items(), 5);
    const Flow flow = count_flow(log.journeys, kFourStages.read(log),
                                 {.starts = starts,
                                  .end = 30,
                                  .group = group,
                                  .n_groups = 2,
                                  .amount = amount,
                                  .amount_of_item = true});
    const auto column = [](const CountVector& counts) { return List(counts.begin(), counts.end()); };
    EXPECT_EQ(column(flow.at_start), (List{1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0}));
    EXPECT_EQ(column(flow.at_end), (List{1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0}));
    EXPECT_EQ(flow.amount.won(4), 5);
    EXPECT_EQ(flow.amount.at_end.sum(), 20);
}

/// A log of enough items for several threads.
Log large_log(std::mt19937_64& random) {
    const std::vector<std::string> labels{"New", "Offer", "Won", "Lost", "Other"};
    std::vector<Row> rows;
    for (int item = 0; item < 70'000; ++item) {
        const std::size_t n = 1 + random() % 4;
        for (std::size_t i = 0; i < n; ++i) {
            rows.push_back(
                {item, labels[random() % labels.size()], static_cast<std::int64_t>(random() % 100)});
        }
    }
    return log_of(rows);
}

TEST(Groups, AddUpToTheWholeLogOnAnyNumberOfThreads) {
    std::mt19937_64 random(1);
    const Log log = large_log(random);
    const Pipeline pipeline = kFourStages.read(log);
    constexpr std::size_t kGroups = 1'000;
    std::vector<std::int32_t> group(log.journeys.n_items());
    for (std::int32_t& code : group) code = static_cast<std::int32_t>(random() % kGroups);
    const Transitions whole = count_transitions(log.journeys, pipeline, 1);
    const std::vector<std::int64_t> starts{20, 50};
    FlowOptions options{.starts = starts, .end = 70};
    const Flow balance = count_flow(log.journeys, pipeline, options);
    options.group = group;
    options.n_groups = kGroups;
    for (const unsigned threads : {1U, 4U}) {
        const GroupTransitions moves =
            count_transitions_of_groups(log.journeys, pipeline, group, kGroups, threads);
        CountMatrix summed = CountMatrix::Zero(4, 4);
        for (std::size_t i = 0; i < moves.group.size(); ++i)
            summed(moves.from[i], moves.to[i]) += moves.moves[i];
        EXPECT_EQ(summed, whole.moves);
        options.threads = threads;
        const Flow flow = count_flow(log.journeys, pipeline, options);
        EXPECT_EQ(flow.at_end.sum(), balance.at_end.sum());
        EXPECT_EQ(flow.went_back.sum(), balance.went_back.sum());
        for (const durations::Per per :
             {durations::Per::visit, durations::Per::item, durations::Per::longest}) {
            const auto of_groups =
                durations::time_in_stage_of_groups(log.journeys, pipeline, per, {}, group, kGroups, threads);
            const auto of_all = durations::time_in_stage(log.journeys, pipeline, per, {}, threads);
            for (std::size_t row = 0; row < of_all.size(); ++row) {
                std::int64_t visits = 0, completed = 0, items = 0;
                for (std::size_t g = 0; g < kGroups; ++g) {
                    visits += of_groups[g * 4 + row].visits;
                    completed += of_groups[g * 4 + row].completed;
                    items += of_groups[g * 4 + row].items;
                }
                EXPECT_EQ(visits, of_all[row].visits);
                EXPECT_EQ(completed, of_all[row].completed);
                EXPECT_EQ(items, of_all[row].items);
            }
        }
    }
}

}  // namespace
}  // namespace stagefunnel::stages
