#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
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

/// How a log uses a stage in progress.
struct StageUse {
    /// The most arrivals that `earliest` and `latest` hold.
    static constexpr std::size_t kMostArrivals = 30;

    std::optional<std::pair<std::int64_t, std::int64_t>> entered;  // the first and the last start of a visit
    std::int64_t beyond = 0;        // items that went beyond it and did not begin there
    std::int64_t passed = 0;        // of these, the items with a visit of it
    std::int64_t left = 0;          // visits that another visit follows
    std::int64_t left_back = 0;     // of these, the visits that one of an earlier stage in progress follows
    std::vector<Arrival> earliest;  // the earliest arrivals, in rising order
    std::vector<Arrival> latest;    // the latest ones, in rising order
};

/// Describes the use of each stage in progress, in one pass over the journeys.
///
/// Beyond a stage are the later stages in progress and the won stages. An item whose first visit is beyond
/// the stage began there, and is not counted as beyond; one whose first visit is of the stage or beyond makes
/// no arrival, because nobody moved it there.
[[nodiscard]] std::vector<StageUse> stage_use(const Journeys& journeys, const Pipeline& pipeline,
                                              unsigned threads);

}  // namespace stagefunnel::stages
