#include "stats/risk_sets.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

#include "base/parallel.hpp"
#include "stats/radix_sort.hpp"
#include "stats/time_steps.hpp"

namespace stagefunnel::stats {

void Spells::check(unsigned threads) const {
    const std::size_t n = exit.size();
    const auto fits = [&](const auto& column) { return column.empty() || column.size() == n; };
    if (cause.size() != n || !fits(entry) || !fits(group))
        throw std::invalid_argument("the columns of spells differ in length");
    if (n_causes < 1 || n_groups < 1) throw std::invalid_argument("spells need a cause and a group");
    // All causes are looked at before one is refused, which takes no branch.
    const auto n_ends = static_cast<std::uint32_t>(n_causes) + 2U;
    parallel_for(n, threads, [&](std::size_t begin, std::size_t end) {
        bool any_outside = false;
        for (std::size_t i = begin; i < end; ++i)
            any_outside |= static_cast<std::uint32_t>(cause[i]) + 2U >= n_ends;
        if (any_outside) throw std::invalid_argument("the cause of a spell is out of range");
        if (group.empty() && entry.empty()) return;
        for (std::size_t i = begin; i < end; ++i) {
            if (!group.empty() && (group[i] < 0 || group[i] >= n_groups))
                throw std::invalid_argument("the group of a spell is out of range");
            if (cause[i] != kLeftOut && !entry.empty() && entry[i] >= exit[i])
                throw std::invalid_argument("a spell is over before it began");
        }
    });
}

inline namespace internal {
namespace {

std::size_t group_of(const Spells& spells, std::size_t i) {
    return spells.group.empty() ? 0 : static_cast<std::size_t>(spells.group[i]);
}

bool begins_later(const Spells& spells, std::size_t i) {
    return !spells.entry.empty() && spells.entry[i] != Spells::kFromStart;
}

/// Returns which of the counts of a time the end of a spell belongs to.
std::size_t count_of_end(const Spells& spells, std::size_t i) {
    return spells.cause[i] == Spells::kCensored
               ? RiskCounts::kCensored
               : RiskCounts::kFirstCause + static_cast<std::size_t>(spells.cause[i]);
}

/// The counts of one thread, in cells of group and time.
struct Cells {
    std::vector<std::uint32_t> counts;
    std::vector<std::int64_t> from_start;

    void merge(const Cells& next) {
        for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += next.counts[i];
        for (std::size_t i = 0; i < from_start.size(); ++i) from_start[i] += next.from_start[i];
    }
};

/// The first and the last of some times.
struct TimeEnds {
    std::int64_t first = std::numeric_limits<std::int64_t>::max();
    std::int64_t last = std::numeric_limits<std::int64_t>::min();

    void add(std::int64_t time) {
        first = std::min(first, time);
        last = std::max(last, time);
    }
    void merge(const TimeEnds& next) {
        first = std::min(first, next.first);
        last = std::max(last, next.last);
    }
};

/// The times of one group with their counts.
struct SortedTimes {
    std::vector<std::int64_t> times;
    std::vector<std::uint32_t> counts;
};

/// Counts the moments of one group, which it sorts by their distance from `first`.
SortedTimes count_sorted(std::span<Keyed> moments, std::span<Keyed> spare, std::int64_t first,
                         std::size_t width) {
    radix_sort<Keyed>(moments, spare);
    SortedTimes sorted;
    for (std::size_t i = 0; i < moments.size(); ++i) {
        if (i == 0 || moments[i].key != moments[i - 1].key) {
            sorted.times.push_back(
                static_cast<std::int64_t>(static_cast<std::uint64_t>(first) + moments[i].key));
            sorted.counts.resize(sorted.counts.size() + width);
        }
        ++sorted.counts[sorted.counts.size() - width + static_cast<std::size_t>(moments[i].what)];
    }
    return sorted;
}

}  // namespace

RiskTable::RiskTable(const Spells& spells, unsigned threads)
    : width_(RiskCounts::kFirstCause + static_cast<std::size_t>(spells.n_causes)),
      from_start_(static_cast<std::size_t>(spells.n_groups)) {
    const Range range = spells.entry.empty() ? quick_range_of(spells, threads) : range_of(spells, threads);
    const std::uint64_t n_times = time_between(range.first, range.last) / range.step;
    if (are_few_cells(n_times, static_cast<std::size_t>(spells.n_groups), spells.exit.size())) {
        count_cells(spells, range, threads);
    } else {
        sort_times(spells, range, threads);
    }
}

RiskCounts RiskTable::of_group(std::size_t group) const {
    const std::size_t begin = bounds_[group], n = bounds_[group + 1] - begin;
    RiskCounts counts;
    if (!times_.empty()) counts.times = std::span(times_).subspan(begin, n);
    counts.first_time = first_time_;
    counts.step = step_;
    counts.counts = std::span(counts_).subspan(begin * width_, n * width_);
    counts.width = width_;
    counts.from_start = from_start_[group];
    return counts;
}

/// Where times are few even if each whole number is one, their common divisor is not looked for.
RiskTable::Range RiskTable::quick_range_of(const Spells& spells, unsigned threads) {
    constexpr std::uint64_t kFew = 1U << 13U;
    const auto ends = parallel_merge(spells.exit.size(), threads, [&](std::size_t begin, std::size_t end) {
        TimeEnds own;
        for (std::size_t i = begin; i < end; ++i) own.add(spells.exit[i]);
        return own;
    });
    if (ends.last < ends.first) return {0, 0, 1};
    const bool are_few =
        time_between(ends.first, ends.last) < kFew / static_cast<std::uint64_t>(spells.n_groups);
    return are_few ? Range{ends.first, ends.last, 1} : range_of(spells, threads);
}

RiskTable::Range RiskTable::range_of(const Spells& spells, unsigned threads) {
    // Distances from one time, whichever it is, have the divisor of all distances.
    const std::int64_t origin = spells.exit.empty() ? 0 : spells.exit[0];
    const TimeSteps steps =
        parallel_merge(spells.exit.size(), threads, [&](std::size_t begin, std::size_t end) {
            TimeSteps own(origin);
            for (std::size_t i = begin; i < end; ++i) {
                if (spells.cause[i] == Spells::kLeftOut) continue;
                own.add(spells.exit[i]);
                if (begins_later(spells, i)) own.add(spells.entry[i]);
            }
            return own;
        });
    if (steps.empty()) return {0, 0, 1};
    // The origin may be of a spell that is left out, which is as far from the others as from itself.
    return {steps.first(), steps.last(), steps.step()};
}

void RiskTable::count_cells(const Spells& spells, Range range, unsigned threads) {
    const auto n_groups = static_cast<std::size_t>(spells.n_groups);
    const std::size_t n_times = time_between(range.first, range.last) / range.step + 1;
    const ExactDivider divider(range.step);
    Cells cells = parallel_merge(spells.exit.size(), threads, [&](std::size_t begin, std::size_t end) {
        Cells own{std::vector<std::uint32_t>(n_groups * n_times * width_),
                  std::vector<std::int64_t>(n_groups)};
        if (spells.group.empty() && spells.entry.empty() && range.step == 1) {
            // The counts of what is left out would be the first of a time, which is that of entries.
            std::int64_t left_out = 0;
            for (std::size_t i = begin; i < end; ++i) {
                const auto what = static_cast<std::size_t>(spells.cause[i] + 2);
                ++own.counts[time_between(range.first, spells.exit[i]) * width_ + what];
            }
            for (std::size_t at = 0; at < own.counts.size(); at += width_)
                left_out += std::exchange(own.counts[at + RiskCounts::kEntered], 0);
            own.from_start[0] = static_cast<std::int64_t>(end - begin) - left_out;
            return own;
        }
        for (std::size_t i = begin; i < end; ++i) {
            if (spells.cause[i] == Spells::kLeftOut) continue;
            const std::size_t group = group_of(spells, i);
            const auto cell = [&](std::int64_t time) {
                return (group * n_times + divider.quotient(time_between(range.first, time))) * width_;
            };
            ++own.counts[cell(spells.exit[i]) + count_of_end(spells, i)];
            if (begins_later(spells, i)) {
                ++own.counts[cell(spells.entry[i]) + RiskCounts::kEntered];
            } else {
                ++own.from_start[group];
            }
        }
        return own;
    });
    counts_ = std::move(cells.counts);
    from_start_ = std::move(cells.from_start);
    first_time_ = range.first;
    step_ = static_cast<std::int64_t>(range.step);
    for (std::size_t group = 0; group <= n_groups; ++group) bounds_.push_back(group * n_times);
}

void RiskTable::sort_times(const Spells& spells, Range range, unsigned threads) {
    const auto n_groups = static_cast<std::size_t>(spells.n_groups);
    std::vector<std::size_t> place(n_groups + 1);
    for (std::size_t i = 0; i < spells.exit.size(); ++i) {
        if (spells.cause[i] == Spells::kLeftOut) continue;
        place[group_of(spells, i) + 1] += begins_later(spells, i) ? 2 : 1;
        if (!begins_later(spells, i)) ++from_start_[group_of(spells, i)];
    }
    for (std::size_t group = 0; group < n_groups; ++group) place[group + 1] += place[group];
    const std::vector<std::size_t> bounds = place;
    std::vector<Keyed> moments(bounds.back()), spare(bounds.back());
    const auto put = [&](std::size_t i, std::int64_t time, std::size_t what) {
        moments[place[group_of(spells, i)]++] = {time_between(range.first, time),
                                                 static_cast<std::int32_t>(what)};
    };
    for (std::size_t i = 0; i < spells.exit.size(); ++i) {
        if (spells.cause[i] == Spells::kLeftOut) continue;
        put(i, spells.exit[i], count_of_end(spells, i));
        if (begins_later(spells, i)) put(i, spells.entry[i], RiskCounts::kEntered);
    }
    std::vector<SortedTimes> sorted(n_groups);
    parallel_tasks(n_groups, threads, [&](std::size_t group) {
        const std::size_t begin = bounds[group], n = bounds[group + 1] - begin;
        sorted[group] = count_sorted(std::span(moments).subspan(begin, n), std::span(spare).subspan(begin, n),
                                     range.first, width_);
    });
    bounds_.push_back(0);
    for (const SortedTimes& own : sorted) {
        times_.insert(times_.end(), own.times.begin(), own.times.end());
        counts_.insert(counts_.end(), own.counts.begin(), own.counts.end());
        bounds_.push_back(times_.size());
    }
}

}  // namespace internal
}  // namespace stagefunnel::stats
