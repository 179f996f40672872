#pragma once

#include "stagefunnel/base/counts.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::stages {

/// Moves between the stages of a pipeline; row: from, column: to.
struct Transitions {
    CountMatrix moves;
    CountMatrix items;  // distinct items that made the move
};

/// A dense matrix of more stages would not fit the memory of an ordinary machine.
inline constexpr std::int32_t kMostStages = 4'096;

/// Counts the moves from stage to stage.
///
/// A move is two consecutive visits of one item. Repeating a stage is no move, so the diagonal is zero;
/// coming back to a stage left earlier is one.
///
/// @throws std::invalid_argument if the pipeline has more than 4,096 stages.
[[nodiscard]] Transitions count_transitions(const Journeys& journeys, const Pipeline& pipeline,
                                            unsigned threads);

}  // namespace stagefunnel::stages
