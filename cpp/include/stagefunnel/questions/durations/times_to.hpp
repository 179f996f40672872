#pragma once

#include <cstdint>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/marks.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::durations {

/// How far an item has come on its way to a stage.
enum class Way : std::uint8_t {
    none,           ///< it did not set out
    there,          ///< it entered the stage
    open,           ///< it is open now and did not enter the stage
    closed,         ///< it is won or lost now without having entered it
    start_unknown,  ///< it set out or arrived with a visit whose start is not known
};

/// The way of each item to a stage, in the order of the journeys.
struct TimesTo {
    LargeVector<std::uint8_t> way;        // as `Way`
    LargeVector<std::uint64_t> duration;  // until the stage was entered, in the unit of the log; else 0
};

/// Measures how long each item took to a stage.
///
/// An item sets out with its first visit of the stage `from`, or with its first visit where `from` is
/// `Pipeline::kUnlisted`, and arrives with the first visit of the stage `to` that is not before that one.
///
/// @param marks what is known of the rows beside stage and time; null: nothing.
/// @throws std::invalid_argument if `to` is not a row of the pipeline, `from` is neither one nor unlisted, or
///     the marks are of other journeys.
[[nodiscard]] TimesTo times_to(const Journeys& journeys, const Pipeline& pipeline, std::int32_t from,
                               std::int32_t to, unsigned threads, const scan::Marks* marks = nullptr);

}  // namespace stagefunnel::durations
