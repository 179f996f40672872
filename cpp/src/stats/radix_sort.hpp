#pragma once

// Sorting by whole numbers without comparing them. Internal to the core.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace stagefunnel::stats::inline internal {

/// A number to sort by, and what goes with it.
struct Keyed {
    std::uint64_t key;
    std::int32_t what;
};

/// Sorts by key, least significant digit first (Knuth, TAOCP 3, 5.2.5, algorithm R). Equal keys keep their
/// order.
///
/// @param spare room for as many values, which is written over.
inline void radix_sort(std::span<Keyed> values, std::span<Keyed> spare) {
    constexpr unsigned kBits = 11;
    constexpr std::size_t kDigits = std::size_t{1} << kBits;
    constexpr std::size_t kFew = 256;
    if (values.size() <= kFew) {
        std::stable_sort(values.begin(), values.end(),
                         [](const Keyed& a, const Keyed& b) { return a.key < b.key; });
        return;
    }
    std::uint64_t highest = 0;
    for (const Keyed& value : values) highest |= value.key;
    std::span<Keyed> from = values, to = spare.first(values.size());
    for (unsigned shift = 0; shift < static_cast<unsigned>(std::bit_width(highest)); shift += kBits) {
        std::array<std::size_t, kDigits> place{};
        for (const Keyed& value : from) ++place[(value.key >> shift) % kDigits];
        std::size_t before = 0;
        for (std::size_t& at : place) before += std::exchange(at, before);
        for (const Keyed& value : from) to[place[(value.key >> shift) % kDigits]++] = value;
        std::swap(from, to);
    }
    if (from.data() != values.data()) std::copy(from.begin(), from.end(), values.begin());
}

}  // namespace stagefunnel::stats::inline internal
