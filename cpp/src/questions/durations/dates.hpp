#pragma once

// Dates of the past with the ends of their horizons. Internal to the core.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>

namespace stagefunnel::durations::inline internal {

/// @throws std::invalid_argument if dates do not rise, or have not one end each that is not before them.
inline void check_dates(std::span<const std::int64_t> dates, std::span<const std::int64_t> ends) {
    if (ends.size() != dates.size() || !std::is_sorted(dates.begin(), dates.end()))
        throw std::invalid_argument("the dates do not rise, or have not one end each");
    for (std::size_t d = 0; d < dates.size(); ++d)
        if (ends[d] < dates[d]) throw std::invalid_argument("a horizon ends before its date");
}

}  // namespace stagefunnel::durations::inline internal
