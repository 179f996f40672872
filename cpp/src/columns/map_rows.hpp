#pragma once

// Converting the values of a column, row by row. Internal to the core.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/checkpoint.hpp"
#include "base/parallel.hpp"
#include "columns/values.hpp"

namespace stagefunnel::columns::inline internal {

[[noreturn]] inline void refuse_value(const std::string& value, std::size_t row, const std::string& wanted) {
    throw std::invalid_argument(value + " in row " + std::to_string(row) + " is not " + wanted);
}

/// Converts a number of any storage to a 64-bit integer. Returns false for NaN, which means missing.
///
/// @throws std::invalid_argument for a float that is not whole or too large to be exact, naming `row`.
template <class T>
bool to_whole(T value, std::size_t row, std::int64_t& whole) {
    if constexpr (std::is_floating_point_v<T>) {
        if (std::isnan(value)) return false;
        // Beyond 2^53 (2^24 in single precision) neighbouring integers collide.
        constexpr double kExact = sizeof(T) == sizeof(double) ? 0x1p53 : 0x1p24;
        const auto wide = static_cast<double>(value);
        if (std::trunc(wide) != wide || std::abs(wide) > kExact) {
            refuse_value(
                std::to_string(wide), row,
                sizeof(T) == sizeof(double) ? "a whole number below 2^53" : "a whole number below 2^24");
        }
        whole = static_cast<std::int64_t>(wide);
    } else {
        whole = static_cast<std::int64_t>(value);
    }
    return true;
}

/// Does the same and refuses an unsigned number that does not fit int64.
template <class T>
bool to_signed(T value, std::size_t row, std::int64_t& whole) {
    if constexpr (std::is_same_v<T, std::uint64_t>) {
        if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
            refuse_value(std::to_string(value), row, "a whole number below 2^63");
        }
    }
    return to_whole(value, row, whole);
}

/// Does the same for numbers that are only compared: unsigned 64-bit numbers move down by 2^63 and keep their
/// order.
template <class T>
bool to_comparable(T value, std::size_t row, std::int64_t& whole) {
    if constexpr (std::is_same_v<T, std::uint64_t>) {
        whole = static_cast<std::int64_t>(value ^ (std::uint64_t{1} << 63U));
        return true;
    }
    return to_whole(value, row, whole);
}

/// The rows [first, last).
struct RowRange {
    std::size_t first, last;
};

/// Calls `take(row, value)` for each row of a range, or `miss(row)` if the row is missing.
///
/// `from_number(number, row, value)` converts a number and returns false if it means missing;
/// `from_bytes(text)` converts a text. An entry of a dictionary is converted once, when it first occurs, not
/// once per row.
template <class Value, class FromNumber, class FromBytes, class Take, class Miss>
void map_rows(const Column& column, RowRange rows, FromNumber from_number, FromBytes from_bytes, Take take,
              Miss miss) {
    const auto read = [&](const Column& source, const Chunk& chunk, std::size_t i, std::size_t row,
                          Value& value) {
        if (!is_present(chunk, i)) return false;
        if (holds_bytes(source)) {
            value = from_bytes(bytes_at(source, chunk, i));
            return true;
        }
        return with_number_type(source.storage,
                                [&]<class T>(T) { return from_number(numbers<T>(chunk)[i], row, value); });
    };
    std::size_t base = 0;
    for (const Chunk& chunk : column.chunks) {
        const std::size_t from = std::clamp(rows.first, base, base + chunk.length) - base;
        const std::size_t to = std::clamp(rows.last, base, base + chunk.length) - base;
        if (from == to) {
            base += chunk.length;
            continue;
        }
        if (chunk.dictionary) {
            enum class EntryState : std::uint8_t { unread, present, missing };
            const Column& dictionary = *chunk.dictionary;
            std::vector<EntryState> states(dictionary.length, EntryState::unread);
            std::vector<Value> values(dictionary.length);
            with_number_type(column.storage, [&]<class T>(T) {
                in_blocks(from, to, [&](std::size_t begin, std::size_t end) {
                    for (std::size_t i = begin; i < end; ++i) {
                        if (!is_present(chunk, i)) {
                            miss(base + i);
                            continue;
                        }
                        const std::size_t code = checked_code(numbers<T>(chunk)[i], dictionary);
                        if (states[code] == EntryState::unread) {
                            const RowLocation entry = locate(dictionary, code);
                            const bool present =
                                read(dictionary, entry.chunk, entry.i, base + i, values[code]);
                            states[code] = present ? EntryState::present : EntryState::missing;
                        }
                        if (states[code] == EntryState::present) {
                            take(base + i, values[code]);
                        } else {
                            miss(base + i);
                        }
                    }
                });
            });
        } else if (holds_bytes(column)) {
            with_texts(column, chunk, [&](auto text_at) {
                in_blocks(from, to, [&](std::size_t begin, std::size_t end) {
                    for (std::size_t i = begin; i < end; ++i) {
                        if (is_present(chunk, i)) {
                            take(base + i, from_bytes(text_at(i)));
                        } else {
                            miss(base + i);
                        }
                    }
                });
            });
        } else {
            with_number_type(column.storage, [&]<class T>(T) {
                const T* value_of = numbers<T>(chunk);
                Value value{};
                in_blocks(from, to, [&](std::size_t begin, std::size_t end) {
                    for (std::size_t i = begin; i < end; ++i) {
                        if (is_present(chunk, i) && from_number(value_of[i], base + i, value)) {
                            take(base + i, value);
                        } else {
                            miss(base + i);
                        }
                    }
                });
            });
        }
        base += chunk.length;
    }
}

/// Calls `take(row, text)` for each row of a range of a column of texts, or `miss(row)`.
template <class Take, class Miss>
void for_each_text(const Column& column, RowRange rows, Take take, Miss miss) {
    map_rows<std::string_view>(
        column, rows, [](auto, std::size_t, std::string_view&) { return false; },
        [](std::string_view text) { return text; }, take, miss);
}

/// Splits the rows into one range per thread and returns the values of `encode(range)` in the order of the
/// ranges.
///
/// @throws std::invalid_argument that `encode` throws for the first bad row, whatever the number of threads.
template <class Encode>
auto encode_ranges(const Column& column, unsigned threads, Encode encode) {
    const auto encode_with = [&](unsigned n_threads) {
        return parallel_parts(column.length, n_threads, [&](std::size_t first, std::size_t last) {
            return encode(RowRange{first, last});
        });
    };
    try {
        return encode_with(threads);
    } catch (const std::invalid_argument&) {
        if (threads <= 1) throw;
        return encode_with(1);
    }
}

inline void append_rows(std::vector<std::uint64_t>& rows, const std::vector<std::uint64_t>& more) {
    rows.insert(rows.end(), more.begin(), more.end());
}

/// Returns whether the column is one chunk of plain values of one of these storages, none of them missing.
inline bool is_plain(const Column& column, std::initializer_list<Storage> storages) {
    return column.chunks.size() == 1 && !may_miss(column.chunks.front()) &&
           !column.chunks.front().dictionary &&
           std::find(storages.begin(), storages.end(), column.storage) != storages.end();
}

}  // namespace stagefunnel::columns::inline internal
