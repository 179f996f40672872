#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "stagefunnel/questions/stages/quality.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::stages {
namespace {

using namespace stagefunnel::testing;

LogQuality quality_of(const std::vector<Row>& rows) { return log_quality(log_of(rows).journeys, 1); }

PipelineQuality quality_in_shop(const std::vector<Row>& rows) {
    const Log log = log_of(rows);
    return pipeline_quality(log.journeys, shop().read(log), 1);
}

PipelineQuality quality_in_shop(const std::vector<Labels>& journeys) {
    const Log log = log_of_journeys(journeys);
    return pipeline_quality(log.journeys, shop().read(log), 1);
}

TEST(LogQuality, FindsNothingOddInACleanLog) {
    const LogQuality quality = quality_of({{7, "New", 1}, {8, "New", 1}, {7, "Won", 2}, {7, "New", 3}});
    EXPECT_EQ(quality.exact_duplicates, 0);
    EXPECT_EQ(quality.repeats, 0);
    EXPECT_EQ(quality.ties, 0);
}

TEST(LogQuality, CountsRowsEqualToAnEarlierOneEvenWithAnotherBetween) {
    const LogQuality quality = quality_of({{7, "New", 1}, {7, "Won", 1}, {7, "New", 1}, {7, "New", 1}});
    EXPECT_EQ(quality.exact_duplicates, 2);
    EXPECT_EQ(quality.ties, 3);
    EXPECT_EQ(quality.repeats, 1);
}

TEST(LogQuality, DoesNotCountTheSameStageAtAnotherTimeOrOfAnotherItemAsADuplicate) {
    EXPECT_EQ(quality_of({{7, "New", 1}, {7, "New", 2}, {8, "New", 2}}).exact_duplicates, 0);
}

TEST(LogQuality, CountsRowsOfTheStageThatTheItemIsAlreadyIn) {
    EXPECT_EQ(quality_of({{7, "New", 1}, {7, "New", 2}, {7, "Won", 3}, {7, "New", 4}, {8, "New", 5}}).repeats,
              1);
}

TEST(LogQuality, CountsNoRowWithoutAStageAsARepeat) {
    CodedRows rows;
    rows.n_labels = 1;
    rows.add(7, 0, 1);
    rows.add(7, 1, 2);  // without a stage
    rows.add(7, 1, 2);
    rows.add(7, 0, 3);
    const LogQuality quality = log_quality(rows.build(), 1);
    EXPECT_EQ(quality.repeats, 0);
    EXPECT_EQ(quality.exact_duplicates, 1);
}

TEST(LogQuality, CountsTiesInsideAnItemOnly) {
    EXPECT_EQ(quality_of({{7, "New", 1}, {8, "New", 1}, {7, "Won", 1}, {7, "Lost", 2}}).ties, 1);
}

TEST(LogQuality, IsAllZeroForALogWithoutItems) { EXPECT_EQ(quality_of({}).ties, 0); }

TEST(PipelineQuality, CountsUnlistedRows) {
    EXPECT_EQ(quality_in_shop({{"New", "Call", "Call", "Won"}, {"Mail"}}).unlisted_rows, 3);
}

TEST(PipelineQuality, CountsRowsOfAMissingStageAsUnlisted) {
    CodedRows rows;
    rows.n_labels = 1;
    rows.add(7, 0, 0);
    rows.add(7, 1, 1);
    EXPECT_EQ(pipeline_quality(rows.build(), same_rows(1, 0, 0), 1).unlisted_rows, 1);
}

TEST(PipelineQuality, CountsVisitsThatUnlistedRowsWouldSplit) {
    const PipelineQuality quality = quality_in_shop({{"New", "Call", "Call", "New"},  // bridged
                                                     {"New", "Call", "Won"},  // a transition all the same
                                                     {"New", "New"},
                                                     {"Call", "New", "Call"}});
    EXPECT_EQ(quality.bridged_visits, 1);
}

TEST(PipelineQuality, CountsItemsWithUnlistedRowsOnly) {
    EXPECT_EQ(quality_in_shop({{"Call", "Mail"}, {"Call", "New"}, {"New"}}).items_without_rows, 1);
}

TEST(PipelineQuality, CountsItemsWhoseLastTimeHasRowsOfSeveralOutcomes) {
    const PipelineQuality quality = quality_in_shop({{1, "New", 1},  // ends in a tie of two outcomes
                                                     {1, "Won", 2},
                                                     {1, "Lost", 2},
                                                     {2, "New", 1},  // both in progress
                                                     {2, "Delivery", 1},
                                                     {3, "New", 1},  // the tie is over
                                                     {3, "Lost", 1},
                                                     {3, "Won", 2}});
    EXPECT_EQ(quality.ties_deciding_outcome, 1);
}

TEST(PipelineQuality, IgnoresUnlistedRowsInATie) {
    const PipelineQuality quality =
        quality_in_shop({{1, "Won", 2}, {1, "Call", 2}, {2, "New", 2}, {2, "Won", 2}, {2, "Call", 9}});
    EXPECT_EQ(quality.ties_deciding_outcome, 1);
}

TEST(Quality, IsTheSameForAnyNumberOfThreads) {
    CodedRows rows;
    rows.n_labels = 4;
    std::mt19937_64 random(20'261'125);
    for (std::size_t row = 0; row < 200'000; ++row)
        rows.add(random() % 60'000, random() % 4, static_cast<std::int64_t>(random() % 5));
    const Journeys journeys = rows.build();
    const Pipeline pipeline(1, 1, 1, {0, 1, 2, Pipeline::kUnlisted});
    const LogQuality log = log_quality(journeys, 1);
    const PipelineQuality read = pipeline_quality(journeys, pipeline, 1);
    EXPECT_GT(std::min({log.exact_duplicates, log.repeats, log.ties}), 0);
    EXPECT_GT(std::min({read.unlisted_rows, read.bridged_visits, read.items_without_rows,
                        read.ties_deciding_outcome}),
              0);
    for (const unsigned threads : {2U, 7U}) {
        const LogQuality log_again = log_quality(journeys, threads);
        const PipelineQuality read_again = pipeline_quality(journeys, pipeline, threads);
        EXPECT_EQ(log_again.exact_duplicates, log.exact_duplicates);
        EXPECT_EQ(log_again.repeats, log.repeats);
        EXPECT_EQ(log_again.ties, log.ties);
        EXPECT_EQ(read_again.unlisted_rows, read.unlisted_rows);
        EXPECT_EQ(read_again.bridged_visits, read.bridged_visits);
        EXPECT_EQ(read_again.items_without_rows, read.items_without_rows);
        EXPECT_EQ(read_again.ties_deciding_outcome, read.ties_deciding_outcome);
    }
}

}  // namespace
}  // namespace stagefunnel::stages
