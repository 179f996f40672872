#include "stagefunnel/quality.hpp"

#include <array>
#include <vector>

#include "visits.hpp"

namespace stagefunnel {
namespace {

template <class Code>
LogQuality count(const Journeys& journeys, const Code* codes) {
    LogQuality quality;
    // For each stage the start of the last run of equal times that has it: a second sight is a duplicate.
    constexpr std::size_t kNever = ~std::size_t{0};
    std::vector<std::size_t> seen_in(journeys.n_labels + 1, kNever);
    for (std::size_t item = 0; item < journeys.n_items(); ++item) {
        const std::size_t begin = journeys.offsets[item];
        std::size_t run = begin;
        for (std::size_t i = begin; i < journeys.offsets[item + 1]; ++i) {
            if (journeys.time[i] != journeys.time[run]) run = i;
            if (i > run) ++quality.ties;
            if (i > begin && codes[i] == codes[i - 1]) ++quality.repeats;
            if (seen_in[codes[i]] == run) ++quality.exact_duplicates;
            seen_in[codes[i]] = run;
        }
    }
    return quality;
}

template <class Code>
PipelineQuality count(const Journeys& journeys, const Pipeline& pipeline, const Code* codes) {
    PipelineQuality quality;
    for (std::size_t item = 0; item < journeys.n_items(); ++item) {
        std::int32_t last = -1;
        std::int64_t last_time = 0;
        bool gap = false;
        std::array<bool, 3> at_last_time{};
        for (std::size_t i = journeys.offsets[item]; i < journeys.offsets[item + 1]; ++i) {
            const std::int32_t row = pipeline.row_of_code()[codes[i]];
            if (row == Pipeline::kUnlisted) {
                ++quality.unlisted_rows;
                gap = true;
                continue;
            }
            if (last < 0 || journeys.time[i] != last_time) at_last_time = {};
            at_last_time[static_cast<std::size_t>(pipeline.outcome_of(row))] = true;
            if (gap && row == last) ++quality.bridged_visits;
            gap = false;
            last = row;
            last_time = journeys.time[i];
        }
        if (last < 0) ++quality.items_without_rows;
        if (at_last_time[0] + at_last_time[1] + at_last_time[2] > 1) ++quality.ties_deciding_outcome;
    }
    return quality;
}

}  // namespace

LogQuality log_quality(const Journeys& journeys) {
    return with_codes(journeys, [&](const auto* codes) { return count(journeys, codes); });
}

PipelineQuality pipeline_quality(const Journeys& journeys, const Pipeline& pipeline) {
    pipeline.check(journeys);
    return with_codes(journeys, [&](const auto* codes) { return count(journeys, pipeline, codes); });
}

}  // namespace stagefunnel
