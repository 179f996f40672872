#include "stagefunnel/questions/funnel/funnel.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/counting_sort.hpp"
#include "base/parallel.hpp"
#include "questions/funnel/funnel_counter.hpp"
#include "questions/funnel/state_masks.hpp"
#include "scan/scan.hpp"
#include "stagefunnel/base/memory.hpp"

namespace stagefunnel::funnel {
namespace {

/// The items that have a state, group after group.
///
/// The items of one group fit into a cache together with one count per state; a table of all groups and
/// states would not fit.
struct ItemsByGroup {
    std::vector<std::size_t> bounds;  // n_groups + 1 places
    LargeVector<std::uint32_t> state;
    LargeVector<double> amount;  // empty: no amounts

    [[nodiscard]] std::size_t size() const { return state.size(); }
};

/// Brings the items together by group: a stable counting sort by several threads.
ItemsByGroup items_by_group(const ItemStates& item_states, const Options& options) {
    const std::span<const std::uint32_t> states = item_states.of_item;
    const std::size_t n_ranges = std::max(options.threads, 1U);
    const auto for_each_item = [&](std::size_t t, auto at) {
        const std::size_t last = states.size() * (t + 1) / n_ranges;
        for (std::size_t item = states.size() * t / n_ranges; item < last; ++item) {
            const auto group = options.group.empty() ? 0U : static_cast<std::size_t>(options.group[item]);
            if (states[item] != ItemStates::kNoState) at(item, group);
        }
    };
    std::vector<std::vector<std::size_t>> next(
        n_ranges, std::vector<std::size_t>(static_cast<std::size_t>(options.n_groups), 0));
    parallel_tasks(n_ranges, options.threads, [&](std::size_t t) {
        for_each_item(t, [&](std::size_t, std::size_t group) { ++next[t][group]; });
    });
    ItemsByGroup items;
    items.bounds = replace_counts_by_places(next);
    items.state.resize(items.bounds.back());
    if (!options.amount.empty()) items.amount.resize(items.bounds.back());
    parallel_tasks(n_ranges, options.threads, [&](std::size_t t) {
        for_each_item(t, [&](std::size_t item, std::size_t group) {
            const std::size_t place = next[t][group]++;
            items.state[place] = states[item];
            if (!items.amount.empty()) items.amount[place] = options.amount[item];
        });
    });
    return items;
}

/// What one thread counted for several funnels.
struct PartialFunnels {
    std::vector<PartialCounts> funnels;

    void merge(const PartialFunnels& other) {
        for (std::size_t i = 0; i < funnels.size(); ++i) funnels[i].merge(other.funnels[i]);
    }
};

/// Counts ranges of items that are brought together by group.
///
/// Inside a group it counts the items of each state, and then adds each state to the counts once.
class StateCounter {
  public:
    /// @param masks masks of each funnel that is counted.
    /// @param options groups and amounts, which all funnels share.
    StateCounter(std::span<const StateMasks> masks, const ItemStates& item_states, const Pipeline& pipeline,
                 const Options& options)
        : masks_(masks),
          items_(item_states.states.size(), 0),
          amounts_(options.amount.empty() ? 0 : item_states.states.size()),
          present_(item_states.states.size() + 1) {
        for (std::size_t i = 0; i < masks.size(); ++i)
            partial_.funnels.emplace_back(options.n_groups, pipeline, amounts_of(options));
    }

    PartialFunnels count(const ItemsByGroup& items, std::size_t first, std::size_t last) {
        auto bound = std::upper_bound(items.bounds.begin(), items.bounds.end(), first);
        while (first < last) {
            const std::size_t end = std::min(*bound, last);
            for (std::size_t i = first; i < end; ++i) {
                const std::uint32_t state = items.state[i];
                // Without a branch: no processor foresees which item is the first of its state.
                present_[n_present_] = state;
                n_present_ += items_[state]++ == 0 ? 1 : 0;
                if (!amounts_.empty()) amounts_[state].add(items.amount[i], 1);
            }
            for (std::size_t i = 0; i < masks_.size(); ++i)
                add_group(masks_[i], bound - items.bounds.begin() - 1, partial_.funnels[i]);
            clear_group();
            first = end;
            ++bound;
        }
        return std::move(partial_);
    }

  private:
    /// The states with items in the group that is read.
    [[nodiscard]] std::span<const std::uint32_t> present() const {
        return std::span(present_).first(n_present_);
    }

    /// Adds the items of the present states to a group of a funnel.
    void add_group(const StateMasks& masks, Eigen::Index group, PartialCounts& partial) {
        if (!amounts_.empty()) add_amounts(masks, group, partial);
        add_items(masks, group, partial);
    }

    void add_amounts(const StateMasks& masks, Eigen::Index group, PartialCounts& partial) const {
        const Eigen::Index n_rows = partial.counts.passed.cols();
        for (const std::uint32_t state : present()) {
            const AmountSum& amounts = amounts_[state];
            masks.for_each_reached(state, [&](Eigen::Index row) {
                partial.counts.amount_missing(group, row) += amounts.missing;
                partial.sums[static_cast<std::size_t>(group * n_rows + row)] += amounts.sum;
            });
        }
    }

