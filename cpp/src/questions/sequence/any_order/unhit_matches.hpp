#pragma once

// Matches in any order that excluded rows between two of their places hit. Internal to the core.

#include "questions/sequence/rules/match.hpp"
#include "questions/sequence/rules/points.hpp"
#include "questions/sequence/rules/rules.hpp"

namespace stagefunnel::sequence::inline internal {

/// The deepest match in any order that no exclusion hits. All exclusions lie between the same two places.
///
/// An excluded row hits a match if it lies after its place `after` and before its place `before` or, where
/// `before` is not reached, anywhere later in the window.
///
/// @return A match of level 0 if all matches are hit.
[[nodiscard]] Match unhit_match(const Rules& rules, const Points& points);

}  // namespace stagefunnel::sequence::inline internal
