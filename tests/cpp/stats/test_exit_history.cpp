#include <gtest/gtest.h>

#include <random>
#include <stdexcept>
#include <vector>

#include "stagefunnel/stats/exit_history.hpp"

namespace stagefunnel::stats {
namespace {

using Times = std::vector<std::int64_t>;
using Codes = std::vector<std::int32_t>;

constexpr std::int64_t kStillThere = 0;  // means nothing where nothing ended it
constexpr std::int32_t kAsWon = 0, kAsLost = 1;

/// Visits that keep their columns.
struct Columns {
    Times began, ended;
    Codes cause, cell;

    [[nodiscard]] DatedVisits visits(std::size_t n_cells = 1) const {
        return {
            .began = began, .ended = ended, .cause = cause, .cell = cell, .n_causes = 2, .n_cells = n_cells};
    }
};

SteppedExits steps_of(const ExitHistory& history, const KnownExits& known, const Times& end,
                      std::int64_t cell = 0, unsigned threads = 1) {
    const Times cells{cell}, bounds{0, static_cast<std::int64_t>(end.size())};
    return history.by_step(known, {cells, bounds, end}, threads);
}

/// The history of visits as known at one moment, and what was known.
struct At {
    At(const DatedVisits& visits, std::int64_t moment, std::int64_t until, unsigned threads = 1)
        : history(visits, std::vector<Watched>{{moment, until}}, threads), known(history.known().front()) {}
    At(const DatedVisits& visits, std::int64_t moment) : At(visits, moment, moment) {}

