#include "stagefunnel/transitions.hpp"

#include <stdexcept>
#include <string>

#include "parallel.hpp"
#include "visits.hpp"

namespace stagefunnel {
namespace {

struct Partial {
    Transitions counts;

    void merge(const Partial& other) {
        counts.moves += other.counts.moves;
        counts.items += other.counts.items;
    }
};

template <class Code>
Partial count(const Journeys& journeys, const Pipeline& pipeline, const Code* codes, std::size_t first,
              std::size_t last) {
    const Eigen::Index n = pipeline.n_rows();
    Partial partial{{CountMatrix::Zero(n, n), CountMatrix::Zero(n, n)}};
    CountMatrix last_item = CountMatrix::Constant(n, n, -1);  // the last item that made each move
    for (std::size_t item = first; item < last; ++item) {
        std::int32_t from = -1;
        for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1], pipeline.row_of_code(),
                       [&](std::int32_t to, std::size_t) {
                           if (from >= 0) {
                               ++partial.counts.moves(from, to);
                               std::int64_t& seen = last_item(from, to);
                               if (seen != static_cast<std::int64_t>(item)) ++partial.counts.items(from, to);
                               seen = static_cast<std::int64_t>(item);
                           }
                           from = to;
                       });
    }
    return partial;
}

}  // namespace

Transitions count_transitions(const Journeys& journeys, const Pipeline& pipeline, unsigned threads) {
    pipeline.check(journeys);
    if (pipeline.n_rows() > kMaxTransitionStages) {
        throw std::invalid_argument("transitions take a pipeline of at most 4,096 stages, this one has " +
                                    std::to_string(pipeline.n_rows()));
    }
    return with_codes(journeys, [&](const auto* codes) {
        return parallel_merge(journeys.n_items(), threads,
                              [&](std::size_t first, std::size_t last) {
                                  return count(journeys, pipeline, codes, first, last);
                              })
            .counts;
    });
}

}  // namespace stagefunnel
