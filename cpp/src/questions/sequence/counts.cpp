#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/parallel.hpp"
#include "questions/sequence/item_matcher.hpp"
#include "questions/sequence/rules/rules.hpp"
#include "questions/sequence/simple_matcher.hpp"
#include "scan/scan.hpp"
#include "stagefunnel/questions/sequence/sequence.hpp"
#include "stats/sample_summary.hpp"
#include "stats/stage_buffers.hpp"

namespace stagefunnel::sequence {
namespace {

/// Keeps every time between steps. Each group and step has two rows: from the step before, from the first.
struct TimeKeeper {
    explicit TimeKeeper(std::size_t n_rows) : samples(n_rows) {}
    void take(std::size_t row, std::span<const std::uint64_t> durations) {
        samples[row].insert(samples[row].end(), durations.begin(), durations.end());
    }
    std::vector<LargeVector<std::uint64_t>> samples;
};

/// What a range of items adds to the counts.
struct RangeCounts {
    Counts counts;
    TimeKeeper times{0};
};

enum class StepTimes : std::uint8_t { not_counted, counted };

/// The count that a match short of the last step is added to.
enum class Incomplete : std::uint8_t { dropped, immature };

Incomplete incomplete_if(bool immature) { return immature ? Incomplete::immature : Incomplete::dropped; }

class Counter {
  public:
    Counter(const Rules& rules, std::int32_t n_groups, StepTimes times)
        : n_steps_(rules.n_steps()),
          times_(times),
          excess_(excess_of(rules.mode)),
          keeper_(times == StepTimes::counted ? static_cast<std::size_t>(n_groups) * n_steps_ * 2 : 0),
          buffers_(keeper_.samples.size(), keeper_),
          n_whole_(static_cast<std::size_t>(n_groups) * (n_steps_ + 1) * 2, 0) {
        const auto zero = [&] {
            return CountMatrix::Zero(n_groups, static_cast<Eigen::Index>(n_steps_)).eval();
        };
        counts_.items.assign(static_cast<std::size_t>(n_groups), 0);
        counts_.left_out = counts_.items;
        counts_.reached = counts_.dropped = counts_.immature = zero();
    }

    void add(std::int32_t group, const ItemMatch& found) {
        if (found.stop == Stop::left_out) ++counts_.left_out[static_cast<std::size_t>(group)];
        ++counts_.items[static_cast<std::size_t>(group)];
        const std::size_t level = found.match.level;
        if (level == 0) return;
        if (level < n_steps_) ++incomplete(incomplete_if(found.stop == Stop::immature), group, level);
        const std::uint64_t done = found.match.done;
        const std::int64_t* time = found.match.time.data();
        const std::size_t base = static_cast<std::size_t>(group) * n_steps_;
        for (std::size_t k = 0; k < level; ++k) {
            if ((done >> k & 1) == 0) continue;
            ++counts_.reached(group, static_cast<Eigen::Index>(k));
            if (k == 0 || times_ == StepTimes::not_counted) continue;
            if ((done >> (k - 1) & 1) != 0) buffers_.append((base + k) * 2, between(time[k - 1], time[k]));
            if (k > 1 && (done & 1) != 0) buffers_.append((base + k) * 2 + 1, between(time[0], time[k]));
        }
    }

    /// Adds a match that does every step up to its level and whose times do not fall.
    ///
    /// @param time Of each step, or null if times are not counted.
    void add_whole(std::int32_t group, std::size_t level, Incomplete end, const std::int64_t* time) {
        const auto g = static_cast<std::size_t>(group);
        ++n_whole_[(g * (n_steps_ + 1) + level) * 2 + static_cast<std::size_t>(end)];
        for (std::size_t k = 1; k < level && time != nullptr; ++k) {
            const std::size_t row = (g * n_steps_ + k) * 2;
            buffers_.append(row, distance(time[k - 1], time[k]));
            if (k > 1) buffers_.append(row + 1, distance(time[0], time[k]));
        }
    }

    [[nodiscard]] RangeCounts take() {
        buffers_.flush();
        for (std::size_t at = 0; at < n_whole_.size(); ++at) {
            const std::size_t cell = at / 2, level = cell % (n_steps_ + 1);
            const auto group = static_cast<std::int32_t>(cell / (n_steps_ + 1));
            add_many(group, level, static_cast<Incomplete>(at % 2), n_whole_[at]);
        }
        return {std::move(counts_), std::move(keeper_)};
    }

    /// What is added to each time, so that negative times sort below the others as unsigned numbers.
    static std::uint64_t excess_of(Mode mode) {
        const bool may_be_negative = mode == Mode::hybrid || mode == Mode::open;
        return may_be_negative ? std::uint64_t{1} << 63 : 0;
    }

  private:
    [[nodiscard]] std::int64_t& incomplete(Incomplete end, std::int32_t group, std::size_t level) {
        const auto last = static_cast<Eigen::Index>(level) - 1;
        return (end == Incomplete::immature ? counts_.immature : counts_.dropped)(group, last);
    }
    void add_many(std::int32_t group, std::size_t level, Incomplete end, std::int64_t n) {
        counts_.items[static_cast<std::size_t>(group)] += n;
        for (std::size_t k = 0; k < level; ++k) counts_.reached(group, static_cast<Eigen::Index>(k)) += n;
        if (level > 0 && level < n_steps_) incomplete(end, group, level) += n;
    }
    [[nodiscard]] std::uint64_t between(std::int64_t from, std::int64_t to) const {
        return distance(from, to) + excess_;
    }

