#include "stagefunnel/funnel.hpp"

#include <cmath>
#include <optional>
#include <stdexcept>

#include "funnel_counter.hpp"
#include "parallel.hpp"

namespace stagefunnel {
namespace {

/// True where items of one state count alike.
bool is_digestible(const FunnelOptions& options) {
    return options.group.empty() && options.amount.empty() && options.kind != Kind::conversions_moves &&
           options.kind != Kind::strict;
}

}  // namespace

FunnelCounts count_funnel(const Journeys& journeys, const Pipeline& pipeline, const FunnelOptions& options,
                          const Digest* digest) {
    pipeline.check(journeys);
    check_options(journeys, options);
    std::optional<Digest> own;
    if (digest == nullptr && is_digestible(options)) own = digest_of(journeys, pipeline, options.threads);
    if (own) digest = &*own;
    return with_codes(journeys, [&](const auto* codes) {
        if (digest != nullptr && is_digestible(options)) {
            FunnelCounter<OneWord> counter(pipeline, options, options.n_groups);
            // One item of each state stands for all that are in it.
            for (const Digest::State& state : digest->states)
                counter.count(journeys, codes, state.example, state.items);
            return counter.take().finish();
        }
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
