#pragma once

// A selection of a log beside the whole of it. Internal to the core.

#include <cstddef>
#include <stdexcept>
#include <string>

#include "stagefunnel/journeys/journeys.hpp"

namespace stagefunnel::scan::inline internal {

/// @throws std::invalid_argument if a selection and the whole log differ in the number of items.
inline void check_same_items(const Journeys& journeys, const Journeys& whole) {
    if (journeys.n_items() != whole.n_items())
        throw std::invalid_argument("the whole log has " + std::to_string(whole.n_items()) +
                                    " items, the journeys have " + std::to_string(journeys.n_items()) +
                                    "; they must be the same");
}

/// Returns the place in the rows of the whole log of an item's row, where the selection keeps the first rows
/// of each item.
inline std::size_t place_in_whole(const Journeys& journeys, const Journeys& whole, std::size_t item,
                                  std::size_t row) {
    return whole.offsets[item] + (row - journeys.offsets[item]);
}

}  // namespace stagefunnel::scan::inline internal
