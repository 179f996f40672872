#include "stagefunnel/funnel.hpp"

#include <cmath>
#include <optional>
#include <stdexcept>

#include "item_counter.hpp"
#include "parallel.hpp"
#include "visits.hpp"

namespace stagefunnel {
namespace {

template <class Mask>
FunnelCounts count_items(const Journeys& journeys, const Pipeline& pipeline, const FunnelOptions& options) {
    return with_codes(journeys, [&](const auto* codes) {
        return parallel_merge(journeys.n_items(), options.threads,
                              [&](std::size_t first, std::size_t last) {
                                  ItemCounter<Mask> counter(pipeline, options);
                                  counter.read(journeys, codes, first, last);
                                  return counter;
                              })
            .counts();
    });
}

}  // namespace

void check(const Journeys& journeys, const FunnelOptions& options) {
    if (!options.group.empty()) {
        if (options.group.size() != journeys.n_items())
            throw std::invalid_argument("groups must be one per item");
        for (const std::int32_t group : options.group) {
            if (group < 0 || group >= options.n_groups)
                throw std::invalid_argument("a group lies out of range");
        }
    }
    if (options.n_groups < 1) throw std::invalid_argument("there must be a group");
    if (options.amount.empty()) return;
    if (options.amount.size() != journeys.n_items())
        throw std::invalid_argument("amounts must be one per item");
    double total = 0;
    for (const double amount : options.amount) {
        if (!std::isnan(amount)) total += std::abs(amount);
    }
    // Also refuses infinity. Past this the fixed-point sums could overflow.
    if (!(total < 0x1p62)) throw std::invalid_argument("amounts are infinite or add up beyond 4.6e18");
}

FunnelCounts count_states(const Journeys& journeys, const Pipeline& pipeline, const FunnelOptions& options,
                          const Digest& digest) {
    ItemCounter<OneWord> counter(pipeline, options);
    with_codes(journeys, [&](const auto* codes) { counter.read(journeys, codes, digest); });
    return counter.counts();
}

FunnelCounts count_funnel(const Journeys& journeys, const Pipeline& pipeline, const FunnelOptions& options,
                          const Digest* digest) {
    pipeline.check(journeys);
    check(journeys, options);
    if (is_digestible(options)) {
        std::optional<Digest> own;
        if (digest == nullptr) own = digest_of(journeys, pipeline, options.threads);
        if (own) digest = &*own;
        if (digest != nullptr) return count_states(journeys, pipeline, options, *digest);
    }
    return pipeline.n_rows() <= static_cast<std::int32_t>(kWordBits)
               ? count_items<OneWord>(journeys, pipeline, options)
               : count_items<ManyWords>(journeys, pipeline, options);
}

}  // namespace stagefunnel
