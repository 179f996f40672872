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
/// Rows of equal time keep the order of the input, or of the row order where one was given. Consecutive
/// repeats of a stage are stored; visits are formed by each question. Items lie in the order that
/// building leaves them in, which depends on the keys alone, not on the number of threads.
struct Journeys {
    using Codes = std::variant<LargeVector<std::uint8_t>, LargeVector<std::uint16_t>>;

    LargeVector<std::uint64_t> offsets{0};  // n_items + 1: rows of item i are [offsets[i], offsets[i + 1])
    Codes stage;                            // the narrowest codes that fit; `n_labels` means a missing stage
    LargeVector<std::int64_t> time;         // in the unit of the input
    LargeVector<std::uint32_t> first_row;   // the item's first row in the input
    LargeVector<std::uint64_t> key;         // the item's key as `ItemKeys` reduced it
    LargeVector<std::uint64_t> high;        // upper half of hashed keys, else empty
    std::optional<std::string> prefix;      // of packed text keys, as `ItemKeys` has it
    LargeVector<std::uint32_t> row;         // each row's number in the input, where it was asked for
    std::size_t n_labels = 0;               // distinct stages of the log
    std::optional<std::pair<std::int64_t, std::int64_t>> ends;  // the first time and the last, if known

    [[nodiscard]] std::size_t n_items() const { return first_row.size(); }
    [[nodiscard]] std::size_t n_rows() const { return time.size(); }
    [[nodiscard]] bool holds_text() const { return !high.empty() || prefix.has_value(); }
};

/// Whether journeys remember which row of the input each of their rows was.
enum class RowNumbers : std::uint8_t { forget, keep };

/// Groups rows by item and orders each item's rows by time, in time linear in the rows.
///
/// Rows are spread over partitions that fit a cache by a hash of the key, grouped there, and each
/// journey that is not in order yet is sorted by itself; there is no global sort.
///
/// @param dropped rising row numbers to leave out.
/// @param threads at least 1; the result does not depend on it.
/// @throws std::invalid_argument if the columns differ in length, or beyond 2^32 - 1 rows.
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
