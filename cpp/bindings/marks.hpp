#pragma once

#include <cstdint>
#include <optional>

#include "arrays.hpp"
#include "stagefunnel/scan/marks.hpp"

namespace stagefunnel::bindings {

/// The arrays of `scan::Marks`, which must live as long as these.
struct MarkColumns {
    const Journeys* whole;
    std::optional<Array<std::int64_t>> ended;
    std::optional<Array<std::uint8_t>> start_unknown;
    std::optional<std::int64_t> ended_before;
    std::optional<Array<std::int64_t>> until;
    Array<std::uint8_t> elsewhere;

    [[nodiscard]] scan::Marks marks() const {
        scan::Marks marks{.whole = *whole, .ended_before = ended_before, .elsewhere = as_span(elsewhere)};
        if (ended) marks.ended = as_span(*ended);
        if (start_unknown) marks.start_unknown = as_span(*start_unknown);
        if (until) marks.until = as_span(*until);
        return marks;
    }
};

/// Returns the marks, or nothing where there are none.
inline std::optional<scan::Marks> marks_of(const std::optional<MarkColumns>& columns) {
    if (!columns) return std::nullopt;
    return columns->marks();
}

}  // namespace stagefunnel::bindings
