#pragma once

// Sorting a few words without a branch to predict. Internal to the core.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace stagefunnel {

inline constexpr std::size_t kMostInNetwork = 16;

/// Two places of which the lower one gets the smaller word.
struct Comparator {
    std::uint8_t low, high;
};

/// Comparators of Batcher's odd-even merge sort of `N` values, in order.
///
/// K. E. Batcher, "Sorting networks and their applications", 1968; Knuth, TAOCP 3, 5.2.2, algorithm M.
template <std::size_t N>
struct Network {
    static constexpr auto list(auto&& at) {
        std::size_t top = 1;
        while (top * 2 < N) top *= 2;
        for (std::size_t p = top; p > 0; p /= 2) {
            std::size_t q = top, r = 0, d = p;
            while (true) {
                for (std::size_t i = 0; i + d < N; ++i) {
                    if ((i & p) == r)
                        at(Comparator{static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i + d)});
                }
                if (q == p) break;
                d = q - p;
                q /= 2;
                r = p;
            }
        }
    }
    static constexpr std::size_t kSize = [] {
        std::size_t n = 0;
        list([&](Comparator) { ++n; });
        return n;
    }();
    static constexpr auto kComparators = [] {
        std::array<Comparator, kSize> all{};
        std::size_t n = 0;
        list([&](Comparator one) { all[n++] = one; });
        return all;
    }();
};

/// Sorts `N` words in place.
template <std::size_t N>
[[gnu::always_inline]] inline void sort_words(std::uint64_t* words) {
    std::array<std::uint64_t, N> held;
    std::copy_n(words, N, held.begin());
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        const auto exchange = [&]<std::size_t C>() {
            constexpr Comparator one = Network<N>::kComparators[C];
            const std::uint64_t a = held[one.low], b = held[one.high];
            held[one.low] = a < b ? a : b;
            held[one.high] = a < b ? b : a;
        };
        (exchange.template operator()<I>(), ...);
    }(std::make_index_sequence<Network<N>::kSize>());
    std::copy_n(held.begin(), N, words);
}

/// Sorts up to 16 words in place: it pads them to 16 with the largest word.
inline void sort_padded(std::span<std::uint64_t> words) {
    std::array<std::uint64_t, kMostInNetwork> padded;
    padded.fill(~std::uint64_t{0});
    std::copy(words.begin(), words.end(), padded.begin());
    sort_words<kMostInNetwork>(padded.data());
    std::copy_n(padded.begin(), words.size(), words.begin());
}

/// Sorts `n_segments` segments of `length` words each, which lie one after the other.
inline void sort_segments(std::uint64_t* words, std::size_t length, std::size_t n_segments) {
    const auto all = [&]<std::size_t N>() {
        for (std::size_t segment = 0; segment < n_segments; ++segment) sort_words<N>(words + segment * N);
    };
    switch (length) {
        case 0:
        case 1:
            return;
        case 2:
            return all.template operator()<2>();
        case 3:
            return all.template operator()<3>();
        case 4:
            return all.template operator()<4>();
        case 5:
            return all.template operator()<5>();
        case 6:
            return all.template operator()<6>();
        case 7:
            return all.template operator()<7>();
        case 8:
            return all.template operator()<8>();
        default:
            for (std::size_t segment = 0; segment < n_segments; ++segment) {
                const std::span one(words + segment * length, length);
                if (length <= kMostInNetwork) {
                    sort_padded(one);
                } else {
                    std::sort(one.begin(), one.end());
                }
            }
    }
}

}  // namespace stagefunnel
