#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/questions/funnel/funnel.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::funnel {

/// Further columns of a log beside stage and time, in the order of the rows of `whole`.
///
/// The journeys of a question are `whole` or a selection of it that keeps the first rows of each item.
struct RowColumns {
    const Journeys& whole;
    std::span<const std::int32_t> group;  // one value per row of `whole`, or one per item
    std::int32_t n_groups = 1;
    std::span<const double> amount;  // likewise, NaN where it is missing; empty: no amounts
};

/// Counts each stage of an item in the group of the entry that it counts for, with the amount at that entry.
///
/// An entry is the first row of a visit. A passed stage counts for its last entry. An assumed stage counts
/// for the entry that first implied it: a success, the entry into the furthest stage, or the transition that
/// passed over it; its amount is that of the last entry into the next in-progress stage with a visit, or else
/// that of the entry that implied it. `skipped`, `began_beyond` and `beyond` count in the group of the entry
/// that first went beyond the stage, and `lost_from` in the group of the last entry into the stage. The
/// outcomes, `open_at` and `left_out` count in the group of the last entry into the stage that the item is in
/// now. The cost is one pass over the journeys.
///
/// @param options kind, rule for lost-then-won items and threads; its groups and amounts are not read.
/// @throws std::invalid_argument if groups or amounts are neither one per row nor one per item, a group lies
///     outside [0, n_groups), amounts are infinite or add up beyond 2^62, or `whole` has other items.
[[nodiscard]] Counts count_entries(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
                                   const RowColumns& columns);

/// Gathers the values of some rows, such as those of a column of the input in the order of the journeys.
///
/// @param rows places in `values`; a place may come more than once.
/// @throws std::invalid_argument if a row lies beyond the column.
template <class Value>
[[nodiscard]] LargeVector<Value> values_of_rows(std::span<const Value> values,
                                                std::span<const std::uint32_t> rows, unsigned threads);

/// Which of its listed rows stands for an item.
enum class RowAt : std::uint8_t { first, last };

/// Finds the place in the rows of `whole` of each item's first or last listed row; -1 for an item without
/// one.
///
/// @throws std::invalid_argument if `whole` has other items.
[[nodiscard]] LargeVector<std::int64_t> rows_of_items(const Journeys& journeys, const Pipeline& pipeline,
                                                      const Journeys& whole, RowAt at, unsigned threads);

}  // namespace stagefunnel::funnel
