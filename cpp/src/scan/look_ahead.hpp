#pragma once

// Reading items in another order than that of the journeys. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <span>

#include "stagefunnel/journeys/journeys.hpp"

namespace stagefunnel::scan::inline internal {

/// Prefetches the memory of the items that are read soon: neighbours in the order of the input, or in a unit,
/// do not lie together in the journeys.
template <class Code>
class LookAhead {
  public:
    LookAhead(const Journeys& journeys, const Code* codes, std::span<const std::uint32_t> items)
        : journeys_(journeys), codes_(codes), items_(items) {}

    // Inlined always: a function that does nothing but prefetch seems to have no effect, and its call may be
    // dropped.
    [[gnu::always_inline]] void at(std::size_t i) const {
        if (i + kOffsets >= items_.size()) return;
        __builtin_prefetch(&journeys_.offsets[items_[i + kOffsets]]);
        __builtin_prefetch(&journeys_.first_row[items_[i + kOffsets]]);
        const std::size_t row = journeys_.offsets[items_[i + kRows]];
        __builtin_prefetch(codes_ + row);
        __builtin_prefetch(journeys_.time.data() + row);
    }

  private:
    static constexpr std::size_t kOffsets = 32, kRows = 16;

    const Journeys& journeys_;
    const Code* codes_;
    std::span<const std::uint32_t> items_;
};

}  // namespace stagefunnel::scan::inline internal
