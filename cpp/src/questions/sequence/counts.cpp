#include <algorithm>
#include <functional>
#include <stdexcept>
#include <vector>

#include "base/parallel.hpp"
#include "questions/sequence/item_match.hpp"
#include "questions/sequence/plain.hpp"
#include "questions/sequence/rules/rules.hpp"
#include "scan/scan.hpp"
#include "stagefunnel/questions/sequence/sequence.hpp"
#include "stats/sample_summary.hpp"
#include "stats/stage_buffers.hpp"

namespace stagefunnel::sequence {
namespace {

/// Keeps every duration.
struct TimeKeeper {
    explicit TimeKeeper(std::size_t n_rows) : samples(n_rows) {}
    void take(std::size_t row, std::span<const std::uint64_t> durations) {
        samples[row].insert(samples[row].end(), durations.begin(), durations.end());
    }
    std::vector<LargeVector<std::uint64_t>> samples;
};

struct Part {
    Counts counts;
    TimeKeeper times{0};
};

class Counter {
  public:
    Counter(const Rules& rules, std::int32_t n_groups, bool keeps_times)
        : n_steps_(rules.n_steps()),
          keeps_times_(keeps_times),
          excess_(excess_of(rules.mode)),
          keeper_(keeps_times ? static_cast<std::size_t>(n_groups) * n_steps_ * 2 : 0),
          buffers_(keeper_.samples.size(), keeper_),
          n_whole_(static_cast<std::size_t>(n_groups) * (n_steps_ + 1) * 2, 0) {
        const auto zero = [&] {
            return CountMatrix::Zero(n_groups, static_cast<Eigen::Index>(n_steps_)).eval();
        };
        counts_.items.assign(static_cast<std::size_t>(n_groups), 0);
        counts_.left_out = counts_.items;
        counts_.reached = counts_.dropped = counts_.immature = zero();
    }

    void add(std::int32_t group, const ItemMatch& told) {
        if (told.stop == Stop::left_out) ++counts_.left_out[static_cast<std::size_t>(group)];
        add(group, told.chain.level, told.stop == Stop::immature, told.chain.done, told.chain.time.data());
    }

    void add(std::int32_t group, std::size_t level, bool immature, std::uint64_t done,
             const std::int64_t* time) {
        ++counts_.items[static_cast<std::size_t>(group)];
        if (level == 0) return;
        const auto last = static_cast<Eigen::Index>(level) - 1;
        if (level < n_steps_) ++(immature ? counts_.immature : counts_.dropped)(group, last);
        const std::size_t base = static_cast<std::size_t>(group) * n_steps_;
        for (std::size_t k = 0; k < level; ++k) {
            if ((done >> k & 1) == 0) continue;
            ++counts_.reached(group, static_cast<Eigen::Index>(k));
            if (k == 0 || !keeps_times_) continue;
            if ((done >> (k - 1) & 1) != 0) buffers_.append((base + k) * 2, between(time[k - 1], time[k]));
            if (k > 1 && (done & 1) != 0) buffers_.append((base + k) * 2 + 1, between(time[0], time[k]));
        }
    }

    /// Adds a chain of all steps up to its level, whose times rise.
    void add_whole(std::int32_t group, std::size_t level, bool immature, const std::int64_t* time) {
        const auto g = static_cast<std::size_t>(group);
        ++n_whole_[(g * (n_steps_ + 1) + level) * 2 + (immature ? 1 : 0)];
        for (std::size_t k = 1; k < level && time != nullptr; ++k) {
            const std::size_t row = (g * n_steps_ + k) * 2;
            buffers_.append(row, distance(time[k - 1], time[k]));
            if (k > 1) buffers_.append(row + 1, distance(time[0], time[k]));
        }
    }

    [[nodiscard]] Part take() {
        buffers_.flush();
        for (std::size_t at = 0; at < n_whole_.size(); ++at) {
            const std::size_t cell = at / 2, level = cell % (n_steps_ + 1);
            add_many(static_cast<std::int32_t>(cell / (n_steps_ + 1)), level, at % 2 == 1, n_whole_[at]);
        }
        return {std::move(counts_), std::move(keeper_)};
    }

    /// Half of all lengths, where some may be negative.
    static std::uint64_t excess_of(Mode mode) {
        const bool any_order = mode == Mode::hybrid || mode == Mode::open;
        return any_order ? std::uint64_t{1} << 63 : 0;
    }

  private:
    void add_many(std::int32_t group, std::size_t level, bool immature, std::int64_t n) {
        counts_.items[static_cast<std::size_t>(group)] += n;
        for (std::size_t k = 0; k < level; ++k) counts_.reached(group, static_cast<Eigen::Index>(k)) += n;
        if (level == 0 || level == n_steps_) return;
        (immature ? counts_.immature : counts_.dropped)(group, static_cast<Eigen::Index>(level) - 1) += n;
    }
    [[nodiscard]] std::uint64_t between(std::int64_t from, std::int64_t to) const {
        return distance(from, to) + excess_;
    }

