#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::scan {

/// A log without its short visits.
struct WithoutShortVisits {
    std::optional<Journeys> journeys;     // as `without_short_visits` says; nothing where no visit is short
    std::vector<std::int64_t> taken_out;  // number of visits taken out of each row of the pipeline
};

/// Returns journeys in which the rows of short visits have no stage.
///
/// A visit is short if the next visit of its item starts in less than `least` of its stage. The first visit
/// of an item is never short, nor is the last one, because nothing follows it. Each visit is judged by its
/// own length, whether its neighbours are short or not. Items, rows and their places stay as they are: a row
/// of a short visit has the code of a missing stage, which no pipeline lists.
///
/// @param least one length per row of the pipeline, in the unit of the log; 0 where no visit is short.
/// @throws std::invalid_argument if the pipeline is for another log, if `least` does not have one value per
///     row, or if one is negative.
[[nodiscard]] WithoutShortVisits without_short_visits(const Journeys& journeys, const Pipeline& pipeline,
                                                      std::span<const std::int64_t> least, unsigned threads);

}  // namespace stagefunnel::scan
