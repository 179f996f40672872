#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stagefunnel/base/memory.hpp"

namespace stagefunnel::counts {

/// What a key of a row is: a number that means the same everywhere, or a place among the labels.
enum class Key : std::uint8_t { number, label };

/// How the values of rows with equal keys go together. A sum in fixed point takes two columns: `whole`, and
/// right after it `fraction`, in units of 2^-64.
enum class Rule : std::uint8_t { sum, least, most, whole, fraction };

/// Rows of numbers, of which the first ones are keys, and a sample of lengths of time for each row.
struct Block {
    std::string name;
    std::vector<Key> keys;
    std::vector<Rule> rules;
    std::vector<std::int64_t> cells;    // row after row: keys, then values
    std::vector<std::uint64_t> bounds;  // where the sample of each row begins and the last one ends, or empty
    LargeVector<std::uint64_t> lengths;  // the samples, rising in each row

    [[nodiscard]] std::size_t width() const { return keys.size() + rules.size(); }
    [[nodiscard]] std::size_t n_rows() const {
        return width() == 0 ? (bounds.empty() ? 0 : bounds.size() - 1) : cells.size() / width();
    }
};

/// What a question counted of some items, which adds up over sets of items that have none in common.
///
/// Labels rise, blocks rise by name, and the rows of a block rise by their keys; none of them comes twice.
struct Counts {
    std::vector<std::string> labels;
    std::vector<Block> blocks;
};

/// Puts counts in order: rows with equal keys become one.
///
/// @throws std::invalid_argument if a column is not as long as the others, a label lies out of range, or a
///     sum goes beyond its type.
[[nodiscard]] Counts in_order(std::span<const std::string> labels, std::span<const Block* const> blocks);

/// Puts counts of different items together. The order of the parts does not matter, nor whether some of them
/// were put together before. A part may lack blocks and rows that others have.
///
/// @throws std::invalid_argument if blocks of one name have other columns, or a sum goes beyond its type.
[[nodiscard]] Counts merged(std::span<const Counts* const> parts);

/// Writes counts as bytes that are the same on every machine: keys as differences, all numbers in as few
/// bytes as they need, and a checksum.
[[nodiscard]] std::string to_bytes(const Counts& counts);

/// Reads counts that were written so.
///
/// @throws std::invalid_argument if the bytes are of something else or of a newer version, or are damaged: a
///     byte that was changed, or that is missing, is found by the checksum (BLAKE2b).
[[nodiscard]] Counts from_bytes(std::string_view bytes);

}  // namespace stagefunnel::counts
