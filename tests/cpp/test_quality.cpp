#include <gtest/gtest.h>

#include "log_builder.hpp"
#include "stagefunnel/quality.hpp"

namespace stagefunnel {
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

TEST(LogQuality, TakesTheSameStageAtAnotherTimeOrOfAnotherItemAsNoDuplicate) {
    EXPECT_EQ(quality_of({{7, "New", 1}, {7, "New", 2}, {8, "New", 2}}).exact_duplicates, 0);
}

TEST(LogQuality, CountsRowsOfTheStageThatTheItemIsInAlready) {
    EXPECT_EQ(quality_of({{7, "New", 1}, {7, "New", 2}, {7, "Won", 3}, {7, "New", 4}, {8, "New", 5}}).repeats,
              1);
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

TEST(PipelineQuality, CountsVisitsThatUnlistedRowsWouldHaveCutInTwo) {
    const PipelineQuality quality = quality_in_shop({{"New", "Call", "Call", "New"},  // bridged
                                                     {"New", "Call", "Won"},          // a move all the same
                                                     {"New", "New"},
                                                     {"Call", "New", "Call"}});
    EXPECT_EQ(quality.bridged_visits, 1);
}

TEST(PipelineQuality, CountsItemsOfUnlistedRowsOnly) {
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

TEST(PipelineQuality, LetsUnlistedRowsDecideNoTie) {
    const PipelineQuality quality =
        quality_in_shop({{1, "Won", 2}, {1, "Call", 2}, {2, "New", 2}, {2, "Won", 2}, {2, "Call", 9}});
    EXPECT_EQ(quality.ties_deciding_outcome, 1);
}

}  // namespace
}  // namespace stagefunnel
