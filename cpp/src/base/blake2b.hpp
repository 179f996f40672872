#pragma once

// BLAKE2b, the cryptographic hash of RFC 7693. Internal to the core.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stagefunnel {

/// Returns the words of the digest, whose bytes are the first `n_bytes` of the words in little-endian order.
///
/// @param n_bytes length of the digest, at most 64; digests of different lengths have nothing in common.
/// @param key at most 64 bytes, which make the hash a pseudorandom function.
[[nodiscard]] std::array<std::uint64_t, 8> blake2b(std::string_view message, std::size_t n_bytes,
                                                   std::string_view key = {});

}  // namespace stagefunnel
