#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <stdexcept>

#include "support/plain_durations.hpp"

namespace stagefunnel::durations {
namespace {

using namespace stagefunnel::testing;

using Sample = std::vector<std::uint64_t>;

constexpr std::uint64_t kLongest = std::numeric_limits<std::uint64_t>::max();
const std::vector<stats::Quantile> kFewQuantiles{{1, 2}, {1, 4}, {9, 10}};

/// Counts of a stage whose visits are all completed, each by an item of its own.
VisitCounts completed(std::int64_t n) { return {n, n, 0, n}; }

StageTime summary(const VisitCounts& counts, const std::vector<Sample>& samples,
                  const std::vector<stats::Quantile>& quantiles = kFewQuantiles) {
    const std::vector<std::span<const std::uint64_t>> spans(samples.begin(), samples.end());
    return summarise_durations(counts, spans, quantiles);
}

CodedRows random_rows(std::size_t n) {
    CodedRows rows;
    rows.n_labels = 4;
    std::mt19937_64 random(17);
    for (std::size_t row = 0; row < n; ++row) {
        rows.add(random() % (n / 5), random() % 4, static_cast<std::int64_t>(row + random() % 2));
    }
    return rows;
}

void expect_equal(const StageTime& found, const StageTime& expected) {
    EXPECT_EQ(found.visits, expected.visits);
    EXPECT_EQ(found.completed, expected.completed);
    EXPECT_EQ(found.open, expected.open);
    EXPECT_EQ(found.items, expected.items);
    EXPECT_EQ(found.mean.whole, expected.mean.whole);
    EXPECT_EQ(found.mean.rest, expected.mean.rest);
    EXPECT_EQ(found.mean.of, expected.mean.of);
    for (std::size_t q = 0; q < kFewQuantiles.size(); ++q) {
        EXPECT_EQ(found.quantiles[q].whole, expected.quantiles[q].whole);
        EXPECT_EQ(found.quantiles[q].rest, expected.quantiles[q].rest);
        EXPECT_EQ(found.quantiles[q].of, expected.quantiles[q].of);
    }
}

TEST(StageDurations, HasEveryDurationItemAfterItem) {
    const Log log = log_of({{7, "New", 0}, {7, "Offer", 3}, {7, "New", 10}, {7, "Won", 11}});
    const Pipeline pipeline = Stages{{"New", "Offer"}, {"Won"}, {}}.read(log);
    const auto by_visit = stage_durations(log.journeys, pipeline, Per::visit, 1),
               by_item = stage_durations(log.journeys, pipeline, Per::item, 1),
               by_longest = stage_durations(log.journeys, pipeline, Per::longest, 1);
    ASSERT_EQ(by_visit.size(), 3U);
    EXPECT_EQ(list_of(by_visit[0].durations), (Sample{3, 1}));
    EXPECT_EQ(list_of(by_visit[1].durations), (Sample{7}));
    EXPECT_EQ(list_of(by_visit[2].durations), (Sample{}));
    EXPECT_EQ(list_of(by_item[0].durations), (Sample{4}));
    EXPECT_EQ(list_of(by_longest[0].durations), (Sample{3}));
    EXPECT_EQ(by_item[0].visits, 2);
    EXPECT_EQ(by_item[0].completed, 2);
    EXPECT_EQ(by_item[0].items, 1);
    EXPECT_EQ(by_item[2].open, 1);
}

TEST(StageDurations, AreTheSameBytesWhateverTheNumberOfThreads) {
    const Journeys journeys = random_rows(300'000).build();
    for (const Per per : {Per::visit, Per::item, Per::longest}) {
        const auto alone = stage_durations(journeys, same_rows(2, 1, 1), per, 1);
        for (const unsigned threads : {2U, 7U}) {
            const auto shared = stage_durations(journeys, same_rows(2, 1, 1), per, threads);
            for (std::size_t row = 0; row < alone.size(); ++row) {
                EXPECT_EQ(shared[row].durations, alone[row].durations);
                EXPECT_EQ(shared[row].items, alone[row].items);
            }
        }
    }
}

TEST(StageDurations, OfLogsWithoutACommonItemAddUpToThoseOfOneLog) {
    for (const std::size_t n : {300U, 400'000U}) {
        const CodedRows rows = random_rows(n);
        std::vector<CodedRows> parts(3);
        for (CodedRows& part : parts) part.n_labels = 4;
        for (std::size_t i = 0; i < n; ++i) {
            parts[rows.item[i] % 7 % 3].add(rows.item[i], rows.stage[i], rows.time[i]);
        }
        for (const Per per : {Per::visit, Per::item, Per::longest}) {
            std::vector<std::vector<StageDurations>> of_parts;
            for (const CodedRows& part : parts) {
                of_parts.push_back(stage_durations(part.build(), same_rows(2, 1, 1), per, 2));
            }
            const auto whole = time_in_stage(rows.build(), same_rows(2, 1, 1), per, kFewQuantiles, 2);
            for (std::size_t row = 0; row < whole.size(); ++row) {
                VisitCounts counts;
                std::vector<Sample> samples;
                for (const auto& part : of_parts) {
                    counts.visits += part[row].visits;
                    counts.completed += part[row].completed;
                    counts.open += part[row].open;
                    counts.items += part[row].items;
                    samples.push_back(list_of(part[row].durations));
                }
                expect_equal(summary(counts, samples), whole[row]);
            }
        }
    }
}

TEST(SummariseDurations, HasEveryQuantileOfOneDuration) {
    const StageTime time = summary(completed(1), {{}, {6}, {}});
    EXPECT_EQ(time.mean.whole, 6U);
    for (const stats::Duration& quantile : time.quantiles) EXPECT_EQ(quantile.whole, 6U);
}

TEST(SummariseDurations, TakesValuesUpToTheHighest) {
    const StageTime time = summary(completed(4), {{kLongest, 0}, {kLongest, kLongest}});
    EXPECT_EQ(time.quantiles[0].whole, kLongest);
    // A quarter of three gaps is three quarters of the first: 3 (2^64 - 1) / 4 = 13835058055282163711.25.
    EXPECT_EQ(time.quantiles[1].whole, 13835058055282163711U);
    EXPECT_EQ(time.quantiles[1].rest * 4, time.quantiles[1].of);
}

TEST(SummariseDurations, GivesZerosWithoutADuration) {
    const StageTime time = summary({5, 0, 5, 5}, {{}, {}});
    EXPECT_EQ(time.open, 5);
    EXPECT_EQ(time.mean.whole, 0U);
    ASSERT_EQ(time.quantiles.size(), 3U);
    EXPECT_EQ(time.quantiles[2].whole, 0U);
}

TEST(SummariseDurations, IsExactForALargeSampleInAnAwkwardOrder) {
    // The values that are read first, one in 64, do not resemble the rest.
    Sample sample;
    for (std::uint64_t i = 0; i < 640'000; ++i) sample.push_back(i % 64 == 0 ? 5 : 1'000'000 + i);
    PlainStage expected;
    expected.sorted = sample;
    std::sort(expected.sorted.begin(), expected.sorted.end());
    const StageTime time = summary(completed(640'000), {sample});
    for (std::size_t q = 0; q < kFewQuantiles.size(); ++q) {
        EXPECT_EQ(time.quantiles[q].whole, expected.quantile(kFewQuantiles[q]).whole);
    }
}

TEST(SummariseDurations, RefusesDurationsThatCannotBeThoseOfTheVisits) {
    EXPECT_THROW(static_cast<void>(summary(completed(1), {{1, 2}})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(summary(completed(1), {{}})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(summary(completed(0), {{1}})), std::invalid_argument);
}

TEST(SummariseDurations, RefusesAQuantileOutsideZeroToOne) {
    EXPECT_THROW(static_cast<void>(summary(completed(1), {{1}}, {{11, 10}})), std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::durations
