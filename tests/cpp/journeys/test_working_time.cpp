#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "stagefunnel/journeys/working_time.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::journeys {
namespace {

using Times = std::vector<std::int64_t>;

std::vector<std::int64_t> measured(const Times& times, const Times& begin, const Times& end) {
    const auto worked = working_times(times, {begin, end}, 2);
    return {worked.begin(), worked.end()};
}

TEST(WorkingTime, PassesInsideSpansOnly) {
    // Two spans of 8 and 4: before, at and inside each, between them, and after them.
    const Times times{-5, 9, 10, 17, 18, 30, 34, 36, 38, 39, 1000};
    EXPECT_EQ(measured(times, {10, 34}, {18, 38}), (Times{0, 0, 0, 7, 8, 8, 8, 10, 12, 12, 12}));
}

TEST(WorkingTime, SpansMayTouch) {
    EXPECT_EQ(measured({0, 1, 2, 3, 4}, {0, 2}, {2, 3}), (Times{0, 1, 2, 3, 3}));
}

TEST(WorkingTime, MayPassBetweenSpansToo) {
    // Local times of a night in which the clocks go back from 3 to 2: the hour before is there twice.
    const Times times{0, 1, 2, 3, 9}, begin{0, 2}, end{2, 6}, before{0, 3};
    const auto worked = working_times(times, {begin, end, before}, 1);
    EXPECT_EQ(testing::list_of(worked), (Times{0, 1, 3, 4, 7}));
}

TEST(WorkingTime, WithoutSpansNonePasses) { EXPECT_EQ(measured({-1, 0, 7}, {}, {}), (Times{0, 0, 0})); }

TEST(WorkingTime, HoldsTheWholeRangeOfTimes) {
    constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();
    const Times begin{kLow + 2, kHigh - 7}, end{kLow + 5, kHigh - 3};
    EXPECT_EQ(measured({kLow, kLow + 3, 0, kHigh - 5, kHigh}, begin, end), (Times{0, 1, 3, 5, 7}));
}

TEST(WorkingTime, IsTheSumOfOverlapsOfRandomSpans) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 200; ++round) {
        Times begin, end;
        std::int64_t at = static_cast<std::int64_t>(random() % 50) - 100;
        const std::size_t n_spans = 1 + random() % 40;
        for (std::size_t i = 0; i < n_spans; ++i) {
            // Most spans lie close together; some follow after a long pause.
            at += static_cast<std::int64_t>(random() % 10 == 0 ? random() % 5000 : random() % 7);
            begin.push_back(at);
            at += 1 + static_cast<std::int64_t>(random() % 9);
            end.push_back(at);
        }
        Times times;
        for (int i = 0; i < 100; ++i) times.push_back(static_cast<std::int64_t>(random() % 9000) - 500);
        const Times worked = measured(times, begin, end);
        for (std::size_t i = 0; i < times.size(); ++i) {
            std::int64_t expected = 0;
            for (std::size_t span = 0; span < n_spans; ++span)
                expected += std::max<std::int64_t>(0, std::min(times[i], end[span]) - begin[span]);
            ASSERT_EQ(worked[i], expected) << "at " << times[i] << " in round " << round;
        }
    }
}

TEST(WorkingTime, OfJourneysKeepsTheirRows) {
    const testing::Log log = testing::log_of({{1, "New", 5}, {1, "Offer", 12}, {1, "Won", 30}});
    const Times begin{10}, end{18};
    const Journeys worked = in_working_time(log.journeys, {begin, end}, 1);
    EXPECT_EQ(testing::list_of(worked.offsets), testing::list_of(log.journeys.offsets));
    EXPECT_EQ(worked.stage, log.journeys.stage);
    EXPECT_EQ(testing::list_of(worked.time), (Times{0, 2, 8}));
    EXPECT_EQ(worked.n_items(), 1U);
}

TEST(WithTimes, TakesOneTimePerRow) {
    const testing::Log log = testing::log_of({{1, "New", 5}, {1, "Won", 30}});
    const Times times{7, 9}, one{7};
    EXPECT_EQ(testing::list_of(with_times(log.journeys, times).time), times);
    EXPECT_THROW((void)with_times(log.journeys, one), std::invalid_argument);
}

TEST(WorkingTime, RefusesSpansThatAreNone) {
    const Times one{1}, two{1, 5}, more{2, 6}, falling{3, 3};
    EXPECT_THROW((void)WorkingClock({two, one}), std::invalid_argument);
    EXPECT_THROW((void)WorkingClock({more, two}), std::invalid_argument);
    EXPECT_THROW((void)WorkingClock({two, more, one}), std::invalid_argument);
    EXPECT_THROW((void)WorkingClock({two, more, falling}), std::invalid_argument);
    const Times overlapping_begin{0, 4}, overlapping_end{5, 9};
    EXPECT_THROW((void)WorkingClock({overlapping_begin, overlapping_end}), std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::journeys
