#include "stagefunnel/funnel.hpp"

#include <optional>

#include "funnel_counter.hpp"
#include "grouped_states.hpp"
#include "parallel.hpp"

namespace stagefunnel {
namespace {

/// True where items of one state count alike.
bool is_digestible(const FunnelOptions& options) {
    return options.kind != Kind::conversions_moves && options.kind != Kind::strict;
}

bool is_plain(const FunnelOptions& options) { return options.group.empty() && options.amount.empty(); }

template <class Code>
FunnelCounts count_states(const Journeys& journeys, const Code* codes, const Pipeline& pipeline,
                          const FunnelOptions& options, const Digest& digest) {
    if (is_plain(options)) {
        FunnelCounter<OneWord> counter(pipeline, options, options.n_groups);
        // One item of each state stands for all that are in it.
        for (const Digest::State& state : digest.states)
            counter.count(journeys, codes, state.example, state.items);
        return counter.take().finish();
    }
    const ItemsByGroup items = items_by_group(digest, options);
    const StateUnits units(journeys, codes, pipeline, options, digest);
    return parallel_merge(items.size(), options.threads,
                          [&](std::size_t first, std::size_t last) {
                              return StateCounter(units, digest, pipeline, options).count(items, first, last);
                          })
        .finish();
}

template <class Code>
FunnelCounts count_items(const Journeys& journeys, const Code* codes, const Pipeline& pipeline,
                         const FunnelOptions& options) {
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
}

}  // namespace

FunnelCounts count_funnel(const Journeys& journeys, const Pipeline& pipeline, const FunnelOptions& options,
                          const Digest* digest) {
    pipeline.check(journeys);
    check_options(journeys, options);
    std::optional<Digest> own;
    const bool fits =
        digest != nullptr && (is_plain(options) || digest->of_item.size() == journeys.n_items());
    if (!fits && is_digestible(options)) {
        own = is_plain(options) ? digest_of(journeys, pipeline, options.threads)
                                : digest_of_items(journeys, pipeline, options.threads);
        digest = own ? &*own : nullptr;
    }
    return with_codes(journeys, [&](const auto* codes) {
        return digest != nullptr && is_digestible(options)
                   ? count_states(journeys, codes, pipeline, options, *digest)
                   : count_items(journeys, codes, pipeline, options);
    });
}

}  // namespace stagefunnel