    ExitHistory history;
    KnownExits known;
};

// Six visits of one stage: won after 10, lost after 20, won after 30, lost after 40, there since 15 and since
// 50 at the moment 50.
const Columns kSix{{0, 0, 0, 0, 35, 0},
                   {10, 20, 30, 40, kStillThere, kStillThere},
                   {kAsWon, kAsLost, kAsWon, kAsLost, -1, -1},
                   {0, 0, 0, 0, 0, 0}};

TEST(ExitHistory, TakesTheSharesOfTheVisitsThatLastedSoLong) {
    const auto [history, known] = At(kSix.visits(), 50);
    EXPECT_EQ(known.events, (Times{2, 2}));
    EXPECT_EQ(known.oldest, (Times{40}));
    EXPECT_EQ(known.spent, (Times{10 + 20 + 30 + 40 + 15 + 50}));
    EXPECT_EQ(known.common, 5);
    const SteppedExits steps = steps_of(history, known, {0, 10, 20, 30, 40});
    EXPECT_EQ(steps.at_risk, (Times{0, 6, 4, 3, 2}));
    const std::vector<double> left{1, 5. / 6, 5. / 8, 5. / 12, 5. / 24};
    const std::vector<double> won{0, 1. / 6, 0, 5. / 24, 0}, lost{0, 0, 5. / 24, 0, 5. / 24};
    for (std::size_t step = 0; step < 5; ++step) {
        EXPECT_NEAR(steps.left[step], left[step], 1e-15);
        EXPECT_NEAR(steps.chance[2 * step], won[step], 1e-15);
        EXPECT_NEAR(steps.chance[2 * step + 1], lost[step], 1e-15);
    }
    // Greenwood: 1 / (6 * 5) and 1 / (4 * 3).
    EXPECT_NEAR(steps.spread[1], 1. / 30, 1e-15);
    EXPECT_NEAR(steps.spread[2], 1. / 12, 1e-15);
}

TEST(ExitHistory, KnowsNothingThatHappensAtTheMomentOrLater) {
    const auto [history, known] = At(kSix.visits(), 20);
    // The visits that began at 0, of which one has ended; that which ends at 20 goes on.
    EXPECT_EQ(known.events, (Times{1, 0}));
    EXPECT_EQ(known.oldest, (Times{10}));
    EXPECT_EQ(known.spent, (Times{10 + 4 * 20}));
    const SteppedExits steps = steps_of(history, known, {10});
    EXPECT_EQ(steps.at_risk, (Times{5}));
    EXPECT_DOUBLE_EQ(steps.left[0], 0.8);
    EXPECT_EQ(At(kSix.visits(), 0).known.oldest, (Times{-1}));
    EXPECT_EQ(At(kSix.visits(), 0).known.common, 0);
}

TEST(ExitHistory, WatchesAVisitThatBeginsAtTheEndOfTheWatchForNoTime) {
    const Columns columns{{-3, 0}, {-1, kStillThere}, {kAsWon, -1}, {0, 0}};
    EXPECT_EQ(At(columns.visits(), 1, 0).known.open_age, (Times{0}));
    EXPECT_EQ(At(columns.visits(), 0).known.open_age, Times{});
}

TEST(ExitHistory, LeavesOutWhatIsNoVisit) {
    Columns columns = kSix;
    columns.cause[0] = Spells::kLeftOut;
    columns.cell[0] = 99;
    EXPECT_EQ(At(columns.visits(), 50).known.events, (Times{1, 2}));
}

TEST(ExitHistory, IsWhatTheCurvesOfTheSameVisitsSayOnAnyNumberOfThreads) {
    std::mt19937_64 random(7);
    for (const std::int64_t unit : {1, 1'000'003}) {
        Columns columns;
        for (int i = 0; i < 40'000; ++i) {
            const auto began = static_cast<std::int64_t>(random() % 400) * unit;
            const bool ends = random() % 5 != 0;
            columns.began.push_back(began);
            columns.ended.push_back(ends ? began + static_cast<std::int64_t>(random() % 150) * unit
                                         : kStillThere);
            columns.cause.push_back(ends ? static_cast<std::int32_t>(random() % 2) : -1);
            columns.cell.push_back(static_cast<std::int32_t>(random() % 3));
        }
        for (const std::int64_t moment : {3 * unit, 200 * unit, 900 * unit}) {
            Times exit;
            Codes cause, group;
            for (std::size_t i = 0; i < columns.began.size(); ++i) {
                if (columns.began[i] >= moment) continue;
                const bool is_over = columns.cause[i] >= 0 && columns.ended[i] < moment;
                exit.push_back((is_over ? columns.ended[i] : moment) - columns.began[i]);
                cause.push_back(is_over ? columns.cause[i] : Spells::kCensored);
                group.push_back(columns.cell[i]);
            }
            const Spells spells{.exit = exit, .cause = cause, .group = group, .n_causes = 2, .n_groups = 3};
            const IncidenceCurves curves = estimate_incidence(spells, std::nullopt, 0, 1);
            const auto [history, known] = At(columns.visits(3), moment);
            const auto [same, again] = At(columns.visits(3), moment, moment, 4);
            EXPECT_EQ(known.events, again.events);
            const std::vector<Watched> all{{2 * unit, 2 * unit}, {moment, moment}, {moment + 7, moment + 7}};
            const ExitHistory of_all(columns.visits(3), all, 2);
            const KnownExits& together = of_all.known()[1];
            EXPECT_EQ(known.events, together.events);
            EXPECT_EQ(known.oldest, together.oldest);
            EXPECT_EQ(known.spent, together.spent);
            EXPECT_EQ(known.common, together.common);
            EXPECT_EQ(known.open_age, together.open_age);
            EXPECT_EQ(known.open_age, again.open_age);
            for (std::size_t cell = 0; cell < 3; ++cell) {
                const auto first = static_cast<std::size_t>(curves.bounds[cell]);
                const auto last = static_cast<std::size_t>(curves.bounds[cell + 1]);
                const Times ages(curves.time.begin() + curves.bounds[cell],
                                 curves.time.begin() + curves.bounds[cell + 1]);
                const auto own = static_cast<std::int64_t>(cell);
                const SteppedExits steps = steps_of(history, known, ages, own);
                EXPECT_EQ(steps.left, steps_of(same, again, ages, own, 4).left);
                EXPECT_EQ(steps.left, steps_of(of_all, together, ages, own, 2).left);
                EXPECT_EQ(steps.spread, steps_of(of_all, together, ages, own, 2).spread);
                for (std::size_t i = first; i < last; ++i) {
                    EXPECT_NEAR(steps.left[i - first], curves.survival[i], 1e-13);
                    EXPECT_EQ(steps.left[i - first] == 0, curves.survival[i] == 0);
                    EXPECT_EQ(steps.at_risk[i - first], curves.at_risk[i]);
                    const double before = i == first ? 0 : curves.incidence[2 * (i - 1)];
                    EXPECT_NEAR(steps.chance[2 * (i - first)], curves.incidence[2 * i] - before, 1e-13);
                }
            }
        }
    }
}

TEST(ExitHistory, FillsTheStepsOfOneCellTogetherAsAlone) {
    const auto [history, known] = At(kSix.visits(), 50);
    const Times cells{0, 0}, bounds{0, 2, 5}, end{20, 40, 10, 20, 30};
    const SteppedExits both = history.by_step(known, {cells, bounds, end}, 1);
    const SteppedExits first = steps_of(history, known, {20, 40}),
                       second = steps_of(history, known, {10, 20, 30});
    const auto joined = [](auto a, const auto& b) {
        a.insert(a.end(), b.begin(), b.end());
        return a;
    };
    EXPECT_EQ(both.chance, joined(first.chance, second.chance));
    EXPECT_EQ(both.gone, joined(first.gone, second.gone));
    EXPECT_EQ(both.left, joined(first.left, second.left));
    EXPECT_EQ(both.spread, joined(first.spread, second.spread));
    EXPECT_EQ(both.at_risk, joined(first.at_risk, second.at_risk));
    // By 20 one of six is won, then of the four that last as long one is lost.
    EXPECT_DOUBLE_EQ(both.gone[0], 1. / 6);
    EXPECT_DOUBLE_EQ(both.gone[1], 5. / 24);
}

TEST(ExitHistory, SpreadsAsTheSumOverAllEndsDoes) {
    // Two end at 10, one at 20 and, after one that went on, the last two at 30.
    const Columns columns{{0, 0, 0, 5, 0, 0},
                          {10, 10, 20, kStillThere, 30, 30},
                          {kAsWon, kAsLost, kAsWon, -1, kAsWon, kAsLost},
                          {0, 0, 0, 0, 0, 0}};
    const auto [history, known] = At(columns.visits(), 31, 30);
    // By 20: 2 / (6 * 4) and 1 / (4 * 3). The one that went on was 25; the last ends add nothing.
    const SteppedExits steps = steps_of(history, known, {20, 40});
    EXPECT_NEAR(steps.spread[0], 2. / 24 + 1. / 12, 1e-15);
    EXPECT_NEAR(steps.spread[1], 0, 1e-15);
    EXPECT_EQ(steps.at_risk, (Times{6, 2}));
    EXPECT_EQ(steps.left[1], 0);
    EXPECT_NEAR(steps.gone[0], 1. / 6 + 1. / 6, 1e-15);
    EXPECT_NEAR(steps.gone[2] + steps.gone[3], 1, 1e-15);
    // Where all end without one that goes on, the sum is that before the last ends.
    const Columns all{{0, 0, 0, 0}, {10, 20, 30, 30}, {kAsWon, kAsLost, kAsWon, kAsLost}, {0, 0, 0, 0}};
    const auto [over, known_over] = At(all.visits(), 31);
    EXPECT_NEAR(steps_of(over, known_over, {30}).spread[0], 1. / 12 + 1. / 6, 1e-15);
}

TEST(ExitHistory, CutsEndsIntoRunsOfAboutAsMany) {
    const auto [history, known] = At(kSix.visits(), 50);
    EXPECT_EQ(history.cuts(known, 0, 4), (Times{10, 20, 30, 40}));
    EXPECT_EQ(history.cuts(known, 0, 2), (Times{20, 40}));
    // A third of four is reached with the second, two thirds with the third.
    EXPECT_EQ(history.cuts(known, 0, 3), (Times{20, 30, 40}));
    // Before the moment 30 two had ended.
    const auto [earlier, known_then] = At(kSix.visits(), 30);
    EXPECT_EQ(earlier.cuts(known_then, 0, 1), (Times{20}));
    EXPECT_THROW(static_cast<void>(history.cuts(known, 1, 3)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(history.cuts({}, 0, 3)), std::invalid_argument);
}

TEST(ExitHistory, RefusesMomentsThatDoNotRise) {
    const std::vector<Watched> moments{{20, 20}, {10, 10}};
    EXPECT_THROW(ExitHistory(kSix.visits(), moments, 1), std::invalid_argument);
}

TEST(ExitHistory, RefusesWhatDoesNotFit) {
    Columns columns = kSix;
    columns.ended[0] = -1;
    EXPECT_THROW(At(columns.visits(), 50), std::invalid_argument);
    columns = kSix;
    columns.cause[0] = 2;
    EXPECT_THROW(At(columns.visits(), 50), std::invalid_argument);
    columns = kSix;
    columns.cell[0] = 1;
    EXPECT_THROW(At(columns.visits(), 50), std::invalid_argument);
    columns = kSix;
    columns.cell.pop_back();
    EXPECT_THROW(At(columns.visits(), 50), std::invalid_argument);
    const auto [history, known] = At(kSix.visits(), 50);
    EXPECT_THROW(static_cast<void>(steps_of(history, known, {10}, 1)), std::invalid_argument);
    const Times cells{0}, bounds{0, 2}, end{10};
    EXPECT_THROW(static_cast<void>(history.by_step(known, {cells, bounds, end}, 1)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(history.by_step({}, {cells, bounds, end}, 1)), std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::stats
