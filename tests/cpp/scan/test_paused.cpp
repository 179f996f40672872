#include <gtest/gtest.h>

#include "stagefunnel/scan/paused.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::scan {
namespace {

using namespace stagefunnel::testing;

const Stages kPausedStages{{"New", "Waiting", "Legal"}, {"Won"}, {"Lost"}};
const std::vector<std::uint8_t> kPaused{0, 1, 1, 0, 0};

std::vector<std::int64_t> paused_times(const std::vector<Row>& rows) {
    const Log log = log_of(rows);
    return list_of(with_pauses(log.journeys, kPausedStages.read(log), kPaused, 1).time);
}

using Times = std::vector<std::int64_t>;

TEST(WithPauses, TheClockStandsStillInsideSuchVisits) {
    // Waiting from 3 to 10 is no time, so Won comes 5 after the begin, not 12.
    EXPECT_EQ(
        paused_times({{1, "New", 0}, {1, "Waiting", 3}, {1, "Waiting", 5}, {1, "New", 10}, {1, "Won", 12}}),
        (Times{0, 3, 3, 3, 5}));
}

TEST(WithPauses, OnePauseMayGoOnInAnotherStage) {
    EXPECT_EQ(paused_times({{1, "New", 0}, {1, "Waiting", 3}, {1, "Legal", 5}, {1, "Won", 10}}),
              (Times{0, 3, 3, 3}));
}

TEST(WithPauses, ALastVisitStandsStill) {
    EXPECT_EQ(paused_times({{1, "New", 0}, {1, "Waiting", 3}, {1, "Waiting", 9}}), (Times{0, 3, 3}));
}

TEST(WithPauses, RowsOfOtherStagesAreAsOldAsTheItem) {
    EXPECT_EQ(paused_times({{1, "Waiting", 3}, {1, "Odd", 5}, {1, "Won", 9}, {1, "Odd", 10}}),
              (Times{3, 3, 3, 4}));
}

TEST(WithPauses, TheClockRunsAgainWhereAVisitHasEnded) {
    const Log log = log_of({{1, "New", 0}, {1, "Waiting", 3}, {1, "Won", 10}});
    const std::vector<std::int64_t> ended{Marks::kNotEnded, 7, Marks::kNotEnded};
    const Marks marks{.whole = log.journeys, .ended = ended};
    const Journeys stopped = with_pauses(log.journeys, kPausedStages.read(log), kPaused, 1, &marks);
    EXPECT_EQ(list_of(stopped.time), (Times{0, 3, 6}));
}

TEST(WithPauses, EachItemHasAClockOfItsOwn) {
    const Log log = log_of({{1, "Waiting", 0}, {1, "Won", 4}, {2, "New", 5}, {2, "Won", 6}});
    const Journeys stopped = with_pauses(log.journeys, kPausedStages.read(log), kPaused, 2);
    EXPECT_EQ(list_of(stopped.time), (Times{0, 0, 5, 6}));
}

TEST(WithPauses, NeedsAValueForEachStage) {
    const Log log = log_of({{1, "New", 0}});
    const std::vector<std::uint8_t> one{1};
    EXPECT_THROW((void)with_pauses(log.journeys, kPausedStages.read(log), one, 1), std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::scan
