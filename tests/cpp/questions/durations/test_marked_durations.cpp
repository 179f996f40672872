// Time in stage where rows have ends, or a start that nobody knows.

#include <gtest/gtest.h>

#include <stdexcept>

#include "stagefunnel/questions/durations/durations.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::durations {
namespace {

using namespace stagefunnel::testing;

constexpr std::int64_t kNone = scan::Marks::kNotEnded;
using Ends = std::vector<std::int64_t>;

/// The rows of the table are New, Offer, Won.
std::vector<StageDurations> durations_of(const Log& log, const scan::Marks& marks, Per per = Per::visit) {
    const Stages stages{{"New", "Offer"}, {"Won"}, {}};
    return stage_durations(log.journeys, stages.read(log), per, 1, &marks);
}

std::vector<std::uint64_t> list_of_durations(const StageDurations& stage) { return list_of(stage.durations); }

TEST(MarkedDurations, AVisitEndsWithItsRow) {
    const Log log = log_of({{1, "New", 0}, {1, "Offer", 6}});
    const Ends ended{4, 9};
    const auto table = durations_of(log, {.whole = log.journeys, .ended = ended});
    EXPECT_EQ(list_of_durations(table[0]), (std::vector<std::uint64_t>{4}));
    EXPECT_EQ(list_of_durations(table[1]), (std::vector<std::uint64_t>{3}));
    EXPECT_EQ(table[1].open, 0);
}

TEST(MarkedDurations, AVisitEndsBeforeTheNextBegins) {
    const Log log = log_of({{1, "New", 0}, {1, "Offer", 6}});
    const Ends ended{8, kNone};
    const auto table = durations_of(log, {.whole = log.journeys, .ended = ended});
    EXPECT_EQ(list_of_durations(table[0]), (std::vector<std::uint64_t>{6}));
    EXPECT_EQ(table[1].open, 1);
}

TEST(MarkedDurations, JoinedRowsEndWithTheLastOfThem) {
    const Log log = log_of({{1, "New", 0}, {1, "New", 5}, {1, "Offer", 9}});
    const auto length_of = [&](const Ends& ended) {
        return list_of_durations(durations_of(log, {.whole = log.journeys, .ended = ended})[0]);
    };
    EXPECT_EQ(length_of({2, 7, kNone}), (std::vector<std::uint64_t>{7}));
    EXPECT_EQ(length_of({2, kNone, kNone}), (std::vector<std::uint64_t>{9}));
}

TEST(MarkedDurations, AnEndThatIsNotKnownYetIsNone) {
    const Log log = log_of({{1, "New", 0}});
    const Ends ended{4};
    const std::vector<std::int64_t> until{4}, before{3};
    const auto open = [&](const scan::Marks& marks) { return durations_of(log, marks)[0].open; };
    EXPECT_EQ(open({.whole = log.journeys, .ended = ended, .ended_before = 5}), 0);
    EXPECT_EQ(open({.whole = log.journeys, .ended = ended, .ended_before = 4}), 1);
    EXPECT_EQ(open({.whole = log.journeys, .ended = ended, .until = until}), 0);
    EXPECT_EQ(open({.whole = log.journeys, .ended = ended, .until = before}), 1);
}

TEST(MarkedDurations, AVisitOfUnknownStartIsInNoSample) {
    const Log log = log_of({{1, "New", 0}, {1, "Offer", 2}, {1, "New", 5}, {1, "Won", 6}});
    const std::vector<std::uint8_t> unknown{1, 0, 0, 0};
    for (const Per per : {Per::visit, Per::item, Per::longest}) {
        const auto table = durations_of(log, {.whole = log.journeys, .start_unknown = unknown}, per);
        EXPECT_EQ(table[0].visits, 2);
        EXPECT_EQ(table[0].start_unknown, 1);
        EXPECT_EQ(table[0].completed, 1);
        EXPECT_EQ(table[0].items, 1);
        EXPECT_EQ(list_of_durations(table[0]), (std::vector<std::uint64_t>{1}));
    }
}

TEST(MarkedDurations, AnItemThatIsElsewhereHasLeftItsLastStage) {
    const Log log = log_of({{1, "New", 0}, {1, "Ordered", 7}, {1, "Packed", 9}});
    const std::vector<std::uint8_t> elsewhere{0, 1, 1};
    const auto table = durations_of(log, {.whole = log.journeys, .elsewhere = elsewhere});
    EXPECT_EQ(list_of_durations(table[0]), (std::vector<std::uint64_t>{7}));
}

TEST(MarkedDurations, AreTheDurationsWithoutMarksIfThereAreNone) {
    const Log log = log_of({{1, "New", 0}, {1, "Offer", 6}, {1, "New", 7}, {1, "Won", 9}, {2, "New", 3}});
    const Stages stages{{"New", "Offer"}, {"Won"}, {}};
    for (const Per per : {Per::visit, Per::item, Per::longest}) {
        const auto plain = stage_durations(log.journeys, stages.read(log), per, 1);
        const auto marked = durations_of(log, {.whole = log.journeys}, per);
        for (std::size_t row = 0; row < plain.size(); ++row) {
            EXPECT_EQ(list_of(plain[row].durations), list_of(marked[row].durations));
            EXPECT_EQ(plain[row].open, marked[row].open);
            EXPECT_EQ(plain[row].items, marked[row].items);
        }
    }
}

TEST(MarkedDurations, RefusesMarksOfOtherRows) {
    const Log log = log_of({{1, "New", 0}, {1, "Offer", 6}});
    const Ends ended{4};
    const std::vector<std::uint8_t> unknown{1};
    EXPECT_THROW(durations_of(log, {.whole = log.journeys, .ended = ended}), std::invalid_argument);
    EXPECT_THROW(durations_of(log, {.whole = log.journeys, .start_unknown = unknown}), std::invalid_argument);
    const Log other = log_of({{1, "New", 0}, {2, "New", 6}});
    EXPECT_THROW(durations_of(log, {.whole = other.journeys}), std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::durations
