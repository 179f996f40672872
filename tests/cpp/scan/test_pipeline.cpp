#include <gtest/gtest.h>

#include "stagefunnel/scan/pipeline.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::scan {
namespace {

using namespace stagefunnel::testing;

TEST(Pipeline, OrdersItsRowsOpenThenWonThenLost) {
    const Pipeline pipeline(2, 1, 2, {});
    EXPECT_EQ(pipeline.n_open(), 2);
    EXPECT_EQ(pipeline.n_rows(), 5);
    EXPECT_EQ(pipeline.outcome_of(0), Outcome::open);
    EXPECT_EQ(pipeline.outcome_of(1), Outcome::open);
    EXPECT_EQ(pipeline.outcome_of(2), Outcome::won);
    EXPECT_EQ(pipeline.outcome_of(3), Outcome::lost);
    EXPECT_EQ(pipeline.outcome_of(4), Outcome::lost);
}

TEST(Pipeline, MayHaveNoOpenNoWonOrNoLostStage) {
    EXPECT_EQ(Pipeline(1, 0, 1, {}).outcome_of(1), Outcome::lost);
    EXPECT_EQ(Pipeline(1, 1, 0, {}).outcome_of(1), Outcome::won);
    EXPECT_EQ(Pipeline(0, 1, 1, {}).outcome_of(0), Outcome::won);
}

TEST(Pipeline, TakesTheMissingStageAsUnlisted) {
    const Pipeline pipeline(1, 1, 0, {1, Pipeline::kUnlisted, 0});
    EXPECT_EQ(pipeline.row_of_code()[0], 1);
    EXPECT_EQ(pipeline.row_of_code()[1], Pipeline::kUnlisted);
    EXPECT_EQ(pipeline.row_of_code()[2], 0);
    EXPECT_EQ(pipeline.row_of_code()[3], Pipeline::kUnlisted);
}

TEST(Pipeline, TakesAnyNumberOfUnlistedLabels) {
    EXPECT_NO_THROW(Pipeline(1, 0, 0, {Pipeline::kUnlisted, 0, Pipeline::kUnlisted}));
}

TEST(Pipeline, RefusesARowOutsideItself) {
    EXPECT_EQ(message_of([] { Pipeline(1, 1, 1, {3}); }), "row 3 lies outside a pipeline of 3 stages");
    EXPECT_EQ(message_of([] { Pipeline(1, 1, 1, {0, -2}); }), "row -2 lies outside a pipeline of 3 stages");
}

TEST(Pipeline, MayGiveSeveralLabelsOneRow) {
    const Pipeline pipeline(2, 0, 0, {1, 0, 1});
    EXPECT_EQ(pipeline.rows(), (std::vector<std::int32_t>{1, 0, 1, Pipeline::kUnlisted}));
    EXPECT_EQ(pipeline.n_rows(), 2);
}

TEST(Pipeline, RefusesANegativeNumberOfStages) {
    EXPECT_THROW(Pipeline(-1, 1, 1, {}), std::invalid_argument);
    EXPECT_THROW(Pipeline(1, -1, 1, {}), std::invalid_argument);
    EXPECT_THROW(Pipeline(1, 1, -1, {}), std::invalid_argument);
}

TEST(Pipeline, KnowsWhichStagesAreThereAtATime) {
    const Pipeline pipeline(2, 0, 0, {}, {{0, 1}, {StageRules::kAlways, 10}, {5, StageRules::kForever}});
    EXPECT_TRUE(pipeline.has_rules());
    EXPECT_TRUE(pipeline.is_optional(1));
    EXPECT_TRUE(pipeline.is_there(0, 4));
    EXPECT_FALSE(pipeline.is_there(0, 5));
    EXPECT_FALSE(pipeline.is_there(1, 9));
    EXPECT_TRUE(pipeline.is_there(1, StageRules::kForever));
    EXPECT_FALSE(Pipeline(2, 0, 0, {}).has_rules());
}

TEST(Pipeline, RefusesRulesThatDoNotFitItsStages) {
    const std::string message = "rules must be one per open stage, and a stage has both dates or none";
    EXPECT_EQ(message_of([] { Pipeline(2, 0, 0, {}, {{1}, {}, {}}); }), message);
    EXPECT_EQ(message_of([] { Pipeline(1, 0, 0, {}, {{}, {1}, {}}); }), message);
    EXPECT_EQ(message_of([] { Pipeline(1, 0, 0, {}, {{}, {5}, {5}}); }),
              "the stage of row 0 ends before it begins");
}

TEST(Pipeline, RefusesALogOfOtherLabels) {
    const Log log = log_of({{7, "New", 1}, {7, "Won", 2}});
    EXPECT_NO_THROW(Pipeline(1, 1, 0, {0, 1}).check(log.journeys));
    EXPECT_EQ(message_of([&] { Pipeline(1, 1, 0, {0}).check(log.journeys); }),
              "the pipeline was made for 1 label, the log has 2");
}

}  // namespace
}  // namespace stagefunnel::scan
