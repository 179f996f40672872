#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stagefunnel::stats {

/// The chances of the next state, by state, of a chain some of whose states are never left.
///
/// What is missing from a row's sum to 1 is never seen to leave the state.
struct AbsorbingChain {
    std::size_t n_transient = 0;
    std::size_t n_absorbing = 0;
    std::span<const double> probability;  // a row for each transient state; transient columns come first

    /// @throws std::invalid_argument if the size does not fit, a chance is not between 0 and 1, or a row's
    ///     sum is above 1.
    void check() const;
};

/// Where a chain ends, and how often it visits each state before.
///
/// A transient state from which no absorbing one can be reached has no way out: it counts as an end of its
/// own, "undetermined".
struct ChainEnds {
    std::vector<std::uint8_t> has_way_out;  // by transient state
    std::vector<double> visits;  // of the state of the column, begun in that of the row; 0 without a way out
    std::vector<double> absorbed;  // a column for each absorbing state, and one for undetermined
};

/// Solves a chain by LU decomposition with partial pivoting, after it has set states without a way out
/// aside, so that no singular matrix is solved (J. G. Kemeny and J. L. Snell, "Finite Markov Chains", 1960).
/// Takes time cubic in the transient states.
[[nodiscard]] ChainEnds solve_chain(const AbsorbingChain& chain);

}  // namespace stagefunnel::stats
