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
    LargeVector<std::int64_t> visit;  // place of the visit in which the item was
    LargeVector<std::uint32_t> item;  // of this visit, and its stage
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

}  // namespace stagefunnel::durations
