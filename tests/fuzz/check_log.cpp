#include "check_log.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>
#include <vector>

#include "check_parts.hpp"
#include "drawn_log.hpp"
#include "expect.hpp"
#include "slow_log.hpp"
#include "stagefunnel/columns/encode.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/journeys/lookup.hpp"

namespace stagefunnel::fuzz {
namespace {

/// The columns as the core encodes them.
struct Encoded {
    explicit Encoded(const DrawnLog& log)
        : items(columns::pack_items(log.item.column)),
          stages(columns::encode_stages(log.stage.column)),
          times(columns::encode_times(log.time.column)) {
        if (!log.rank.empty()) order = columns::RowOrder(log.order.column);
    }

    columns::ItemKeys items;
    columns::StageCodes stages;
    columns::Times times;
    columns::RowOrder order;
};

std::vector<std::uint64_t> missing_rows(const DrawnColumn& column, std::size_t n_rows) {
    std::vector<std::uint64_t> rows;
    for (std::size_t row = 0; row < n_rows; ++row) {
        if (column.missing(row)) rows.push_back(row);
    }
    return rows;
}

using Key = std::pair<std::uint64_t, std::uint64_t>;

Key key_at(const columns::ItemKeys& keys, std::size_t row) {
    return {keys.key[row], keys.hashed() ? keys.high[row] : 0};
}

template <class T>
void check_keys(const Rows<T>& rows, const columns::ItemKeys& keys) {
    std::map<T, Key> key_of;
    std::map<Key, T> value_of;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        if (!rows[row]) continue;
        const Key key = key_at(keys, row);
        expect(key_of.emplace(*rows[row], key).first->second == key, "equal items have equal keys");
        expect(value_of.emplace(key, *rows[row]).first->second == *rows[row],
               "different items have different keys");
    }
}

template <class T>
void check_labels(const Rows<T>& rows, const columns::StageCodes& stages) {
    if (rows.empty()) return;  // without a chunk there is no dictionary that would tell texts from numbers
    const auto& labels = std::get<std::vector<T>>(stages.labels);
    for (std::size_t row = 0; row < rows.size(); ++row) {
        if (rows[row]) expect(labels.at(stages.code[row]) == *rows[row], "a stage's code leads to its label");
    }
}

void check_encoded(const DrawnLog& log, const SlowLog& slow, const Encoded& found) {
    const std::size_t n = log.n_rows();
    expect(found.items.size() == n && found.stages.code.size() == n && found.times.time.size() == n,
           "encoding keeps the number of rows");
    expect(found.items.missing_rows == missing_rows(log.item, n), "missing items are found");
    expect(found.stages.missing_rows == missing_rows(log.stage, n), "missing stages are found");
    expect(found.times.missing_rows == missing_rows(log.time, n), "missing times are found");
    expect(found.stages.n_labels() == slow.n_labels, "each distinct stage has one code");
    expect(std::equal(slow.code.begin(), slow.code.end(), found.stages.code.begin()),
           "stages are numbered by first appearance");
    for (std::size_t row = 0; row < n; ++row) {
        expect(log.time.missing(row) || found.times.time[row] == *log.time.numbers[row],
               "times are read as they are");
    }
    if (log.item.is_text) {
        check_keys(log.item.texts, found.items);
    } else {
        check_keys(log.item.numbers, found.items);
    }
    if (log.stage.is_text) {
        check_labels(log.stage.texts, found.stages);
    } else {
        check_labels(log.stage.numbers, found.stages);
    }
}

void check_label_counts(const SlowLog& slow, const columns::StageCodes& stages) {
    std::vector<std::uint64_t> rows(slow.n_labels, 0), first(slow.n_labels, ~std::uint64_t{0});
    for (const SlowItem& item : slow.items) {
        for (const SlowStep& step : item.steps) {
            if (step.code == slow.n_labels) continue;
            ++rows[step.code];
            first[step.code] = std::min<std::uint64_t>(first[step.code], step.row);
        }
    }
    expect(stages.rows == rows, "the rows of each stage are counted");
    for (std::size_t code = 0; code < rows.size(); ++code) {
        expect(rows[code] == 0 || stages.first_row[code] == first[code],
               "the first row of each stage is known");
    }
}

void check_journeys(const SlowLog& slow, const columns::ItemKeys& keys, const Journeys& journeys) {
    const std::vector<std::uint32_t> by_first_row = journeys::items_by_first_row(journeys);
    expect(journeys.n_labels == slow.n_labels, "journeys know how many stages there are");
    expect(by_first_row.size() == slow.items.size(), "there are as many items as keys");
    expect(journeys.offsets.size() == slow.items.size() + 1 && journeys.offsets.back() == journeys.n_rows(),
           "the items' rows cover all rows");
    const auto code_at = [&](std::size_t i) {
        return std::visit([&](const auto& codes) { return std::size_t{codes[i]}; }, journeys.stage);
    };
    for (std::size_t place = 0; place < slow.items.size(); ++place) {
        const std::uint32_t item = by_first_row[place];
        const SlowItem& expected = slow.items[place];
        expect(journeys.first_row[item] == expected.first_row,
               "an item remembers its first row in the input");
        const Key key{journeys.key[item], journeys.high.empty() ? 0 : journeys.high[item]};
        expect(key == key_at(keys, expected.first_row), "an item has the key of its rows");
        const std::size_t begin = journeys.offsets[item];
        expect(journeys.offsets[item + 1] - begin == expected.steps.size(),
               "a journey has all rows of its item");
        for (std::size_t i = 0; i < expected.steps.size(); ++i) {
            expect(journeys.time[begin + i] == expected.steps[i].time, "a journey is ordered by time");
            expect(code_at(begin + i) == expected.steps[i].code, "rows of equal time keep their order");
        }
    }
}

bool same_bytes(const Journeys& a, const Journeys& b) {
    return a.offsets == b.offsets && a.stage == b.stage && a.time == b.time && a.first_row == b.first_row &&
           a.key == b.key && a.high == b.high && a.n_labels == b.n_labels;
}

/// The log without the items of the other parts.
std::vector<Journeys> divide(const SlowLog& slow, const Encoded& columns, std::size_t n_parts) {
    std::vector<Journeys> parts;
    for (std::size_t part = 0; part < n_parts; ++part) {
        std::vector<std::uint64_t> left_out;
        std::size_t next = 0;
        for (std::size_t row = 0; row < slow.item_of.size(); ++row) {
            const bool dropped = next < slow.dropped.size() && slow.dropped[next] == row;
            if (dropped) ++next;
            if (dropped || slow.item_of[row] % n_parts != part) left_out.push_back(row);
        }
        parts.push_back(journeys::build_journeys(columns.items, columns.stages, columns.times, columns.order,
                                                 left_out, 1));
    }
    return parts;
}

}  // namespace

std::size_t check_log(std::span<const std::uint8_t> bytes) {
    Choices choices(bytes);
    const DrawnLog log = draw_log(choices);
    const SlowLog slow = group_slowly(log);
    Encoded columns(log);
    check_encoded(log, slow, columns);
    if (!slow.dropped.empty()) columns::leave_out(columns.stages, slow.dropped);
    check_label_counts(slow, columns.stages);
    const auto build = [&](unsigned threads) {
        return journeys::build_journeys(columns.items, columns.stages, columns.times, columns.order,
                                        slow.dropped, threads);
    };
    const Journeys alone = build(1);
    check_journeys(slow, columns.items, alone);
    // Starting threads is most of the time of a short input, so few of them start any.
    const std::size_t threads = choices.below(16);
    if (threads == 2 || threads == 7) {
        expect(same_bytes(build(static_cast<unsigned>(threads)), alone),
               "the number of threads changes no byte");
    }
    const std::vector<Journeys> parts = divide(slow, columns, 2 + choices.below(2));
    check_parts(choices, slow, {alone, parts});
    return log.n_rows();
}

}  // namespace stagefunnel::fuzz
