#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/marks.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::stages {

/// The visits of a log: items in the order of their first rows in the input, the visits of an item in the
/// order of time.
///
/// Stages are rows of the pipeline, -1 where there is none. Times are in the unit of the log, `kNotKnown`
/// where they are not known.
struct VisitTable {
    static constexpr std::int64_t kNotKnown = scan::Marks::kNotEnded;
    static constexpr std::uint8_t kMovedOut = 3;  // beside the values of `Outcome`

    // One value per item that has a visit in the table.
    LargeVector<std::uint32_t> item;     // place of the item in the journeys
    LargeVector<std::int64_t> n_visits;  // number of its visits in the table
    // One value per visit.
    LargeVector<std::int64_t> visit;           // its number among all visits of the item, from 1
    LargeVector<std::int64_t> visit_of_stage;  // its number among the item's visits of the stage, from 1
    LargeVector<std::int32_t> stage;
    LargeVector<std::int32_t> next_stage;
    LargeVector<std::int8_t> stage_outcome;  // value of an `Outcome`
    LargeVector<std::int8_t> item_outcome;   // value of an `Outcome`, or `kMovedOut`
    LargeVector<std::int64_t> entered;       // not known if the start is unknown
    LargeVector<std::int64_t> exited;        // not known while the visit goes on
    LargeVector<std::int64_t> duration;      // not known if one of the two is not
    LargeVector<std::uint8_t> open;          // 1 if the stage is in progress and the visit goes on
    LargeVector<std::int64_t> row;           // place of the first row in `Marks::whole`; empty if not kept
};

/// The visits that a table lists.
struct VisitChoice {
    std::span<const std::uint8_t> items{};  // per item: 1 if its visits are listed; empty: those of all items
    // Only visits that overlap [start, end): entered before the end, and not over at the start, unless they
    // begin and end at one moment of it.
    std::optional<std::int64_t> start{};
    std::optional<std::int64_t> end{};
};

/// Whether a table keeps the place of each visit's first row.
enum class VisitRows : std::uint8_t { forget, keep };

/// Lists the visits of all items in two passes: the first counts them, the second fills the table.
///
/// @param marks the whole log, and what is known of its rows beside stage and time.
/// @throws std::invalid_argument if the marks are of other journeys, if `VisitChoice::items` has another
///     length, or if a duration does not fit int64.
[[nodiscard]] VisitTable list_visits(const Journeys& journeys, const Pipeline& pipeline,
                                     const scan::Marks& marks, const VisitChoice& choice, VisitRows rows,
                                     unsigned threads);

/// What is odd in the ends of a log's rows.
struct EndChecks {
    std::int64_t pauses = 0;    // rows that end before the item's next row begins
    std::int64_t cut_ends = 0;  // rows that end after the item's next row begins
};

/// Compares the ends of rows with the item's next rows.
///
/// @throws std::invalid_argument unless there is one end per row.
[[nodiscard]] EndChecks check_ends(const Journeys& journeys, std::span<const std::int64_t> ended,
                                   unsigned threads);

}  // namespace stagefunnel::stages
