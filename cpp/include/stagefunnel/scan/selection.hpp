#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::scan {

/// Which items a period keeps.
enum class Basis : std::uint8_t {
    active,   ///< those with a row before its end and not closed before its start, as they stood at its end
    created,  ///< those whose first row lies in it, with their whole journey
    closed    ///< those closed now and in it, with their whole journey
};

/// What becomes of an item whose last row is of another pipeline.
enum class MovedOut : std::uint8_t { exclude, include };

/// The part of a log that a report is about. Times are in the unit of the log.
struct Selection {
    Basis basis = Basis::active;
    std::optional<std::int64_t> start;        // of the period; without it there is no lower end
    std::optional<std::int64_t> end;          // past the period; without it there is no upper end
    std::optional<std::int64_t> as_of;        // rows at or after it are taken out first
    std::span<const std::uint8_t> elsewhere;  // per stage code: 1 if it is of another pipeline; may be empty
    MovedOut moved_out = MovedOut::exclude;
};

/// The journeys that a selection keeps, as a log with the same items in the same places.
///
/// An item that is left out has no rows, so it is in no count. Only rows of listed stages tell when an item
/// was created and closed.
///
/// @throws std::invalid_argument if `elsewhere` is neither empty nor one per stage code.
[[nodiscard]] Journeys select_journeys(const Journeys& journeys, const Pipeline& pipeline,
                                       const Selection& selection, unsigned threads);

/// Per item 1 if the last of its rows of listed stages and those elsewhere is of one elsewhere.
[[nodiscard]] std::vector<std::uint8_t> moved_items(const Journeys& journeys, const Pipeline& pipeline,
                                                    std::span<const std::uint8_t> elsewhere,
                                                    unsigned threads);

}  // namespace stagefunnel::scan
