#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::scan {

/// The items that a period keeps.
enum class Basis : std::uint8_t {
    active,   ///< items that were not closed before the period, with their rows before its end
    created,  ///< items whose first row lies in the period, with their whole journeys
    closed    ///< items that are closed now and were closed in the period, with their whole journeys
};

/// What happens to an item whose last row belongs to another pipeline.
enum class MovedOut : std::uint8_t { exclude, include };

/// The part of a log that a report is about. Times are in the unit of the log.
struct Selection {
    Basis basis = Basis::active;
    std::optional<std::int64_t> start;        // first time of the period; the period is unbounded without it
    std::optional<std::int64_t> end;          // first time after the period; unbounded without it
    std::optional<std::int64_t> as_of;        // rows at or after this time do not exist for the selection
    std::span<const std::uint8_t> elsewhere;  // per label: 1 if it belongs to another pipeline; may be empty
    MovedOut moved_out = MovedOut::exclude;
    std::span<const std::int64_t> until{};  // per item: the last time that is read; empty: no such bound
};

/// Returns the journeys that a selection keeps, as a log with the same items in the same order.
///
/// An item that is left out keeps no rows, so no question counts it. Only rows of listed stages decide when
/// an item was created and closed.
///
/// @throws std::invalid_argument if the pipeline is for another log, if `elsewhere` is neither empty nor
///     has one value per label, or if `until` is neither empty nor has one value per item.
[[nodiscard]] Journeys select_journeys(const Journeys& journeys, const Pipeline& pipeline,
                                       const Selection& selection, unsigned threads);

/// Returns journeys in which a departure to another pipeline ends the last visit.
///
/// Rows of stages elsewhere are left out, but for one: where an item is elsewhere now, the first row of the
/// stay that ends its journey is kept, and has the first label that is elsewhere.
///
/// @throws std::invalid_argument as `select_journeys` does, and if no label is elsewhere.
[[nodiscard]] Journeys with_departures(const Journeys& journeys, const Pipeline& pipeline,
                                       std::span<const std::uint8_t> elsewhere, unsigned threads);

/// Returns, for each item, 1 if its last row of a listed stage or a stage elsewhere has a stage elsewhere.
///
/// @throws std::invalid_argument as `select_journeys` does.
[[nodiscard]] std::vector<std::uint8_t> moved_items(const Journeys& journeys, const Pipeline& pipeline,
                                                    std::span<const std::uint8_t> elsewhere,
                                                    unsigned threads);

}  // namespace stagefunnel::scan
