#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/marks.hpp"
#include "stagefunnel/scan/pipeline.hpp"
#include "stagefunnel/stats/quantile.hpp"

namespace stagefunnel::durations {

/// What one duration of a stage's sample is.
enum class Per : std::uint8_t {
    visit,   ///< a completed visit
    item,    ///< the sum of an item's completed visits of the stage
    longest  ///< the longest of them
};

/// Visits of one stage.
struct VisitCounts {
    std::int64_t visits = 0;
    std::int64_t completed = 0;      // visits that are over
    std::int64_t open = 0;           // visits that go on
    std::int64_t items = 0;          // items with a visit
    std::int64_t start_unknown = 0;  // visits of an unknown start, which are neither completed nor open
};

/// Time spent in one stage, in the unit of the log. Without a completed visit `mean` and `quantiles` are zero
/// and mean nothing.
struct StageTime : VisitCounts {
    stats::Duration mean;
    std::vector<stats::Duration> quantiles;  // in the order of the quantiles that were passed
};

/// Measures the time in each stage of the pipeline: one `StageTime` per row.
///
/// A visit lasts until the next visit starts; the last visit of a journey is open and is in no duration. With
/// marks a visit may end before, the last one too, and one whose start is unknown is in no duration.
/// Means are exact (sums of 128 bits). Quantiles are exact too (selection, not sketches), and they
/// interpolate linearly between the two nearest values: definition 7 of R. J. Hyndman and Y. Fan, "Sample
/// Quantiles in Statistical Packages", The American Statistician 50(4), 1996.
///
/// The durations of a large log are not kept. A small part of them brackets each quantile, as in R. W. Floyd
/// and R. L. Rivest, "Expected time bounds for selection", CACM 18(3), 1975; then one pass counts all
/// durations and keeps those inside the brackets. A second pass follows only for stages whose brackets miss a
/// quantile.
///
/// @param marks what is known of the rows beside stage and time; null: nothing.
/// @throws std::invalid_argument if a quantile lies outside [0, 1] or its denominator outside [1, 10^9], or
/// if
///     the marks are of other journeys.
[[nodiscard]] std::vector<StageTime> time_in_stage(const Journeys& journeys, const Pipeline& pipeline,
                                                   Per per, std::span<const stats::Quantile> quantiles,
                                                   unsigned threads, const scan::Marks* marks = nullptr);

/// Measures the same for each group of items, as for a log of its items alone: one `StageTime` per group and
/// stage, group after group.
///
/// The durations of a group are kept while it is read; the cost does not grow with the number of groups times
/// that of items.
///
/// @param group the group of each item, below `n_groups`.
/// @throws std::invalid_argument as `time_in_stage` does, and for a wrong group.
[[nodiscard]] std::vector<StageTime> time_in_stage_of_groups(const Journeys& journeys,
                                                             const Pipeline& pipeline, Per per,
                                                             std::span<const stats::Quantile> quantiles,
                                                             std::span<const std::int32_t> group,
                                                             std::size_t n_groups, unsigned threads,
                                                             const scan::Marks* marks = nullptr);

/// The visits of one stage with all their durations: from each of several logs, an exact answer needs these.
struct StageDurations : VisitCounts {
    LargeVector<std::uint64_t> durations;  // item after item; `Per` says what one of them is
};

/// Lists the durations in each stage of the pipeline, 8 bytes each: one `StageDurations` per row.
///
/// One pass over the journeys. The bytes do not depend on the number of threads.
[[nodiscard]] std::vector<StageDurations> stage_durations(const Journeys& journeys, const Pipeline& pipeline,
                                                          Per per, unsigned threads,
                                                          const scan::Marks* marks = nullptr);

/// Summarises one stage of several logs as `time_in_stage` summarises it for one log of all their rows.
///
/// The logs must not share an item: then their counts add up, and their samples together are the whole
/// sample.
///
/// @param counts sums of the counts over the logs.
/// @param samples durations of each log, in any order; they are neither changed nor copied.
/// @throws std::invalid_argument for a quantile as `time_in_stage` does; also if there are more durations
///     than completed visits, or if only one of the two numbers is zero.
[[nodiscard]] StageTime summarise_durations(const VisitCounts& counts,
                                            std::span<const std::span<const std::uint64_t>> samples,
                                            std::span<const stats::Quantile> quantiles);

}  // namespace stagefunnel::durations
