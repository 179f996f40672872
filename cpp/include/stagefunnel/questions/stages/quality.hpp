#pragma once

#include <cstdint>

#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::stages {

/// What is odd in a log's rows, before any pipeline reads them.
struct LogQuality {
    // Rows whose item, stage and time equal those of an earlier row; missing stages are equal.
    std::int64_t exact_duplicates = 0;
    std::int64_t repeats = 0;  // rows of the stage of the item's previous row; none without a stage
    std::int64_t ties = 0;     // rows at the time of the item's previous row
};

/// What is odd in a log's rows as a pipeline reads them.
struct PipelineQuality {
    std::int64_t unlisted_rows = 0;
    std::int64_t bridged_visits = 0;         // rows that continue a visit after unlisted rows
    std::int64_t items_without_rows = 0;     // items whose rows are all unlisted
    std::int64_t ties_deciding_outcome = 0;  // items with several outcomes at their last time
    std::int64_t rows_outside_dates = 0;     // rows of a stage at a time at which it is not there
};

/// Checks the rows of each item, in one pass over the journeys.
[[nodiscard]] LogQuality log_quality(const Journeys& journeys, unsigned threads);

/// Checks how the pipeline reads the rows of each item, in one pass over the journeys.
[[nodiscard]] PipelineQuality pipeline_quality(const Journeys& journeys, const Pipeline& pipeline,
                                               unsigned threads);

}  // namespace stagefunnel::stages