    std::size_t n_steps_;
    bool keeps_times_;
    std::uint64_t excess_;
    Counts counts_;
    TimeKeeper keeper_;
    stats::StageBuffers<64, TimeKeeper> buffers_;
    std::vector<std::int64_t> n_whole_;  // by group, level and whether immature
};

struct Asked {
    const Rules& rules;
    const Journeys& journeys;
    bool every_entry;
    std::span<const std::int32_t> group;
    std::int32_t n_groups;
    bool keeps_times;

    [[nodiscard]] std::int32_t group_of(std::size_t item) const { return group.empty() ? 0 : group[item]; }
    [[nodiscard]] bool is_there(std::size_t item) const {
        return !rules.as_of || journeys.time[journeys.offsets[item]] < *rules.as_of;
    }
};

template <class Code>
Part count_plain(const Asked& asked, const Code* codes, std::size_t first, std::size_t last) {
    Counter counter(asked.rules, asked.n_groups, asked.keeps_times);
    PlainMatcher<Code> plain(asked.rules, asked.journeys, codes);
    for (std::size_t item = first; item < last; ++item) {
        const std::size_t level = plain.find(item);
        const bool immature = asked.rules.is_immature(plain.entry());
        const bool times = level > 1 && asked.keeps_times;
        counter.add_whole(asked.group_of(item), level, immature, times ? plain.times() : nullptr);
    }
    return counter.take();
}

template <class Code>
Part count_any(const Asked& asked, const Code* codes, std::size_t first, std::size_t last) {
    Counter counter(asked.rules, asked.n_groups, asked.keeps_times);
    ItemMatcher<Code> teller(asked.rules, asked.journeys, codes);
    for (std::size_t item = first; item < last; ++item) {
        if (!asked.is_there(item)) continue;
        const auto add = [&](const ItemMatch& told) { counter.add(asked.group_of(item), told); };
        if (asked.every_entry) {
            teller.tell_entries(item, add);
        } else {
            add(teller.tell(item));
        }
    }
    return counter.take();
}

void check_groups(const Journeys& journeys, std::span<const std::int32_t> group, std::int32_t n_groups) {
    if (n_groups < 1) throw std::invalid_argument("there must be a group");
    if (group.empty()) return;
    if (group.size() != journeys.n_items()) throw std::invalid_argument("groups must be one per item");
    const auto [low, high] = std::minmax_element(group.begin(), group.end());
    if (*low < 0 || *high >= n_groups) throw std::invalid_argument("a group lies out of range");
}

}  // namespace

Counts count_sequence(const Journeys& journeys, const Options& options, bool every_entry,
                      std::span<const std::int32_t> group, std::int32_t n_groups,
                      std::optional<std::span<const stats::Quantile>> quantiles) {
    const Rules rules(options, journeys);
    if (every_entry) rules.check_entries();
    check_groups(journeys, group, n_groups);
    const Asked asked{rules, journeys, every_entry, group, n_groups, quantiles.has_value()};
    const bool plain = !every_entry && is_plain(rules);
    const auto count_range = [&](const auto* codes, std::size_t first, std::size_t last) {
        return plain ? count_plain(asked, codes, first, last) : count_any(asked, codes, first, last);
    };
    std::vector<Part> parts = scan::scan_ranges(journeys, options.threads, count_range);
    Counts counts = std::move(parts[0].counts);
    const auto add = [](auto& to, const auto& from) {
        std::transform(to.begin(), to.end(), from.begin(), to.begin(), std::plus<>{});
    };
    for (std::size_t p = 1; p < parts.size(); ++p) {
        add(counts.items, parts[p].counts.items);
        add(counts.left_out, parts[p].counts.left_out);
        counts.reached += parts[p].counts.reached;
        counts.dropped += parts[p].counts.dropped;
        counts.immature += parts[p].counts.immature;
    }
    counts.excess = Counter::excess_of(rules.mode);
    const std::size_t n_times = parts[0].times.samples.size();
    counts.from_previous.resize(n_times / 2);
    counts.from_first.resize(n_times / 2);
    parallel_tasks(n_times, options.threads, [&](std::size_t row) {
        std::vector<std::span<const std::uint64_t>> samples;
        std::size_t count = 0;
        for (const Part& part : parts) {
            samples.emplace_back(part.times.samples[row]);
            count += samples.back().size();
        }
        stats::SampleSummary summary = stats::summarise(samples, *quantiles);
        (row % 2 == 0 ? counts.from_previous : counts.from_first)[row / 2] = {
            static_cast<std::int64_t>(count), summary.mean, std::move(summary.quantiles)};
    });
    // The step before the second one is the first.
    const std::size_t n_steps = rules.n_steps();
    for (std::size_t row = 1; n_steps > 1 && row < n_times / 2; row += n_steps) {
        counts.from_first[row] = counts.from_previous[row];
    }
    return counts;
}

}  // namespace stagefunnel::sequence