    void add_items(const StateMasks& masks, Eigen::Index group, PartialCounts& partial) {
        masks.count(present(), items_, counts_);
        const std::uint32_t* count = counts_.data();
        Counts& c = partial.counts;
        // The masks have no columns for these tables.
        CountMatrix missing = std::exchange(c.amount_missing, {});
        CountMatrix passed = std::exchange(c.passed, {});
        partial.for_each_table([&](auto& table) {
            for (Eigen::Index column = 0; column < table.cols(); ++column) table(group, column) += *count++;
        });
        c.amount_missing = std::move(missing);
        c.passed = std::move(passed);
    }

    void clear_group() {
        for (const std::uint32_t state : present()) {
            items_[state] = 0;
            if (!amounts_.empty()) amounts_[state] = {};
        }
        n_present_ = 0;
    }

    std::span<const StateMasks> masks_;  // of each funnel
    PartialFunnels partial_;
    std::vector<std::uint32_t> items_;    // of each state, in the group that is read
    std::vector<AmountSum> amounts_;      // of each state; empty without amounts
    std::vector<std::uint32_t> present_;  // these states first, and one place more than there are states
    std::size_t n_present_ = 0;
    std::vector<std::uint32_t> counts_;  // 32 bits hold the number of items of any log
};

std::vector<Counts> count_grouped_states(const Pipeline& pipeline, std::span<const Options> funnels,
                                         const ItemStates& item_states) {
    const Options& shared = funnels.front();
    const ItemsByGroup items = items_by_group(item_states, shared);
    std::vector<StateMasks> masks;
    scan::with_codes(item_states.examples, [&](const auto* codes) {
        for (const Options& funnel : funnels) masks.emplace_back(codes, pipeline, funnel, item_states);
    });
    PartialFunnels total =
        parallel_merge(items.size(), shared.threads, [&](std::size_t first, std::size_t last) {
            return StateCounter(masks, item_states, pipeline, shared).count(items, first, last);
        });
    std::vector<Counts> counts;
    for (PartialCounts& partial : total.funnels) {
        partial.counts.passed = partial.counts.visited;
        counts.push_back(std::move(partial).finish());
    }
    return counts;
}

}  // namespace

Counts internal::count_by_states(const Pipeline& pipeline, const Options& options,
                                 const ItemStates& item_states) {
    if (!is_plain(options)) return count_grouped_states(pipeline, {&options, 1}, item_states).front();
    return scan::with_stage_set(pipeline, [&]<class Mask>() {
        Counter<Mask> counter(pipeline, options, options.n_groups);
        scan::with_codes(item_states.examples, [&](const auto* codes) {
            // One item of each state stands for all items of that state.
            for (std::size_t state = 0; state < item_states.states.size(); ++state)
                counter.count(item_states.examples, codes, state, item_states.states[state].items);
        });
        return counter.take().finish();
    });
}

Counts count_funnel(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
                    const ItemStates* item_states) {
    pipeline.check(journeys);
    check_options(journeys, options);
    if (counts_by_state(options.kind)) {
        std::optional<ItemStates> own;
        const bool answers = item_states != nullptr && (is_plain(options) || !item_states->of_item.empty());
        if (!answers) {
            own = is_plain(options) ? find_states(journeys, pipeline, options.threads)
                                    : find_states_of_items(journeys, pipeline, options.threads);
            item_states = own ? &*own : nullptr;
        }
        if (item_states != nullptr) return count_by_states(pipeline, options, *item_states);
    }
    return scan::with_stage_set(pipeline, [&]<class Mask>() {
        return scan::scan(journeys, options.threads,
                          [&] { return Counter<Mask>(pipeline, options, options.n_groups); })
            .take()
            .finish();
    });
}

std::vector<Counts> count_funnels(const Pipeline& pipeline, std::span<const Options> funnels,
                                  const ItemStates& item_states) {
    if (funnels.empty()) return {};
    pipeline.check(item_states.examples);
    const Options& shared = funnels.front();
    for (const Options& funnel : funnels) {
        if (!counts_by_state(funnel.kind))
            throw std::invalid_argument(
                "the kinds conversions_moves and strict cannot be counted from item states");
        if (funnel.group.data() != shared.group.data() || funnel.amount.data() != shared.amount.data())
            throw std::invalid_argument("the funnels must have the same groups and amounts");
    }
    if (is_plain(shared)) {
        std::vector<Counts> counts;
        for (const Options& funnel : funnels)
            counts.push_back(count_by_states(pipeline, funnel, item_states));
        return counts;
    }
    check_options(item_states.of_item.size(), shared);
    return count_grouped_states(pipeline, funnels, item_states);
}

}  // namespace stagefunnel::funnel
