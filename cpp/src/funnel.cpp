#include "stagefunnel/funnel.hpp"

#include <optional>

#include "funnel_counter.hpp"
#include "parallel.hpp"

namespace stagefunnel {

FunnelCounts count_states(const Journeys& journeys, const Pipeline& pipeline, const FunnelOptions& options,
                          const Digest& digest) {
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
    std::optional<Digest> own;
    if (digest == nullptr && is_digestible(options)) own = digest_of(journeys, pipeline, options.threads);
    if (own) digest = &*own;
    if (digest != nullptr && is_digestible(options))
        return count_states(journeys, pipeline, options, *digest);
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
