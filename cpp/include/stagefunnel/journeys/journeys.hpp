#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/columns/encode.hpp"

namespace stagefunnel::journeys {

/// The rows of a log, item after item, each item's rows in the order of time.
///
/// Rows of equal time keep the order of the input, or that of the row order if there is one. A stage that
/// repeats is stored as often as it occurs; each question joins repeats to visits. The order of the items
/// depends on the input and on the mix of keys that the process has drawn, not on the number of threads; no
/// answer depends on it.
struct Journeys {
    using Codes = std::variant<LargeVector<std::uint8_t>, LargeVector<std::uint16_t>>;

    LargeVector<std::uint64_t> offsets{0};  // n_items + 1: rows of item i are [offsets[i], offsets[i + 1])
    Codes stage;                            // the narrowest codes that fit; `n_labels` if missing
    LargeVector<std::int64_t> time;         // in the unit of the input
    LargeVector<std::uint32_t> first_row;   // the item's first row in the input
    LargeVector<std::uint64_t> key;         // the item's key as in `ItemKeys`
    LargeVector<std::uint64_t> high;        // the upper half of hashed keys, else empty
    std::optional<std::string> prefix;      // of packed text keys, as in `ItemKeys`
    TextHash hash;                          // of text keys, as in `ItemKeys`
    bool is_unsigned = false;               // of integer keys, as in `ItemKeys`
    LargeVector<std::uint32_t> row;         // the row's number in the input if it is kept, else empty
    std::size_t n_labels = 0;               // number of distinct stages of the log
    std::optional<std::pair<std::int64_t, std::int64_t>> ends;  // the first and the last time, if known

    [[nodiscard]] std::size_t n_items() const { return first_row.size(); }
    [[nodiscard]] std::size_t n_rows() const { return time.size(); }
    [[nodiscard]] bool holds_text() const { return !high.empty() || prefix.has_value(); }
};

/// Whether journeys keep the number that each of their rows has in the input.
enum class RowNumbers : std::uint8_t { forget, keep };

/// Groups rows by item and orders each item's rows by time. The cost is linear in the rows as long as
/// journeys are short or arrive in order; there is no global sort.
///
/// Rows move to partitions by a hash of their key (radix partitioning), so that a partition fits a cache. A
/// partition is grouped by a hash table, and each journey is sorted by itself unless it is in order already.
///
/// @param dropped rising row numbers to leave out.
/// @param threads at least 1; the result does not depend on it.
/// @throws std::invalid_argument if the columns differ in length or have more than 2^32 - 2 rows.
[[nodiscard]] Journeys build_journeys(const columns::ItemKeys& items, const columns::StageCodes& stages,
                                      const columns::Times& times, const columns::RowOrder& order,
                                      std::span<const std::uint64_t> dropped, unsigned threads,
                                      RowNumbers numbers = RowNumbers::forget);

/// Returns the earliest and the latest time of the log, or nothing if the log has no rows.
[[nodiscard]] std::optional<std::pair<std::int64_t, std::int64_t>> time_range(const Journeys& journeys,
                                                                              unsigned threads);

}  // namespace stagefunnel::journeys

namespace stagefunnel {
using journeys::Journeys;
}  // namespace stagefunnel
