#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/questions/funnel/funnel.hpp"
#include "stagefunnel/questions/funnel/trend.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::funnel {

/// Values brought together by their keys, as compressed sparse rows.
struct ByKey {
    std::vector<std::uint64_t> offsets;  // key i has the values [offsets[i], offsets[i + 1])
    std::vector<std::uint32_t> values;

    [[nodiscard]] std::size_t n_keys() const { return offsets.size() - 1; }
    [[nodiscard]] std::span<const std::uint32_t> of(std::size_t key) const {
        return std::span(values).subspan(offsets[key], offsets[key + 1] - offsets[key]);
    }
};

/// Brings the items of each unit together, such as those of an account; each item is in one unit.
///
/// @param unit_of_item the unit of each item.
/// @throws std::invalid_argument if a unit lies outside [0, n_units).
[[nodiscard]] ByKey items_of_units(std::span<const std::uint32_t> unit_of_item, std::size_t n_units);

/// How a unit stands through its items, the better standing last.
enum class Standing : std::uint8_t { none, moved_out, lost, open, won };

/// Facts about each unit. Times are in the unit of the log.
struct UnitFacts {
    LargeVector<std::uint8_t> standing;       // value of a `Standing`; none: no item has a listed row
    LargeVector<std::int64_t> first_time;     // time of the first listed row of its items
    LargeVector<std::int64_t> first_item;     // the item with this row, or -1
    LargeVector<std::int64_t> gone_at;        // time at which it closed or moved out; meaningless while open
    LargeVector<std::int64_t> deciding_item;  // the item that says when it closed or moved out, or -1
};

/// Gathers the facts of all units in one pass over the items of each.
///
/// A unit is won if one of its items is won now, else open if one is open, else lost if one is lost; it moved
/// out if an item did and none is here. A won unit closed when the first of its won items did; a lost unit,
/// and one that moved out, is gone when the last of its items is. Of several items of one time the one that
/// visited the furthest stage decides, then the one whose first row comes first in the input, which also
/// decides between first rows of one time. Items that the rule for lost-then-won items leaves out are passed
/// over in a unit that has others.
///
/// @param elsewhere one value per label, 1 if the label belongs to another pipeline; may be empty.
/// @throws std::invalid_argument if the units have other items, or as `select_journeys` does.
[[nodiscard]] UnitFacts facts_of_units(const Journeys& journeys, const Pipeline& pipeline,
                                       std::span<const std::uint8_t> elsewhere, LostThenWon lost_then_won,
                                       const ByKey& items, unsigned threads);

/// Counts of units in place of items.
struct UnitCounts {
    Counts counts;          // the amounts are those of the items
    CountVector moved_out;  // units of each group with items in another pipeline now and none that is here
};

/// Counts the units of each group in each stage.
///
/// A unit counts in a stage as a lead counts in the stages of its deals, see `count_origin`. It is in the
/// group of its first item, the one whose first listed row comes first in time, of those that the rule for
/// lost-then-won items leaves in, if any. It is left out if it has items with a listed row, and the rule
/// leaves out all of these. The amount of each
/// item is added in the stages that the item itself reaches. The cost is one pass over the items of each
/// unit; with states it is one pass over one number per item.
///
/// @param options groups and amounts are one per item.
/// @param in_report 1 for each unit that is counted; empty: all are.
/// @param moved 1 for each item that is in another pipeline now; may be empty.
/// @param item_states states of these journeys under this pipeline, with the state of each item, for a kind
///     that counts alike the items of one state; null to read the rows.
/// @throws std::invalid_argument if the units or the states have other items, if `in_report` is not one per
///     unit or `moved` not one per item, or as `count_funnel` does.
[[nodiscard]] UnitCounts count_units(const Journeys& journeys, const Pipeline& pipeline,
                                     const Options& options, const ByKey& items,
                                     std::span<const std::uint8_t> in_report,
                                     std::span<const std::uint8_t> moved,
                                     const ItemStates* item_states = nullptr);

/// Counts units as `count_units` does, without groups and amounts, where no item moved out and the pipeline
/// has at most twelve stages. Their items need not be brought together: each is added to its unit in the
/// order in which items lie.
///
/// @param options kind and rule; groups and amounts are not read.
/// @param unit_of_item the unit of each item, below `n_units`.
/// @throws std::invalid_argument as `count_units` does, for a pipeline of more stages, or if a unit lies
///     outside [0, n_units).
[[nodiscard]] UnitCounts count_units_in_place(const Journeys& journeys, const Pipeline& pipeline,
                                              const Options& options,
                                              std::span<const std::uint32_t> unit_of_item,
                                              std::size_t n_units, std::span<const std::uint8_t> in_report,
                                              const ItemStates& item_states);

/// All that funnels of one kind ask of each unit: two words of bits, and the item whose group it is in. Units
/// are united once for all questions by groups that follow.
struct UnitWords {
    LargeVector<std::uint64_t> sets;        // where the unit counts; 0 for one that no count has
    LargeVector<std::uint64_t> ends;        // beyond which stages it went, and how it stands
    LargeVector<std::uint32_t> first_item;  // see `count_units`; `kNoItem` for a unit that no count has
    static constexpr std::uint32_t kNoItem = ~std::uint32_t{0};
};

/// Unites the items of each unit, where items have states and the pipeline at most twelve stages.
///
/// @param options kind and rule; groups and amounts are not read.
/// @throws std::invalid_argument as `count_units` does, and for a pipeline of more stages.
[[nodiscard]] UnitWords unite_items(const Journeys& journeys, const Pipeline& pipeline,
                                    const Options& options, const ByKey& items,
                                    std::span<const std::uint8_t> in_report, const ItemStates& item_states);

/// Counts united items as `count_units` does, under the pipeline and the kind under which they were united.
///
/// @param options groups of the items; there are no amounts.
[[nodiscard]] UnitCounts count_united(const Pipeline& pipeline, const Options& options,
                                      const UnitWords& units);

/// Counts the units of every period under `Basis::active`; the counts have the rows of `count_trend`, without
/// further groups for units that moved out.
///
/// Each period has the units that are not closed, as seen at its end, before its start, with the rows before
/// its end. A unit is read again for each period in which one of its items has a row.
///
/// @throws std::invalid_argument as `count_units` and `count_trend` do.
[[nodiscard]] UnitCounts count_unit_trend(const Journeys& journeys, const Pipeline& pipeline,
                                          const Options& options, const Periods& periods, const ByKey& items);

}  // namespace stagefunnel::funnel
