// Pipelines at and beyond the 64 stages that one machine word holds.

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "stagefunnel/questions/funnel/funnel.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::funnel {
namespace {

using namespace stagefunnel::testing;

using Codes = std::vector<std::int32_t>;

/// Counts one item through a pipeline of `n` stages whose last two are won and lost.
Counts count_one(std::int32_t n, const Codes& stages, Kind kind) {
    CodedRows log;
    log.n_labels = static_cast<std::size_t>(n);
    for (const std::int32_t stage : stages) {
        log.add(7, static_cast<std::size_t>(stage), static_cast<std::int64_t>(log.time.size()));
    }
    Options options;
    options.kind = kind;
    return count_funnel(log.build(), same_rows(n - 2, 1, 1), options);
}

/// One row of a table that is 1 in the stages [begin, end).
CountMatrix ones(std::int32_t n, std::int32_t begin, std::int32_t end) {
    CountMatrix row = CountMatrix::Zero(1, n);
    for (std::int32_t stage = begin; stage < end; ++stage) row(0, stage) = 1;
    return row;
}

class ManyStages : public ::testing::TestWithParam<std::int32_t> {
  public:
    const std::int32_t n = GetParam();
    const std::int32_t n_open = n - 2, won = n - 2, lost = n - 1;
};

TEST_P(ManyStages, CountTheirOwnVisits) {
    const CountMatrix passed = count_one(n, {0, n_open - 1, lost}, Kind::classic).passed;
    EXPECT_EQ(passed, ones(n, 0, 1) + ones(n, n_open - 1, n_open) + ones(n, lost, n));
}

TEST_P(ManyStages, AreAllFilledByAWin) {
    const Counts counts = count_one(n, {0, won}, Kind::conversions_won);
    EXPECT_EQ(counts.passed, ones(n, 0, 1) + ones(n, won, won + 1));
    EXPECT_EQ(counts.assumed, ones(n, 1, n_open));
}

TEST_P(ManyStages, AreFilledBetweenTheEndsOfATransition) {
    EXPECT_EQ(count_one(n, {0, n_open - 1}, Kind::conversions_moves).assumed, ones(n, 1, n_open - 1));
    EXPECT_EQ(count_one(n, {n_open - 1, 0}, Kind::conversions_moves).assumed, ones(n, 1, n_open - 1));
    EXPECT_EQ(count_one(n, {0, n_open - 2, won}, Kind::conversions_moves).assumed,
              ones(n, 1, n_open - 2) + ones(n, n_open - 1, n_open));
}

TEST_P(ManyStages, AreReachedUpToTheFurthest) {
    EXPECT_EQ(count_one(n, {n_open - 1}, Kind::furthest).assumed, ones(n, 0, n_open - 1));
    EXPECT_EQ(count_one(n, {won}, Kind::furthest).assumed, ones(n, 0, n_open));
}

TEST_P(ManyStages, ArePassedInOrder) {
    Codes all;
    for (std::int32_t stage = 0; stage <= won; ++stage) all.push_back(stage);
    EXPECT_EQ(count_one(n, all, Kind::strict).passed, ones(n, 0, won + 1));
    all.erase(all.end() - 2);
    EXPECT_EQ(count_one(n, all, Kind::strict).passed, ones(n, 0, n_open - 1));
}

TEST_P(ManyStages, AreSkippedOrGoneBeyond) {
    const Counts counts = count_one(n, {1, won}, Kind::classic);
    EXPECT_EQ(counts.beyond, ones(n, 1, 2));
    EXPECT_EQ(counts.skipped, ones(n, 0, 1) + ones(n, 2, n_open));
    EXPECT_EQ(counts.began_beyond, ones(n, 0, 1));
    EXPECT_EQ(count_one(n, {won, 1}, Kind::classic).began_beyond, ones(n, 0, 1) + ones(n, 2, n_open));
}

TEST_P(ManyStages, AddAmountsAtEachStageReached) {
    CodedRows log;
    log.n_labels = static_cast<std::size_t>(n);
    log.add(7, static_cast<std::size_t>(won), 0);
    const std::vector<double> amount{2.5};
    Options options;
    options.kind = Kind::furthest;
    options.amount = amount;
    const Counts counts = count_funnel(log.build(), same_rows(n_open, 1, 1), options);
    EXPECT_EQ(counts.amount, ones(n, 0, won + 1).cast<double>() * 2.5);
}

TEST_P(ManyStages, AreLostFromAndOpenAtTheLastOfThem) {
    EXPECT_EQ(count_one(n, {n_open - 1, lost}, Kind::classic).lost_from, ones(n, n_open - 1, n_open));
    EXPECT_EQ(count_one(n, {n_open - 1}, Kind::classic).open_at, ones(n, n_open - 1, n_open));
}

TEST_P(ManyStages, AreCountedForEachItemByItself) {
    CodedRows log;
    log.n_labels = static_cast<std::size_t>(n);
    std::mt19937_64 random(3);
    std::vector<std::set<std::uint64_t>> visitors(log.n_labels);
    for (std::int64_t row = 0; row < 2'000; ++row) {
        const std::uint64_t item = random() % 200;
        const std::size_t stage = random() % log.n_labels;
        log.add(item, stage, row);
        visitors[stage].insert(item);
    }
    CountMatrix expected(1, n);
    for (std::int32_t stage = 0; stage < n; ++stage) {
        expected(0, stage) = static_cast<std::int64_t>(visitors[static_cast<std::size_t>(stage)].size());
    }
    EXPECT_EQ(count_funnel(log.build(), same_rows(n_open, 1, 1), {}).passed, expected);
}

INSTANTIATE_TEST_SUITE_P(CountFunnel, ManyStages,
                         ::testing::Values(6, 63, 64, 65, 66, 67, 70, 128, 129, 130, 300));

}  // namespace
}  // namespace stagefunnel::funnel
