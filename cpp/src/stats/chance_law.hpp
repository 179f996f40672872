#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "stagefunnel/stats/forecast.hpp"
#include "stats/bin_chances.hpp"

namespace stagefunnel::stats::inline internal {

/// How much of the chance at the beginning of a bin a row counts.
struct CountedBin {
    std::size_t row = 0, bin = 0;
    double weight = 0;
};

/// Sums of chances that spread as their bins do, by row.
struct SumLaw {
    std::size_t n_rows = 0;
    std::vector<double> root;      // lower triangle, by row and column, of their covariances
    std::vector<double> variance;  // by row
    std::vector<double> third;     // by row: the third moment about the mean

    /// Moves the sums of all rows once, by as many standard normal numbers, which it skews as the sums are
    /// (E. A. Cornish and R. A. Fisher, "Moments and cumulants in the specification of distributions", 1938).
    void move(std::span<const double> normal, std::span<double> moved) const;
};

/// Which chance of a bin is meant: that of being won, or the same if it is closed at all.
enum class Kind : unsigned char { all, closed };

/// Says how sums of chances spread when many visits have ended: to the first order they are normal, with the
/// covariances that the Dirichlet distributions of the bins give (the delta method; O. O. Aalen and
/// S. Johansen, "An empirical transition matrix for nonhomogeneous Markov chains", 1978, have the law).
///
/// What an exit is worth is the difference between what follows it and what follows staying, and counts as
/// often as one comes to its bin. All of it is found in one pass forward for each row.
///
/// @param counted in the order of rows.
[[nodiscard]] SumLaw law_of_sums(const ExitBins& exits, std::span<const CountedBin> counted,
                                 std::size_t n_rows, Kind kind);

}  // namespace stagefunnel::stats::inline internal
