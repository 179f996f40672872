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

/// The questions that one summary answers.
struct SummaryOptions {
    std::span<const funnel::Options> funnels;  // their numbers of threads are not read
    durations::Per per = durations::Per::visit;
    std::span<const stats::Quantile> quantiles;
    unsigned threads = 1;
};

/// The answers of the single questions, each equal to what its own function returns.
struct Summary {
    std::vector<funnel::Counts> funnels;  // in the order of the options
    /// The states that further funnels can start from: those that were passed, or new ones where they pay.
    std::optional<funnel::ItemStates> item_states;
    std::vector<durations::StageTime> times;
    stages::Transitions transitions;
    stages::LogQuality log_quality;
    stages::PipelineQuality pipeline_quality;
};

/// Answers all questions in one pass over the journeys.
///
/// All questions read one block of items while it is in the cache, and then the next block. As in
/// `time_in_stage`, a second pass for durations follows only where brackets miss a quantile.
///
/// @param item_states states of these journeys under this pipeline, if they are there already.
/// @throws std::invalid_argument as the functions of the questions do.
[[nodiscard]] Summary summarise(const Journeys& journeys, const Pipeline& pipeline,
                                const SummaryOptions& options,
                                std::optional<funnel::ItemStates> item_states = std::nullopt);

}  // namespace stagefunnel
