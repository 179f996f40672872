#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

#include "stagefunnel/questions/stages/visits.hpp"
#include "stagefunnel/scan/selection.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::stages {
namespace {

using namespace stagefunnel::testing;

constexpr std::int64_t kNone = VisitTable::kNotKnown;
const Stages kVisitStages{{"New", "Offer"}, {"Won"}, {"Lost"}};

VisitTable visits_of(const Log& log, const VisitChoice& choice = {}, const scan::Marks* marks = nullptr,
                     unsigned threads = 1) {
    const scan::Marks none{.whole = log.journeys};
    return list_visits(log.journeys, kVisitStages.read(log), marks ? *marks : none, choice, VisitRows::keep,
                       threads);
}

using Times = std::vector<std::int64_t>;

TEST(ListVisits, ListsTheItemsInTheOrderOfTheInput) {
    const Log log = log_of({{9, "New", 3}, {7, "New", 1}, {9, "Offer", 5}, {7, "New", 2}, {7, "Won", 8}});
    const VisitTable table = visits_of(log);
    EXPECT_EQ(list_of(table.entered), (Times{3, 5, 1, 8}));
    EXPECT_EQ(list_of(table.exited), (Times{5, kNone, 8, kNone}));
    EXPECT_EQ(list_of(table.duration), (Times{2, kNone, 7, kNone}));
    EXPECT_EQ(list_of(table.n_visits), (Times{2, 2}));
    EXPECT_EQ(table.item[0], log.place_of(9));
    EXPECT_EQ(list_of(table.next_stage), (std::vector<std::int32_t>{1, -1, 2, -1}));
}

TEST(ListVisits, WaitsForNothingInAFinalStage) {
    const VisitTable table = visits_of(log_of({{1, "New", 0}, {1, "Won", 5}, {2, "New", 1}}));
    EXPECT_EQ(list_of(table.open), (std::vector<std::uint8_t>{0, 0, 1}));
    EXPECT_EQ(list_of(table.stage_outcome), (std::vector<std::int8_t>{0, 1, 0}));
    EXPECT_EQ(list_of(table.item_outcome), (std::vector<std::int8_t>{1, 1, 0}));
}

TEST(ListVisits, NumbersTheVisitsOfAnItemAndOfEachStage) {
    const VisitTable table =
        visits_of(log_of({{1, "New", 0}, {1, "Offer", 1}, {1, "New", 2}, {2, "New", 0}, {1, "Offer", 3}}));
    EXPECT_EQ(list_of(table.visit), (Times{1, 2, 3, 4, 1}));
    EXPECT_EQ(list_of(table.visit_of_stage), (Times{1, 1, 2, 2, 1}));
}

TEST(ListVisits, ListsTheVisitsThatOverlapAPeriodWithTheirOwnNumbers) {
    const Log log = log_of({{1, "New", 0}, {1, "Offer", 5}, {1, "Won", 12}, {2, "New", 40}});
    const VisitTable table = visits_of(log, {.start = 5, .end = 13});
    EXPECT_EQ(list_of(table.entered), (Times{5, 12}));
    EXPECT_EQ(list_of(table.visit), (Times{2, 3}));
    EXPECT_EQ(list_of(table.n_visits), (Times{2}));
}

TEST(ListVisits, AVisitOfOneMomentOverlapsThePeriodThatHasIt) {
    const Log log = log_of({{1, "New", 5}, {1, "Offer", 5}, {1, "Won", 5}});
    EXPECT_EQ(visits_of(log, {.start = 5, .end = 6}).visit.size(), 3U);
    EXPECT_EQ(visits_of(log, {.start = 4, .end = 5}).visit.size(), 0U);
    EXPECT_EQ(list_of(visits_of(log, {.start = 6}).visit), (Times{3}));
}

TEST(ListVisits, ListsTheItemsThatAreFlagged) {
    const Log log = log_of({{1, "New", 0}, {2, "New", 7}});
    std::vector<std::uint8_t> items(2, 0);
    items[log.place_of(2)] = 1;
    EXPECT_EQ(list_of(visits_of(log, {.items = items}).entered), (Times{7}));
    EXPECT_THROW(visits_of(log, {.items = std::span(items).first(1)}), std::invalid_argument);
}

TEST(ListVisits, ReadsTheMarksOfASelectionInTheWholeLog) {
    const Log log = log_of({{1, "New", 0}, {1, "Offer", 5}, {1, "Won", 12}});
    const Times ended{3, 9, kNone};
    scan::Selection selection;
    selection.as_of = 12;
    const Journeys early = scan::select_journeys(log.journeys, kVisitStages.read(log), selection, 1);
    const scan::Marks marks{.whole = log.journeys, .ended = ended, .ended_before = 12};
    const VisitTable table = list_visits(early, kVisitStages.read(log), marks, {}, VisitRows::forget, 1);
    EXPECT_EQ(list_of(table.exited), (Times{3, 9}));
    EXPECT_EQ(table.row.size(), 0U);
}

TEST(ListVisits, ADurationNeedsAKnownStart) {
    const Log log = log_of({{1, "New", 4}, {1, "Won", 9}});
    const std::vector<std::uint8_t> unknown{1, 0};
    const scan::Marks marks{.whole = log.journeys, .start_unknown = unknown};
    const VisitTable table = visits_of(log, {}, &marks);
    EXPECT_EQ(list_of(table.entered), (Times{kNone, 9}));
    EXPECT_EQ(list_of(table.exited), (Times{9, kNone}));
    EXPECT_EQ(list_of(table.duration), (Times{kNone, kNone}));
}

TEST(ListVisits, AnItemThatIsElsewhereHasMovedOut) {
    const Log log = log_of({{1, "New", 0}, {1, "Ordered", 7}});
    const std::vector<std::uint8_t> elsewhere{0, 1};
    const scan::Marks marks{.whole = log.journeys, .elsewhere = elsewhere};
    const VisitTable table = visits_of(log, {}, &marks);
    EXPECT_EQ(list_of(table.exited), (Times{7}));
    EXPECT_EQ(table.item_outcome[0], VisitTable::kMovedOut);
    EXPECT_EQ(table.next_stage[0], -1);
}

TEST(ListVisits, RefusesADurationBeyond63Bits) {
    const Log log = log_of({{1, "New", std::numeric_limits<std::int64_t>::min() + 1},
                            {1, "Won", std::numeric_limits<std::int64_t>::max()}});
    EXPECT_THROW(visits_of(log), std::invalid_argument);
}

TEST(ListVisits, DoesNotDependOnTheNumberOfThreads) {
    std::vector<Row> rows;
    for (std::int64_t item = 0; item < 100'000; ++item) {
        rows.push_back({item, "New", item % 7});
        if (item % 3 == 0) rows.push_back({item, "Won", 7 + item % 5});
    }
    const Log log = log_of(rows);
    const VisitTable one = visits_of(log), four = visits_of(log, {}, nullptr, 4);
    EXPECT_EQ(one.entered, four.entered);
    EXPECT_EQ(one.duration, four.duration);
    EXPECT_EQ(one.item, four.item);
    EXPECT_EQ(one.row, four.row);
}

TEST(CheckEnds, CountsPausesAndEndsThatAreCut) {
    const Log log = log_of({{1, "New", 0}, {1, "New", 3}, {1, "Offer", 6}, {1, "Won", 9}, {1, "Lost", 9}});
    const Times ended{2, 6, 8, 12, 20};
    const EndChecks found = check_ends(log.journeys, ended, 1);
    EXPECT_EQ(found.pauses, 2);
    EXPECT_EQ(found.cut_ends, 1);
    EXPECT_THROW(static_cast<void>(check_ends(log.journeys, std::span(ended).first(1), 1)),
                 std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::stages
