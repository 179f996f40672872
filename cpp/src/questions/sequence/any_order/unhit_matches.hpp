#pragma once

// Chains in any order that rows between two of their places hit. Internal to the core.

#include <cstddef>

#include "questions/sequence/in_order/latest_starts.hpp"
#include "questions/sequence/rules/points.hpp"
#include "questions/sequence/rules/rules.hpp"

namespace stagefunnel::sequence::inline internal {

/// The deepest chain in any order of those that no exclusion hits, where all exclusions lie between the same
/// two places.
///
/// A chain is hit by an excluded row after its place `after` and before its place `before`, or where that is
/// not reached, anywhere in the window.
///
/// @return None where all are hit.
[[nodiscard]] Match unhit_match(const Rules& rules, const Points& points);

}  // namespace stagefunnel::sequence::inline internal
