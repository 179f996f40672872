#pragma once

#include <cstdint>
#include <vector>

#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::stages {

/// One row for each item that is lost now, in the order of the journeys.
///
/// Stages are rows of the pipeline; lengths of time are in the unit of the log.
struct Losses {
    std::vector<std::uint32_t> item;        // place of the item in the journeys
    std::vector<std::int32_t> from_stage;   // stage of the last visit before the closing lost ones, or -1
    std::vector<std::int32_t> lost_stage;   // stage of the last visit
    std::vector<std::uint64_t> until_lost;  // time from the first listed row to the first closing lost visit
    std::vector<std::uint64_t> in_stage;    // duration of the last visit before the loss, or 0
};

/// Lists the items that are lost now, in one pass over the journeys.
[[nodiscard]] Losses find_losses(const Journeys& journeys, const Pipeline& pipeline, unsigned threads);

}  // namespace stagefunnel::stages
