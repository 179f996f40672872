#pragma once

// Columns made from literals, and the values of columns in a form that can be compared.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "stagefunnel/columns/encode.hpp"
#include "support/arrow_arrays.hpp"

namespace stagefunnel::testing {

template <class T>
constexpr columns::Storage storage_for() {
    if constexpr (std::is_same_v<T, float>) return columns::Storage::float32;
    if constexpr (std::is_same_v<T, double>) return columns::Storage::float64;
    if constexpr (std::is_same_v<T, std::int8_t>) return columns::Storage::int8;
    if constexpr (std::is_same_v<T, std::int16_t>) return columns::Storage::int16;
    if constexpr (std::is_same_v<T, std::int32_t>) return columns::Storage::int32;
    if constexpr (std::is_same_v<T, std::int64_t>) return columns::Storage::int64;
    if constexpr (std::is_same_v<T, std::uint8_t>) return columns::Storage::uint8;
    if constexpr (std::is_same_v<T, std::uint16_t>) return columns::Storage::uint16;
    if constexpr (std::is_same_v<T, std::uint32_t>) return columns::Storage::uint32;
    if constexpr (std::is_same_v<T, std::uint64_t>) return columns::Storage::uint64;
}

/// Makes a column of numbers in one chunk, like the column of a NumPy array.
template <class T>
Column numbers_column(std::vector<T> values, std::vector<std::uint8_t> missing = {}) {
    struct Memory {
        std::vector<T> values;
        std::vector<std::uint8_t> missing;
    };
    const auto memory = std::make_shared<const Memory>(Memory{std::move(values), std::move(missing)});
    Column column;
    column.storage = storage_for<T>();
    column.length = memory->values.size();
    column.owner = memory;
    if (column.length == 0) return column;
    columns::Chunk chunk;
    chunk.length = column.length;
    chunk.values = memory->values.data();
    chunk.missing = memory->missing.empty() ? nullptr : memory->missing.data();
    column.chunks.push_back(std::move(chunk));
    return column;
}

/// Makes a column of text in one chunk; `std::nullopt` is a missing value.
inline Column texts_column(const std::vector<std::optional<std::string>>& values) {
    std::vector<std::string> texts;
    std::vector<std::size_t> missing;
    for (std::size_t row = 0; row < values.size(); ++row) {
        texts.push_back(values[row].value_or("?"));
        if (!values[row]) missing.push_back(row);
    }
    return read({with_missing(text_array(texts), missing)});
}

/// Returns the text of each row, `std::nullopt` if it is missing.
inline std::vector<std::optional<std::string>> texts_in(const Column& column) {
    const columns::StageCodes codes = columns::encode_stages(column);
    const auto& labels = std::get<std::vector<std::string>>(codes.labels);
    std::vector<std::optional<std::string>> texts;
    for (const std::uint16_t code : codes.code) {
        texts.push_back(code == labels.size() ? std::nullopt : std::optional(labels[code]));
    }
    return texts;
}

/// Returns the integer of each row, `std::nullopt` if it is missing.
inline std::vector<std::optional<std::int64_t>> numbers_in(const Column& column) {
    const columns::StageCodes codes = columns::encode_stages(column);
    const auto& labels = std::get<std::vector<std::int64_t>>(codes.labels);
    std::vector<std::optional<std::int64_t>> numbers;
    for (const std::uint16_t code : codes.code) {
        numbers.push_back(code == labels.size() ? std::nullopt : std::optional(labels[code]));
    }
    return numbers;
}

using Texts = std::vector<std::optional<std::string>>;
using Numbers = std::vector<std::optional<std::int64_t>>;
using Rows = std::vector<std::uint64_t>;

/// Returns the message of the `Error` that `call` throws, or an empty text if it does not throw one.
template <class Error = std::invalid_argument, class Call>
std::string message_of(Call call) {
    try {
        call();
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

}  // namespace stagefunnel::testing
