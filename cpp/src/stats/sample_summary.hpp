#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/stats/quantile.hpp"
#include "stats/quantiles.hpp"

namespace stagefunnel::stats::inline internal {

/// The number of values from which on quantiles are guessed from a part of the sample. Smaller samples are
/// kept as a whole.
inline constexpr std::size_t kWorthGuessing = 1U << 18U;
/// The part holds one value in this many.
inline constexpr std::size_t kOneIn = 64;

/// The mean and the quantiles of a sample. They are zero and mean nothing if the sample is empty.
struct SampleSummary {
    Duration mean;
    std::vector<Duration> quantiles;
};

/// Throws std::invalid_argument if a quantile lies outside [0, 1] or its denominator outside [1, 10^9].
void check_quantiles(std::span<const Quantile> quantiles);

/// Summarises a sample from a sieve that holds the quantiles.
[[nodiscard]] SampleSummary summary_of(Sieve& sieve, std::span<const Quantile> quantiles);

/// Summarises a sample that lies in several parts. The parts are neither changed nor copied.
///
/// @throws std::invalid_argument as `check_quantiles` does.
[[nodiscard]] SampleSummary summarise(std::span<const std::span<const std::uint64_t>> parts,
                                      std::span<const Quantile> quantiles);

}  // namespace stagefunnel::stats::inline internal
