#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::stages {

/// An item's first move to a stage or beyond it: when it was made, and whether it entered the stage itself.
struct Arrival {
    std::int64_t time = 0;
    bool enters = false;

    friend auto operator<=>(const Arrival&, const Arrival&) = default;
};

/// When a stage in progress was entered, and when items arrived at it or beyond it.
struct StageArrivals {
    /// The most arrivals that `earliest` and `latest` hold.
    static constexpr std::size_t kMost = 30;

    std::optional<std::pair<std::int64_t, std::int64_t>> entered;  // the first and the last start of a visit
    std::vector<Arrival> earliest;                                 // in rising order
    std::vector<Arrival> latest;                                   // in rising order
};

/// Finds the arrivals at each stage in progress, in one pass over the journeys.
///
/// Beyond a stage are the later stages in progress and the won stages. An item whose first visit is of the
/// stage or beyond it makes no arrival, because nobody moved it there.
[[nodiscard]] std::vector<StageArrivals> find_arrivals(const Journeys& journeys, const Pipeline& pipeline,
                                                       unsigned threads);

/// Returns whether each wanted stage in progress has a visit that starts before `early` and one that starts
/// after `late`. It reads items until it has seen both of every stage, which takes few where stages are used
/// all along.
///
/// @param wanted one flag per stage in progress.
/// @throws std::invalid_argument if the pipeline is for another log or `wanted` has another number of flags.
[[nodiscard]] bool are_entered_throughout(const Journeys& journeys, const Pipeline& pipeline,
                                          std::span<const std::uint8_t> wanted, std::int64_t early,
                                          std::int64_t late);

}  // namespace stagefunnel::stages
