#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "stagefunnel/base/counts.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::stages {

/// A stretch of time, half-open; without an end it is open on that side. Times are in the unit of the log.
struct Period {
    std::optional<std::int64_t> start;
    std::optional<std::int64_t> end;
};

/// Visits of each stage of a pipeline: those there at both ends of a span, begun in it and ended in it.
///
/// at_start + created + from_earlier + from_later + from_closed + moved_in
///     = advanced + went_back + won + lost + moved_out + at_end
struct Flow {
    CountVector at_start;
    CountVector created;       // the item's first row is in this stage
    CountVector from_earlier;  // from a stage in progress that stands before this one
    CountVector from_later;
    CountVector from_closed;  // from a won or lost stage
    CountVector moved_in;     // from another pipeline
    CountVector advanced;     // to a later stage in progress
    CountVector went_back;    // to an earlier stage in progress; from a final stage: to any in progress
    CountVector won;          // to a won stage
    CountVector lost;
    CountVector moved_out;  // to another pipeline
    CountVector at_end;
};

/// Counts what comes into each stage in a span of time, and what becomes of it, in one pass.
///
/// Rows of other pipelines part visits: an item that comes back begins a new one. Other unlisted rows do not.
///
/// @param elsewhere per stage code 1 if it is of another pipeline; may be empty.
/// @throws std::invalid_argument if `elsewhere` is neither empty nor one per stage code.
[[nodiscard]] Flow count_flow(const Journeys& journeys, const Pipeline& pipeline, const Period& span,
                              std::span<const std::uint8_t> elsewhere, unsigned threads);

}  // namespace stagefunnel::stages
