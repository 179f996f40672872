#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/questions/durations/lives.hpp"
#include "stagefunnel/scan/marks.hpp"
#include "stagefunnel/scan/pipeline.hpp"
#include "stagefunnel/stats/risk_cells.hpp"

namespace stagefunnel::durations {

/// The lives of items in as few bytes as they need, so that they can be kept and counted again and again.
struct PackedLives {
    std::int64_t first = 0;             // when the first of them began
    std::int64_t step = 1;              // all times between their moments are multiples of it
    LargeVector<std::uint32_t> began;   // steps since the first
    LargeVector<std::uint32_t> lasted;  // steps from the beginning to the end; 0 while a life goes on
    LargeVector<std::int8_t> end;       // as `LifeEnd`
    LargeVector<std::uint8_t> passed;   // bits of `Passed`
    std::int64_t longest = 0;           // the longest life that is over, in steps
    std::int64_t unknown = 0;           // lives of which nobody knows the beginning or the end
    // Of the other items: how many have a closing that another visit follows, were ever lost, and were worked
    // on or won after that.
    std::int64_t passed_through = 0, ever_lost = 0, reopened = 0;
};

/// Packs lives.
///
/// @return Nothing where they are further apart than four bytes of steps reach.
[[nodiscard]] std::optional<PackedLives> pack_lives(const Lives& lives, unsigned threads);

/// From when to when lives are watched.
struct LifeWatch {
    std::optional<std::int64_t> start{};            // nothing: each from its beginning
    std::int64_t until = 0;                         // when the watch ends
    bool is_cut = false;                            // what happens then or later does not count
    std::span<const std::int64_t> until_of_item{};  // of each item, if it is not watched for longer; or empty
};

/// Lives that are counted, and how many of them have a closing that another visit follows, were ever lost,
/// and were worked on or won after that.
struct LifeCells {
    stats::RiskCells cells;
    std::int64_t passed_through = 0, ever_lost = 0, reopened = 0;

    void merge(const LifeCells& next);
};

/// Counts lives by group, and by how long they lasted or were watched.
///
/// Cause 0 is to be won or at the target, 1 to be lost and 2, where it is one, to be moved out. A life that
/// is over before the watch begins is left out, and so is one that begins when the watch is cut.
///
/// @param group the group of each item, from 0; empty: all are of group 0.
/// @param n_causes 2, or 3 where items that moved out are not just seen no longer.
/// @return Nothing where the cells would be many (`RiskCells::empty`).
/// @throws std::invalid_argument if the groups are not one for each item, or out of range.
[[nodiscard]] std::optional<LifeCells> count_lives(const PackedLives& lives, const LifeWatch& watch,
                                                   std::span<const std::int32_t> group, std::size_t n_groups,
                                                   std::size_t n_causes, unsigned threads);

/// The first and the last time of journeys, and the step of which all times between them are multiples.
struct TimeRange {
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::int64_t step = 1;
};

/// Finds the range of the times of all rows.
[[nodiscard]] TimeRange range_of_times(const Journeys& journeys, unsigned threads);

/// Counts the visits of the stages [0, n_stages) by group and stage, and by how long they lasted or were
/// watched. The cells of group g and stage s are those of group g x n_stages + s, and the only cause is that
/// a visit has ended.
///
/// @param range that of the journeys.
/// @param until when the watch ends.
/// @param elsewhere one value per label, 1 if it belongs to another pipeline; may be empty.
/// @return Nothing where the cells would be many (`RiskCells::empty`).
/// @throws std::invalid_argument if these are no stages, or as `count_lives` does.
[[nodiscard]] std::optional<stats::RiskCells> count_stays(const Journeys& journeys, const Pipeline& pipeline,
                                                          std::int32_t n_stages, const TimeRange& range,
                                                          std::int64_t until,
                                                          std::span<const std::uint8_t> elsewhere,
                                                          std::span<const std::int32_t> group,
                                                          std::size_t n_groups, unsigned threads);

}  // namespace stagefunnel::durations
