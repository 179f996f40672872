#pragma once

// The modes in which the steps need no order. Internal to the core.

#include "questions/sequence/rules/match.hpp"
#include "questions/sequence/rules/points.hpp"
#include "questions/sequence/rules/rules.hpp"

namespace stagefunnel::sequence::inline internal {

/// The match of the most distinct steps inside one window.
[[nodiscard]] ItemMatch find_unordered(const Rules& rules, const Points& points);
/// The match of the steps after the first in any order, in the window of the first row of step 1.
[[nodiscard]] ItemMatch find_hybrid(const Rules& rules, const Points& points);
/// Each step by itself, at its first row.
[[nodiscard]] ItemMatch find_open(const Rules& rules, const Points& points);

}  // namespace stagefunnel::sequence::inline internal
