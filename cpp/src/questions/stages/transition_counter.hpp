#pragma once

// Counts the transitions of items. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <utility>

#include "scan/visits.hpp"
#include "stagefunnel/questions/stages/transitions.hpp"

namespace stagefunnel::stages::inline internal {

/// Throws std::invalid_argument for a pipeline whose matrix would be too large.
void check_transitions(const Pipeline& pipeline);

/// Counts the transitions of ranges of items, in rising order.
class TransitionCounter {
  public:
    explicit TransitionCounter(const Pipeline& pipeline)
        : row_of_code_(pipeline.row_of_code()),
          counts_{CountMatrix::Zero(pipeline.n_rows(), pipeline.n_rows()),
                  CountMatrix::Zero(pipeline.n_rows(), pipeline.n_rows())},
          last_item_(CountMatrix::Constant(pipeline.n_rows(), pipeline.n_rows(), -1)) {}

    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last) {
        for (std::size_t item = first; item < last; ++item) {
            std::int32_t from = -1;
            scan::for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1], row_of_code_,
                                 [&](std::int32_t to, std::size_t) {
                                     if (from >= 0) add(static_cast<std::int64_t>(item), from, to);
                                     from = to;
                                 });
        }
    }

    void merge(const TransitionCounter& other) {
        counts_.moves += other.counts_.moves;
        counts_.items += other.counts_.items;
    }

    [[nodiscard]] Transitions counts() { return std::move(counts_); }

  private:
    void add(std::int64_t item, std::int32_t from, std::int32_t to) {
        ++counts_.moves(from, to);
        std::int64_t& seen = last_item_(from, to);
        if (seen != item) ++counts_.items(from, to);
        seen = item;
    }

    const std::int32_t* row_of_code_;
    Transitions counts_;
    CountMatrix last_item_;  // last item that made each transition
};

}  // namespace stagefunnel::stages::inline internal
