#pragma once

// How many spells begin, end and are censored at each time. Internal to the core.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/stats/incidence.hpp"

namespace stagefunnel::stats::inline internal {

/// The counts of one group at each of its times, in rising order.
///
/// A time has `width` counts: spells that are watched from then on, spells that are censored then, and the
/// events of each cause.
struct RiskCounts {
    static constexpr std::size_t kEntered = 0, kCensored = 1, kFirstCause = 2;

    std::span<const std::int64_t> times;  // empty: `first_time` and those that follow it, `step` apart
    std::int64_t first_time = 0;
    std::int64_t step = 1;
    std::span<const std::uint32_t> counts;
    std::size_t width = 0;
    bool enters_before = false;   // those that are watched from a time on are so at what happens at it too
    std::int64_t from_start = 0;  // spells that are watched from the beginning

    [[nodiscard]] std::size_t size() const { return counts.size() / width; }
    [[nodiscard]] std::int64_t time(std::size_t i) const {
        return times.empty() ? first_time + step * static_cast<std::int64_t>(i) : times[i];
    }
    [[nodiscard]] std::span<const std::uint32_t> at(std::size_t i) const {
        return counts.subspan(i * width, width);
    }
};

/// Says whether it is quicker to count spells in cells of group and time than to sort them: a cell costs a
/// few bytes of each thread, and a sort some passes over the spells.
inline bool are_few_cells(std::uint64_t n_times, std::size_t n_groups, std::size_t n_spells) {
    constexpr std::uint64_t kAlways = 1U << 14U, kPerSpell = 4;
    return n_times < std::max(kAlways, kPerSpell * n_spells) / n_groups;
}

/// The counts of all groups.
class RiskTable {
  public:
    /// Counts checked spells.
    RiskTable(const Spells& spells, unsigned threads);

    [[nodiscard]] RiskCounts of_group(std::size_t group) const;

  private:
    /// First and last time of all spells, and how far apart times are at least: their common divisor.
    struct Range {
        std::int64_t first;
        std::int64_t last;
        std::uint64_t step;
    };

    [[nodiscard]] static Range range_of(const Spells& spells, unsigned threads);
    [[nodiscard]] static Range quick_range_of(const Spells& spells, unsigned threads);
    void count_cells(const Spells& spells, Range range, unsigned threads);
    void sort_times(const Spells& spells, Range range, unsigned threads);

    std::size_t width_;
    std::vector<std::int64_t> from_start_;  // by group
    std::vector<std::size_t> bounds_;       // where the times of each group begin and end
    std::vector<std::int64_t> times_;
    std::int64_t first_time_ = 0;
    std::int64_t step_ = 1;
    std::vector<std::uint32_t> counts_;
};

}  // namespace stagefunnel::stats::inline internal
