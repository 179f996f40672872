#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "stagefunnel/questions/funnel/funnel.hpp"
#include "stagefunnel/scan/selection.hpp"

namespace stagefunnel::funnel {

/// Consecutive periods: period `p` goes from `bounds[p]` up to `bounds[p + 1]`, which is past it.
struct Periods {
    std::span<const std::int64_t> bounds;     // rising, two or more
    std::optional<std::int64_t> as_of;        // rows at or after it are taken out first
    std::span<const std::uint8_t> elsewhere;  // as in a `Selection`
    scan::MovedOut moved_out = scan::MovedOut::exclude;
};

/// The funnel of every period with `Basis::active`, in one pass over the journeys.
///
/// Equal to `count_funnel` of `select_journeys` for each period alone. The counts have one row per period and
/// group, all groups of the first period first. With `MovedOut::include` there are twice as many groups: the
/// items that moved out are counted in those that follow the others.
///
/// @throws std::invalid_argument as `count_funnel` and `select_journeys` do, and for bounds that do not rise.
[[nodiscard]] Counts count_trend(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
                                 const Periods& periods);

/// Per item the period in which it was created, or closed; -1 where it was in none of them.
///
/// @param basis created or closed.
[[nodiscard]] std::vector<std::int32_t> periods_of_items(const Journeys& journeys, const Pipeline& pipeline,
                                                         scan::Basis basis,
                                                         std::span<const std::int64_t> bounds,
                                                         unsigned threads);

}  // namespace stagefunnel::funnel
