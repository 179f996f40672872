#include "scan/by_group.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace stagefunnel::scan::inline internal {

ItemsByGroup::ItemsByGroup(const Journeys& journeys, std::span<const std::int32_t> group,
                           std::size_t n_groups)
    : bounds_(n_groups + 1, 0), items_(journeys.n_items()) {
    if (group.size() != journeys.n_items()) {
        throw std::invalid_argument("there are " + std::to_string(group.size()) + " groups for " +
                                    std::to_string(journeys.n_items()) + " items");
    }
    for (const std::int32_t code : group) {
        if (code < 0 || std::cmp_greater_equal(code, n_groups)) {
            throw std::invalid_argument("group " + std::to_string(code) + " is not one of " +
                                        std::to_string(n_groups));
        }
        ++bounds_[static_cast<std::size_t>(code) + 1];
    }
    for (std::size_t g = 0; g < n_groups; ++g) bounds_[g + 1] += bounds_[g];
    std::vector<std::size_t> next(bounds_.begin(), bounds_.end() - 1);
    for (std::size_t item = 0; item < group.size(); ++item) {
        items_[next[static_cast<std::size_t>(group[item])]++] = static_cast<std::uint32_t>(item);
    }
}

std::vector<std::size_t> ItemsByGroup::ranges(unsigned threads) const {
    constexpr std::size_t kRangesPerThread = 8;
    const std::size_t wanted = n_parallel_ranges(items_.size(), threads) * kRangesPerThread;
    std::vector<std::size_t> ranges{0};
    for (std::size_t r = 1; r < wanted; ++r) {
        const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), items_.size() * r / wanted);
        const auto group = std::min(static_cast<std::size_t>(at - bounds_.begin()), n_groups());
        if (group > ranges.back()) ranges.push_back(group);
    }
    if (n_groups() > ranges.back()) ranges.push_back(n_groups());
    return ranges;
}

}  // namespace stagefunnel::scan::inline internal
