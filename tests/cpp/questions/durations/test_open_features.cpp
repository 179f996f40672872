#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <stdexcept>
#include <vector>

#include "stagefunnel/questions/durations/lives.hpp"
#include "stagefunnel/questions/durations/open_features.hpp"
#include "stagefunnel/questions/durations/open_then.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::durations {
namespace {

using namespace stagefunnel::testing;
using Ticks = std::vector<std::int64_t>;

const Stages kFeatureStages{{"New", "Offer"}, {"Won"}, {"Lost"}};

template <class Value>
std::vector<Value> listed(const LargeVector<Value>& values) {
    return {values.begin(), values.end()};
}

struct Features {
    explicit Features(const std::vector<Row>& rows)
        : log(log_of(rows)), pipeline(kFeatureStages.read(log)), marks{.whole = log.journeys} {}

    [[nodiscard]] OpenFeatures at(const Ticks& dates, const Ticks& ends, const Ticks& windows = {},
                                  double ticks_a_day = 1, unsigned threads = 1) const {
        return open_features(log.journeys, pipeline, {dates, ends, windows, ticks_a_day}, marks, threads);
    }

    Log log;
    Pipeline pipeline;
    scan::Marks marks;
};

TEST(OpenFeatures, DescribeAnItemByItsVisitsUpToTheMoment) {
    const Features features(
        {{1, "Offer", 2}, {1, "New", 5}, {1, "Offer", 9}, {1, "Won", 30}, {2, "Offer", 8}, {2, "Won", 12}});
    const OpenFeatures found = features.at({6, 10}, {6, 12}, {1, 5}, 2);
    EXPECT_EQ(found.bounds, (Ticks{0, 1, 3}));
    EXPECT_EQ(listed(found.stage), (std::vector<std::int32_t>{0, 1, 1}));
    EXPECT_EQ(listed(found.outcome), (std::vector<std::uint8_t>{0, 0, 0}));
    EXPECT_EQ(listed(features.at({10}, {13}).outcome), (std::vector<std::uint8_t>{0, 1}));
    EXPECT_EQ(listed(found.age), (std::vector<float>{2, 4, 1}));
    EXPECT_EQ(listed(found.in_stage), (std::vector<float>{0.5, 0.5, 1}));
    EXPECT_EQ(listed(found.visits), (Ticks{2, 3, 1}));
    EXPECT_EQ(listed(found.back_moves), (Ticks{1, 1, 0}));
    EXPECT_EQ(listed(found.skipped), (Ticks{0, 0, 1}));  // item 2 is in Offer and never was in New
    EXPECT_EQ(listed(found.moves), (Ticks{1, 1, 0, 1, 2, 0}));
    EXPECT_EQ(listed(found.time_in_stage), (std::vector<float>{0.5, 2, 0, 1.5, 2, 1}));
}

TEST(OpenFeatures, SkippedAllThatAWinPassed) {
    const OpenFeatures found = Features({{1, "Offer", 2}, {1, "Won", 5}, {1, "Offer", 9}}).at({10}, {10});
    EXPECT_EQ(listed(found.skipped), (Ticks{1}));
    EXPECT_EQ(listed(found.visits), (Ticks{3}));
    EXPECT_EQ(listed(found.time_in_stage), (std::vector<float>{0, 4}));
}

TEST(OpenFeatures, JoinRepeatsAndPassOverUnlistedRows) {
    const OpenFeatures found =
        Features({{1, "Call", 1}, {1, "New", 2}, {1, "Call", 3}, {1, "New", 4}, {2, "Call", 1}}).at({9}, {9});
    EXPECT_EQ(listed(found.visits), (Ticks{1}));
    EXPECT_EQ(listed(found.age), (std::vector<float>{7}));
}

TEST(OpenFeatures, HaveNoLengthOfAVisitWhoseStartIsNotKnown) {
    Features features({{1, "New", 2}, {1, "Offer", 6}});
    const std::vector<std::uint8_t> unknown{1, 0};
    features.marks.start_unknown = unknown;
    const OpenFeatures found = features.at({9}, {9});
    EXPECT_TRUE(std::isnan(found.age[0]));
    EXPECT_TRUE(std::isnan(found.time_in_stage[0]));
    EXPECT_EQ(found.time_in_stage[1], 3);
    EXPECT_EQ(found.in_stage[0], 3);
}

TEST(OpenFeatures, AreOfTheItemsThatWereOpenThenOnAnyNumberOfThreads) {
    std::mt19937_64 random(20'261'130);
    std::vector<Row> rows;
    const std::vector<const char*> stages{"New", "Offer", "Won", "Lost", "Call"};
    for (int row = 0; row < 150'000; ++row)
        rows.push_back({static_cast<std::int64_t>(random() % 50'000), stages[random() % 5],
                        static_cast<std::int64_t>(random() % 100)});
    const Features features(rows);
    const Ticks dates{10, 40, 90}, ends{30, 40, 200};
    const StaySpells stays = list_stays(features.log.journeys, features.pipeline, 0, 4, features.marks, 1);
    const VisitColumns visits{stays.item, stays.stage, stays.began, stays.state};
    const OpenThen open = open_then(visits, features.pipeline,
                                    first_visits(visits, features.log.journeys.first_row), dates, ends, 1);
    for (const unsigned threads : {1U, 3U}) {
        const OpenFeatures found = features.at(dates, ends, {20}, 1, threads);
        EXPECT_EQ(found.bounds, open.bounds);
        EXPECT_EQ(found.item, open.item);
        EXPECT_EQ(found.stage, open.stage);
        EXPECT_EQ(found.outcome, open.outcome);
        EXPECT_EQ(listed(found.in_stage), std::vector<float>(open.age.begin(), open.age.end()));
    }
}

TEST(OpenFeatures, RefuseWhatDoesNotFit) {
    Features features({{1, "New", 1}, {1, "Won", 4}});
    EXPECT_THROW(static_cast<void>(features.at({3, 2}, {5, 5})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(features.at({3}, {2})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(features.at({3}, {})), std::invalid_argument);
    const std::vector<std::uint8_t> elsewhere(features.log.journeys.n_labels, 1);
    features.marks.elsewhere = elsewhere;
    EXPECT_THROW(static_cast<void>(features.at({3}, {3})), std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::durations
