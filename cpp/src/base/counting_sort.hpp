#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace stagefunnel {

/// The middle step of a stable counting sort by several threads (Knuth, TAOCP 3, 5.2, algorithm D).
///
/// Before it, each thread counts the values of its own range of the input per bucket. The call replaces each
/// count by the place in the output where this range begins to fill this bucket. Ranges follow each other
/// inside a bucket, so the output keeps the order of the input whatever the number of threads.
///
/// @param counts one list per range, with one count per bucket; at least one range.
/// @return The first place of each bucket in the output, and at the end the number of values.
inline std::vector<std::size_t> replace_counts_by_places(std::vector<std::vector<std::size_t>>& counts) {
    std::vector<std::size_t> bounds;
    std::size_t total = 0;
    for (std::size_t bucket = 0; bucket < counts.front().size(); ++bucket) {
        bounds.push_back(total);
        for (std::vector<std::size_t>& of_range : counts) total += std::exchange(of_range[bucket], total);
    }
    bounds.push_back(total);
    return bounds;
}

}  // namespace stagefunnel
