#include "stagefunnel/questions/stages/transitions.hpp"

#include <stdexcept>
#include <string>

#include "questions/stages/transition_counter.hpp"
#include "scan/scan.hpp"

namespace stagefunnel::stages {

void internal::check_transitions(const Pipeline& pipeline) {
    if (pipeline.n_rows() <= kMostStages) return;
    throw std::invalid_argument("transitions take a pipeline of at most 4,096 stages, this one has " +
                                std::to_string(pipeline.n_rows()));
}

Transitions count_transitions(const Journeys& journeys, const Pipeline& pipeline, unsigned threads) {
    pipeline.check(journeys);
    check_transitions(pipeline);
    return scan::scan(journeys, threads, [&] { return TransitionCounter(pipeline); }).counts();
}

}  // namespace stagefunnel::stages
