#include "stagefunnel/columns/encode.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/hashing.hpp"
#include "columns/map_rows.hpp"
#include "columns/packed_text.hpp"

namespace stagefunnel::columns {
namespace {

/// Reduces every text or number of the column to a key.
///
/// @param reduce `reduce(text, key)` reduces a text, or returns false if it cannot.
/// @return Whether all texts were reduced.
template <bool Wide, class Reduce>
bool reduce_all(const Column& column, unsigned threads, ItemKeys& keys, Reduce reduce) {
    keys.owned.resize(column.length);
    if (Wide) keys.owned_high.resize(column.length);
    std::atomic<bool> all{true};
    const auto missing_of_ranges = encode_ranges(column, threads, [&](RowRange range) {
        std::vector<std::uint64_t> missing;
        bool fits = true;
        map_rows<Hash128>(
            column, range,
            [](auto number, std::size_t row, Hash128& key) {
                std::int64_t whole = 0;
                if (!to_whole(number, row, whole)) return false;
                key = {static_cast<std::uint64_t>(whole), 0};
                return true;
            },
            [&](std::string_view text) {
                Hash128 key{};
                fits = reduce(text, key) && fits;
                return key;
            },
            [&](std::size_t row, const Hash128& key) {
                keys.owned[row] = key.low;
                if constexpr (Wide) keys.owned_high[row] = key.high;
            },
            [&](std::size_t row) {
                keys.owned[row] = 0;
                if constexpr (Wide) keys.owned_high[row] = 0;
                missing.push_back(row);
            });
        if (!fits) all = false;
        return missing;
    });
    keys.missing_rows.clear();
    for (const auto& missing : missing_of_ranges) append_rows(keys.missing_rows, missing);
    keys.key = keys.owned;
    keys.high = keys.owned_high;
    return all;
}

/// Returns the common beginning of up to 1024 texts that are spread over the column, or nothing if all of
/// these are missing.
std::optional<std::string> sampled_prefix(const Column& column) {
    constexpr std::size_t kSamples = 1024;
    std::optional<std::string> prefix;
    for (std::size_t s = 0; s < std::min(kSamples, column.length); ++s) {
        const std::size_t row = column.length <= kSamples ? s : s * (column.length / kSamples);
        for_each_text(
            column, {row, row + 1},
            [&](std::size_t, std::string_view text) {
                prefix = prefix ? common_prefix(*prefix, text) : std::string(text);
            },
            [](std::size_t) {});
    }
    return prefix;
}

/// Returns whether the numbers of a column are integers of 64 bits without a sign.
bool has_no_sign(const Column& column) {
    return std::ranges::any_of(column.chunks, [&](const Chunk& chunk) {
        return (chunk.dictionary ? chunk.dictionary->storage : column.storage) == Storage::uint64;
    });
}

}  // namespace

ItemKeys encode_items(const Column& column, unsigned threads, const TextHash& hash) {
    ItemKeys keys;
    keys.hash = hash;
    keys.is_unsigned = has_no_sign(column);
    if (is_plain(column, {Storage::int64, Storage::uint64})) {
        keys.key = {numbers<std::uint64_t>(column.chunks.front()), column.length};
    } else if (holds_bytes(column)) {
        reduce_all<true>(column, threads, keys, [&](std::string_view text, Hash128& key) {
            key = hash_text(hash, text);
            return true;
        });
    } else {
        reduce_all<false>(column, threads, keys, [](std::string_view, Hash128&) { return false; });
    }
    return keys;
}

ItemKeys pack_items(const Column& column, unsigned threads, const TextHash& hash) {
    if (!holds_bytes(column)) return encode_items(column, threads, hash);
    // A sample rules out most columns that do not fit without a pass over all rows.
    std::optional<std::string> prefix = sampled_prefix(column);
    if (prefix) {
        const TextPacker packer(*prefix);
        ItemKeys keys;
        const bool fits = reduce_all<false>(column, threads, keys, [&](std::string_view text, Hash128& key) {
            return packer.pack(text, key.low);
        });
        if (fits) {
            keys.prefix = std::move(prefix);
            keys.hash = hash;
            return keys;
        }
    }
    return encode_items(column, threads, hash);
}

namespace {

/// Whether a timestamp is missing (NaT, the lowest value) or infinite: databases write the highest value and
/// its negative for "never" and "always".
constexpr bool is_no_moment(std::int64_t time) {
    constexpr auto kHighest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return static_cast<std::uint64_t>(time) - kHighest <= 2;  // the highest, the lowest, the one after it
}

/// Whether a day of 32 bits is infinite.
constexpr bool is_no_day(std::int64_t day) {
    constexpr std::int64_t kHighest = std::numeric_limits<std::int32_t>::max();
    return day == kHighest || day == -kHighest;
}

}  // namespace

Times encode_times(const Column& column, unsigned threads) {
    if (holds_bytes(column))
        throw std::invalid_argument("times must be timestamps, dates or integers, got text");
    const bool encoded = !column.chunks.empty() && column.chunks.front().dictionary;
    const std::string& format = encoded ? column.chunks.front().dictionary->format : column.format;
    const bool stamps = format.starts_with("t"), days = format == "tdD";
    Times times;
    if (is_plain(column, {Storage::int64})) {
        times.time = {numbers<std::int64_t>(column.chunks.front()), column.length};
        if (stamps && std::ranges::any_of(times.time, is_no_moment)) {
            for (std::size_t row = 0; row < times.time.size(); ++row) {
                if (is_no_moment(times.time[row])) times.missing_rows.push_back(row);
            }
        }
        return times;
    }
    times.owned.resize(column.length);
    const auto missing_of_ranges = encode_ranges(column, threads, [&](RowRange range) {
        std::vector<std::uint64_t> missing;
        map_rows<std::int64_t>(
            column, range,
            [&](auto number, std::size_t row, std::int64_t& time) {
                return to_signed(number, row, time) && !(stamps && is_no_moment(time)) &&
                       !(days && is_no_day(time));
            },
            [](std::string_view) -> std::int64_t {
                throw std::logic_error("a column of text cannot be read as times");
            },
            [&](std::size_t row, std::int64_t time) { times.owned[row] = time; },
            [&](std::size_t row) {
                times.owned[row] = 0;
                missing.push_back(row);
            });
        return missing;
    });
    for (const auto& missing : missing_of_ranges) append_rows(times.missing_rows, missing);
    times.time = times.owned;
    return times;
}

RowOrder::RowOrder(const Column& column) : given_(true) {
    const auto miss = [](std::size_t row) {
        throw std::invalid_argument("the order column has no value in row " + std::to_string(row));
    };
    if (!holds_bytes(column)) {
        number_.resize(column.length);
        map_rows<std::int64_t>(
            column, {0, column.length},
            [](auto number, std::size_t row, std::int64_t& whole) {
                return to_comparable(number, row, whole);
            },
            [](std::string_view) { return std::int64_t{0}; },
            [&](std::size_t row, std::int64_t whole) { number_[row] = whole; }, miss);
        return;
    }
    const auto bytes = std::make_shared<std::string>();
    std::vector<std::size_t> ends(column.length);
    for_each_text(
        column, {0, column.length},
        [&](std::size_t row, std::string_view text) {
            bytes->append(text);
            ends[row] = bytes->size();
        },
        miss);
    bytes_ = bytes;
    text_.reserve(column.length);
    digits_ = true;
    std::size_t begin = 0;
    for (const std::size_t end : ends) {
        const std::string_view text = std::string_view(*bytes).substr(begin, end - begin);
        const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
        digits_ = digits_ && !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
        text_.push_back(text);
        begin = end;
    }
    if (!digits_) return;
    for (std::string_view& text : text_) {
        const std::size_t zeros = std::min(text.find_first_not_of('0'), text.size());
        text.remove_prefix(zeros);
    }
}

}  // namespace stagefunnel::columns
