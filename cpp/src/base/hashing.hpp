#pragma once

// Hashing of keys. Internal to the core.

#include <cstdint>
#include <cstring>
#include <string_view>

namespace stagefunnel {

__extension__ typedef unsigned __int128 uint128;  // `__extension__`, because ISO C++ has no type of 128 bits

struct Hash128 {
    std::uint64_t low;
    std::uint64_t high;
};

/// Multiplies two words to 128 bits and combines the halves, so that every bit of the input affects the
/// result: the mixing step of V. Makarov's mum-hash (github.com/vnmakarov/mum-hash) and of Wang Yi's wyhash.
inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    const uint128 product = static_cast<uint128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

/// Returns the first `n` bytes, at most 8, as one number whose lowest byte is the first.
inline std::uint64_t load_word(const char* at, std::size_t n) {
    // Two loads that overlap are faster than a copy of a length that the compiler does not know.
    const auto load = [at]<class T>(T, std::size_t offset) {
        T part = 0;
        std::memcpy(&part, at + offset, sizeof(T));
        return std::uint64_t{part};
    };
    if (n >= 4) {
        return load(std::uint32_t{}, 0) | load(std::uint32_t{}, n - 4) << (8 * (n - 4));
    }
    if (n >= 2) {
        return load(std::uint16_t{}, 0) | load(std::uint16_t{}, n - 2) << (8 * (n - 2));
    }
    return n == 0 ? 0 : load(std::uint8_t{}, 0);
}

/// Hashes bytes: two lanes of 64 bits read all of them and mix them with different constants.
inline Hash128 hash_bytes(std::string_view text) {
    // The first 64 bits of the fractional parts of the square roots of 2, 3, 5 and 7, as in SHA-512 (FIPS
    // 180-4, 5.3.5), the first one made odd: constants without a hidden structure.
    constexpr std::uint64_t kA = 0x6a09e667f3bcc909U, kB = 0xbb67ae8584caa73bU;
    constexpr std::uint64_t kC = 0x3c6ef372fe94f82bU, kD = 0xa54ff53a5f1d36f1U;
    std::uint64_t low = kA ^ (text.size() * kD);
    std::uint64_t high = kB ^ (text.size() * kC);
    const char* at = text.data();
    std::size_t left = text.size();
    while (left > 16) {
        const std::uint64_t first = load_word(at, 8), second = load_word(at + 8, 8);
        low = fold(first ^ kC ^ low, second ^ kD);
        high = fold(first ^ kB, second ^ kA ^ high);
        at += 16;
        left -= 16;
    }
    const std::uint64_t first = load_word(at, left < 8 ? left : 8);
    const std::uint64_t second = left > 8 ? load_word(at + 8, left - 8) : 0;
    low = fold(first ^ kC ^ low, second ^ kD);
    high = fold(first ^ kB, second ^ kA ^ high);
    return {fold(low ^ kA, kB ^ high), fold(high ^ kC, kD ^ low)};
}

/// Mixes the bits of a key so that its upper bits differ for similar keys. The function is a bijection, so
/// different keys stay different.
///
/// The factor is 2^64 divided by the golden ratio: multiplicative (Fibonacci) hashing (Knuth, TAOCP 3, 6.4),
/// with a shift before and after it.
inline std::uint64_t spread(std::uint64_t key) {
    key ^= key >> 32U;
    key *= 0x9e3779b97f4a7c15U;
    return key ^ (key >> 29U);
}

/// The inverse of `spread`.
inline std::uint64_t gather(std::uint64_t spread_key) {
    spread_key ^= spread_key >> 29U ^ spread_key >> 58U;
    spread_key *= 0xf1de83e19937733dU;  // the inverse of the factor above modulo 2^64
    return spread_key ^ (spread_key >> 32U);
}

}  // namespace stagefunnel
