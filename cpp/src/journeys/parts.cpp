#include "stagefunnel/journeys/parts.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
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
    if (!covers_all ||
        std::adjacent_find(offsets.begin(), offsets.end(), std::greater_equal{}) != offsets.end()) {
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

void check_times(const JourneyParts& parts) {
    for (std::size_t item = 0; item < parts.first_row.size(); ++item) {
        const auto rows =
            parts.time.subspan(parts.offsets[item], parts.offsets[item + 1] - parts.offsets[item]);
        if (!std::is_sorted(rows.begin(), rows.end())) {
            throw std::invalid_argument("the times of item " + std::to_string(item) + " fall");
        }
    }
}

template <class Code>
LargeVector<Code> checked_codes(std::span<const Code> codes, std::size_t n_labels) {
    const auto greatest = std::max_element(codes.begin(), codes.end());
    // The code after the last label stands for a missing stage.
    if (greatest != codes.end() && *greatest > n_labels) {
        throw std::invalid_argument("the stage code " + std::to_string(*greatest) + " is beyond the " +
                                    std::to_string(n_labels) + " labels");
    }
    return {codes.begin(), codes.end()};
}

template <class T>
LargeVector<T> copy_of(std::span<const T> values) {
    return {values.begin(), values.end()};
}

}  // namespace

Journeys journeys_of_parts(const JourneyParts& parts) {
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

}  // namespace stagefunnel::journeys
