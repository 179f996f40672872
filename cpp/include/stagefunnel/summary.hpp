#pragma once

#include <optional>
#include <span>
#include <vector>

#include "stagefunnel/digest.hpp"
#include "stagefunnel/durations.hpp"
#include "stagefunnel/funnel.hpp"
#include "stagefunnel/quality.hpp"
#include "stagefunnel/transitions.hpp"

namespace stagefunnel {

/// What is asked at once.
struct SummaryOptions {
    std::span<const FunnelOptions> funnels;  // their number of threads is not looked at
    Per per = Per::visit;
    std::span<const Quantile> quantiles;
    unsigned threads = 1;
};

/// The answers of the single questions, each equal to what its own function returns.
struct Summary {
    std::vector<FunnelCounts> funnels;  // in the order they were asked for
    std::optional<Digest> digest;       // what further funnels can start from, if it was given or is worth it
    std::vector<StageTime> times;
    Transitions transitions;
    LogQuality log_quality;
    PipelineQuality pipeline_quality;
};

/// Answers all questions in one pass over the journeys.
///
/// All questions read a block of items while it is in the cache, and then the next one.
///
/// @param digest of these journeys and this pipeline, if there is one already.
/// @throws std::invalid_argument as the functions of the questions do.
[[nodiscard]] Summary summarise(const Journeys& journeys, const Pipeline& pipeline,
                                const SummaryOptions& options, std::optional<Digest> digest = std::nullopt);

}  // namespace stagefunnel
