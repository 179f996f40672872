#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/marks.hpp"
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
    // 1 where the start is not known of the first visit, and of the last visit before the loss.
    std::vector<std::uint8_t> creation_unknown, start_unknown;
};

/// Lists the items that are lost now, in one pass over the journeys.
///
/// @param marks what is known of the rows beside stage and time; null: nothing. A visit may then end before
///     the loss.
/// @throws std::invalid_argument if the marks are of other journeys.
[[nodiscard]] Losses find_losses(const Journeys& journeys, const Pipeline& pipeline, unsigned threads,
                                 const scan::Marks* marks = nullptr);

/// Which of its rows stands for an item that is lost now.
enum class LossRow : std::uint8_t {
    closed,  ///< the first row of the closing lost visits
    left  ///< the first row of the visit before them, or that of the closing lost visits where there is none
};

/// Finds this row of each item, as a place in the rows of `whole`; -1 for an item that is not lost now.
///
/// The journeys are `whole` or a selection of it that keeps the first rows of each item.
///
/// @throws std::invalid_argument if `whole` has other items.
[[nodiscard]] LargeVector<std::int64_t> rows_of_losses(const Journeys& journeys, const Pipeline& pipeline,
                                                       const Journeys& whole, LossRow at, unsigned threads);

/// Finds the last row of the closing lost visits that has a value; -1 for an item that has none, or is not
/// lost now.
///
/// @param value one value per row of `whole`, negative where it is missing.
/// @throws std::invalid_argument if `whole` has other items, or the values are not one per row.
[[nodiscard]] LargeVector<std::int64_t> last_values_of_losses(const Journeys& journeys,
                                                              const Pipeline& pipeline, const Journeys& whole,
                                                              std::span<const std::int32_t> value,
                                                              unsigned threads);

}  // namespace stagefunnel::stages
