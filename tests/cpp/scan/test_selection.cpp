#include <gtest/gtest.h>

#include <limits>

#include "stagefunnel/scan/selection.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::scan {
namespace {

using namespace stagefunnel::testing;

// Times are days of a year: January ends at 31, February at 59, March at 90.
const std::vector<Row> kDeal{{1, "New", 4}, {1, "Prepayment", 78}, {1, "Won", 99}};
const std::vector<Row> kReopened{{2, "New", 10}, {2, "Lost", 20}, {2, "Discussion", 70}, {2, "Lost", 80}};

Labels kept(const std::vector<Row>& rows, const Selection& selection) {
    const Log log = log_of(rows);
    return Log{select_journeys(log.journeys, shop().read(log), selection, 1), log.labels}.stages_of(
        rows.front().item);
}

Selection period(Basis basis, std::int64_t start, std::int64_t end) {
    return {.basis = basis, .start = start, .end = end, .as_of = {}, .elsewhere = {}};
}

TEST(SelectJourneys, WithoutAPeriodKeepsAllRows) {
    EXPECT_EQ(kept(kDeal, {}), (Labels{"New", "Prepayment", "Won"}));
}

TEST(SelectJourneys, KeepsTheRowNumbersOfTheInputIfTheLogHasThem) {
    CodedRows rows;
    rows.n_labels = 2;
    for (const std::int64_t time : {9, 3, 6}) rows.add(1, 0, time);
    Selection early;
    early.end = 9;
    const Journeys with_rows = rows.build(1, {}, {}, journeys::RowNumbers::keep);
    EXPECT_EQ(list_of(select_journeys(with_rows, same_rows(1, 1, 0), early, 1).row),
              (std::vector<std::uint32_t>{1, 2}));
    EXPECT_TRUE(select_journeys(rows.build(), same_rows(1, 1, 0), early, 1).row.empty());
}

TEST(SelectJourneys, AnActiveItemKeepsItsRowsBeforeThePeriodsEnd) {
    EXPECT_EQ(kept(kDeal, period(Basis::active, 31, 59)), (Labels{"New"}));
    EXPECT_EQ(kept(kDeal, period(Basis::active, 59, 90)), (Labels{"New", "Prepayment"}));
    EXPECT_EQ(kept(kDeal, period(Basis::active, 90, 120)), (Labels{"New", "Prepayment", "Won"}));
}

TEST(WithDepartures, KeepTheFirstRowOfTheStayElsewhereThatEndsAJourney) {
    const Log log = log_of({{1, "New", 1},
                            {1, "Ordered", 3},
                            {1, "Packed", 5},
                            {2, "New", 1},
                            {2, "Ordered", 2},
                            {2, "New", 4},
                            {2, "Call", 6},
                            {3, "Packed", 1},
                            {3, "Won", 2}});
    std::vector<std::uint8_t> elsewhere;
    for (const std::string& label : log.labels) elsewhere.push_back(label == "Ordered" || label == "Packed");
    const Log found{with_departures(log.journeys, shop().read(log), elsewhere, 1), log.labels};
    EXPECT_EQ(found.stages_of(1), (Labels{"New", "Ordered"}));
    EXPECT_EQ(found.times_of(1), (std::vector<std::int64_t>{1, 3}));
    EXPECT_EQ(found.stages_of(2), (Labels{"New", "New", "Call"}));
    EXPECT_EQ(found.stages_of(3), (Labels{"Won"}));
    const std::vector<std::uint8_t> nowhere(log.labels.size(), 0);
    EXPECT_THROW(static_cast<void>(with_departures(log.journeys, shop().read(log), nowhere, 1)),
                 std::invalid_argument);
}

TEST(SelectJourneys, AnItemIsReadUntilATimeOfItsOwnWithItsBoundInside) {
    std::vector<Row> rows = kDeal;
    rows.insert(rows.end(), kReopened.begin(), kReopened.end());
    const Log log = log_of(rows);
    const std::vector<std::int64_t> until{78, 69};
    const Selection selection{
        .basis = Basis::created, .start = {}, .end = {}, .as_of = {}, .elsewhere = {}, .until = until};
    const Journeys some = select_journeys(log.journeys, shop().read(log), selection, 1);
    const Log found{some, log.labels};
    EXPECT_EQ(found.stages_of(1), (Labels{"New", "Prepayment"}));
    EXPECT_EQ(found.stages_of(2), (Labels{"New", "Lost"}));
}

TEST(SelectJourneys, AnItemThatIsReadUntilBeforeItsFirstRowIsLeftOut) {
    const std::vector<std::int64_t> until{3};
    const Selection selection{
        .basis = Basis::active, .start = {}, .end = {}, .as_of = {}, .elsewhere = {}, .until = until};
    EXPECT_EQ(kept(kDeal, selection), Labels{});
}

TEST(SelectJourneys, RefusesTimesThatAreNotOnePerItem) {
    const std::vector<std::int64_t> until{3, 4};
    Selection selection;
    selection.until = until;
    EXPECT_THROW(kept(kDeal, selection), std::invalid_argument);
}

TEST(SelectJourneys, AnItemClosedBeforeThePeriodIsNotActiveInIt) {
    EXPECT_EQ(kept(kDeal, period(Basis::active, 120, 151)), Labels{});
    EXPECT_EQ(kept(kReopened, period(Basis::active, 31, 59)), Labels{});
    EXPECT_EQ(kept(kReopened, period(Basis::active, 59, 90)), (Labels{"New", "Lost", "Discussion", "Lost"}));
}

TEST(SelectJourneys, AnItemClosedAtThePeriodsStartIsActiveAndAnItemClosedAtItsEndIsStillOpen) {
    EXPECT_EQ(kept(kDeal, period(Basis::active, 99, 120)).size(), 3U);
    EXPECT_EQ(kept(kDeal, period(Basis::active, 100, 120)), Labels{});
    EXPECT_EQ(kept(kDeal, period(Basis::active, 0, 99)), (Labels{"New", "Prepayment"}));
}

TEST(SelectJourneys, AnItemCreatedAfterThePeriodIsNotActiveInIt) {
    EXPECT_EQ(kept(kDeal, period(Basis::active, 0, 4)), Labels{});
}

TEST(SelectJourneys, ACohortKeepsTheWholeJourneysOfItemsCreatedInThePeriod) {
    EXPECT_EQ(kept(kDeal, period(Basis::created, 0, 31)), (Labels{"New", "Prepayment", "Won"}));
    EXPECT_EQ(kept(kDeal, period(Basis::created, 4, 5)).size(), 3U);
    EXPECT_EQ(kept(kDeal, period(Basis::created, 5, 31)), Labels{});
    EXPECT_EQ(kept(kDeal, period(Basis::created, 0, 4)), Labels{});
}

TEST(SelectJourneys, ClosedInThePeriodMeansTheRunOfFinalVisitsThatEndsTheJourney) {
    EXPECT_EQ(kept(kDeal, period(Basis::closed, 90, 120)), (Labels{"New", "Prepayment", "Won"}));
    EXPECT_EQ(kept(kReopened, period(Basis::closed, 0, 31)), Labels{});
    EXPECT_EQ(kept(kReopened, period(Basis::closed, 80, 81)).size(), 4U);
    const std::vector<Row> won_then_lost{{3, "New", 1}, {3, "Won", 50}, {3, "Lost", 100}};
    EXPECT_EQ(kept(won_then_lost, period(Basis::closed, 31, 59)).size(), 3U);
    EXPECT_EQ(kept(won_then_lost, period(Basis::closed, 90, 120)), Labels{});
}

TEST(SelectJourneys, AnOpenItemIsClosedInNoPeriod) {
    EXPECT_EQ(
        kept({{4, "New", 1}}, {.basis = Basis::closed, .start = {}, .end = {}, .as_of = {}, .elsewhere = {}}),
        Labels{});
}

TEST(SelectJourneys, AsOfDropsLaterRowsBeforeThePeriodIsApplied) {
    Selection seen_early = period(Basis::closed, 0, 31);
    seen_early.as_of = 70;
    EXPECT_EQ(kept(kReopened, seen_early), (Labels{"New", "Lost"}));
    seen_early.as_of = 71;
    EXPECT_EQ(kept(kReopened, seen_early), Labels{});
}

TEST(SelectJourneys, UnlistedRowsNeitherCreateNorCloseAnItem) {
    const std::vector<Row> rows{{5, "Note", 1}, {5, "New", 40}, {5, "Won", 50}, {5, "Note", 60}};
    EXPECT_EQ(kept(rows, period(Basis::created, 0, 31)), Labels{});
    EXPECT_EQ(kept(rows, period(Basis::created, 31, 59)).size(), 4U);
    EXPECT_EQ(kept(rows, period(Basis::closed, 31, 59)).size(), 4U);
    EXPECT_EQ(kept({{6, "Note", 1}}, {}), Labels{});
}

TEST(SelectJourneys, TheFirstAndTheLastTimeAreTimesToo) {
    constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();
    const std::vector<Row> rows{{7, "New", kLow + 1}, {7, "Won", kHigh}};
    EXPECT_EQ(kept(rows, {}).size(), 2U);
    EXPECT_EQ(kept(rows, period(Basis::active, kLow + 1, kHigh)), (Labels{"New"}));
}

TEST(SelectJourneys, ItemsKeepTheirPlacesAndKeys) {
    std::vector<Row> rows = kDeal;
    rows.insert(rows.end(), kReopened.begin(), kReopened.end());
    const Log log = log_of(rows);
    const Journeys all = log.journeys;
    const Journeys some = select_journeys(all, shop().read(log), period(Basis::created, 5, 31), 1);
    EXPECT_EQ(some.n_items(), all.n_items());
    EXPECT_EQ(list_of(some.key), list_of(all.key));
    EXPECT_EQ(list_of(some.first_row), list_of(all.first_row));
    EXPECT_EQ((Log{some, log.labels}.stages_of(1)), Labels{});
    EXPECT_EQ((Log{some, log.labels}.times_of(2)), (std::vector<std::int64_t>{10, 20, 70, 80}));
}

class AnotherPipeline : public ::testing::Test {
  protected:
    // The stage New belongs to the shop, Ordered to the warehouse.
    Log log_ = log_of({{1, "New", 1}, {1, "Ordered", 50}, {2, "Ordered", 2}, {2, "New", 3}, {3, "New", 4}});
    std::vector<std::uint8_t> elsewhere_ = codes_elsewhere();

