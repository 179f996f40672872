#pragma once

// Chains in any order that rows between two of their places hit. Internal to the core.

#include <cstddef>

#include "sequence_points.hpp"
#include "sequence_rules.hpp"
#include "sequence_sweep.hpp"

namespace stagefunnel {

/// The deepest chain in any order of those that no exclusion hits, where all exclusions lie between the same
/// two places.
///
/// A chain is hit by an excluded row after its place `after` and before its place `before`, or where that is
/// not reached, anywhere in the window.
///
/// @return None where all are hit.
[[nodiscard]] ChainSteps unhit_chain(const SequenceRules& rules, const Points& points);

}  // namespace stagefunnel
