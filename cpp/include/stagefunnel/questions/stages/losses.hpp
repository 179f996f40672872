#pragma once

#include <cstdint>
#include <vector>

#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::stages {

/// The items that are lost now, in the order of the journeys. Stages are rows of the pipeline.
struct Losses {
    std::vector<std::uint32_t> item;        // place in the journeys
    std::vector<std::int32_t> from_stage;   // last visit before the closing lost ones, -1 if there is none
    std::vector<std::int32_t> lost_stage;   // last visit
    std::vector<std::uint64_t> until_lost;  // from the first listed row to the first closing lost visit
    std::vector<std::uint64_t> in_stage;    // of the last visit before the loss; 0 if there is none
};

/// Lists the items lost now, in one pass. Lengths of time are in the unit of the log.
[[nodiscard]] Losses find_losses(const Journeys& journeys, const Pipeline& pipeline, unsigned threads);

}  // namespace stagefunnel::stages
