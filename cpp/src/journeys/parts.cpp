#include "stagefunnel/journeys/parts.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "columns/packed_text.hpp"

namespace stagefunnel::journeys {

namespace {

void check_length(const char* column, std::size_t length, std::size_t expected) {
    if (length == expected) return;
    throw std::invalid_argument("the column " + std::string(column) + " has " + std::to_string(length) +
                                " values, not " + std::to_string(expected));
}

void check_offsets(std::span<const std::uint64_t> offsets, std::size_t n_rows) {
    const bool covers_all = !offsets.empty() && offsets.front() == 0 && offsets.back() == n_rows;
    std::size_t rising = 1;
    for (std::size_t item = 1; item < offsets.size(); ++item) {
        rising += offsets[item - 1] < offsets[item] ? 1U : 0U;
    }
    if (!covers_all || rising != offsets.size()) {
        throw std::invalid_argument("the offsets do not give each item rows of its own");
    }
}

void check_keys(const JourneyParts& parts) {
    if (!parts.high.empty() && parts.prefix) {
        throw std::invalid_argument("the keys are both packed texts and hashes");
    }
    const auto is_too_long = [](std::uint64_t key) {
        return (key & 0xffU) > columns::TextPacker::kMostBytes;
    };
    if (parts.prefix && std::any_of(parts.key.begin(), parts.key.end(), is_too_long)) {
        throw std::invalid_argument("a packed key holds more bytes than a key has");
    }
}

/// Refuses two items with one first row, in memory of the items, whatever the rows are.
void check_first_rows(std::span<const std::uint32_t> rows) {
    if (rows.empty()) return;
    bool are_distinct = true;
    const std::size_t last = *std::max_element(rows.begin(), rows.end());
    constexpr std::size_t kBitsOfAnItem = 256;
    if (last / kBitsOfAnItem <= rows.size()) {
        std::vector<bool> seen(last + 1, false);
        for (const std::uint32_t row : rows) {
            are_distinct = are_distinct && !seen[row];
            seen[row] = true;
        }
    } else {
        std::vector<std::uint32_t> rising(rows.begin(), rows.end());
        std::sort(rising.begin(), rising.end());
        are_distinct = std::adjacent_find(rising.begin(), rising.end()) == rising.end();
    }
    if (!are_distinct) throw std::invalid_argument("two items have one first row");
}

/// Counts the places at which times fall, from one row to the next, whatever items they belong to.
std::size_t n_falls(std::span<const std::int64_t> time) {
    std::size_t falls = 0;
    for (std::size_t row = 1; row < time.size(); ++row) falls += time[row] < time[row - 1] ? 1U : 0U;
    return falls;
}

/// As many times fall as fall between items, unless one falls inside of an item. So no loop over the rows of
/// an item is needed, and most items have few.
void check_times(const JourneyParts& parts) {
    const auto time = parts.time;
    const std::span<const std::uint64_t> begins = parts.offsets.first(parts.first_row.size());
    std::size_t between = 0;
    for (const std::uint64_t row : begins) between += row > 0 && time[row] < time[row - 1] ? 1U : 0U;
    if (n_falls(time) == between) return;
    for (std::size_t item = 0; item < begins.size(); ++item) {
        const auto rows = time.subspan(begins[item], parts.offsets[item + 1] - begins[item]);
        if (!std::is_sorted(rows.begin(), rows.end())) {
            throw std::invalid_argument("the times of item " + std::to_string(item) + " fall");
        }
    }
}

template <class Code>
void check_codes(std::span<const Code> codes, std::size_t n_labels) {
    Code greatest = 0;
    for (const Code code : codes) greatest = std::max(greatest, code);  // in vectors, unlike max_element
    // The code after the last label stands for a missing stage.
    if (greatest > n_labels) {
        throw std::invalid_argument("the stage code " + std::to_string(greatest) + " is beyond the " +
                                    std::to_string(n_labels) + " labels");
    }
}

template <class Code>
LargeVector<Code> checked_codes(std::span<const Code> codes, std::size_t n_labels) {
    check_codes(codes, n_labels);
    return {codes.begin(), codes.end()};
}

template <class T>
LargeVector<T> copy_of(std::span<const T> values) {
    return {values.begin(), values.end()};
}

template <class T>
LargeVector<T> mapped(const MappedColumn& column, std::size_t n) {
    return mapped_vector<T>(column.file, column.offset, n);
}

void check_parts(const JourneyParts& parts) {
    const std::size_t n_items = parts.first_row.size(), n_rows = parts.time.size();
    if (n_rows >= std::numeric_limits<std::uint32_t>::max()) {
        throw std::invalid_argument("a log has at most 2^32 - 2 rows");
    }
    check_length("offsets", parts.offsets.size(), n_items + 1);
    check_length("stage", std::visit([](const auto& codes) { return codes.size(); }, parts.stage), n_rows);
    check_length("key", parts.key.size(), n_items);
    if (!parts.high.empty()) check_length("high", parts.high.size(), n_items);
    check_offsets(parts.offsets, n_rows);
    check_keys(parts);
    check_first_rows(parts.first_row);
    check_times(parts);
}

}  // namespace

Journeys journeys_of_parts(const JourneyParts& parts) {
    check_parts(parts);
    Journeys journeys;
    journeys.offsets = copy_of(parts.offsets);
    journeys.stage =
        std::visit([&](const auto& codes) -> Journeys::Codes { return checked_codes(codes, parts.n_labels); },
                   parts.stage);
    journeys.time = copy_of(parts.time);
    journeys.first_row = copy_of(parts.first_row);
    journeys.key = copy_of(parts.key);
    journeys.high = copy_of(parts.high);
    journeys.prefix = parts.prefix;
    journeys.hash = parts.hash;
    journeys.is_unsigned = parts.is_unsigned;
    journeys.n_labels = parts.n_labels;
    return journeys;
}

Journeys mapped_journeys(const MappedParts& parts) {
    Journeys journeys;
    journeys.offsets = mapped<std::uint64_t>(parts.offsets, parts.n_items + 1);
    if (parts.stage_bytes == 1) {
        journeys.stage = mapped<std::uint8_t>(parts.stage, parts.n_rows);
    } else {
        journeys.stage = mapped<std::uint16_t>(parts.stage, parts.n_rows);
    }
    journeys.time = mapped<std::int64_t>(parts.time, parts.n_rows);
    journeys.first_row = mapped<std::uint32_t>(parts.first_row, parts.n_items);
    journeys.key = mapped<std::uint64_t>(parts.key, parts.n_items);
    if (parts.high) journeys.high = mapped<std::uint64_t>(*parts.high, parts.n_items);
    journeys.prefix = parts.prefix;
    journeys.hash = parts.hash;
    journeys.is_unsigned = parts.is_unsigned;
    journeys.n_labels = parts.n_labels;
    journeys.ends = parts.ends;
    return journeys;
}

void check_journeys(const Journeys& journeys) {
    JourneyParts parts{
        .offsets = journeys.offsets,
        .stage = {},
        .time = journeys.time,
        .first_row = journeys.first_row,
        .key = journeys.key,
        .high = journeys.high,
        .prefix = journeys.prefix,
        .hash = journeys.hash,
        .is_unsigned = journeys.is_unsigned,
        .n_labels = journeys.n_labels,
    };
    std::visit(
        [&](const auto& codes) {
            using Code = typename std::decay_t<decltype(codes)>::value_type;
            const std::span<const Code> all(codes);
            parts.stage = all;
            check_codes(all, journeys.n_labels);
        },
        journeys.stage);
    check_parts(parts);
}

Journeys with_stages(const Journeys& journeys, const JourneyParts::Codes& stage, std::size_t n_labels) {
    check_length("stage", std::visit([](const auto& codes) { return codes.size(); }, stage),
                 journeys.n_rows());
    Journeys staged;
    staged.offsets = journeys.offsets;
    staged.stage = std::visit(
        [&](const auto& codes) -> Journeys::Codes { return checked_codes(codes, n_labels); }, stage);
    staged.time = journeys.time;
    staged.first_row = journeys.first_row;
    staged.n_labels = n_labels;
    staged.ends = journeys.ends;
    return staged;
}

LargeVector<std::uint8_t> inserted(std::span<const std::uint8_t> first, std::span<const std::uint8_t> later,
                                   const Inserted& places, std::size_t size) {
    check_length("before", places.before.size(), places.values.size());
    if (size == 0 || first.size() % size != 0 || later.size() % size != 0) {
        throw std::invalid_argument("the columns do not hold values of " + std::to_string(size) + " bytes");
    }
    const std::size_t n = first.size() / size;
    const std::size_t n_later = later.size() / size;
    LargeVector<std::uint8_t> joined(first.size() + places.values.size() * size);
    std::uint8_t* out = joined.data();
    std::size_t done = 0;
    for (std::size_t i = 0; i < places.values.size(); ++i) {
        // A negative place is beyond every column, too.
        const auto before = static_cast<std::size_t>(places.before[i]);
        const auto value = static_cast<std::size_t>(places.values[i]);
        if (before < done || before > n || value >= n_later) {
            throw std::invalid_argument("a value has a place that falls or lies beyond its column");
        }
        out = std::copy_n(first.data() + done * size, (before - done) * size, out);
        out = std::copy_n(later.data() + value * size, size, out);
        done = before;
    }
    std::copy_n(first.data() + done * size, (n - done) * size, out);
    return joined;
}

}  // namespace stagefunnel::journeys
