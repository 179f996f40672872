#pragma once

#include <cstdint>
#include <span>
#include <vector>

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

/// The transitions of each group of items: one entry per group and transition that it has, in rising order of
/// the group, the stage left and the stage entered.
struct GroupTransitions {
    std::vector<std::int64_t> group;
    std::vector<std::int64_t> from;
    std::vector<std::int64_t> to;
    std::vector<std::int64_t> moves;
    std::vector<std::int64_t> items;  // distinct items of the group that made the transition
};

/// Counts the transitions of each group as `count_transitions` counts those of a log of its items alone.
///
/// The cost does not grow with the number of groups times that of items, nor with that of stages squared.
///
/// @param group the group of each item, below `n_groups`.
/// @throws std::invalid_argument as `count_transitions` does, and for a wrong group.
[[nodiscard]] GroupTransitions count_transitions_of_groups(const Journeys& journeys, const Pipeline& pipeline,
                                                           std::span<const std::int32_t> group,
                                                           std::size_t n_groups, unsigned threads);

}  // namespace stagefunnel::stages
