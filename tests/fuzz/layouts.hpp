#pragma once

// Values laid out in memory in each of the ways that producers send them, as the fuzzed bytes choose.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "choices.hpp"
#include "stagefunnel/columns/column.hpp"

namespace stagefunnel::fuzz {

/// What a column says, row by row; `std::nullopt` is a missing value.
template <class T>
using Rows = std::vector<std::optional<T>>;

using Numbers = Rows<std::int64_t>;
using Texts = Rows<std::string>;

/// What kind of numbers a column holds.
enum class Sort : std::uint8_t {
    plain,         // any storage that holds all of them, floats among them
    without_sign,  // the numbers are the bits of unsigned 64-bit ones
    stamps         // timestamps: the numbers at the ends of the range are missing values
};

/// One Arrow column of chunks, plain or with a dictionary each, or one NumPy array.
[[nodiscard]] Column lay_numbers(Choices& choices, const Numbers& rows, Sort sort);

/// One Arrow column of chunks, plain or with a dictionary each.
[[nodiscard]] Column lay_texts(Choices& choices, const Texts& rows);

}  // namespace stagefunnel::fuzz
