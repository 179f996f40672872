#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "questions/durations/visit_durations.hpp"
#include "scan/by_group.hpp"
#include "stagefunnel/questions/durations/durations.hpp"
#include "stats/sample_summary.hpp"

namespace stagefunnel::durations {
namespace {

/// Keeps the durations of one group.
struct GroupSamples {
    void take(std::size_t row, std::span<const std::uint64_t> durations) {
        samples[row].insert(samples[row].end(), durations.begin(), durations.end());
    }
    std::vector<std::vector<std::uint64_t>> samples;
};

/// A question about the groups of a log.
struct GroupQuestion {
    const Journeys& journeys;
    const Pipeline& pipeline;
    Per per;
    std::span<const stats::Quantile> quantiles;
    const scan::Marks* marks;

    /// Reads the items of a group; the buffers of a reader that is quick on many items would cost more than a
    /// small group.
    template <class Code>
    std::vector<VisitCounts> read(const Code* codes, std::span<const std::uint32_t> items,
                                  GroupSamples& kept) const {
        return with_constant(per, [&]<Per kPer>() {
            const auto read_all = [&](auto reader) {
                for (const std::size_t item : items) reader.read(journeys, codes, item, item + 1);
                return reader.finish();
            };
            if (marks == nullptr) {
                return read_all(ManyStages<kPer, GroupSamples>(pipeline, journeys.n_labels + 1, kept));
            }
            return read_all(MarkedStages<kPer, GroupSamples>(journeys, pipeline, *marks, kept));
        });
    }

    [[nodiscard]] StageTime summarise(const VisitCounts& counts,
                                      std::span<const std::uint64_t> sample) const {
        stats::SampleSummary summary = stats::summarise(std::array{sample}, quantiles);
        return {counts, summary.mean, std::move(summary.quantiles)};
    }
};

}  // namespace

std::vector<StageTime> time_in_stage_of_groups(const Journeys& journeys, const Pipeline& pipeline, Per per,
                                               std::span<const stats::Quantile> quantiles,
                                               std::span<const std::int32_t> group, std::size_t n_groups,
                                               unsigned threads, const scan::Marks* marks) {
    pipeline.check(journeys);
    if (marks != nullptr) marks->check(journeys);
    stats::check_quantiles(quantiles);
    const scan::ItemsByGroup items(journeys, group, n_groups);
    const GroupQuestion question{journeys, pipeline, per, quantiles, marks};
    const auto n_rows = static_cast<std::size_t>(pipeline.n_rows());
    std::vector<StageTime> table(n_groups * n_rows);
    scan::for_ranges_of_groups(
        journeys, items.ranges(threads), threads,
        [&](const auto* codes, std::size_t first, std::size_t last, std::size_t) {
            GroupSamples kept{std::vector<std::vector<std::uint64_t>>(n_rows)};
            for (std::size_t g = first; g < last; ++g) {
                const std::vector<VisitCounts> counts = question.read(codes, items.of(g), kept);
                for (std::size_t row = 0; row < n_rows; ++row) {
                    table[g * n_rows + row] = question.summarise(counts[row], kept.samples[row]);
                    kept.samples[row].clear();
                }
            }
        });
    return table;
}

}  // namespace stagefunnel::durations
