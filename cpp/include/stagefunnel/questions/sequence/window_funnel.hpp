#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"

namespace stagefunnel::sequence {

/// The modes of ClickHouse's windowFunnel; all that are set hold at once.
enum class WindowFunnelMode : std::uint8_t {
    strict_order,          ///< a row that is no next step ends the scan
    strict_deduplication,  ///< a step that comes again ends the scan
    strict_increase,       ///< times rise
    strict_once,           ///< a row fills one step of a chain, and every chain is kept
    allow_reentry          ///< `strict_order` passes over steps that come too early
};

struct WindowFunnelOptions {
    std::vector<std::vector<std::uint8_t>> steps;  // 1 … 32, per stage code 1 if the stage fills the step
    std::int64_t window = 0;                       // from the first step, its bound included
    std::vector<WindowFunnelMode> modes;
    std::optional<std::int64_t> as_of;  // rows at or after it are taken out
    unsigned threads = 1;
};

/// The level that windowFunnel gives each item, in the order of the items, so that its answers can be
/// checked.
///
/// It remembers one chain for each step and overwrites it by a later one, which can lose the better chain.
/// A row gives an entry to each step that it fills; entries are read in order of time, then of step. A row
/// without a stage is passed over. Linear in the rows.
///
/// @throws std::invalid_argument for options that contradict each other or the journeys.
[[nodiscard]] LargeVector<std::uint8_t> window_funnel(const Journeys& journeys,
                                                      const WindowFunnelOptions& options);

}  // namespace stagefunnel::sequence
