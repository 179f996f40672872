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

/// An item that went beyond a stage: when it first did, and whether it has a visit of the stage.
struct Passing {
    std::int64_t time = 0;
    bool has_visit = false;

    friend auto operator<=>(const Passing&, const Passing&) = default;
};

/// How a log uses a stage in progress.
struct StageUse {
    /// The most items that `earliest` and `latest` hold.
    static constexpr std::size_t kMostPassings = 30;

    std::optional<std::pair<std::int64_t, std::int64_t>> entered;  // the first and the last start of a visit
    std::int64_t beyond = 0;     // items that went beyond it and did not begin there
    std::int64_t passed = 0;     // of these, the items with a visit of it
    std::int64_t left = 0;       // visits that another visit follows
    std::int64_t left_back = 0;  // of these, the visits that one of an earlier stage in progress follows
    std::vector<Passing>
        earliest;                 // of the items beyond it, those that first went beyond it, in rising order
    std::vector<Passing> latest;  // and those that did last, in rising order
};

/// Describes the use of each stage in progress, in one pass over the journeys.
///
/// An item goes beyond a stage with its first visit of a later stage in progress or of a won stage. An item
/// whose first visit is such a one began beyond, and is not counted.
[[nodiscard]] std::vector<StageUse> stage_use(const Journeys& journeys, const Pipeline& pipeline,
                                              unsigned threads);

}  // namespace stagefunnel::stages