    std::vector<std::uint8_t> codes_elsewhere() const {
        std::vector<std::uint8_t> flags;
        for (const std::string& label : log_.labels) flags.push_back(label == "Ordered");
        return flags;
    }
    Labels kept(std::int64_t item, Selection selection) const {
        selection.elsewhere = elsewhere_;
        return Log{select_journeys(log_.journeys, shop().read(log_), selection, 1), log_.labels}.stages_of(
            item);
    }
};

TEST_F(AnotherPipeline, LeavesOutAnItemThatIsInItNow) {
    EXPECT_EQ(kept(1, {}), Labels{});
    EXPECT_EQ(kept(2, {}), (Labels{"Ordered", "New"}));
    EXPECT_EQ(kept(3, {}), (Labels{"New"}));
}

TEST_F(AnotherPipeline, KeepsAnItemBeforeItMoves) {
    EXPECT_EQ(kept(1, period(Basis::active, 0, 31)), (Labels{"New"}));
}

TEST_F(AnotherPipeline, CanKeepAnItemThatMovedUntilThePeriodInWhichItMoved) {
    Selection with_moved = period(Basis::active, 31, 59);
    with_moved.moved_out = MovedOut::include;
    EXPECT_EQ(kept(1, with_moved), (Labels{"New", "Ordered"}));
    with_moved.start = 59;
    with_moved.end = 90;
    EXPECT_EQ(kept(1, with_moved), Labels{});
}

TEST_F(AnotherPipeline, FindsTheItemsThatMoved) {
    const std::vector<std::uint8_t> moved = moved_items(log_.journeys, shop().read(log_), elsewhere_, 2);
    EXPECT_EQ(moved[log_.place_of(1)], 1);
    EXPECT_EQ(moved[log_.place_of(2)], 0);
    EXPECT_EQ(moved[log_.place_of(3)], 0);
}

TEST_F(AnotherPipeline, RefusesAnotherNumberOfFlagsThanLabels) {
    elsewhere_.push_back(0);
    EXPECT_THROW(kept(1, {}), std::invalid_argument);
}

TEST(SelectJourneys, IsTheSameForAnyNumberOfThreads) {
    CodedRows rows;
    rows.n_labels = 6;
    for (std::uint64_t i = 0; i < 200'000; ++i)
        rows.add(i * 7919 % 50'000, i * 31 % 6, static_cast<std::int64_t>(i * 17 % 1'000));
    const Journeys journeys = rows.build();
    const Pipeline pipeline = same_rows(4, 1, 1);
    const Selection selection = period(Basis::active, 300, 700);
    const Journeys one = select_journeys(journeys, pipeline, selection, 1);
    ASSERT_GT(one.n_rows(), 0U);
    ASSERT_LT(one.n_rows(), journeys.n_rows());
    for (const unsigned threads : {2U, 7U}) {
        const Journeys many = select_journeys(journeys, pipeline, selection, threads);
        EXPECT_EQ(many.offsets, one.offsets);
        EXPECT_EQ(many.stage, one.stage);
        EXPECT_EQ(many.time, one.time);
    }
}

}  // namespace
}  // namespace stagefunnel::scan