    std::size_t n_steps_;
    StepTimes times_;
    std::uint64_t excess_;
    Counts counts_;
    TimeKeeper keeper_;
    stats::StageBuffers<64, TimeKeeper> buffers_;
    std::vector<std::int64_t> n_whole_;  // matches of `add_whole` by group, level and `Incomplete`
};

struct Question {
    const Rules& rules;
    const Journeys& journeys;
    Counted counted;
    std::span<const std::int32_t> group;
    std::int32_t n_groups;
    StepTimes times;

    [[nodiscard]] std::int32_t group_of(std::size_t item) const { return group.empty() ? 0 : group[item]; }
    /// Whether the item has a row before `as_of`. An item of selected journeys may have no row at all.
    [[nodiscard]] bool is_observed(std::size_t item) const {
        if (!rules.as_of) return true;
        const std::size_t first = journeys.offsets[item];
        return first < journeys.offsets[item + 1] && journeys.time[first] < *rules.as_of;
    }
};

template <class Code>
RangeCounts count_simple(const Question& question, const Code* codes, std::size_t first, std::size_t last) {
    Counter counter(question.rules, question.n_groups, question.times);
    SimpleMatcher<Code> matcher(question.rules, question.journeys, codes);
    for (std::size_t item = first; item < last; ++item) {
        const std::size_t level = matcher.find(item);
        const Incomplete end = incomplete_if(question.rules.is_immature(matcher.entry()));
        const bool has_times = level > 1 && question.times == StepTimes::counted;
        counter.add_whole(question.group_of(item), level, end, has_times ? matcher.times() : nullptr);
    }
    return counter.take();
}

template <class Code>
RangeCounts count_any(const Question& question, const Code* codes, std::size_t first, std::size_t last) {
    Counter counter(question.rules, question.n_groups, question.times);
    ItemMatcher<Code> matcher(question.rules, question.journeys, codes);
    for (std::size_t item = first; item < last; ++item) {
        if (!question.is_observed(item)) continue;
        const auto add = [&](const ItemMatch& found) { counter.add(question.group_of(item), found); };
        if (question.counted == Counted::every_entry) {
            matcher.for_each_entry(item, add);
        } else {
            add(matcher.find(item));
        }
    }
    return counter.take();
}

void check_groups(const Journeys& journeys, std::span<const std::int32_t> group, std::int32_t n_groups) {
    if (n_groups < 1) {
        throw std::invalid_argument("there must be at least one group, got " + std::to_string(n_groups));
    }
    if (group.empty()) return;
    if (group.size() != journeys.n_items()) {
        throw std::invalid_argument("groups must be one for each of the " +
                                    std::to_string(journeys.n_items()) + " items, got " +
                                    std::to_string(group.size()));
    }
    const auto [low, high] = std::minmax_element(group.begin(), group.end());
    if (*low < 0 || *high >= n_groups) {
        throw std::invalid_argument("a group must be 0 to " + std::to_string(n_groups - 1) + ", got " +
                                    std::to_string(*low < 0 ? *low : *high));
    }
}

/// Merges the counts of the ranges in order; the first range is used up.
Counts merged(std::vector<RangeCounts>& ranges) {
    Counts counts = std::move(ranges[0].counts);
    const auto add = [](auto& to, const auto& from) {
        std::transform(to.begin(), to.end(), from.begin(), to.begin(), std::plus<>{});
    };
    for (std::size_t r = 1; r < ranges.size(); ++r) {
        const Counts& next = ranges[r].counts;
        add(counts.items, next.items);
        add(counts.left_out, next.left_out);
        counts.reached += next.reached;
        counts.dropped += next.dropped;
        counts.immature += next.immature;
    }
    return counts;
}

void summarise_times(const std::vector<RangeCounts>& ranges, std::size_t n_steps, unsigned threads,
                     std::span<const stats::Quantile> quantiles, Counts& counts) {
    const std::size_t n_times = ranges[0].times.samples.size();
    counts.from_previous.resize(n_times / 2);
    counts.from_first.resize(n_times / 2);
    parallel_tasks(n_times, threads, [&](std::size_t row) {
        std::vector<std::span<const std::uint64_t>> samples;
        std::size_t count = 0;
        for (const RangeCounts& range : ranges) {
            samples.emplace_back(range.times.samples[row]);
            count += samples.back().size();
        }
        stats::SampleSummary summary = stats::summarise(samples, quantiles);
        (row % 2 == 0 ? counts.from_previous : counts.from_first)[row / 2] = {
            static_cast<std::int64_t>(count), summary.mean, std::move(summary.quantiles)};
    });
    // The step before the second one is the first, so its times are kept once.
    for (std::size_t row = 1; n_steps > 1 && row < n_times / 2; row += n_steps) {
        counts.from_first[row] = counts.from_previous[row];
    }
}

}  // namespace

Counts count_sequence(const Journeys& journeys, const Options& options, Counted counted,
                      std::span<const std::int32_t> group, std::int32_t n_groups,
                      std::optional<std::span<const stats::Quantile>> quantiles) {
    const Rules rules(options, journeys);
    if (counted == Counted::every_entry) rules.check_entries();
    check_groups(journeys, group, n_groups);
    const StepTimes times = quantiles ? StepTimes::counted : StepTimes::not_counted;
    const Question question{rules, journeys, counted, group, n_groups, times};
    const bool simple = counted == Counted::best_match && is_simple(rules);
    const auto count_range = [&](const auto* codes, std::size_t first, std::size_t last) {
        return simple ? count_simple(question, codes, first, last) : count_any(question, codes, first, last);
    };
    std::vector<RangeCounts> ranges = scan::scan_ranges(journeys, options.threads, count_range);
    Counts counts = merged(ranges);
    counts.excess = Counter::excess_of(rules.mode);
    if (quantiles) summarise_times(ranges, rules.n_steps(), options.threads, *quantiles, counts);
    return counts;
}

}  // namespace stagefunnel::sequence
