#include <gtest/gtest.h>

#include <array>
#include <random>
#include <stdexcept>
#include <vector>

#include "stagefunnel/questions/summary.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel {
namespace {

using namespace stagefunnel::testing;

constexpr std::array kQuantiles{stats::Quantile{1, 2}, stats::Quantile{1, 4}, stats::Quantile{9, 10}};
constexpr std::array kKinds{funnel::Kind::classic, funnel::Kind::conversions_won,
                            funnel::Kind::conversions_moves, funnel::Kind::furthest, funnel::Kind::strict};

/// Rows with ties, repeats and duplicates, in journeys of very different lengths.
CodedRows random_log(std::size_t n_rows, std::uint64_t n_items, std::size_t n_labels) {
    std::mt19937_64 random(20'261'125);
    CodedRows log;
    log.n_labels = n_labels;
    for (std::size_t row = 0; row < n_rows; ++row) {
        const std::uint64_t item = random() % (1 + random() % n_items);
        log.add(item, random() % n_labels, static_cast<std::int64_t>(random() % 1'000));
    }
    return log;
}

void expect_equal(const funnel::Counts& found, const funnel::Counts& expected) {
    for (const auto& [name, table] : funnel::kStageTables) EXPECT_EQ(found.*table, expected.*table) << name;
    for (const auto& [name, table] : funnel::kGroupTables) EXPECT_EQ(found.*table, expected.*table) << name;
}

void expect_equal(const stats::Duration& found, const stats::Duration& expected) {
    EXPECT_EQ(found.whole, expected.whole);
    EXPECT_EQ(found.rest, expected.rest);
    EXPECT_EQ(found.of, expected.of);
}

void expect_equal(const std::vector<durations::StageTime>& found,
                  const std::vector<durations::StageTime>& expected) {
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t row = 0; row < found.size(); ++row) {
        EXPECT_EQ(found[row].visits, expected[row].visits);
        EXPECT_EQ(found[row].completed, expected[row].completed);
        EXPECT_EQ(found[row].open, expected[row].open);
        EXPECT_EQ(found[row].items, expected[row].items);
        expect_equal(found[row].mean, expected[row].mean);
        for (std::size_t q = 0; q < kQuantiles.size(); ++q)
            expect_equal(found[row].quantiles[q], expected[row].quantiles[q]);
    }
}

void expect_equal(const stages::LogQuality& found, const stages::LogQuality& expected) {
    EXPECT_EQ(found.exact_duplicates, expected.exact_duplicates);
    EXPECT_EQ(found.repeats, expected.repeats);
    EXPECT_EQ(found.ties, expected.ties);
}

void expect_equal(const stages::PipelineQuality& found, const stages::PipelineQuality& expected) {
    EXPECT_EQ(found.unlisted_rows, expected.unlisted_rows);
    EXPECT_EQ(found.bridged_visits, expected.bridged_visits);
    EXPECT_EQ(found.items_without_rows, expected.items_without_rows);
    EXPECT_EQ(found.ties_deciding_outcome, expected.ties_deciding_outcome);
}

std::vector<funnel::Options> all_funnels(std::span<const std::int32_t> group, std::int32_t n_groups) {
    std::vector<funnel::Options> funnels;
    for (const funnel::Kind kind : kKinds) {
        funnel::Options& options = funnels.emplace_back();
        options.kind = kind;
        options.lost_then_won = funnel::LostThenWon::exclude;
        options.group = group;
        options.n_groups = n_groups;
    }
    return funnels;
}

/// Expects each answer to equal that of its own function on one thread.
void expect_answers_one_by_one(const Journeys& journeys, const Pipeline& pipeline, const Summary& found,
                               const SummaryOptions& options) {
    ASSERT_EQ(found.funnels.size(), options.funnels.size());
    for (std::size_t i = 0; i < found.funnels.size(); ++i)
        expect_equal(found.funnels[i], funnel::count_funnel(journeys, pipeline, options.funnels[i]));
    expect_equal(found.times,
                 durations::time_in_stage(journeys, pipeline, options.per, options.quantiles, 1));
    const stages::Transitions transitions = stages::count_transitions(journeys, pipeline, 1);
    EXPECT_EQ(found.transitions.moves, transitions.moves);
    EXPECT_EQ(found.transitions.items, transitions.items);
    expect_equal(found.log_quality, stages::log_quality(journeys, 1));
    expect_equal(found.pipeline_quality, stages::pipeline_quality(journeys, pipeline, 1));
}

void expect_answers_one_by_one(const Journeys& journeys, const Pipeline& pipeline,
                               const std::vector<funnel::Options>& funnels,
                               durations::Per per = durations::Per::visit) {
    for (const unsigned threads : {1U, 2U, 7U}) {
        SCOPED_TRACE("threads " + std::to_string(threads));
        const SummaryOptions options{
            .funnels = funnels, .per = per, .quantiles = kQuantiles, .threads = threads};
        expect_answers_one_by_one(journeys, pipeline, summarise(journeys, pipeline, options), options);
    }
}

TEST(Summary, AnswersAsTheSingleQuestionsDo) {
    // One label of the log is not listed.
    const Pipeline pipeline(3, 1, 2, {0, 1, Pipeline::kUnlisted, 2, 3, 4, 5});
    const Journeys journeys = random_log(60'000, 40'000, 7).build();
    for (const durations::Per per : {durations::Per::visit, durations::Per::item, durations::Per::longest})
        expect_answers_one_by_one(journeys, pipeline, all_funnels({}, 1), per);
}

TEST(Summary, AnswersForGroups) {
    const Journeys journeys = random_log(60'000, 30'000, 6).build();
    std::vector<std::int32_t> group;
    for (std::size_t item = 0; item < journeys.n_items(); ++item)
        group.push_back(static_cast<std::int32_t>(item % 3));
    expect_answers_one_by_one(journeys, same_rows(4, 1, 1), all_funnels(group, 3));
}

TEST(Summary, AnswersForMoreThan64Stages) {
    expect_answers_one_by_one(random_log(40'000, 5'000, 70).build(), same_rows(60, 5, 5), all_funnels({}, 1));
}

TEST(Summary, AnswersWhereMostDurationsAreNotKept) {
    expect_answers_one_by_one(random_log(400'000, 150'000, 6).build(2), same_rows(4, 1, 1),
                              all_funnels({}, 1));
}

TEST(Summary, AnswersForAnItemLongerThanABlock) {
    CodedRows rows = random_log(20'000, 10'000, 6);
    for (std::int64_t i = 0; i < 50'000; ++i) rows.add(77, static_cast<std::size_t>(i) % 5, i / 2);
    expect_answers_one_by_one(rows.build(), same_rows(4, 1, 1), all_funnels({}, 1));
}

TEST(Summary, AnswersForALogWithoutItems) {
    expect_answers_one_by_one(CodedRows{}.build(), same_rows(1, 0, 0), all_funnels({}, 1));
}

TEST(Summary, ReturnsTheItemStatesThatFurtherFunnelsStartFrom) {
    const Journeys journeys = random_log(60'000, 40'000, 6).build();
    const Pipeline pipeline = same_rows(4, 1, 1);
    const std::vector<funnel::Options> funnels = all_funnels({}, 1);
    const SummaryOptions options{.funnels = funnels, .quantiles = kQuantiles, .threads = 2};
    const Summary first = summarise(journeys, pipeline, options);
    ASSERT_TRUE(first.item_states.has_value());
    const auto own = funnel::find_states(journeys, pipeline, 1);
    ASSERT_EQ(first.item_states->states.size(), own->states.size());
    for (std::size_t i = 0; i < own->states.size(); ++i) {
        EXPECT_EQ(first.item_states->states[i].items, own->states[i].items);
        EXPECT_EQ(first.item_states->states[i].example, own->states[i].example);
    }
    expect_answers_one_by_one(journeys, pipeline, summarise(journeys, pipeline, options, first.item_states),
                              options);
}

TEST(Summary, CountsNoStatesThatNoFunnelCanStartFrom) {
    const Journeys journeys = random_log(60'000, 40'000, 6).build();
    funnel::Options strict;
    strict.kind = funnel::Kind::strict;
    const SummaryOptions options{.funnels = {&strict, 1}, .quantiles = {}};
    EXPECT_FALSE(summarise(journeys, same_rows(4, 1, 1), options).item_states.has_value());
}

TEST(Summary, RefusesWhatTheSingleQuestionsRefuse) {
    const Journeys journeys = random_log(100, 20, 6).build();
    const Pipeline pipeline = same_rows(4, 1, 1);
    const auto ask = [&](const Pipeline& with, const SummaryOptions& options) {
        return [&journeys, &with, &options] { static_cast<void>(summarise(journeys, with, options)); };
    };
    EXPECT_THROW(ask(same_rows(5, 1, 1), {})(), std::invalid_argument);
    const stats::Quantile two{2, 1};
    EXPECT_THROW(ask(pipeline, {.funnels = {}, .quantiles = {&two, 1}})(), std::invalid_argument);
    funnel::Options no_group;
    no_group.n_groups = 0;
    EXPECT_THROW(ask(pipeline, {.funnels = {&no_group, 1}, .quantiles = {}})(), std::invalid_argument);
    const Pipeline large(4'096, 1, 0, {0, 1, 2, 3, 4, 5});
    EXPECT_THROW(ask(large, {})(), std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel
