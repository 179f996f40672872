#pragma once

#include <cstdint>
#include <span>

#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/marks.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::scan {

/// Returns journeys in which the clock of an item stands still during its visits of some stages.
///
/// A row inside such a visit has the time of the visit's begin, and every later row is earlier by the length
/// of the visit, so times keep their order. A visit that goes on stands still to the last row. The items'
/// keys are left out.
///
/// @param paused one value per row of the pipeline, 1 if the clock stands still there.
/// @param marks what is known of the rows beside stage and time; null: nothing. The clock then runs again
///     where a visit has ended.
/// @throws std::invalid_argument if the pipeline is for another log, `paused` is not one per row of it, or
///     the marks are of other journeys.
[[nodiscard]] Journeys with_pauses(const Journeys& journeys, const Pipeline& pipeline,
                                   std::span<const std::uint8_t> paused, unsigned threads,
                                   const Marks* marks = nullptr);

}  // namespace stagefunnel::scan
