#pragma once

#include <cstdint>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::stages {

/// One row of facts for each item, in the order of the items' first rows in the input.
///
/// Items without a listed row have no row here. Stages are rows of the pipeline, -1 where there is none.
/// Times are in the unit of the log.
struct ItemFacts {
    LargeVector<std::uint32_t> first_row;  // row of the input at which the item's key stands
    LargeVector<std::uint8_t> outcome;     // value of an `Outcome`
    LargeVector<std::int64_t> first_time;  // time of the first listed row
    LargeVector<std::int64_t> closed_at;   // start of the closing final visits; meaningless while open
    LargeVector<std::int32_t> last_stage;
    LargeVector<std::int32_t> furthest_stage;  // furthest in-progress stage visited
    LargeVector<std::int32_t> lost_from;       // last stage before the closing lost visits
    LargeVector<std::int64_t> visits;
    LargeVector<std::int64_t> back_moves;  // transitions from an in-progress stage to an earlier one
    LargeVector<std::int64_t> skipped;     // in-progress stages that the item went beyond without a visit
};

/// Gathers the facts of all items in one pass over the journeys.
[[nodiscard]] ItemFacts item_facts(const Journeys& journeys, const Pipeline& pipeline, unsigned threads);

}  // namespace stagefunnel::stages
