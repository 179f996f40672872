#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "stats/bin_chances.hpp"
#include "stats/chance_law.hpp"

namespace stagefunnel::stats {
namespace {

// Two stages that go to each other, are won and are lost; the last bins leave some who never go.
struct TwoStages {
    std::vector<std::int64_t> bounds{0, 3, 6};
    std::vector<double> chance{0,   .05, .02, .03, 0,  .2, .1, .15, 0,  .1, .3, .2,  //
                               .04, 0,   .01, .05, .1, 0,  .2, .1,  .3, 0,  .1, .2};
    std::vector<double> weight{4000, 3500, 2000, 5000, 4500, 2500};

    [[nodiscard]] ExitBins bins(std::size_t n_steps) const { return {bounds, chance, weight, n_steps}; }
};

const std::vector<CountedBin> kCounted{{0, 1, 30}, {0, 2, 10}, {1, 1, 5}, {1, 4, 20}, {1, 5, 40}};

double log_odds(double p) { return std::log(p / (1 - p)); }

std::vector<double> of_kind(const BinChances& chances, Kind kind) {
    return kind == Kind::all ? chances.win : chances.win_if;
}

// The sums of two rows for some chances of exits.
std::vector<double> sums_of(const ExitBins& exits, const std::vector<double>& chance, Kind kind) {
    const auto win = of_kind(chances_of_bins(exits, chance, IfClosed::find), kind);
    std::vector<double> sums(2, 0.0);
    for (const CountedBin& one : kCounted) sums[one.row] += one.weight * log_odds(win[one.bin]);
    return sums;
}

TEST(ChanceLaw, OneBinSpreadsAsDirichletDoes) {
    // All ends in one bin, won with 0.3, as sure as 100 visits: the log-odds of Beta(30, 70) have about the
    // variance 0.21 / 101 / 0.21², and 7 times as much if 7² / 7 items count.
    const std::vector<std::int64_t> bounds{0, 1};
    const std::vector<double> chance{0, .3, .7}, weight{100};
    const std::vector<CountedBin> counted{{0, 0, 7}};
    for (const Kind kind : {Kind::all, Kind::closed}) {
        const SumLaw law = law_of_sums({bounds, chance, weight, 0}, counted, 1, kind);
        EXPECT_NEAR(law.variance[0], 49 / (101 * .21), 1e-12);
        EXPECT_NEAR(law.root[0] * law.root[0], law.variance[0], 1e-12);
        // Beta(30, 70) is skewed by 2 (70 − 30) √101 / (102 √2100).
        EXPECT_NEAR(law.third[0] / std::pow(law.variance[0], 1.5),
                    80 * std::sqrt(101) / (102 * std::sqrt(2100)), 1e-12);
    }
}

TEST(ChanceLaw, WhoNeverLeavesCountsForAllAndNotForTheClosed) {
    // Of 100 visits 30 are won and 20 lost. If closed, 0.6 of them win, and the luck of closing does not
    // matter: the log-odds are those of 30 against 20.
    const std::vector<std::int64_t> bounds{0, 1};
    const std::vector<double> chance{0, .3, .2}, weight{100};
    const std::vector<CountedBin> counted{{0, 0, 1}};
    const SumLaw all = law_of_sums({bounds, chance, weight, 0}, counted, 1, Kind::all);
    EXPECT_NEAR(all.variance[0], 1 / (101 * .21), 1e-12);
    const SumLaw closed = law_of_sums({bounds, chance, weight, 0}, counted, 1, Kind::closed);
    EXPECT_NEAR(closed.variance[0], (1 / .3 + 1 / .2) / 101, 1e-12);
}

TEST(ChanceLaw, IsThatOfTheDifferencesThatEachExitMakes) {
    const TwoStages stages;
    for (const std::size_t n_steps : {0U, 1U, 2U, 7U})
        for (const Kind kind : {Kind::all, Kind::closed}) {
            const ExitBins exits = stages.bins(n_steps);
            const std::size_t n_bins = stages.weight.size(), n_next = 4;
            std::vector<std::vector<double>> slopes(2, std::vector<double>(n_bins * n_next, 0.0));
            for (std::size_t at = 0; at < n_bins * n_next; ++at) {
                constexpr double kStep = 1e-6;
                if (stages.chance[at] == 0) continue;  // what never happens does not spread
                std::vector<double> more = stages.chance, less = stages.chance;
                more[at] += kStep;
                less[at] -= kStep;
                const auto above = sums_of(exits, more, kind), below = sums_of(exits, less, kind);
                for (std::size_t row = 0; row < 2; ++row)
                    slopes[row][at] = (above[row] - below[row]) / (2 * kStep);
            }
            const SumLaw law = law_of_sums(exits, kCounted, 2, kind);
            for (std::size_t a = 0; a < 2; ++a)
                for (std::size_t b = 0; b <= a; ++b) {
                    double expected = 0;
                    for (std::size_t bin = 0; bin < n_bins; ++bin) {
                        double both = 0, one = 0, other = 0;
                        for (std::size_t at = bin * n_next; at < (bin + 1) * n_next; ++at) {
                            both += stages.chance[at] * slopes[a][at] * slopes[b][at];
                            one += stages.chance[at] * slopes[a][at];
                            other += stages.chance[at] * slopes[b][at];
                        }
                        expected += (both - one * other) / (stages.weight[bin] + 1);
                    }
                    double found = 0;
                    for (std::size_t k = 0; k <= b; ++k) found += law.root[a * 2 + k] * law.root[b * 2 + k];
                    EXPECT_NEAR(found, expected, 1e-6 * std::abs(expected)) << n_steps << " " << a << b;
                }
        }
}

TEST(ChanceLaw, AMoveOfNothingIsTheMiddleOfASkewedSum) {
    const SumLaw law{.n_rows = 1, .root = {2}, .variance = {4}, .third = {4}};
    std::vector<double> moved(1);
    // Skewed by 4 / 2³ = 0.5: 2 (z + (z² − 1) / 12).
    for (const auto& [normal, expected] :
         std::vector<std::pair<double, double>>{{0, -1. / 6}, {1, 2}, {-1, -2}}) {
        law.move(std::vector<double>{normal}, moved);
        EXPECT_NEAR(moved[0], expected, 1e-12);
    }
}

}  // namespace
}  // namespace stagefunnel::stats
