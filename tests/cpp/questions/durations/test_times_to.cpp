#include <gtest/gtest.h>

#include "stagefunnel/questions/durations/times_to.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::durations {
namespace {

using namespace stagefunnel::testing;

const Stages kWayStages{{"New", "Offer"}, {"Won"}, {"Lost"}};
constexpr std::int32_t kCreated = -1, kNew = 0, kOffer = 1, kWon = 2;

struct Way1 {
    Way way;
    std::uint64_t duration;
    bool operator==(const Way1&) const = default;
};

Way1 way_of(const std::vector<Row>& rows, std::int32_t from, std::int32_t to,
            const std::vector<std::uint8_t>& start_unknown = {}) {
    const Log log = log_of(rows);
    const scan::Marks marks{.whole = log.journeys, .start_unknown = start_unknown};
    const TimesTo times =
        times_to(log.journeys, kWayStages.read(log), from, to, 1, start_unknown.empty() ? nullptr : &marks);
    return {static_cast<Way>(times.way[0]), times.duration[0]};
}

TEST(TimesTo, RunFromTheFirstVisitToTheFirstOfTheStage) {
    const std::vector<Row> rows{
        {1, "New", 1}, {1, "Offer", 4}, {1, "New", 6}, {1, "Offer", 9}, {1, "Won", 12}};
    EXPECT_EQ(way_of(rows, kCreated, kOffer), (Way1{Way::there, 3}));
    EXPECT_EQ(way_of(rows, kOffer, kNew), (Way1{Way::there, 2}));
    EXPECT_EQ(way_of(rows, kNew, kWon), (Way1{Way::there, 11}));
    EXPECT_EQ(way_of(rows, kWon, kOffer), (Way1{Way::closed, 0}));
}

TEST(TimesTo, AnItemThatBeginsThereIsThereAtOnce) {
    EXPECT_EQ(way_of({{1, "Offer", 4}, {1, "Lost", 6}}, kCreated, kOffer), (Way1{Way::there, 0}));
}

TEST(TimesTo, AnItemThatDidNotArriveIsOpenOrClosed) {
    EXPECT_EQ(way_of({{1, "New", 4}}, kCreated, kOffer), (Way1{Way::open, 0}));
    EXPECT_EQ(way_of({{1, "New", 4}, {1, "Lost", 6}}, kCreated, kOffer), (Way1{Way::closed, 0}));
    EXPECT_EQ(way_of({{1, "New", 4}, {1, "Won", 6}}, kNew, kOffer), (Way1{Way::closed, 0}));
}

TEST(TimesTo, AnItemWithoutTheFirstStageDoesNotSetOut) {
    EXPECT_EQ(way_of({{1, "New", 4}, {1, "Won", 6}}, kOffer, kWon), (Way1{Way::none, 0}));
    EXPECT_EQ(way_of({{1, "Odd", 4}}, kCreated, kWon), (Way1{Way::none, 0}));
}

TEST(TimesTo, AWayOfWhichAnEndIsNotKnownHasNoTime) {
    const std::vector<Row> rows{{1, "New", 4}, {1, "Offer", 6}, {1, "Won", 9}};
    EXPECT_EQ(way_of(rows, kCreated, kOffer, {1, 0, 0}), (Way1{Way::start_unknown, 0}));
    EXPECT_EQ(way_of(rows, kCreated, kOffer, {0, 1, 0}), (Way1{Way::start_unknown, 0}));
    EXPECT_EQ(way_of(rows, kOffer, kWon, {1, 0, 0}), (Way1{Way::there, 3}));
    EXPECT_EQ(way_of(rows, kCreated, kWon, {0, 1, 0}), (Way1{Way::there, 5}));
    EXPECT_EQ(way_of({{1, "New", 4}}, kCreated, kOffer, {1}), (Way1{Way::start_unknown, 0}));
}

TEST(TimesTo, RefuseMarksOfOtherRows) {
    EXPECT_THROW((void)way_of({{1, "New", 4}}, kCreated, kOffer, {1, 0}), std::invalid_argument);
}

TEST(TimesTo, AStageIsARowOfThePipeline) {
    EXPECT_THROW((void)way_of({{1, "New", 4}}, kCreated, 4), std::invalid_argument);
    EXPECT_THROW((void)way_of({{1, "New", 4}}, -2, kWon), std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::durations
