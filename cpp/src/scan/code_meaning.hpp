#pragma once

// What a stage code means where a log holds several pipelines. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::scan::inline internal {

enum class Where : std::uint8_t { nowhere, here, elsewhere };

struct CodeMeaning {
    std::int32_t row = Pipeline::kUnlisted;
    Where where = Where::nowhere;
    bool is_final = false;
};

/// @param elsewhere per label of the log 1 if it is of another pipeline; may be empty.
inline std::vector<CodeMeaning> meanings(const Journeys& journeys, const Pipeline& pipeline,
                                         std::span<const std::uint8_t> elsewhere) {
    pipeline.check(journeys);
    if (!elsewhere.empty() && elsewhere.size() != journeys.n_labels)
        throw std::invalid_argument("elsewhere must be one per stage code");
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

/// When the listed rows of one item begin, close it, and leave the pipeline.
struct JourneyTimes {
    bool seen = false;
    bool closed = false;
    bool moved = false;
    std::int64_t created = 0;
    std::int64_t closed_at = 0;  // of the final rows that end the listed rows
    std::int64_t moved_at = 0;   // of the rows elsewhere that end the journey
};

template <class Code>
JourneyTimes times_of_journey(const Journeys& journeys, const Code* codes, const CodeMeaning* meaning,
                              std::size_t begin, std::size_t end) {
    JourneyTimes span;
    for (std::size_t i = begin; i < end; ++i) {
        const CodeMeaning stage = meaning[codes[i]];
        if (stage.where == Where::nowhere) continue;
        const std::int64_t time = journeys.time[i];
        if (stage.where == Where::elsewhere) {
            if (!span.moved) span.moved_at = time;
            span.moved = true;
            continue;
        }
        if (!span.seen) span.created = time;
        if (stage.is_final && !span.closed) span.closed_at = time;
        span.seen = true;
        span.closed = stage.is_final;
        span.moved = false;
    }
    return span;
}

}  // namespace stagefunnel::scan::inline internal
