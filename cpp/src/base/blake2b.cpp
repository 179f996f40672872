#include "base/blake2b.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace stagefunnel {
namespace {

using State = std::array<std::uint64_t, 8>;

constexpr State kStart{0x6a09e667f3bcc908U, 0xbb67ae8584caa73bU, 0x3c6ef372fe94f82bU, 0xa54ff53a5f1d36f1U,
                       0x510e527fade682d1U, 0x9b05688c2b3e6c1fU, 0x1f83d9abfb41bd6bU, 0x5be0cd19137e2179U};
constexpr std::size_t kBlock = 128;
// The order of the words in each round (RFC 7693, 2.7).
constexpr std::uint8_t kOrder[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

/// The function F of RFC 7693.
void compress(State& state, const char* block, std::uint64_t n_bytes, bool is_last) {
    std::array<std::uint64_t, 16> words, v;
    std::memcpy(words.data(), block, kBlock);
    std::copy(state.begin(), state.end(), v.begin());
    std::copy(kStart.begin(), kStart.end(), v.begin() + 8);
    v[12] ^= n_bytes;
    if (is_last) v[14] = ~v[14];
    const auto mix = [&](std::size_t a, std::size_t b, std::size_t c, std::size_t d, std::uint64_t x,
                         std::uint64_t y) {
        v[a] += v[b] + x;
        v[d] = std::rotr(v[d] ^ v[a], 32);
        v[c] += v[d];
        v[b] = std::rotr(v[b] ^ v[c], 24);
        v[a] += v[b] + y;
        v[d] = std::rotr(v[d] ^ v[a], 16);
        v[c] += v[d];
        v[b] = std::rotr(v[b] ^ v[c], 63);
    };
#pragma GCC unroll 12
    for (std::size_t round = 0; round < 12; ++round) {
        const std::uint8_t* const s = kOrder[round % 10];
#pragma GCC unroll 4
        for (std::size_t i = 0; i < 4; ++i)
            mix(i, i + 4, i + 8, i + 12, words[s[2 * i]], words[s[2 * i + 1]]);
#pragma GCC unroll 4
        for (std::size_t i = 0; i < 4; ++i) {
            mix(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, words[s[8 + 2 * i]],
                words[s[9 + 2 * i]]);
        }
    }
    for (std::size_t i = 0; i < 8; ++i) state[i] ^= v[i] ^ v[i + 8];
}

}  // namespace

std::array<std::uint64_t, 8> blake2b(std::string_view message, std::size_t n_bytes, std::string_view key) {
    State state = kStart;
    state[0] ^= 0x01010000U ^ (key.size() << 8U) ^ n_bytes;
    std::array<char, kBlock> block{};
    std::uint64_t done = 0;
    if (!key.empty()) {
        std::copy(key.begin(), key.end(), block.begin());
        done = kBlock;
        compress(state, block.data(), done, message.empty());
        if (message.empty()) return state;
    }
    while (message.size() > kBlock) {
        done += kBlock;
        compress(state, message.data(), done, false);
        message.remove_prefix(kBlock);
    }
    block.fill(0);
    std::copy(message.begin(), message.end(), block.begin());
    compress(state, block.data(), done + message.size(), true);
    return state;
}

}  // namespace stagefunnel
