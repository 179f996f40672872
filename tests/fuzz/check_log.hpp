#pragma once

#include <cstdint>
#include <span>

namespace stagefunnel::fuzz {

/// Reads bytes as a stage log and holds the core against the slow grouping.
///
/// Encoding finds the same labels, missing rows and equal keys; building gives the same journeys, and
/// the same bytes for 1 and for 2 or 7 threads; logs of some of the items each add up to the log of all.
///
/// @throws std::logic_error with the promise that does not hold.
/// @return the number of rows of the log.
std::size_t check_log(std::span<const std::uint8_t> bytes);

}  // namespace stagefunnel::fuzz
