#include "stagefunnel/funnel.hpp"

#include <optional>

#include "funnel_counter.hpp"
#include "grouped_states.hpp"
#include "parallel.hpp"

namespace stagefunnel {
namespace {

FunnelCounts count_grouped_states(const Journeys& journeys, const Pipeline& pipeline,
                                  const FunnelOptions& options, const Digest& digest) {
    const ItemsByGroup items = items_by_group(digest, options);
    const StateUnits units = with_codes(
        journeys, [&](const auto* codes) { return StateUnits(journeys, codes, pipeline, options, digest); });
    return parallel_merge(items.size(), options.threads,
                          [&](std::size_t first, std::size_t last) {
                              return StateCounter(units, digest, pipeline, options).count(items, first, last);
                          })
        .finish();
}

}  // namespace

FunnelCounts count_states(const Journeys& journeys, const Pipeline& pipeline, const FunnelOptions& options,
                          const Digest& digest) {
    if (!is_plain(options)) return count_grouped_states(journeys, pipeline, options, digest);
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

}  // namespace stagefunnel
