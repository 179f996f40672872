#include "stagefunnel/quality.hpp"

#include "parallel.hpp"
#include "row_checks.hpp"
#include "visits.hpp"

namespace stagefunnel {
namespace {

/// Lets each thread check its range of the items, each with checks of its own.
template <class Checks>
auto check_all(const Journeys& journeys, unsigned threads, const Checks& checks) {
    return with_codes(journeys, [&](const auto* codes) {
        return parallel_merge(journeys.n_items(), threads,
                              [&](std::size_t first, std::size_t last) {
                                  Checks own = checks;
                                  own.read(journeys, codes, first, last);
                                  return own;
                              })
            .found();
    });
}

}  // namespace

LogQuality log_quality(const Journeys& journeys, unsigned threads) {
    return check_all(journeys, threads, LogChecks(journeys));
}

PipelineQuality pipeline_quality(const Journeys& journeys, const Pipeline& pipeline, unsigned threads) {
    pipeline.check(journeys);
    return check_all(journeys, threads, PipelineChecks(pipeline));
}

}  // namespace stagefunnel
