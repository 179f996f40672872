#pragma once

#include <cstdint>

#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::stages {

/// What a log's rows look like before any pipeline reads them.
struct LogQuality {
    std::int64_t exact_duplicates = 0;  // rows equal in item, stage and time to an earlier row
    std::int64_t repeats = 0;           // rows of the stage that the item is in already
    std::int64_t ties = 0;              // rows of an item at the time of its row before
};

/// What a pipeline makes of a log's rows.
struct PipelineQuality {
    std::int64_t unlisted_rows = 0;
    std::int64_t bridged_visits = 0;         // visits that join rows around unlisted ones
    std::int64_t items_without_rows = 0;     // items that have unlisted rows only
    std::int64_t ties_deciding_outcome = 0;  // items whose last time has rows of several outcomes
};

[[nodiscard]] LogQuality log_quality(const Journeys& journeys, unsigned threads);
[[nodiscard]] PipelineQuality pipeline_quality(const Journeys& journeys, const Pipeline& pipeline,
                                               unsigned threads);

}  // namespace stagefunnel::stages
