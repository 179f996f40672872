#include <gtest/gtest.h>

#include <random>

#include "stagefunnel/stats/incidence.hpp"
#include "stats/radix_sort.hpp"

namespace stagefunnel::stats {
namespace {

using Times = std::vector<std::int64_t>;
using Codes = std::vector<std::int32_t>;

constexpr std::int32_t kWon = 0, kLost = 1, kOpen = Spells::kCensored;
constexpr std::int64_t kStart = Spells::kFromStart;

/// Spells that keep their columns.
struct Column {
    Times exit;
    Codes cause;
    Times entry{};
    Codes group{};

    [[nodiscard]] Spells spells(std::int32_t n_causes = 2, std::int32_t n_groups = 1) const {
        return {exit, cause, entry, group, n_causes, n_groups};
    }
};

IncidenceCurves estimate(const Spells& spells, std::int64_t min_at_risk = 0, unsigned threads = 1) {
    return estimate_incidence(spells, std::nullopt, min_at_risk, threads);
}

/// Times without end, so that they are sorted and not counted in cells.
Times far_apart(Times times) {
    for (std::int64_t& time : times)
        if (time != kStart) time *= 1'000'000'007;
    return times;
}

// Won at 2, lost at 4, open until 5, won at 8: of four, four, three and one at risk.
const Column kFour{{2, 4, 5, 8}, {kWon, kLost, kOpen, kWon}};

TEST(Incidence, MultipliesTheSharesThatNothingHappensTo) {
    const IncidenceCurves curves = estimate(kFour.spells());
    EXPECT_EQ(curves.time, (Times{2, 4, 8}));
    EXPECT_EQ(curves.at_risk, (Times{4, 3, 1}));
    EXPECT_EQ(curves.events, (Times{1, 0, 0, 1, 1, 0}));
    EXPECT_DOUBLE_EQ(curves.survival[0], 0.75);
    EXPECT_DOUBLE_EQ(curves.survival[1], 0.5);
    EXPECT_DOUBLE_EQ(curves.survival[2], 0);
    EXPECT_DOUBLE_EQ(curves.incidence[0], 0.25);  // won
    EXPECT_DOUBLE_EQ(curves.incidence[3], 0.25);  // lost
    EXPECT_DOUBLE_EQ(curves.incidence[4], 0.75);  // won: the one that is left stands for two
}

TEST(Incidence, HasTheVarianceOfABinomialWhereNothingIsCensored) {
    const Column column{{1, 2, 2, 3, 3}, {kWon, kLost, kWon, kLost, kLost}};
    const IncidenceCurves curves = estimate(column.spells());
    EXPECT_NEAR(curves.incidence[4], 0.4, 1e-15);
    EXPECT_NEAR(curves.variance[4], 0.4 * 0.6 / 5, 1e-15);
    EXPECT_NEAR(curves.covariance[2], -0.4 * 0.6 / 5, 1e-15);
}

TEST(Incidence, TakesEventsBeforeWhatIsCensoredAtTheSameTime) {
    const Column column{{3, 3}, {kOpen, kWon}};
    EXPECT_EQ(estimate(column.spells()).at_risk, Times{2});
}

TEST(Incidence, TakesEventsOfOneTimeAsSimultaneous) {
    const Column column{{3, 3, 3, 4}, {kWon, kLost, kWon, kOpen}};
    const IncidenceCurves curves = estimate(column.spells());
    EXPECT_EQ(curves.time, Times{3});
    EXPECT_DOUBLE_EQ(curves.incidence[0], 0.5);
    EXPECT_DOUBLE_EQ(curves.incidence[1], 0.25);
}

TEST(Incidence, HasSpellsOfNoLength) {
    const Column column{{0, 0, 1}, {kWon, kOpen, kLost}};
    const IncidenceCurves curves = estimate(column.spells());
    EXPECT_EQ(curves.time, (Times{0, 1}));
    EXPECT_EQ(curves.at_risk, (Times{3, 1}));
}

TEST(Incidence, PutsSpellsAtRiskAfterTheirEntry) {
    const Column column{{2, 4, 6}, {kWon, kWon, kWon}, {kStart, 2, 3}};
    EXPECT_EQ(estimate(column.spells()).at_risk, (Times{1, 2, 1}));
    const Column apart{far_apart(column.exit), column.cause, far_apart(column.entry)};
    EXPECT_EQ(estimate(apart.spells()).at_risk, (Times{1, 2, 1}));
}

TEST(Incidence, PassesOverEventsOfFewAtRisk) {
    const Column column{{2, 4, 6}, {kWon, kWon, kLost}, {kStart, 2, 3}};
    const IncidenceCurves curves = estimate(column.spells(), 2);
    EXPECT_EQ(curves.time, Times{4});
    EXPECT_DOUBLE_EQ(curves.incidence[0], 0.5);
}

TEST(Incidence, EstimatesAtTimesBetweenWholeOnes) {
    const Times below{1, 2, 3, 9}, above{1, 3, 4, 9};  // 1, 2.5, 3.5, 9
    const IncidenceCurves curves = estimate_incidence(kFour.spells(), WantedTimes{below, above}, 0, 1);
    EXPECT_EQ(curves.time, (Times{0, 1, 2, 3}));
    EXPECT_EQ(curves.at_risk, (Times{4, 3, 3, 0}));
    EXPECT_EQ(curves.events, (Times{0, 0, 1, 0, 0, 0, 1, 1}));
    EXPECT_DOUBLE_EQ(curves.incidence[2], 0.25);
    EXPECT_DOUBLE_EQ(curves.incidence[6], 0.75);
}

TEST(Incidence, KeepsGroupsApartAndLeavesOutWhatIsNoSpell) {
    const Column column{{2, 5, 4, 1}, {kWon, kLost, kWon, Spells::kLeftOut}, {}, {1, 0, 1, 0}};
    const IncidenceCurves curves = estimate(column.spells(2, 3));
    EXPECT_EQ(curves.bounds, (Times{0, 1, 3, 3}));
    EXPECT_EQ(curves.time, (Times{5, 2, 4}));
    EXPECT_EQ(curves.at_risk, (Times{1, 2, 1}));
}

TEST(Incidence, RefusesWhatDoesNotFit) {
    EXPECT_THROW(estimate(Column{{1, 2}, {kWon}}.spells()), std::invalid_argument);
    EXPECT_THROW(estimate(Column{{1}, {2}}.spells()), std::invalid_argument);
    EXPECT_THROW(estimate(Column{{1}, {kWon}, {1}}.spells()), std::invalid_argument);
    EXPECT_THROW(estimate(Column{{1}, {kWon}, {}, {1}}.spells()), std::invalid_argument);
}

Column random_column(std::uint64_t seed, std::size_t n, std::int64_t n_times, std::int32_t n_groups) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::int64_t bound) {
        return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(bound));
    };
    Column column;
    for (std::size_t i = 0; i < n; ++i) {
        const std::int64_t entry = below(3) == 0 ? below(n_times) : kStart;
        column.entry.push_back(entry);
        column.exit.push_back((entry == kStart ? -1 : entry) + 1 + below(n_times));
        column.cause.push_back(static_cast<std::int32_t>(below(4)) - 1);
        column.group.push_back(static_cast<std::int32_t>(below(n_groups)));
    }
    return column;
}

