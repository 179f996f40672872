#pragma once

// The meaning of stage codes if a log holds several pipelines. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "base/counted.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::scan::inline internal {

/// The pipeline of a stage: none, the one that the question is about, or another one.
enum class Where : std::uint8_t { nowhere, here, elsewhere };

struct CodeMeaning {
    std::int32_t row = Pipeline::kUnlisted;
    Where where = Where::nowhere;
    bool is_final = false;
};

/// Returns the meaning of each stage code.
///
/// @param elsewhere one value per label, 1 if the label belongs to another pipeline; may be empty.
/// @throws std::invalid_argument if the pipeline or `elsewhere` is for another number of labels.
inline std::vector<CodeMeaning> meanings(const Journeys& journeys, const Pipeline& pipeline,
                                         std::span<const std::uint8_t> elsewhere) {
    pipeline.check(journeys);
    if (!elsewhere.empty() && elsewhere.size() != journeys.n_labels) {
        throw std::invalid_argument("elsewhere must have one value per label, got " +
                                    counted(elsewhere.size(), "value") + " for " +
                                    counted(journeys.n_labels, "label"));
    }
    std::vector<CodeMeaning> of_code(pipeline.rows().size());
    for (std::size_t code = 0; code < of_code.size(); ++code) {
        const std::int32_t row = pipeline.row_of_code()[code];
        if (row != Pipeline::kUnlisted) {
            of_code[code] = {row, Where::here, pipeline.outcome_of(row) != Outcome::open};
        } else if (code < elsewhere.size() && elsewhere[code] != 0) {
            of_code[code].where = Where::elsewhere;
        }
    }
    return of_code;
}

/// The times at which an item enters the pipeline, is closed, and leaves the pipeline.
struct JourneyTimes {
    bool seen = false;    // whether the item has a row of a listed stage
    bool closed = false;  // whether its last listed row has a final stage
    bool moved = false;   // whether its last row has a stage elsewhere
    std::int64_t created = 0;
    std::int64_t closed_at = 0;  // first of the final rows that end the listed rows
    std::int64_t moved_at = 0;   // first of the rows elsewhere that end the journey
};

/// Reads the times of the rows [begin, end) of an item.
///
/// @param at_stage called with the pipeline row of each listed row.
template <class Code, class AtStage>
JourneyTimes times_of_journey(const Journeys& journeys, const Code* codes, const CodeMeaning* meaning,
                              std::size_t begin, std::size_t end, AtStage at_stage) {
    JourneyTimes times;
    for (std::size_t i = begin; i < end; ++i) {
        const CodeMeaning stage = meaning[codes[i]];
        if (stage.where == Where::nowhere) continue;
        const std::int64_t time = journeys.time[i];
        if (stage.where == Where::elsewhere) {
            if (!times.moved) times.moved_at = time;
            times.moved = true;
            continue;
        }
        if (!times.seen) times.created = time;
        if (stage.is_final && !times.closed) times.closed_at = time;
        times.seen = true;
        times.closed = stage.is_final;
        times.moved = false;
        at_stage(stage.row);
    }
    return times;
}

template <class Code>
JourneyTimes times_of_journey(const Journeys& journeys, const Code* codes, const CodeMeaning* meaning,
                              std::size_t begin, std::size_t end) {
    return times_of_journey(journeys, codes, meaning, begin, end, [](std::int32_t) {});
}

}  // namespace stagefunnel::scan::inline internal
