#include "stagefunnel/funnel.hpp"

#include <optional>
#include <stdexcept>
#include <vector>

#include "funnel_counter.hpp"
#include "grouped_states.hpp"
#include "parallel.hpp"

namespace stagefunnel {
namespace {

std::vector<FunnelCounts> count_grouped_states(const Journeys& journeys, const Pipeline& pipeline,
                                               std::span<const FunnelOptions> funnels, const Digest& digest) {
    const FunnelOptions& shared = funnels.front();
    const ItemsByGroup items = items_by_group(digest, shared);
    std::vector<StateUnits> units;
    with_codes(journeys, [&](const auto* codes) {
        for (const FunnelOptions& funnel : funnels)
            units.emplace_back(journeys, codes, pipeline, funnel, digest);
    });
    FunnelPartials total =
        parallel_merge(items.size(), shared.threads, [&](std::size_t first, std::size_t last) {
            return StateCounter(units, digest, pipeline, shared).count(items, first, last);
        });
    std::vector<FunnelCounts> counts;
    for (FunnelPartial& partial : total.funnels) counts.push_back(std::move(partial).finish());
    return counts;
}

}  // namespace

FunnelCounts count_states(const Journeys& journeys, const Pipeline& pipeline, const FunnelOptions& options,
                          const Digest& digest) {
    if (!is_plain(options)) return count_grouped_states(journeys, pipeline, {&options, 1}, digest).front();
    FunnelCounter<OneWord> counter(pipeline, options, options.n_groups);
    with_codes(journeys, [&](const auto* codes) {
        // One item of each state stands for all that are in it.
        for (const Digest::State& state : digest.states)
            counter.count(journeys, codes, state.example, state.items);
    });
    return counter.take().finish();
}

FunnelCounts count_funnel(const Journeys& journeys, const Pipeline& pipeline, const FunnelOptions& options,
                          const Digest* digest) {
    pipeline.check(journeys);
    check_options(journeys, options);
    if (counts_by_state(options.kind)) {
        std::optional<Digest> own;
        const bool answers = digest != nullptr && (is_plain(options) || !digest->of_item.empty());
        if (!answers) {
            own = is_plain(options) ? digest_of(journeys, pipeline, options.threads)
                                    : digest_of_items(journeys, pipeline, options.threads);
            digest = own ? &*own : nullptr;
        }
        if (digest != nullptr) return count_states(journeys, pipeline, options, *digest);
    }
    return with_codes(journeys, [&](const auto* codes) {
        return with_mask(pipeline, [&]<class Mask>() {
            return parallel_merge(journeys.n_items(), options.threads,
                                  [&](std::size_t first, std::size_t last) {
                                      FunnelCounter<Mask> counter(pipeline, options, options.n_groups);
                                      for (std::size_t item = first; item < last; ++item)
                                          counter.count(journeys, codes, item, 1);
                                      return counter.take();
                                  })
                .finish();
        });
    });
}

std::vector<FunnelCounts> count_funnels(const Journeys& journeys, const Pipeline& pipeline,
                                        std::span<const FunnelOptions> funnels, const Digest& digest) {
    pipeline.check(journeys);
    for (const FunnelOptions& funnel : funnels) {
        if (!counts_by_state(funnel.kind))
            throw std::invalid_argument("a digest does not tell what moves and order imply");
        if (funnel.group.data() != funnels.front().group.data() ||
            funnel.amount.data() != funnels.front().amount.data())
            throw std::invalid_argument("the funnels must have the same groups and amounts");
    }
    if (digest.of_item.size() != journeys.n_items())
        throw std::invalid_argument("the digest does not have the state of each item");
    if (funnels.empty()) return {};
    check_options(journeys, funnels.front());
    return count_grouped_states(journeys, pipeline, funnels, digest);
}

}  // namespace stagefunnel
