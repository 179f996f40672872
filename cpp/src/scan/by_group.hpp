#pragma once

// The items of a log, group after group. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "scan/scan.hpp"
#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"

namespace stagefunnel::scan::inline internal {

/// The items of each group, in rising order: a counting sort, whose cost does not grow with the number of
/// groups times that of items.
class ItemsByGroup {
  public:
    /// @param group the group of each item.
    /// @throws std::invalid_argument if there is not one group per item, or one is not below `n_groups`.
    ItemsByGroup(const Journeys& journeys, std::span<const std::int32_t> group, std::size_t n_groups);

    [[nodiscard]] std::size_t n_groups() const { return bounds_.size() - 1; }

    [[nodiscard]] std::span<const std::uint32_t> of(std::size_t group) const {
        return std::span(items_).subspan(bounds_[group], bounds_[group + 1] - bounds_[group]);
    }

    /// Splits the groups into ranges with about as many items each, more ranges than threads: the first group
    /// of each range, and the number of groups.
    [[nodiscard]] std::vector<std::size_t> ranges(unsigned threads) const;

  private:
    std::vector<std::size_t> bounds_;
    LargeVector<std::uint32_t> items_;
};

/// Calls `read(codes, first, last, range)` for each range of groups; a group is in one range alone.
template <class Read>
void for_ranges_of_groups(const Journeys& journeys, std::span<const std::size_t> ranges, unsigned threads,
                          Read read) {
    with_codes(journeys, [&](const auto* codes) {
        parallel_tasks(ranges.size() - 1, threads,
                       [&](std::size_t range) { read(codes, ranges[range], ranges[range + 1], range); });
    });
}

}  // namespace stagefunnel::scan::inline internal
