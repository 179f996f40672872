#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "stagefunnel/questions/funnel/entries.hpp"
#include "stagefunnel/scan/selection.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::funnel {
namespace {

using namespace stagefunnel::testing;

const double kNone = std::numeric_limits<double>::quiet_NaN();

/// A row with the group and the amount of its entry.
struct EntryRow {
    std::string stage;
    std::int32_t group;
    double amount = 0;
};

/// The journey of one item, whose entries are counted.
struct Journey {
    explicit Journey(const std::vector<EntryRow>& rows) {
        std::vector<Labels> labels(1);
        for (const EntryRow& row : rows) {
            labels[0].push_back(row.stage);
            group.push_back(row.group);
            amount.push_back(row.amount);
        }
        log = log_of_journeys(labels);
    }

    [[nodiscard]] Counts count(Kind kind, LostThenWon rule = LostThenWon::include) const {
        Options options;
        options.kind = kind;
        options.lost_then_won = rule;
        const RowColumns columns{.whole = log.journeys, .group = group, .n_groups = 4, .amount = amount};
        return count_entries(log.journeys, shop().read(log), options, columns);
    }

    std::vector<std::int32_t> group;
    std::vector<double> amount;
    Log log;
};

/// For each stage the one group in which a matrix counts it, or -1.
std::vector<int> groups_in(const CountMatrix& counts) {
    std::vector<int> groups;
    for (Eigen::Index stage = 0; stage < counts.cols(); ++stage) {
        EXPECT_LE(counts.col(stage).sum(), 1);
        int found = -1;
        for (int group = 0; group < counts.rows(); ++group) {
            if (counts(group, stage) == 1) found = group;
        }
        groups.push_back(found);
    }
    return groups;
}

std::vector<double> sums_of(const Counts& counts) {
    std::vector<double> sums;
    for (Eigen::Index stage = 0; stage < counts.amount.cols(); ++stage)
        sums.push_back(counts.amount.col(stage).sum());
    return sums;
}

using Groups = std::vector<int>;  // one per stage: New, Discussion, Prepayment, Delivery, Won, Lost
using Sums = std::vector<double>;

TEST(CountEntries, APassedStageCountsForItsLastEntry) {
    const Journey journey({{"New", 0, 1}, {"Discussion", 1, 2}, {"New", 2, 4}});
    const Counts counts = journey.count(Kind::classic);
    EXPECT_EQ(groups_in(counts.passed), (Groups{2, 1, -1, -1, -1, -1}));
    EXPECT_EQ(groups_in(counts.visited), (Groups{2, 1, -1, -1, -1, -1}));
    EXPECT_EQ(sums_of(counts), (Sums{4, 2, 0, 0, 0, 0}));
}

TEST(CountEntries, AnEntryIsTheFirstRowOfAVisit) {
    const Journey journey({{"New", 0, 1}, {"New", 1, 2}});
    const Counts counts = journey.count(Kind::classic);
    EXPECT_EQ(groups_in(counts.passed), (Groups{0, -1, -1, -1, -1, -1}));
    EXPECT_EQ(sums_of(counts), (Sums{1, 0, 0, 0, 0, 0}));
}

TEST(CountEntries, ASuccessImpliesStagesForItsFirstEntry) {
    const Journey journey({{"New", 0, 1}, {"Won", 1, 2}, {"New", 2, 4}, {"Won", 3, 8}});
    const Counts counts = journey.count(Kind::conversions_won);
    EXPECT_EQ(groups_in(counts.assumed), (Groups{-1, 1, 1, 1, -1, -1}));
    EXPECT_EQ(groups_in(counts.passed), (Groups{2, -1, -1, -1, 3, -1}));
    EXPECT_EQ(sums_of(counts), (Sums{4, 2, 2, 2, 8, 0}));
}

TEST(CountEntries, AWinAfterALossIsNotASuccessThatImpliesStages) {
    const Journey journey({{"New", 0}, {"Lost", 1}, {"Won", 2}, {"Delivery", 3}, {"Won", 0}});
    EXPECT_EQ(groups_in(journey.count(Kind::conversions_won).assumed), (Groups{-1, 0, 0, -1, -1, -1}));
}

TEST(CountEntries, ATransitionImpliesTheStagesThatItFirstPassesOver) {
    const Journey journey({{"New", 0}, {"Prepayment", 1}, {"New", 2}, {"Delivery", 3}});
    EXPECT_EQ(groups_in(journey.count(Kind::conversions_moves).assumed), (Groups{-1, 1, -1, -1, -1, -1}));
}

TEST(CountEntries, CreationImpliesTheEarlierStages) {
    EXPECT_EQ(groups_in(Journey({{"Prepayment", 3}}).count(Kind::conversions_moves).assumed),
              (Groups{3, 3, -1, -1, -1, -1}));
    EXPECT_EQ(groups_in(Journey({{"Lost", 2, 7}}).count(Kind::conversions_moves).assumed),
              (Groups{2, -1, -1, -1, -1, -1}));
    EXPECT_EQ(sums_of(Journey({{"Lost", 2, 7}}).count(Kind::conversions_moves)), (Sums{7, 0, 0, 0, 0, 7}));
}

TEST(CountEntries, TheFurthestStageOrTheFirstWinImpliesTheStagesBeforeIt) {
    const Journey open({{"Discussion", 0}, {"Delivery", 1}, {"Discussion", 2}, {"Delivery", 3}});
    EXPECT_EQ(groups_in(open.count(Kind::furthest).assumed), (Groups{1, -1, 1, -1, -1, -1}));
    const Journey won({{"Delivery", 0}, {"Lost", 1}, {"Won", 2}, {"Won", 3}});
    EXPECT_EQ(groups_in(won.count(Kind::furthest).assumed), (Groups{2, 2, 2, -1, -1, -1}));
}

TEST(CountEntries, TheStrictFunnelCountsStagesPassedInOrder) {
    const Journey journey({{"Discussion", 0}, {"New", 1}, {"Discussion", 2}, {"Delivery", 3}});
    EXPECT_EQ(groups_in(journey.count(Kind::strict).passed), (Groups{1, 2, -1, -1, -1, -1}));
    EXPECT_EQ(groups_in(journey.count(Kind::strict).visited), (Groups{1, 2, -1, 3, -1, -1}));
}

TEST(CountEntries, AnAssumedStageHasTheAmountOfTheNextVisitedStage) {
    const Journey journey(
        {{"New", 0, 1}, {"Prepayment", 1, 2}, {"New", 2, 4}, {"Prepayment", 3, 8}, {"Won", 0, 16}});
    const Counts counts = journey.count(Kind::conversions_won);
    EXPECT_EQ(sums_of(counts), (Sums{4, 8, 8, 16, 16, 0}));
}

TEST(CountEntries, AMissingAmountIsCountedWhereItIsMissing) {
    const Journey journey({{"New", 0, 1}, {"Won", 1, kNone}});
    const Counts counts = journey.count(Kind::conversions_won);
    EXPECT_EQ(groups_in(counts.amount_missing), (Groups{-1, 1, 1, 1, 1, -1}));
    EXPECT_EQ(sums_of(counts), (Sums{1, 0, 0, 0, 0, 0}));
}

TEST(CountEntries, SkippedAndBeyondCountForTheEntryThatFirstWentBeyond) {
    const Journey journey({{"New", 0}, {"Delivery", 1}, {"Discussion", 2}, {"Won", 3}});
    const Counts counts = journey.count(Kind::classic);
    EXPECT_EQ(groups_in(counts.skipped), (Groups{-1, -1, 1, -1, -1, -1}));
    EXPECT_EQ(groups_in(counts.beyond), (Groups{1, 1, -1, 3, -1, -1}));
}

TEST(CountEntries, BegunBeyondCountsForTheFirstEntry) {
    const Journey journey({{"Prepayment", 2}, {"New", 0}, {"Won", 3}});
    const Counts counts = journey.count(Kind::classic);
    EXPECT_EQ(groups_in(counts.skipped), (Groups{-1, 2, -1, 3, -1, -1}));
    EXPECT_EQ(groups_in(counts.began_beyond), (Groups{-1, 2, -1, -1, -1, -1}));
}

TEST(CountEntries, LostFromAndOpenAtCountForTheEntriesIntoTheirStages) {
    const Journey lost({{"New", 0}, {"Discussion", 1}, {"New", 2}, {"Lost", 3}});
    EXPECT_EQ(groups_in(lost.count(Kind::classic).lost_from), (Groups{2, -1, -1, -1, -1, -1}));
    EXPECT_EQ(lost.count(Kind::classic).lost(3), 1);
    const Journey open({{"New", 0}, {"Discussion", 1}, {"Discussion", 2}});
    EXPECT_EQ(groups_in(open.count(Kind::classic).open_at), (Groups{-1, 1, -1, -1, -1, -1}));
}

TEST(CountEntries, LeavesOutTheItemsThatTheRuleLeavesOut) {
    const Counts counts =
        Journey({{"New", 0, 1}, {"Lost", 1, 2}, {"Won", 2, 4}}).count(Kind::classic, LostThenWon::exclude);
    EXPECT_EQ(counts.left_out.sum(), 1);
    EXPECT_EQ(counts.passed.sum() + counts.visited.sum() + counts.won.sum(), 0);
    EXPECT_EQ(counts.amount.sum(), 0);
}

TEST(CountEntries, ReadsTheRowsThatASelectionKeeps) {
    const Log log = log_of({{1, "New", 0}, {1, "Won", 5}, {2, "New", 1}, {2, "Lost", 6}});
    std::vector<std::int32_t> group(4);
    for (std::int64_t item : {1, 2}) {
        const std::size_t begin = log.journeys.offsets[log.place_of(item)];
        group[begin] = static_cast<std::int32_t>(item);
        group[begin + 1] = 0;
    }
    scan::Selection early;
    early.as_of = 5;
    const Pipeline pipeline = shop().read(log);
    const Journeys kept = scan::select_journeys(log.journeys, pipeline, early, 1);
    const RowColumns columns{.whole = log.journeys, .group = group, .n_groups = 3, .amount = {}};
    const Counts counts = count_entries(kept, pipeline, {}, columns);
    EXPECT_EQ(counts.passed.col(0), (CountVector{{0, 1, 1}}));
    EXPECT_EQ(counts.passed.sum(), 2);
}

TEST(CountEntries, TakesGroupsOrAmountsOfItems) {
    const Log log = log_of_journeys({{"New", "Won"}, {"New", "Delivery", "New"}});
    std::vector<std::int32_t> group(2);
    group[log.place_of(2)] = 1;
    const std::vector<double> amount{1, 2, 4, 8, 16};
    const RowColumns columns{.whole = log.journeys, .group = group, .n_groups = 2, .amount = amount};
    const Counts counts = count_entries(log.journeys, shop().read(log), {}, columns);
    const auto last = [&](std::int64_t item) {
        return amount[log.journeys.offsets[log.place_of(item) + 1] - 1];
    };
    EXPECT_EQ(counts.amount(1, 0), last(2));
    EXPECT_EQ(counts.amount(0, 4), last(1));
    EXPECT_EQ(counts.open, (CountVector{{0, 1}}));
}

TEST(CountEntries, RefusesColumnsOfAnotherLength) {
    const Log log = log_of_journeys({{"New", "Won"}, {"New"}});
    const Pipeline pipeline = shop().read(log);
    const std::vector<std::int32_t> two{0, 0}, three{0, 0, 0}, high{0, 2, 0}, four{0, 0, 0, 0};
    const std::vector<double> amounts{1, 2, 3, 4}, infinite{1, 2, std::numeric_limits<double>::infinity()};
    const auto count = [&](const std::vector<std::int32_t>& group, std::span<const double> amount) {
        const RowColumns columns{.whole = log.journeys, .group = group, .n_groups = 2, .amount = amount};
        return count_entries(log.journeys, pipeline, {}, columns);
    };
    EXPECT_NO_THROW(static_cast<void>(count(two, {})));
    EXPECT_NO_THROW(static_cast<void>(count(three, {})));
    EXPECT_THROW(static_cast<void>(count(four, {})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(count(high, {})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(count(two, amounts)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(count(two, infinite)), std::invalid_argument);
}

TEST(RowsOfItems, AreTheFirstAndLastListedRows) {
    const Log log =
        log_of({{1, "Archive", 0}, {1, "New", 1}, {1, "Won", 2}, {1, "Archive", 3}, {2, "Archive", 0}});
    const Pipeline pipeline = shop().read(log);
    const auto begin = static_cast<std::int64_t>(log.journeys.offsets[log.place_of(1)]);
    const auto rows = [&](RowAt at, std::int64_t item) {
        return rows_of_items(log.journeys, pipeline, log.journeys, at, 2)[log.place_of(item)];
    };
    EXPECT_EQ(rows(RowAt::first, 1), begin + 1);
    EXPECT_EQ(rows(RowAt::last, 1), begin + 2);
    EXPECT_EQ(rows(RowAt::first, 2), -1);
    EXPECT_EQ(rows(RowAt::last, 2), -1);
}

TEST(RowsOfItems, RefusesTheRowsOfAnotherLog) {
    const Log log = log_of_journeys({{"New"}}), other = log_of_journeys({{"New"}, {"New"}});
    EXPECT_THROW(
        static_cast<void>(rows_of_items(log.journeys, shop().read(log), other.journeys, RowAt::first, 1)),
        std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::funnel
