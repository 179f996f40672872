#pragma once

#include "stagefunnel/base/counts.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::stages {

/// Transitions between the stages of a pipeline, from the stage of the row to the stage of the column.
struct Transitions {
    CountMatrix moves;
    CountMatrix items;  // distinct items that made the transition
};

/// Most stages of a pipeline whose transitions are counted; a dense matrix of more would not fit into the
/// memory of an ordinary machine.
inline constexpr std::int32_t kMostStages = 4'096;

/// Counts the transitions from stage to stage, in one pass over the journeys.
///
/// A transition is a pair of consecutive visits of one item. A repeated stage is not a transition, so that
/// the diagonal is zero; a return to a stage that was left earlier is one.
///
/// @throws std::invalid_argument if the pipeline has more than 4,096 stages.
[[nodiscard]] Transitions count_transitions(const Journeys& journeys, const Pipeline& pipeline,
                                            unsigned threads);

}  // namespace stagefunnel::stages
