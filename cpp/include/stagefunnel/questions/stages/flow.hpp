#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "stagefunnel/base/counts.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::stages {

/// A half-open period of time in the unit of the log; it has no bound on the side where a value is missing.
struct Period {
    std::optional<std::int64_t> start;
    std::optional<std::int64_t> end;  // the first moment after the period
};

/// Visits of each stage of a pipeline at both ends of a period, and those that begin and end in it.
///
/// Each column has one number per stage of the pipeline, and they balance:
///
/// at_start + created + from_earlier + from_later + from_closed + moved_in
///     = advanced + went_back + won + lost + moved_out + at_end
struct Flow {
    CountVector at_start;
    CountVector created;       // the item's first listed row is in this stage
    CountVector from_earlier;  // from a stage in progress that stands before this one
    CountVector from_later;
    CountVector from_closed;  // from a won or lost stage
    CountVector moved_in;     // from another pipeline
    CountVector advanced;     // to a later stage in progress
    CountVector went_back;    // to an earlier stage in progress, or from a final stage to any in progress
    CountVector won;          // to a won stage
    CountVector lost;
    CountVector moved_out;  // to another pipeline
    CountVector at_end;
};

/// Counts the visits that enter each stage in a period and those that leave it, in one pass over the
/// journeys.
///
/// A row of another pipeline ends a visit, and an item that comes back begins a new one. Other unlisted rows
/// end no visit.
///
/// @param elsewhere 1 for each stage code of another pipeline, else 0; may be empty.
/// @throws std::invalid_argument if `elsewhere` is neither empty nor one per stage code.
[[nodiscard]] Flow count_flow(const Journeys& journeys, const Pipeline& pipeline, const Period& period,
                              std::span<const std::uint8_t> elsewhere, unsigned threads);

/// Counts the same for each group of items, as for a log of its items alone: in each column one number per
/// group and stage, group after group.
///
/// @param group the group of each item, below `n_groups`.
/// @throws std::invalid_argument as `count_flow` does, and for a wrong group.
[[nodiscard]] Flow count_flow_of_groups(const Journeys& journeys, const Pipeline& pipeline,
                                        const Period& period, std::span<const std::uint8_t> elsewhere,
                                        std::span<const std::int32_t> group, std::size_t n_groups,
                                        unsigned threads);

}  // namespace stagefunnel::stages
