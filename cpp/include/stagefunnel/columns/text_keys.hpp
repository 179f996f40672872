#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "stagefunnel/base/text_hash.hpp"
#include "stagefunnel/columns/column.hpp"

namespace stagefunnel::columns {

/// The lower and the upper halves of hashes, one of each for each text.
using TextKeys = std::pair<std::vector<std::uint64_t>, std::vector<std::uint64_t>>;

/// Returns hashes of the texts of a column that may leave the process (`portable_hash`).
///
/// @throws std::invalid_argument if the column holds numbers or a row has no text.
[[nodiscard]] TextKeys portable_hashes(const Column& column, const TextHash& hash);

/// Returns the hashes of the texts of a column, as `encode_items` makes them.
///
/// @throws std::invalid_argument as `portable_hashes` does.
[[nodiscard]] TextKeys hashes_of(const Column& column, const TextHash& hash);

/// Returns the hashes of texts that stand one after another, as `encode_items` makes them.
///
/// @param ends where each text ends in `bytes`, rising.
/// @throws std::invalid_argument if an end lies beyond the bytes or before the one before it.
[[nodiscard]] TextKeys hashes_of_joined(std::span<const std::uint8_t> bytes,
                                        std::span<const std::int64_t> ends, const TextHash& hash);

}  // namespace stagefunnel::columns
