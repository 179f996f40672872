#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"
#include "stagefunnel/stats/quantile.hpp"

namespace stagefunnel::durations {

/// What one duration of the sample is.
enum class Per : std::uint8_t {
    visit,   ///< a completed visit
    item,    ///< the sum of an item's completed visits of the stage
    longest  ///< the longest of them
};

/// Visits of one stage.
struct VisitCounts {
    std::int64_t visits = 0;
    std::int64_t completed = 0;  // visits that another visit follows
    std::int64_t open = 0;       // visits that end the journey
    std::int64_t items = 0;      // items with a visit
};

/// Time spent in one stage. Without a completed visit `mean` and `quantiles` are zero and mean nothing.
struct StageTime : VisitCounts {
    stats::Duration mean;
    std::vector<stats::Duration> quantiles;  // linear interpolation between the two nearest values
};

/// Time in each stage of the pipeline: one `StageTime` per row.
///
/// A visit lasts until the next visit starts; the last visit of a journey is open and in no duration.
/// Means are exact (128-bit sums), quantiles are exact (selection, not sketches). The durations of a large
/// log are not kept: mostly one pass counts them and keeps the few near the quantiles, a second one is made
/// where these were guessed wrong.
///
/// @throws std::invalid_argument if a quantile lies outside [0, 1] or its denominator outside [1, 10^9].
[[nodiscard]] std::vector<StageTime> time_in_stage(const Journeys& journeys, const Pipeline& pipeline,
                                                   Per per, std::span<const stats::Quantile> quantiles,
                                                   unsigned threads);

/// The visits of one stage with all their durations: what the exact answer for several logs needs of each.
struct StageDurations : VisitCounts {
    LargeVector<std::uint64_t> durations;  // item after item; what one is, `Per` says
};

/// The durations in each stage of the pipeline, 8 bytes each: one `StageDurations` per row.
[[nodiscard]] std::vector<StageDurations> stage_durations(const Journeys& journeys, const Pipeline& pipeline,
                                                          Per per, unsigned threads);

/// Summarises one stage of several logs as `time_in_stage` would of them all in one.
///
/// The logs must not share an item: counts then add up, and the samples together are the sample of the whole.
///
/// @param counts the sums over the logs.
/// @param samples the durations of each log, in any order; they are neither changed nor copied.
/// @throws std::invalid_argument for a quantile as `time_in_stage` does, or if the durations cannot be those
///   of so many completed visits.
[[nodiscard]] StageTime summarise_durations(const VisitCounts& counts,
                                            std::span<const std::span<const std::uint64_t>> samples,
                                            std::span<const stats::Quantile> quantiles);

}  // namespace stagefunnel::durations
