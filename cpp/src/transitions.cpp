#include "stagefunnel/transitions.hpp"

#include <stdexcept>
#include <string>

#include "moves.hpp"
#include "parallel.hpp"

namespace stagefunnel {

void check_moves(const Pipeline& pipeline) {
    if (pipeline.n_rows() <= kMaxTransitionStages) return;
    throw std::invalid_argument("transitions take a pipeline of at most 4,096 stages, this one has " +
                                std::to_string(pipeline.n_rows()));
}

Transitions count_transitions(const Journeys& journeys, const Pipeline& pipeline, unsigned threads) {
    pipeline.check(journeys);
    check_moves(pipeline);
    return with_codes(journeys, [&](const auto* codes) {
        return parallel_merge(journeys.n_items(), threads,
                              [&](std::size_t first, std::size_t last) {
                                  MoveCounter counter(pipeline);
                                  counter.read(journeys, codes, first, last);
                                  return counter;
                              })
            .counts();
    });
}

}  // namespace stagefunnel
