#include <gtest/gtest.h>

#include "stagefunnel/questions/funnel/trend.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::funnel {
namespace {

using namespace stagefunnel::testing;

// Times are days of a year; the periods are its first four months.
const std::vector<std::int64_t> kMonths{0, 31, 59, 90, 120};
const std::vector<Row> kDealRows{{1, "New", 4},   {1, "Prepayment", 78}, {1, "Won", 99},     {2, "New", 10},
                                 {2, "Lost", 20}, {2, "Discussion", 70}, {3, "Delivery", 60}};

std::vector<std::int64_t> column(const CountMatrix& counts, Eigen::Index row) {
    std::vector<std::int64_t> values;
    for (Eigen::Index period = 0; period < counts.rows(); ++period) values.push_back(counts(period, row));
    return values;
}

Counts months(const std::vector<Row>& rows, const Options& options = {}) {
    const Log log = log_of(rows);
    return count_trend(log.journeys, shop().read(log), options,
                       {.bounds = kMonths, .as_of = {}, .elsewhere = {}});
}

using Numbers = std::vector<std::int64_t>;

TEST(CountTrend, AnOpenItemCountsInEveryMonthAsItStoodAtItsEnd) {
    const Counts counts = months(kDealRows);
    EXPECT_EQ(column(counts.passed, 0), (Numbers{2, 1, 2, 2}));  // New: item 2 is absent while it is lost
    EXPECT_EQ(column(counts.passed, 1), (Numbers{0, 0, 1, 1}));  // Discussion
    EXPECT_EQ(column(counts.passed, 2), (Numbers{0, 0, 1, 1}));  // Prepayment
    EXPECT_EQ(column(counts.passed, 3), (Numbers{0, 0, 1, 1}));  // Delivery
    EXPECT_EQ(column(counts.passed, 4), (Numbers{0, 0, 0, 1}));  // Won
    EXPECT_EQ(column(counts.passed, 5), (Numbers{1, 0, 1, 1}));  // Lost
    EXPECT_EQ(column(counts.began_beyond, 0), (Numbers{0, 0, 1, 1}));
    EXPECT_EQ(column(counts.began_beyond, 2), (Numbers{0, 0, 1, 1}));
    EXPECT_EQ(column(counts.lost_from, 0), (Numbers{1, 0, 0, 0}));
    EXPECT_EQ(list_of(counts.open), (Numbers{1, 1, 3, 2}));
}

TEST(CountTrend, AmountsComeAndGoWithTheItems) {
    const Log log = log_of(kDealRows);
    std::vector<double> amounts(3);
    amounts[log.place_of(1)] = 0.1;
    amounts[log.place_of(2)] = 0.2;
    amounts[log.place_of(3)] = std::nan("");
    const Counts counts = count_trend(log.journeys, shop().read(log), {.group = {}, .amount = amounts},
                                      {.bounds = kMonths, .as_of = {}, .elsewhere = {}});
    EXPECT_EQ(counts.amount(0, 0), 0.1 + 0.2);
    EXPECT_EQ(counts.amount(1, 0), 0.1);
    EXPECT_EQ(counts.amount(1, 5), 0);
    EXPECT_EQ(column(counts.amount_missing, 3), (Numbers{0, 0, 1, 1}));
}

TEST(CountTrend, BoundsMustRise) {
    const Log log = log_of(kDealRows);
    const Pipeline pipeline = shop().read(log);
    for (const Numbers& bounds : {Numbers{}, Numbers{5}, Numbers{5, 5}, Numbers{5, 4}}) {
        EXPECT_THROW(
            count_trend(log.journeys, pipeline, {}, {.bounds = bounds, .as_of = {}, .elsewhere = {}}),
            std::invalid_argument);
        EXPECT_THROW(periods_of_items(log.journeys, pipeline, scan::Basis::created, bounds, 1),
                     std::invalid_argument);
    }
    EXPECT_THROW(periods_of_items(log.journeys, pipeline, scan::Basis::active, kMonths, 1),
                 std::invalid_argument);
}

TEST(PeriodsOfItems, AreThoseOfTheFirstRowAndOfTheClosingRow) {
    const Log log = log_of(kDealRows);
    const Pipeline pipeline = shop().read(log);
    const auto created = periods_of_items(log.journeys, pipeline, scan::Basis::created, kMonths, 1);
    EXPECT_EQ(created[log.place_of(1)], 0);
    EXPECT_EQ(created[log.place_of(3)], 2);
    const auto closed = periods_of_items(log.journeys, pipeline, scan::Basis::closed, kMonths, 1);
    EXPECT_EQ(closed[log.place_of(1)], 3);
    EXPECT_EQ(closed[log.place_of(2)], -1);
    const Numbers later{100, 200};
    EXPECT_EQ(periods_of_items(log.journeys, pipeline, scan::Basis::closed, later, 1)[log.place_of(1)], -1);
}

/// Random rows; the codes 0 to 3 are in progress, 4 is won, 5 lost, 6 elsewhere and 7 unlisted.
Journeys many_rows(std::uint64_t n_rows, std::uint64_t n_items) {
    CodedRows rows;
    rows.n_labels = 8;
    std::uint64_t state = 1;
    for (std::uint64_t i = 0; i < n_rows; ++i) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        rows.add((state >> 33U) % n_items, (state >> 20U) % 8,
                 static_cast<std::int64_t>((state >> 40U) % 1'000));
    }
    return rows.build();
}

class TrendOfManyRows : public ::testing::TestWithParam<std::tuple<Kind, LostThenWon, scan::MovedOut>> {};

TEST_P(TrendOfManyRows, IsTheFunnelOfEachPeriodAlone) {
    const auto [kind, flip, moved_out] = GetParam();
    const Journeys journeys = many_rows(60'000, 20'000);
    const Pipeline pipeline(4, 1, 1, {0, 1, 2, 3, 4, 5, -1, -1});
    const std::vector<std::uint8_t> elsewhere{0, 0, 0, 0, 0, 0, 1, 0};
    std::vector<std::int32_t> group(journeys.n_items());
    for (std::size_t item = 0; item < group.size(); ++item) group[item] = static_cast<std::int32_t>(item % 3);
    const Numbers bounds{100, 300, 350, 351, 700, 900};
    const Options options{
        .kind = kind, .lost_then_won = flip, .group = group, .n_groups = 3, .amount = {}, .threads = 2};
    const Counts trend =
        count_trend(journeys, pipeline, options,
                    {.bounds = bounds, .as_of = 800, .elsewhere = elsewhere, .moved_out = moved_out});
    const Eigen::Index n_groups = moved_out == scan::MovedOut::include ? 6 : 3;
    for (Eigen::Index period = 0; period < 5; ++period) {
        const auto p = static_cast<std::size_t>(period);
        const Journeys kept = scan::select_journeys(journeys, pipeline,
                                                    {.basis = scan::Basis::active,
                                                     .start = bounds[p],
                                                     .end = bounds[p + 1],
                                                     .as_of = 800,
                                                     .elsewhere = elsewhere,
                                                     .moved_out = moved_out},
                                                    1);
        const std::vector<std::uint8_t> moved = scan::moved_items(kept, pipeline, elsewhere, 1);
        std::vector<std::int32_t> apart = group;
        for (std::size_t item = 0; item < apart.size(); ++item) apart[item] += moved[item] != 0 ? 3 : 0;
        Options alone = options;
        alone.group = apart;
        alone.n_groups = static_cast<std::int32_t>(n_groups);
        const Counts expected = count_funnel(kept, pipeline, alone);
        const auto rows = [&](const auto& table) {
            return table.middleRows(period * n_groups, n_groups).eval();
        };
        for (const auto& [name, table] : kStageTables) {
            if (table == &Counts::amount_missing) continue;  // empty without amounts
            EXPECT_EQ(rows(trend.*table), expected.*table) << name;
        }
        for (const auto& [name, table] : kGroupTables) EXPECT_EQ(rows(trend.*table), expected.*table) << name;
        EXPECT_GT(expected.open.sum(), 0);
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, TrendOfManyRows,
    ::testing::Combine(::testing::Values(Kind::classic, Kind::conversions_won, Kind::conversions_moves,
                                         Kind::furthest, Kind::strict),
                       ::testing::Values(LostThenWon::include, LostThenWon::exclude,
                                         LostThenWon::exclude_reopened),
                       ::testing::Values(scan::MovedOut::exclude, scan::MovedOut::include)));

}  // namespace
}  // namespace stagefunnel::funnel
