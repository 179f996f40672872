#pragma once

#include <cstdint>
#include <span>

#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::scan {

/// Returns journeys in which the clock of an item stands still during its visits of some stages.
///
/// The rows of such a visit all have the time of its begin, and later rows are earlier by its length; times
/// keep their order. A last visit stands still too.
///
/// @param paused one value per row of the pipeline, 1 if the clock stands still there.
/// @throws std::invalid_argument if the pipeline is for another log, or `paused` is not one per row of it.
[[nodiscard]] Journeys with_pauses(const Journeys& journeys, const Pipeline& pipeline,
                                   std::span<const std::uint8_t> paused, unsigned threads);

}  // namespace stagefunnel::scan
