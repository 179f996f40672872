#pragma once

// Rising runs that lie behind each other become one. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stagefunnel::counts {

/// Sorts values that are rising runs behind each other, by merging neighbours two by two: bottom-up merge
/// sort.
///
/// @param ends where each run ends; the last one is the number of values
void merge_runs(std::span<std::uint64_t> values, std::vector<std::size_t> ends);

}  // namespace stagefunnel::counts
