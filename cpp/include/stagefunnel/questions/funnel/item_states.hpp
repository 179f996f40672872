#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::funnel {

/// The states of a log's items under a pipeline: which stages an item visited and how it ended.
///
/// Items of one state count alike in the classic funnel, the furthest funnel and the conversions funnel that
/// fills by won. Millions of real items have a few hundred states, so that one item of each state can stand
/// for all of them, and every further funnel of the same pipeline takes microseconds.
struct ItemStates {
    struct State {
        std::uint32_t items = 0;
        std::uint32_t example = 0;  // one of these items, in the journeys that were read
    };
    static constexpr std::uint32_t kNoState = ~std::uint32_t{0};

    std::vector<State> states;           // states that have items
    Journeys examples;                   // the journey of each state's example, so that they stand alone
    LargeVector<std::uint32_t> of_item;  // each item's place in `states`; empty from `find_states`
};

/// Counts the items of each state in one scan over the journeys.
///
/// @return `std::nullopt` for a pipeline of more than twelve stages, or for a log with far fewer items than
///     there are possible states: there, counting item by item costs no more.
[[nodiscard]] std::optional<ItemStates> find_states(const Journeys& journeys, const Pipeline& pipeline,
                                                    unsigned threads);

/// Does the same and also returns the state of each item; it is `kNoState` for an item without a listed row.
[[nodiscard]] std::optional<ItemStates> find_states_of_items(const Journeys& journeys,
                                                             const Pipeline& pipeline, unsigned threads);

/// Does the same for some items of a log, in the order in which they are given; the rows of all others are
/// not read.
///
/// @param items places of the chosen items.
/// @throws std::invalid_argument if the log does not have such an item.
[[nodiscard]] std::optional<ItemStates> find_states_of_chosen(const Journeys& journeys,
                                                              const Pipeline& pipeline,
                                                              std::span<const std::uint32_t> items,
                                                              unsigned threads);

/// The states of all items of a log, and those of the flagged ones. Both have the same states in the same
/// order, also one that no flagged item has, and neither has the state of each item.
struct StatesOfAllAndFlagged {
    ItemStates all, flagged;
};

/// Counts the items of each state, and the flagged ones of them, in one scan over the journeys.
///
/// @param is_flagged 0 for each item that is not flagged, and another number for every other.
/// @return `std::nullopt` where `find_states` returns it.
/// @throws std::invalid_argument if there is not one flag for each item.
[[nodiscard]] std::optional<StatesOfAllAndFlagged> find_states_of_flagged(
    const Journeys& journeys, const Pipeline& pipeline, std::span<const std::uint8_t> is_flagged,
    unsigned threads);

/// The states of some items of a log: those of all its items, counted again. No row is read for it.
///
/// @param all states with the state of each item.
/// @param items places of the chosen items, in the order in which the result has them.
/// @return Every state of the log, also one that none of the chosen items has, and the state of each item.
/// @throws std::invalid_argument if the states do not have such an item, or lack the state of each item.
[[nodiscard]] ItemStates states_of_chosen(const ItemStates& all, std::span<const std::uint32_t> items,
                                          unsigned threads);

}  // namespace stagefunnel::funnel
