#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "stagefunnel/stats/forecast.hpp"

namespace stagefunnel::stats {
namespace {

// One stage with two bins: of those at its beginning 1/4 is won and 1/4 lost; of those left 1/2 is won.
struct OneStage {
    std::vector<std::int64_t> bounds{0, 2};
    std::vector<double> chance{0, .25, .25, 0, .5, 0};
    std::vector<double> weight{100, 50};

    [[nodiscard]] ExitBins bins(std::size_t n_steps = 0) const { return {bounds, chance, weight, n_steps}; }
};

// Items of one row, all in one bin.
struct Items {
    std::vector<std::int64_t> bin, row, number;
    std::vector<double> chance, chance_if, amount;

    Items(std::size_t n, std::int64_t of_bin, double p)
        : bin(n, of_bin), row(n, 0), number(n), chance(n, p), chance_if(n, p), amount(n, 10) {
        std::iota(number.begin(), number.end(), 0);
    }
    [[nodiscard]] OpenItems view() const { return {bin, row, chance, chance_if, amount, number}; }
};

double mean(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double variance(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += (value - mean(values)) * (value - mean(values));
    return sum / static_cast<double>(values.size());
}

TEST(Forecast, WithoutSpreadTheChancesAreThoseOfTheBins) {
    OneStage stage;
    stage.weight = {0, 0};
    // 1/4 + 1/2 × 1/2 from the beginning, 1/2 from the second bin.
    EXPECT_EQ(draw_chances(stage.bins(), 1, 3, 1), (std::vector<double>{.5, .5}));
}

TEST(Forecast, AHorizonEndsWithItsSteps) {
    OneStage stage;
    stage.weight = {0, 0};
    // Bin 0 holds what ends at once; within one step who is at its beginning has that bin alone.
    EXPECT_EQ(draw_chances(stage.bins(1), 1, 3, 1), (std::vector<double>{.25, .5}));
}

TEST(Forecast, BinsWithNumbersAreDrawnAlikeWhateverOthersThereAre) {
    OneStage stage;
    const std::vector<std::int64_t> numbers{0, 7}, bounds{0, 1}, number{7};
    const std::vector<double> chance{0, .5, 0}, weight{50};
    ExitBins both = stage.bins(1), one{bounds, chance, weight, 1};
    both.number = numbers;
    one.number = number;
    const auto of_both = draw_chances(both, 100, 3, 1), of_one = draw_chances(one, 100, 3, 1);
    for (std::size_t draw = 0; draw < 100; ++draw) EXPECT_NEAR(of_both[2 * draw + 1], of_one[draw], 1e-12);
    one.number = numbers;
    EXPECT_THROW((void)draw_chances(one, 1, 0, 1), std::invalid_argument);
}

TEST(Forecast, ACircleThatGoesOnAtOnceIsFollowedToItsEnd) {
    // Two stages that go to each other at once with 1/2, and are won or lost at once with 1/4 each.
    const std::vector<std::int64_t> bounds{0, 1, 2};
    const std::vector<double> chance{0, .5, .25, .25, .5, 0, .25, .25}, weight{0, 0};
    for (const std::size_t n_steps : {0U, 1U, 4U}) {
        const auto found = draw_chances({bounds, chance, weight, n_steps}, 1, 0, 1);
        EXPECT_NEAR(found[0], .5, 1e-12) << n_steps;
    }
}

TEST(Forecast, DrawsOfABinSpreadAsItsWeightSays) {
    // One bin, in which all ends: won with 0.3, as sure as 100 visits.
    const std::vector<std::int64_t> bounds{0, 1};
    const std::vector<double> chance{0, .3, .7}, weight{100};
    const auto drawn = draw_chances({bounds, chance, weight, 0}, 20000, 1, 2);
    EXPECT_NEAR(mean(drawn), .3, .001);
    EXPECT_NEAR(variance(drawn), .3 * .7 / 101, .0001);
}

TEST(Forecast, OutcomesHaveTheMeanAndTheSpreadOfTheirItems) {
    const OneStage stage;
    const Items items(200, 1, .3);
    for (const std::size_t most : {5000U, 10U}) {  // item by item, and as one normal number
        const DrawOptions options{.n_draws = 20000, .seed = 5, .draws_chances = false, .most_items = most};
        const WinDraws drawn = draw_wins(stage.bins(), items.view(), 1, options, 2);
        EXPECT_NEAR(mean(drawn.wins), 60, .3) << most;
        EXPECT_NEAR(variance(drawn.wins), 200 * .3 * .7, 1.5) << most;
        EXPECT_NEAR(mean(drawn.amount), 600, 3) << most;
        EXPECT_NEAR(variance(drawn.amount), 100 * 200 * .3 * .7, 150) << most;
    }
}

TEST(Forecast, ChancesThatAreDrawnAddTheirSpread) {
    const OneStage stage;
    const Items items(200, 1, .5);
    const DrawOptions options{.n_draws = 20000, .seed = 5, .most_items = 5000};
    const WinDraws drawn = draw_wins(stage.bins(), items.view(), 1, options, 2);
    // 200 p (1 − p) of the outcomes, and 200² Var p, p being drawn from Beta(25, 25).
    const double spread = .25 / 51;
    EXPECT_NEAR(variance(drawn.wins), 200 * .25 + (200 * 200 - 200) * spread, 8);
}

TEST(Forecast, WhatWasNeverSeenIsOffInEverySecondDraw) {
    // Three items that four visits say are never won: p = 1 - V^(1/4) in every second draw, which leaves none
    // of three won with 4/7, one with 2/7, two with 4/35 and all with 1/35.
    const OneStage stage;
    const Items items(3, 1, 0);
    const std::vector<double> four(3, 4.0);
    OpenItems view = items.view();
    view.behind = view.behind_if = four;
    const DrawOptions options{.n_draws = 40000, .seed = 5, .most_items = 5000};
    const WinDraws drawn = draw_wins(stage.bins(), view, 1, options, 2);
    const std::vector<double> expected{.5 + 2.0 / 7, 1.0 / 7, 2.0 / 35, 1.0 / 70};
    for (std::size_t wins = 0; wins <= 3; ++wins) {
        const auto n = std::count(drawn.wins.begin(), drawn.wins.end(), static_cast<double>(wins));
        EXPECT_NEAR(static_cast<double>(n) / 40000, expected[wins], .01) << wins;
    }
    EXPECT_EQ(drawn.wins, drawn.wins_if);
    EXPECT_NEAR(mean(drawn.amount), 10 * mean(drawn.wins), 1e-9);
    // As one normal number the mean is the same, of many: 1/2 . 1/5 each.
    const Items many(2000, 1, 0);
    const std::vector<double> four_each(2000, 4.0);
    OpenItems all = many.view();
    all.behind = four_each;
    for (const std::size_t most : {5000U, 10U}) {
        const WinDraws of_many = draw_wins(stage.bins(), all, 1, {8000, 5, true, most}, 2);
        EXPECT_NEAR(mean(of_many.wins), 200, 10) << most;
        EXPECT_EQ(mean(of_many.wins_if), 0) << most;
    }
}

TEST(Forecast, WhatWasAlwaysSeenIsOffInEverySecondDraw) {
    const OneStage stage;
    const Items items(10, 1, 1);
    const std::vector<double> four(10, 4.0);
    OpenItems view = items.view();
    view.behind = view.behind_if = four;
    const WinDraws drawn = draw_wins(stage.bins(), view, 1, {.n_draws = 40000, .seed = 5}, 2);
    // A tenth of them is not won: 1/2 . 1/5.
    EXPECT_NEAR(mean(drawn.wins), 9, .03);
    EXPECT_EQ(drawn.wins, drawn.wins_if);
    EXPECT_NEAR(mean(drawn.amount), 90, .3);
    const WinDraws known =
        draw_wins(stage.bins(), view, 1, {.n_draws = 10, .seed = 5, .draws_chances = false}, 2);
    EXPECT_EQ(mean(known.wins), 10);
}

TEST(Forecast, ThreadsDoNotMatter) {
    const OneStage stage;
    const Items items(50, 0, .5);
    const DrawOptions options{.n_draws = 300, .seed = 9};
    const WinDraws one = draw_wins(stage.bins(), items.view(), 1, options, 1);
    const WinDraws four = draw_wins(stage.bins(), items.view(), 1, options, 4);
    EXPECT_EQ(one.wins, four.wins);
    EXPECT_EQ(one.amount, four.amount);
    const WinDraws other = draw_wins(stage.bins(), items.view(), 1, {.n_draws = 300, .seed = 10}, 4);
    EXPECT_NE(one.wins, other.wins);
}

TEST(Forecast, WhatDoesNotFitIsRefused) {
    const OneStage stage;
    const Items items(2, 2, .5);
    EXPECT_THROW((void)draw_wins(stage.bins(), items.view(), 1, {.n_draws = 1}, 1), std::invalid_argument);
    EXPECT_THROW((void)draw_wins(stage.bins(), Items(2, 0, .5).view(), 0, {.n_draws = 1}, 1),
                 std::invalid_argument);
    const Items sound(2, 0, 0);
    const std::vector<double> one(1, 4.0);
    OpenItems few = sound.view();
    few.behind = one;
    EXPECT_THROW((void)draw_wins(stage.bins(), few, 1, {.n_draws = 1}, 1), std::invalid_argument);
    OneStage broken;
    broken.chance[0] = -1;
    EXPECT_THROW((void)draw_chances(broken.bins(), 1, 0, 1), std::invalid_argument);
    broken.chance.pop_back();
    EXPECT_THROW((void)draw_chances(broken.bins(), 1, 0, 1), std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::stats
