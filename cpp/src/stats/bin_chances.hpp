#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/stats/forecast.hpp"

namespace stagefunnel::stats::inline internal {

/// The chance to be won of one who is at the beginning of each bin, and the same if it is closed at all.
struct BinChances {
    std::vector<double> win, win_if;
};

/// Whether the chance of those that are closed at all is wanted too.
enum class IfClosed : std::uint8_t { find, leave };

/// Follows those at the beginning of each bin to the end, or to the horizon, with other chances in the bins.
///
/// @param chance as `ExitBins::chance`.
/// @return Without `win_if` where that is not wanted.
[[nodiscard]] BinChances chances_of_bins(const ExitBins& exits, std::span<const double> chance,
                                         IfClosed if_closed);

}  // namespace stagefunnel::stats::inline internal
