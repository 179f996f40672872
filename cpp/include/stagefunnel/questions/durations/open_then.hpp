#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::durations {

/// The visits of all stages of a pipeline, item by item as `list_stays` has them.
struct VisitColumns {
    std::span<const std::uint32_t> item;
    std::span<const std::int32_t> stage;
    std::span<const std::int64_t> began;
    std::span<const std::uint8_t> state{};  // bits of `StaySpells`
};

/// The items that were open at some dates, those of date d at the places [bounds[d], bounds[d + 1]).
struct OpenThen {
    static constexpr std::int64_t kNotKnown = -1;

    std::vector<std::int64_t> bounds;
    LargeVector<std::int64_t> visit;     // place of the visit in which the item was
    LargeVector<std::uint32_t> earlier;  // visits of the item before this one
    LargeVector<std::uint32_t> item;     // of this visit, and its stage
    LargeVector<std::int32_t> stage;
    LargeVector<std::int64_t> age;      // of the visit at the date; `kNotKnown`: nobody knows when it began
    LargeVector<std::uint8_t> outcome;  // as `Outcome`, as seen at the end of the date's horizon
};

/// Finds where the visits of each item begin, in the order of the first rows of the items.
///
/// @param first_row of each item.
/// @throws std::invalid_argument if columns differ in length, or an item has no first row.
[[nodiscard]] LargeVector<std::int64_t> first_visits(const VisitColumns& visits,
                                                     std::span<const std::uint32_t> first_row);

/// Finds the items that were open at each date, and how they stand at the end of its horizon.
///
/// An item is open while its last visit is of a stage in progress. What begins at a moment itself is not
/// known at it. One walk over the visits answers for all dates.
///
/// @param first_visit where the visits of each item begin, in the order in which items are listed; those of
///     one item stand together.
/// @param dates in rising order, with the end of the horizon of each, which is not before it.
/// @throws std::invalid_argument if columns differ in length, a stage or a place is out of range, or dates do
///     not rise.
[[nodiscard]] OpenThen open_then(const VisitColumns& visits, const Pipeline& pipeline,
                                 std::span<const std::int64_t> first_visit,
                                 std::span<const std::int64_t> dates, std::span<const std::int64_t> ends,
                                 unsigned threads);

/// What was known of open items at the moments at which they were; a column has a value for each of them.
///
/// Lengths are divided by the ticks of a day, and NaN where the start of a visit is not known.
struct OpenFeatures {
    LargeVector<double> age, in_stage;
    LargeVector<std::int64_t> visits, back_moves, skipped;
    LargeVector<std::int64_t> moves;    // by window: moves since the moment less it
    LargeVector<double> time_in_stage;  // by stage in progress: the time there so far
};

/// Describes open items by their visits up to some moments.
///
/// The numbers of visits, back moves and skipped stages are those of `item_facts`, of a pipeline without
/// rules of single stages.
///
/// @param open the items, as `open_then` found them at the `dates`.
/// @param windows lengths before a moment in which moves are counted.
/// @throws std::invalid_argument if the columns or the places do not fit, or the pipeline has such rules.
[[nodiscard]] OpenFeatures describe_open(const VisitColumns& visits, const Pipeline& pipeline,
                                         const OpenThen& open, std::span<const std::int64_t> dates,
                                         std::span<const std::int64_t> windows, double ticks_a_day,
                                         unsigned threads);

}  // namespace stagefunnel::durations
