#pragma once

#include <cstdint>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::stages {

/// What is known of each item, in the order of the items' first rows in the input.
///
/// Items without a listed row are not in it. Stages are rows of the pipeline, -1 where there is none.
struct ItemFacts {
    LargeVector<std::uint32_t> first_row;  // in the input: where the item's key stands
    LargeVector<std::uint8_t> outcome;     // an `Outcome`
    LargeVector<std::int64_t> first_time;  // of the first listed row
    LargeVector<std::int64_t> closed_at;   // start of the closing run of final visits; unset while open
    LargeVector<std::int32_t> last_stage;
    LargeVector<std::int32_t> furthest_stage;  // furthest in-progress stage visited
    LargeVector<std::int32_t> lost_from;       // last stage before the closing lost visits
    LargeVector<std::int64_t> visits;
    LargeVector<std::int64_t> back_moves;  // to an earlier in-progress stage
    LargeVector<std::int64_t> skipped;     // in-progress stages gone beyond without a visit
};

/// One pass over the journeys.
[[nodiscard]] ItemFacts item_facts(const Journeys& journeys, const Pipeline& pipeline, unsigned threads);

}  // namespace stagefunnel::stages
