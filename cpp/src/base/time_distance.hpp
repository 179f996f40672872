#pragma once

// Arithmetic on times that may lie at both ends of int64. Internal to the core.

#include <cstdint>

namespace stagefunnel {

/// Returns how long after `from` the time `to` lies; `to` is not before `from`.
///
/// Two int64 times may be further apart than int64 can say, but never further than 64 bits: the difference
/// modulo 2^64 is exact.
constexpr std::uint64_t distance(std::int64_t from, std::int64_t to) {
    return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
}

/// Returns the time that lies `length` after `from`; it is at most the largest int64.
constexpr std::int64_t time_after(std::int64_t from, std::uint64_t length) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(from) + length);
}

}  // namespace stagefunnel
