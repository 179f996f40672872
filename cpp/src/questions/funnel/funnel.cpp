#include "stagefunnel/questions/funnel/funnel.hpp"

#include <optional>
#include <stdexcept>
#include <vector>

#include "questions/funnel/funnel_counter.hpp"
#include "questions/funnel/grouped_states.hpp"
#include "scan/scan.hpp"

namespace stagefunnel::funnel {
namespace {

std::vector<Counts> count_grouped_states(const Journeys& journeys, const Pipeline& pipeline,
                                         std::span<const Options> funnels, const ItemStates& item_states) {
    const Options& shared = funnels.front();
    const ItemsByGroup items = items_by_group(item_states, shared);
    std::vector<StateUnits> units;
    scan::with_codes(journeys, [&](const auto* codes) {
        for (const Options& funnel : funnels)
            units.emplace_back(journeys, codes, pipeline, funnel, item_states);
    });
    Partials total = parallel_merge(items.size(), shared.threads, [&](std::size_t first, std::size_t last) {
        return StateCounter(units, item_states, pipeline, shared).count(items, first, last);
    });
    std::vector<Counts> counts;
    for (PartialCounts& partial : total.funnels) counts.push_back(std::move(partial).finish());
    return counts;
}

}  // namespace

Counts internal::count_by_states(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
                                 const ItemStates& item_states) {
    if (!is_plain(options))
        return count_grouped_states(journeys, pipeline, {&options, 1}, item_states).front();
    Counter<scan::OneWordSet> counter(pipeline, options, options.n_groups);
    scan::with_codes(journeys, [&](const auto* codes) {
        // One item of each state stands for all that are in it.
        for (const ItemStates::State& state : item_states.states)
            counter.count(journeys, codes, state.example, state.items);
    });
    return counter.take().finish();
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
        if (item_states != nullptr) return count_by_states(journeys, pipeline, options, *item_states);
    }
    return scan::with_stage_set(pipeline, [&]<class Mask>() {
        return scan::scan(journeys, options.threads,
                          [&] { return Counter<Mask>(pipeline, options, options.n_groups); })
            .take()
            .finish();
    });
}

std::vector<Counts> count_funnels(const Journeys& journeys, const Pipeline& pipeline,
                                  std::span<const Options> funnels, const ItemStates& item_states) {
    pipeline.check(journeys);
    for (const Options& funnel : funnels) {
        if (!counts_by_state(funnel.kind))
            throw std::invalid_argument(
                "the kinds conversions_moves and strict cannot be counted from item states");
        if (funnel.group.data() != funnels.front().group.data() ||
            funnel.amount.data() != funnels.front().amount.data())
            throw std::invalid_argument("the funnels must have the same groups and amounts");
    }
    if (item_states.of_item.size() != journeys.n_items())
        throw std::invalid_argument("the item states must hold the state of each item");
    if (funnels.empty()) return {};
    check_options(journeys, funnels.front());
    return count_grouped_states(journeys, pipeline, funnels, item_states);
}

}  // namespace stagefunnel::funnel
