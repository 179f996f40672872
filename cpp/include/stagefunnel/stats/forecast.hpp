#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stagefunnel::stats {

/// How visits of each stage end, in bins of age.
///
/// Stage s has the bins [bounds[s], bounds[s + 1]), in the order of age. A row of `chance` has, for a visit
/// that lasts to the beginning of the bin, the chances that it ends inside: a column for each stage that may
/// follow, one for won and one for any other end. What is missing from its sum to 1 lasts longer.
struct ExitBins {
    std::span<const std::int64_t> bounds;
    std::span<const double> chance;
    std::span<const double> weight;  // by bin: visits that its chances are as sure as
    /// Steps of age up to a horizon, if the bins are such steps; 0: there is no horizon. A bin ends a step
    /// after it began, and the first holds what ends at once.
    std::size_t n_steps = 0;
    /// By bin: tells it apart in the draws, so that they are the same whatever other bins there are. Empty:
    /// the bins of a stage are drawn one after the other.
    std::span<const std::int64_t> number{};

    [[nodiscard]] std::size_t n_stages() const { return bounds.empty() ? 0 : bounds.size() - 1; }
    /// @throws std::invalid_argument if the sizes do not fit, or a chance or a weight is negative or not a
    ///     number.
    void check() const;
};

/// Open items whose wins are wanted, all columns of one length.
struct OpenItems {
    std::span<const std::int64_t> bin;     // the bin of its age, of all bins
    std::span<const std::int64_t> row;     // of the result, from 0
    std::span<const double> chance;        // that it is won; NaN: nobody knows, and it is left out
    std::span<const double> chance_if;     // the same if it is closed at all; empty: that is not wanted
    std::span<const double> amount;        // 0 where it has none; empty: nobody has
    std::span<const std::int64_t> number;  // tells the items apart in the draws
    /// How many visits say that a chance is 0 or 1, and the same of `chance_if`; 0: it is neither. Empty:
    /// such chances are taken as known.
    std::span<const double> behind{}, behind_if{};

    /// @throws std::invalid_argument if columns differ in length, or a bin or a row of an item that has a
    ///     chance is out of range.
    void check(std::size_t n_bins, std::size_t n_rows) const;
    /// The use of random numbers of an item.
    [[nodiscard]] static std::uint64_t use_of(std::int64_t number) {
        return (1ULL << 40U) + static_cast<std::uint64_t>(number);  // no stage has it
    }
};

/// What is drawn, and how often.
struct DrawOptions {
    std::size_t n_draws = 0;
    std::uint64_t seed = 0;
    bool draws_chances = true;      // or they are taken as known
    std::size_t most_items = 5000;  // of which each is drawn; the wins of more are normal
};

/// Wins by draw and row; what is not wanted is empty.
struct WinDraws {
    std::vector<double> wins, wins_if, amount;
};

/// Draws how many of some open items are won, and how much they are worth.
///
/// First the chances: those of each bin have a Dirichlet distribution whose spread is that of its weight, so
/// that over the bins of a stage it is Greenwood's (N. L. Hjort, "Nonparametric Bayes estimators based on
/// beta processes", 1990). They move each item's chance as they move, on the scale of log-odds, that of the
/// beginning of its bin. Where many visits have ended, the sums of each row move by their large-sample law in
/// place of that. Then the outcome of each item, or of many together; chances of 0 and 1 are off in every
/// second draw, as far as the visits behind them allow.
///
/// Each draw has its own random numbers, made from the seed and its number, so that the threads do not
/// matter.
///
/// @throws std::invalid_argument as the checks of its arguments.
[[nodiscard]] WinDraws draw_wins(const ExitBins& exits, const OpenItems& items, std::size_t n_rows,
                                 const DrawOptions& options, unsigned threads);

/// Draws the chance of winning of one who is at the beginning of each bin, by draw and bin.
///
/// @throws std::invalid_argument as the checks of its arguments.
[[nodiscard]] std::vector<double> draw_chances(const ExitBins& exits, std::size_t n_draws, std::uint64_t seed,
                                               unsigned threads);

}  // namespace stagefunnel::stats
