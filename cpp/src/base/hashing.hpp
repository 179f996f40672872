#pragma once

// Hashing of keys. Internal to the core.

#include <cstdint>
#include <cstring>
#include <string_view>

#include "stagefunnel/base/text_hash.hpp"

namespace stagefunnel {

__extension__ typedef unsigned __int128 uint128;  // `__extension__`, because ISO C++ has no type of 128 bits

/// Returns the first `n` bytes, at most 8, as one number whose lowest byte is the first.
[[gnu::always_inline]] inline std::uint64_t load_word(const char* at, std::size_t n) {
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

/// Returns eight bytes as one number.
inline std::uint64_t load_word(const char* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
}

/// The sums of NH of one stretch of a text, with the factors of either half of the hash.
struct PairSums {
    uint128 low = 0, high = 0;

    void add(std::uint64_t a, std::uint64_t b, const Hash128* factor) {
        low += static_cast<uint128>(a + factor[0].low) * (b + factor[1].low);
        high += static_cast<uint128>(a + factor[0].high) * (b + factor[1].high);
    }
    /// Adds 16 bytes or more. The last pair of words may overlap the one before it.
    void add(std::string_view bytes, const Hash128* factor) {
        const char* at = bytes.data();
        const char* const last = at + bytes.size() - 16;
        for (; at < last; at += 16, factor += 2) add(load_word(at), load_word(at + 8), factor);
        add(load_word(last), load_word(last + 8), factor);
    }
    /// Folds the sums to halves of 64 bits, as V. Makarov's mum-hash (github.com/vnmakarov/mum-hash) and Wang
    /// Yi's wyhash fold a product; nobody who does not know the factors knows a word of it.
    [[nodiscard]] Hash128 folded(const TextFactors& factors) const {
        const auto half = [](uint128 sum, const std::array<std::uint64_t, 2>& by) {
            const uint128 product = static_cast<uint128>(static_cast<std::uint64_t>(sum) ^ by[0]) *
                                    (static_cast<std::uint64_t>(sum >> 64U) ^ by[1]);
            return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
        };
        return {half(low, factors.low), half(high, factors.high)};
    }
};

Hash128 hash_long_text(const TextHash& hash, std::string_view text);

/// Hashes a text as `TextHash` says.
inline Hash128 hash_text(const TextHash& hash, std::string_view text) {
    const TextFactors& factors = hash.factors();
    const std::size_t n = text.size();
    const Hash128* const factor = factors.of_length(n);
    PairSums sums;
    if (n < 8) {
        sums.add(load_word(text.data(), n), 0, factor);
    } else if (n <= 16) {
        sums.add(load_word(text.data()), load_word(text.data() + n - 8), factor);
    } else if (n <= TextFactors::kStretch) {
        sums.add(text, factor);
    } else {
        return hash_long_text(hash, text);
    }
    return sums.folded(factors);
}

/// Mixes the bits of a key so that its upper bits differ for similar keys. Each mix is a bijection, so
/// different keys stay different.
///
/// Multiplication by a random odd factor and its upper bits are a universal hash (M. Dietzfelbinger and
/// others, "A reliable randomized algorithm for the closest-pair problem", 1997): whoever does not know the
/// factor cannot choose keys that lie together. A shift stands before and after it.
struct Spread {
    std::uint64_t factor = 0x9e3779b97f4a7c15U;   // 2^64 divided by the golden ratio (Knuth, TAOCP 3, 6.4)
    std::uint64_t inverse = 0xf1de83e19937733dU;  // of the factor, modulo 2^64

    /// The mix that the process draws from the system's randomness, which is the same for all its logs.
    [[nodiscard]] static Spread of_process();
    /// @param factor an odd number.
    [[nodiscard]] static Spread by(std::uint64_t factor);

    [[nodiscard]] std::uint64_t operator()(std::uint64_t key) const {
        key ^= key >> 32U;
        key *= factor;
        return key ^ (key >> 29U);
    }
    /// Does the opposite.
    [[nodiscard]] std::uint64_t gather(std::uint64_t spread_key) const {
        spread_key ^= spread_key >> 29U ^ spread_key >> 58U;
        spread_key *= inverse;
        return spread_key ^ (spread_key >> 32U);
    }
};

/// The number of slots that a search in a table with at least four slots a key may look at. Of keys whose mix
/// is not known, one in e^55 lies further off; where a key does, the table gives way to sorting.
inline constexpr std::size_t kMostProbes = 64;

}  // namespace stagefunnel
