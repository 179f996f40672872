#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <variant>

#include "base/checkpoint.hpp"
#include "base/parallel.hpp"
#include "stagefunnel/journeys/journeys.hpp"

namespace stagefunnel::scan::inline internal {

/// Calls `read(codes)` with the stage codes of the journeys, whose type has the width in which they are
/// stored.
template <class Read>
decltype(auto) with_codes(const Journeys& journeys, Read&& read) {
    return std::visit([&](const auto& codes) { return read(codes.data()); }, journeys.stage);
}

/// A partial result of one thread, which can add the partial result of the next thread.
template <class Counter>
concept Mergeable = std::move_constructible<Counter> &&
                    requires(Counter counter, const Counter& next) { counter.merge(next); };

/// Counts one item at a time.
template <class Counter>
concept ItemCounter =
    Mergeable<Counter> && requires(Counter counter, const Journeys& journeys, const std::uint8_t* codes,
                                   std::size_t item) { counter.count(journeys, codes, item); };

/// Counts a range of items, because it carries state from one item to the next.
template <class Counter>
concept RangeCounter =
    Mergeable<Counter> && requires(Counter counter, const Journeys& journeys, const std::uint8_t* codes,
                                   std::size_t item) { counter.read(journeys, codes, item, item); };

/// Lets a counter read the items [first, last) in rising order.
template <class Counter, class Code>
    requires ItemCounter<Counter> || RangeCounter<Counter>
void walk(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last,
          Counter& counter) {
    in_blocks(first, last, [&](std::size_t begin, std::size_t end) {
        if constexpr (RangeCounter<Counter>) {
            counter.read(journeys, codes, begin, end);
        } else {
            for (std::size_t item = begin; item < end; ++item) counter.count(journeys, codes, item);
        }
    });
}

/// Answers a question in one scan over the journeys.
///
/// The items are split into one range per thread. Each thread walks its range with a counter of its own, made
/// by `make`; the counters are then merged in the order of the ranges, so that the answer does not depend on
/// the number of threads.
///
/// @return The merged counter.
template <std::invocable Make>
auto scan(const Journeys& journeys, unsigned threads, Make make) {
    return with_codes(journeys, [&](const auto* codes) {
        return parallel_merge(journeys.n_items(), threads, [&](std::size_t first, std::size_t last) {
            auto counter = make();
            walk(journeys, codes, first, last, counter);
            return counter;
        });
    });
}

/// Splits the items in the same way without a merge: calls `read(codes, first, last)` for each range of items
/// and returns the values, unless they are void, in the order of the ranges.
template <class Read>
auto scan_ranges(const Journeys& journeys, unsigned threads, Read read) {
    return with_codes(journeys, [&](const auto* codes) {
        const auto range = [&](std::size_t first, std::size_t last) { return read(codes, first, last); };
        if constexpr (std::is_void_v<decltype(range(0, 0))>) {
            parallel_for(journeys.n_items(), threads, range);
        } else {
            return parallel_parts(journeys.n_items(), threads, range);
        }
    });
}

/// Calls `at(codes, item)` for every item, for results that are written item by item and need no merge.
template <class At>
void for_each_item(const Journeys& journeys, unsigned threads, At at) {
    scan_ranges(journeys, threads, [&](const auto* codes, std::size_t first, std::size_t last) {
        in_blocks(first, last, [&](std::size_t begin, std::size_t end) {
            for (std::size_t item = begin; item < end; ++item) at(codes, item);
        });
    });
}

}  // namespace stagefunnel::scan::inline internal
