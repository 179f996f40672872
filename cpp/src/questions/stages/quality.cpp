#include "stagefunnel/questions/stages/quality.hpp"

#include "questions/stages/row_checks.hpp"
#include "scan/scan.hpp"

namespace stagefunnel::stages {
LogQuality log_quality(const Journeys& journeys, unsigned threads) {
    return scan::scan(journeys, threads, [&] { return LogChecks(journeys); }).found();
}

PipelineQuality pipeline_quality(const Journeys& journeys, const Pipeline& pipeline, unsigned threads) {
    pipeline.check(journeys);
    return scan::scan(journeys, threads, [&] { return PipelineChecks(pipeline); }).found();
}

}  // namespace stagefunnel::stages
