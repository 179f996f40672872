#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "stagefunnel/journeys/journeys.hpp"

namespace stagefunnel::scan {

/// What a log knows of its rows beside stage and time, and until when a question knows it.
///
/// The journeys of a question are `whole` or a selection of it that keeps the first rows of each item. Times
/// are in the unit of the log.
struct Marks {
    static constexpr std::int64_t kNotEnded = std::numeric_limits<std::int64_t>::min();

    const Journeys& whole;
    // One value per row of `whole`, not before the row's time: when the item left; `kNotEnded` where that is
    // not known. Empty if no row has an end.
    std::span<const std::int64_t> ended{};
    // One value per row of `whole`: 1 if the item was in the stage already, nobody knows since when. Empty if
    // no row is such a row.
    std::span<const std::uint8_t> start_unknown{};
    std::optional<std::int64_t> ended_before{};  // an end at or after this time is not known
    std::span<const std::int64_t> until{};       // per item: the last time that an end may have; may be empty
    std::span<const std::uint8_t>
        elsewhere{};  // per label: 1 if it belongs to another pipeline; may be empty

    /// Checks that every column has one value for each row, item or label.
    ///
    /// @throws std::invalid_argument if a column has another length, or the journeys have other items.
    void check(const Journeys& journeys) const;
};

}  // namespace stagefunnel::scan
