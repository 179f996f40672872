#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/marks.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::durations {

/// What was known at some dates of the items that were open then; a column has a value for each of them.
///
/// Those of date d are at the places [bounds[d], bounds[d + 1]), in the order of the first rows of the items.
/// Lengths are divided by the ticks of a day, and NaN where the start of a visit is not known.
struct OpenFeatures {
    std::vector<std::int64_t> bounds;
    LargeVector<std::uint32_t> item;  // place of the item in the journeys
    LargeVector<std::int32_t> stage;
    LargeVector<std::uint8_t> outcome;  // as `Outcome`, as seen at the end of the date's horizon
    LargeVector<float> age, in_stage;
    LargeVector<std::int64_t> visits, back_moves, skipped;
    LargeVector<std::int64_t> moves;   // by window: moves since the date less it
    LargeVector<float> time_in_stage;  // by stage in progress: the time there so far
};

/// The dates at which open items are described.
struct FeatureDates {
    std::span<const std::int64_t> dates;    // in rising order
    std::span<const std::int64_t> ends;     // end of the horizon of each, which is not before it
    std::span<const std::int64_t> windows;  // lengths before a date in which moves are counted
    double ticks_a_day = 1;
};

/// Describes the items that were open at each date by their visits up to it.
///
/// Who is open, and how an item stands at the end of the horizon, is what `open_then` finds. The numbers of
/// visits, back moves and skipped stages are those of `item_facts`. The journeys are read twice: as they
/// lie, to count who was open, and in the order of their first rows, to write each row where it belongs, so
/// that nothing but the answer takes memory. Lengths are numbers of 32 bits, because to clear the pages of
/// the answer takes about as long as to find it.
///
/// @param marks which rows have an unknown start; ends of visits and labels elsewhere are not known to it.
/// @throws std::invalid_argument if the dates or the marks do not fit, or if the pipeline has rules of single
///     stages.
[[nodiscard]] OpenFeatures open_features(const Journeys& journeys, const Pipeline& pipeline,
                                         const FeatureDates& asked, const scan::Marks& marks,
                                         unsigned threads);

}  // namespace stagefunnel::durations
