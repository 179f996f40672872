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
    strict_order,          ///< a row that is not a next step ends the scan
    strict_deduplication,  ///< a step that comes again ends the scan
    strict_increase,       ///< times rise strictly
    strict_once,           ///< a row fills one step of a match, and no match is overwritten
    allow_reentry          ///< `strict_order` passes over steps that come too early
};

struct WindowFunnelOptions {
    /// 1 … 32 steps; for each stage code 1 if a row of the stage fills the step, else 0.
    std::vector<std::vector<std::uint8_t>> steps;
    std::int64_t window = 0;  // from the first step, bound included, in the unit of the journeys' times
    std::vector<WindowFunnelMode> modes;
    std::optional<std::int64_t> as_of;  // rows at or after this time are not read
    unsigned threads = 1;
};

/// Returns the level that ClickHouse's windowFunnel gives to each item, in the order of the items.
///
/// It exists so that answers of ClickHouse can be checked: windowFunnel keeps one match for each level and
/// overwrites it by a later one, which can lose the better match (but see `strict_once`). A row is one event
/// for each step that it fills, and events are read in order of time, then of step. A row without a stage is
/// passed over. The time is linear in the rows.
///
/// Source: ClickHouse, src/AggregateFunctions/AggregateFunctionWindowFunnel.cpp, `getEventLevelNonStrictOnce`
/// and `getEventLevelStrictOnce`.
///
/// @throws std::invalid_argument for less than 1 or more than 32 steps, for steps that do not have one value
///     for each stage code of the journeys, and for a negative window.
[[nodiscard]] LargeVector<std::uint8_t> window_funnel(const Journeys& journeys,
                                                      const WindowFunnelOptions& options);

}  // namespace stagefunnel::sequence
