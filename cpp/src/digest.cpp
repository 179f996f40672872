#include "stagefunnel/digest.hpp"

#include "parallel.hpp"
#include "states.hpp"
#include "visits.hpp"

namespace stagefunnel {

std::optional<Digest> digest_of(const Journeys& journeys, const Pipeline& pipeline, unsigned threads) {
    pipeline.check(journeys);
    if (!is_worth_a_digest(journeys, pipeline)) return std::nullopt;
    return with_codes(journeys, [&](const auto* codes) {
        return parallel_merge(journeys.n_items(), threads,
                              [&](std::size_t first, std::size_t last) {
                                  StateTable table(pipeline);
                                  table.read(journeys, codes, first, last);
                                  return table;
                              })
            .digest();
    });
}

}  // namespace stagefunnel
