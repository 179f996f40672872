#pragma once

// When states are counted, and what is kept of them. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "questions/funnel/state_table.hpp"

namespace stagefunnel::funnel::inline internal {

/// Puts the journeys of their examples beside some states.
ItemStates with_examples(const Journeys& journeys, std::vector<ItemStates::State> states);

/// Whether a table of all states costs less to clear and read than the items cost to count one by one.
inline bool is_worth_counting_states(std::size_t n_items, const Pipeline& pipeline) {
    constexpr std::int32_t kMaxRows = 12;
    constexpr std::size_t kStatesPerItem = 4;
    return pipeline.n_rows() <= kMaxRows && n_items * kStatesPerItem > StateTable::n_states(pipeline);
}

}  // namespace stagefunnel::funnel::inline internal
