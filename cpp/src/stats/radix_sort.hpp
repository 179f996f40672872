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
/// @tparam Value has a `key` of 64 bits.
/// @param spare room for as many values, which is written over.
template <class Value>
void radix_sort(std::span<Value> values, std::span<Value> spare) {
    constexpr unsigned kMostBits = 12;
    constexpr std::size_t kFew = 256;
    if (values.size() <= kFew) {
        std::stable_sort(values.begin(), values.end(),
                         [](const Value& a, const Value& b) { return a.key < b.key; });
        return;
    }
    std::uint64_t highest = 0;
    for (const Value& value : values) highest |= value.key;
    const auto width = static_cast<unsigned>(std::bit_width(highest));
    // As few digits as can be, all about as long.
    const unsigned n_digits = (width + kMostBits - 1) / kMostBits;
    const unsigned bits = n_digits == 0 ? 0 : (width + n_digits - 1) / n_digits;
    const std::uint64_t low = (std::uint64_t{1} << bits) - 1;
    std::span<Value> from = values, to = spare.first(values.size());
    for (unsigned shift = 0; shift < width; shift += bits) {
        std::array<std::size_t, std::size_t{1} << kMostBits> place{};
        for (const Value& value : from) ++place[(value.key >> shift) & low];
        std::size_t before = 0;
        for (std::size_t& at : std::span(place).first(low + 1)) before += std::exchange(at, before);
        for (const Value& value : from) to[place[(value.key >> shift) & low]++] = value;
        std::swap(from, to);
    }
    if (from.data() != values.data()) std::copy(from.begin(), from.end(), values.begin());
}

}  // namespace stagefunnel::stats::inline internal
