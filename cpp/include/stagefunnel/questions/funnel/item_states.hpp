#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::funnel {

/// How many items of a log are in each of the states that most funnels tell apart.
///
/// Items of one state count alike in the classic, the furthest and the conversions funnel with fill by won.
/// Millions of real items have a few hundred states, so one item of each stands for all of them, and every
/// further funnel of the same pipeline takes microseconds.
struct ItemStates {
    struct State {
        std::uint32_t items = 0;
        std::uint32_t example = 0;  // one of these items
    };
    static constexpr std::uint32_t kNoState = ~std::uint32_t{0};

    std::vector<State> states;           // those that have items
    LargeVector<std::uint32_t> of_item;  // each item's place in `states`; empty unless asked for
};

/// One scan over the journeys; `std::nullopt` for a pipeline of more than twelve stages or a log with far
/// fewer items than there could be states, where counting item by item costs no more.
[[nodiscard]] std::optional<ItemStates> find_states(const Journeys& journeys, const Pipeline& pipeline,
                                                    unsigned threads);

/// The same with the state of each item, `kNoState` for one without a listed row.
[[nodiscard]] std::optional<ItemStates> find_states_of_items(const Journeys& journeys,
                                                             const Pipeline& pipeline, unsigned threads);

}  // namespace stagefunnel::funnel
