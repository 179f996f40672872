#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "stagefunnel/questions/funnel/funnel.hpp"
#include "stagefunnel/scan/selection.hpp"

namespace stagefunnel::funnel {

/// Consecutive half-open periods: period `p` is [`bounds[p]`, `bounds[p + 1]`).
///
/// Times are in the unit of the log.
struct Periods {
    std::span<const std::int64_t> bounds;     // strictly rising, at least two
    std::optional<std::int64_t> as_of;        // rows at or after it are taken out first
    std::span<const std::uint8_t> elsewhere;  // as in a `Selection`
    scan::MovedOut moved_out = scan::MovedOut::exclude;
};

/// Counts the funnel of every period under `Basis::active`, in one pass over the journeys.
///
/// Each period has the counts that `count_funnel` of `select_journeys` gives for it alone. The counts have
/// one row per period and group, with all groups of the first period first. With `MovedOut::include` each
/// period has twice as many groups, of which the second half counts the items that moved out.
///
/// @throws std::invalid_argument as `count_funnel` and `select_journeys` do, and for bounds that do not rise.
[[nodiscard]] Counts count_trend(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
                                 const Periods& periods);

/// Finds the period in which each item was created, or closed; -1 for an item that has none.
///
/// @param basis `Basis::created` or `Basis::closed`.
/// @throws std::invalid_argument for `Basis::active`, and for bounds that do not rise.
[[nodiscard]] std::vector<std::int32_t> periods_of_items(const Journeys& journeys, const Pipeline& pipeline,
                                                         scan::Basis basis,
                                                         std::span<const std::int64_t> bounds,
                                                         unsigned threads);

}  // namespace stagefunnel::funnel
