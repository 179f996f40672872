#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "stagefunnel/columns/encode.hpp"
#include "stagefunnel/journeys/journeys.hpp"

namespace stagefunnel::journeys {

/// Returns the items in the order of their first row in the input, in time linear in the rows.
[[nodiscard]] std::vector<std::uint32_t> items_by_first_row(const Journeys& journeys);

/// Returns the keys of all items in a form that is the same in every log of the same hash: packed texts are
/// hashed as all other texts are. The first list holds the lower halves of the keys. The second list holds
/// the upper halves; it is empty if the keys are integers.
[[nodiscard]] std::pair<std::vector<std::uint64_t>, std::vector<std::uint64_t>> common_keys(
    const Journeys& journeys);

/// Returns hashes of the text keys of all items that may leave the process (`portable_hash`).
///
/// @param hash any hash for packed texts; that of the journeys, which then has a key, for hashed ones.
/// @throws std::invalid_argument if the keys are integers, or hashes and not of this hash.
[[nodiscard]] std::pair<std::vector<std::uint64_t>, std::vector<std::uint64_t>> portable_keys(
    const Journeys& journeys, const TextHash& hash);

/// Two rows of a table that have the same key, although the table should have one row per item.
struct DuplicateKey {
    std::uint64_t first_row;
    std::uint64_t second_row;
};

/// The row of each item of a log in a table with one row per item.
struct TableRows {
    std::vector<std::int64_t> row;          // one per item, -1 if the table does not have the item
    std::optional<DuplicateKey> duplicate;  // if set, `row` is empty
};

/// Looks up every item of a log among the keys of a table, in time linear in items and keys.
///
/// Integers are compared as numbers: 2^64 - 1 is not -1.
///
/// @throws std::invalid_argument if either side has text keys and the other has integers, if the keys of the
///     table are packed, or if texts have another hash than those of the log.
[[nodiscard]] TableRows match_items(const Journeys& journeys, const columns::ItemKeys& table,
                                    unsigned threads = 1);

/// Looks up every key of a column among the items of a log, in time linear in items and keys.
///
/// @return The index of the item in the journeys for each key, -1 if the log does not have the item or the
///     key is missing.
/// @throws std::invalid_argument as `match_items` does.
[[nodiscard]] std::vector<std::int64_t> places_of(const Journeys& journeys, const columns::ItemKeys& keys);

/// Returns the journeys of some items as a log of their own, in the order of `items`.
///
/// @param items indices of items; one that comes several times has as many journeys in the result.
/// @throws std::invalid_argument if the log does not have an item.
[[nodiscard]] Journeys take_items(const Journeys& journeys, std::span<const std::uint32_t> items,
                                  unsigned threads = 1);

/// Counts the rows of some items by stage code; the last count is that of rows without a stage.
///
/// @throws std::invalid_argument if the log does not have an item.
[[nodiscard]] std::vector<std::uint64_t> rows_of_codes(const Journeys& journeys,
                                                       std::span<const std::uint32_t> items,
                                                       unsigned threads);

/// Returns the journey of one item as a log of its own, or `std::nullopt` if the log does not have the item.
///
/// @throws std::invalid_argument as `match_items` does.
[[nodiscard]] std::optional<Journeys> journey_of(const Journeys& journeys, const columns::ItemKeys& item);

}  // namespace stagefunnel::journeys
