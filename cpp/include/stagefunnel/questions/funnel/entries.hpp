#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/questions/funnel/funnel.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::funnel {

/// What a log says of its rows beside stage and time, one value per row, item after item as in `whole`.
///
/// The journeys that are asked about are `whole` or a selection of it: the first rows of each of its items.
struct RowColumns {
    const Journeys& whole;
    std::span<const std::int32_t> group;  // one per row of `whole`, or one per item
    std::int32_t n_groups = 1;
    std::span<const double> amount;  // likewise, NaN where there is none; empty: no amounts
};

/// Counts each stage of an item in the group of the entry that it counts for, with the amount at that entry.
///
/// A stage passed counts for its last entry. An assumed one counts for the entry that implied it first: a
/// success, the furthest stage, or the move that passed over it; its amount is that of the last entry into
/// the next in-progress stage visited, else that of the entry that implied it. `skipped` and `beyond` are in
/// the group of the entry that went beyond first, `lost_from` in that of the last entry into the stage; so
/// are the outcomes, `open_at` and `left_out`, for the stage the item is in. Of `options` groups and amounts
/// are not read.
///
/// @throws std::invalid_argument if groups or amounts are one neither per row nor per item, a group lies
///     outside [0, n_groups), amounts are infinite or add up beyond 2^62, or `whole` has other items.
[[nodiscard]] Counts count_entries(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
                                   const RowColumns& columns);

/// The values of some rows: of a column of the input in the order of journeys that remember their rows.
///
/// @throws std::invalid_argument if a row lies beyond the column.
template <class Value>
[[nodiscard]] LargeVector<Value> values_of_rows(std::span<const Value> values,
                                                std::span<const std::uint32_t> rows, unsigned threads);

/// Which of an item's rows says what holds for the item.
enum class RowAt : std::uint8_t { first, last };

/// Where in the rows of `whole` the first or last listed row of each item stands, -1 for an item without one.
///
/// @throws std::invalid_argument if `whole` has other items.
[[nodiscard]] LargeVector<std::int64_t> rows_of_items(const Journeys& journeys, const Pipeline& pipeline,
                                                      const Journeys& whole, RowAt at, unsigned threads);

}  // namespace stagefunnel::funnel
