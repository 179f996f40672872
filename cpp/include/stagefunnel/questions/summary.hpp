#pragma once

#include <optional>
#include <span>
#include <vector>

#include "stagefunnel/questions/durations/durations.hpp"
#include "stagefunnel/questions/funnel/funnel.hpp"
#include "stagefunnel/questions/funnel/item_states.hpp"
#include "stagefunnel/questions/stages/quality.hpp"
#include "stagefunnel/questions/stages/transitions.hpp"

namespace stagefunnel {

/// What is asked at once.
struct SummaryOptions {
    std::span<const funnel::Options> funnels;  // their number of threads is not looked at
    durations::Per per = durations::Per::visit;
    std::span<const stats::Quantile> quantiles;
    unsigned threads = 1;
};

/// The answers of the single questions, each equal to what its own function returns.
struct Summary {
    std::vector<funnel::Counts> funnels;  // in the order they were asked for
    std::optional<funnel::ItemStates>
        item_states;  // what further funnels can start from, if it was given or is worth it
    std::vector<durations::StageTime> times;
    stages::Transitions transitions;
    stages::LogQuality log_quality;
    stages::PipelineQuality pipeline_quality;
};

/// Answers all questions in one pass over the journeys.
///
/// All questions read a block of items while it is in the cache, and then the next one.
///
/// @param item_states of these journeys and this pipeline, if there is one already.
/// @throws std::invalid_argument as the functions of the questions do.
[[nodiscard]] Summary summarise(const Journeys& journeys, const Pipeline& pipeline,
                                const SummaryOptions& options,
                                std::optional<funnel::ItemStates> item_states = std::nullopt);

}  // namespace stagefunnel
