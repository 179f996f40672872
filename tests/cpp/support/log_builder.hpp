#pragma once

// Logs and pipelines made from short literals.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"
#include "support/columns.hpp"

namespace stagefunnel::testing {

using Labels = std::vector<std::string>;

/// Copies a sequence to a plain vector, which can be compared with a literal.
template <class Sequence>
std::vector<typename Sequence::value_type> list_of(const Sequence& sequence) {
    return {sequence.begin(), sequence.end()};
}

struct Row {
    std::int64_t item;
    std::string stage;
    std::int64_t time;
};

/// Journeys with the labels of their codes.
struct Log {
    Journeys journeys;
    Labels labels;

    /// Returns the index of an item in the journeys.
    [[nodiscard]] std::size_t place_of(std::int64_t item) const {
        const auto key = static_cast<std::uint64_t>(item);
        const auto found = std::find(journeys.key.begin(), journeys.key.end(), key);
        if (found == journeys.key.end()) throw std::out_of_range("no item " + std::to_string(item));
        return static_cast<std::size_t>(found - journeys.key.begin());
    }

    /// Returns the stages of an item's rows in their order; a missing stage is "(missing)".
    [[nodiscard]] Labels stages_of(std::int64_t item) const {
        Labels stages;
        const std::size_t place = place_of(item);
        for (std::size_t i = journeys.offsets[place]; i < journeys.offsets[place + 1]; ++i) {
            const std::size_t code =
                std::visit([&](const auto& codes) { return std::size_t{codes[i]}; }, journeys.stage);
            stages.push_back(code == labels.size() ? "(missing)" : labels[code]);
        }
        return stages;
    }

    [[nodiscard]] std::vector<std::int64_t> times_of(std::int64_t item) const {
        const std::size_t place = place_of(item);
        const auto at = [&](std::size_t i) {
            return journeys.time.begin() + static_cast<std::ptrdiff_t>(journeys.offsets[i]);
        };
        return {at(place), at(place + 1)};
    }
};

/// Builds a log from rows in this order.
inline Log log_of(const std::vector<Row>& rows, const columns::RowOrder& order = {}, const Rows& dropped = {},
                  unsigned threads = 1) {
    std::vector<std::int64_t> items, times;
    std::vector<std::optional<std::string>> stages;
    for (const Row& row : rows) {
        items.push_back(row.item);
        stages.emplace_back(row.stage);
        times.push_back(row.time);
    }
    const Column item = numbers_column(items), time = numbers_column(times);
    const columns::StageCodes codes = columns::encode_stages(texts_column(stages));
    return {journeys::build_journeys(columns::encode_items(item), codes, columns::encode_times(time), order,
                                     dropped, threads),
            std::get<Labels>(codes.labels)};
}

/// Builds a log of whole journeys: the items are 1, 2, 3, …; each enters its stages at the times 0, 1, 2, ….
inline Log log_of_journeys(const std::vector<Labels>& journeys) {
    std::vector<Row> rows;
    for (std::size_t i = 0; i < journeys.size(); ++i) {
        std::int64_t time = 0;
        for (const std::string& stage : journeys[i]) {
            rows.push_back({static_cast<std::int64_t>(i + 1), stage, time++});
        }
    }
    return log_of(rows);
}

/// The labels of a pipeline. All other labels of a log are unlisted.
struct Stages {
    Labels open, won, lost;

    [[nodiscard]] Pipeline read(const Log& log) const {
        Labels rows = open;
        rows.insert(rows.end(), won.begin(), won.end());
        rows.insert(rows.end(), lost.begin(), lost.end());
        std::vector<std::int32_t> row_of_label;
        for (const std::string& label : log.labels) {
            const auto found = std::find(rows.begin(), rows.end(), label);
            const auto row = static_cast<std::int32_t>(found - rows.begin());
            row_of_label.push_back(found == rows.end() ? Pipeline::kUnlisted : row);
        }
        const auto size = [](const Labels& labels) { return static_cast<std::int32_t>(labels.size()); };
        return {size(open), size(won), size(lost), std::move(row_of_label)};
    }
};

/// The pipeline of the worked example.
inline Stages shop() { return {{"New", "Discussion", "Prepayment", "Delivery"}, {"Won"}, {"Lost"}}; }

/// Encoded columns, for logs that are too large for literals.
struct CodedRows {
    std::vector<std::uint64_t> item;
    std::vector<std::uint16_t> stage;
    std::vector<std::int64_t> time;
    std::size_t n_labels = 1;
    std::vector<std::uint64_t> high = {};  // upper halves of hashed keys

    void add(std::uint64_t item_key, std::size_t stage_code, std::int64_t at) {
        item.push_back(item_key);
        stage.push_back(static_cast<std::uint16_t>(stage_code));
        time.push_back(at);
    }

    [[nodiscard]] Journeys build(unsigned threads = 1, const Rows& dropped = {},
                                 const columns::RowOrder& order = {},
                                 journeys::RowNumbers numbers = journeys::RowNumbers::forget) const {
        columns::ItemKeys keys;
        keys.key = item;
        keys.high = high;
        columns::StageCodes codes;
        codes.code.assign(stage.begin(), stage.end());
        codes.rows.resize(n_labels);
        columns::Times times;
        times.time = time;
        return journeys::build_journeys(keys, codes, times, order, dropped, threads, numbers);
    }
};

/// Returns a pipeline in which the row of each label is its code.
inline Pipeline same_rows(std::int32_t n_open, std::int32_t n_won, std::int32_t n_lost) {
    std::vector<std::int32_t> rows;
    for (std::int32_t row = 0; row < n_open + n_won + n_lost; ++row) rows.push_back(row);
    return {n_open, n_won, n_lost, std::move(rows)};
}

}  // namespace stagefunnel::testing