TEST(Incidence, IsTheSameBySortAndByCellsAndWithAnyNumberOfThreads) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        const Column column = random_column(seed, 40'000, 60, 5);
        const Column apart{far_apart(column.exit), column.cause, far_apart(column.entry), column.group};
        const IncidenceCurves cells = estimate(column.spells(3, 5), 2, 1);
        for (const unsigned threads : {1U, 3U}) {
            const IncidenceCurves sorted = estimate(apart.spells(3, 5), 2, threads);
            EXPECT_EQ(sorted.time, far_apart(cells.time));
            EXPECT_EQ(sorted.at_risk, cells.at_risk);
            EXPECT_EQ(sorted.events, cells.events);
            EXPECT_EQ(sorted.incidence, cells.incidence);
            EXPECT_EQ(sorted.variance, cells.variance);
            EXPECT_EQ(estimate(column.spells(3, 5), 2, threads).variance, cells.variance);
        }
    }
}

TEST(Incidence, CountsTimesThatAreFarApartByTheirStep) {
    Column column = random_column(9, 20'000, 60, 5);
    const IncidenceCurves days = estimate(column.spells(3, 5));
    for (std::int64_t& time : column.exit) time = 86'400 * time + 7;
    for (std::int64_t& time : column.entry)
        if (time != kStart) time = 86'400 * time + 7;
    const IncidenceCurves seconds = estimate(column.spells(3, 5));
    EXPECT_EQ(seconds.time[0], 86'400 * days.time[0] + 7);
    EXPECT_EQ(seconds.at_risk, days.at_risk);
    EXPECT_EQ(seconds.variance, days.variance);
}

TEST(RobustVariances, AreGreenwoodsWhereAllAreWatchedFromTheBeginning) {
    Column column = random_column(5, 300, 20, 2);
    column.entry.clear();
    for (std::int64_t& exit : column.exit) exit %= 40;
    const IncidenceCurves curves = estimate(column.spells(3, 2));
    const std::vector<double> robust = robust_variances(column.spells(3, 2), {}, std::nullopt, 0);
    ASSERT_EQ(robust.size(), curves.variance.size());
    for (std::size_t i = 0; i < robust.size(); ++i) EXPECT_NEAR(robust[i], curves.variance[i], 1e-14);
}

TEST(RobustVariances, DoubleWhereEachItemIsThereTwice) {
    const Column once = random_column(6, 50, 20, 1);
    Column twice = once;
    Codes item;
    for (std::int32_t i = 0; i < 100; ++i) item.push_back(i % 50);
    const auto repeat = [](auto& column) {
        const auto copy = column;
        column.insert(column.end(), copy.begin(), copy.end());
    };
    repeat(twice.exit);
    repeat(twice.entry);
    repeat(twice.cause);
    repeat(twice.group);
    const std::vector<double> one = robust_variances(once.spells(3), {}, std::nullopt, 0);
    const std::vector<double> two = robust_variances(twice.spells(3), item, std::nullopt, 0);
    ASSERT_EQ(one.size(), two.size());
    for (std::size_t i = 0; i < one.size(); ++i) EXPECT_NEAR(one[i], two[i], 1e-12);
}

TEST(RobustVariances, RefuseItemsThatAreNotOneForEachSpell) {
    const Codes item{0};
    EXPECT_THROW(robust_variances(kFour.spells(), item, std::nullopt, 0), std::invalid_argument);
}

TEST(RadixSort, SortsFewAndManyAndKeepsTheOrderOfEqualKeys) {
    for (const std::size_t n : {0U, 1U, 200U, 5000U}) {
        std::mt19937_64 random(n);
        std::vector<Keyed> values, spare(n);
        for (std::size_t i = 0; i < n; ++i)
            values.push_back({random() >> (i % 2 == 0 ? 1U : 60U), static_cast<std::int32_t>(i)});
        std::vector<Keyed> expected = values;
        std::stable_sort(expected.begin(), expected.end(),
                         [](const Keyed& a, const Keyed& b) { return a.key < b.key; });
        radix_sort<Keyed>(values, spare);
        for (std::size_t i = 0; i < n; ++i) {
            EXPECT_EQ(values[i].key, expected[i].key);
            EXPECT_EQ(values[i].what, expected[i].what);
        }
    }
}

}  // namespace
}  // namespace stagefunnel::stats
