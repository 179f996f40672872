// Rows that arrive in batches become journeys, as grouping all rows by hand makes them.

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "expect.hpp"
#include "kernels.hpp"
#include "layouts.hpp"
#include "stagefunnel/journeys/lookup.hpp"
#include "stagefunnel/journeys/row_stream.hpp"

namespace stagefunnel::fuzz {
namespace {

/// Keys that one prefix packs, that a shorter one packs, and that only a hash holds.
constexpr std::array kItems{"D-1", "D-2",        "D-1234567", "E-1",
                            "",    "D-12345678", "\xff\xfe",  "a text that only a hash holds"};
constexpr std::array kStages{"New", "Won", "Lost", "", "N\xc3\xa9"};

struct StreamedRow {
    std::size_t item;
    std::optional<std::size_t> stage;
    std::int64_t time;
    bool is_dropped;
};

using StreamedRows = std::vector<StreamedRow>;

StreamedRows draw_batch(Choices& choices) {
    StreamedRows rows(1 + choices.below(12));
    const std::size_t n_items = 1 + choices.below(kItems.size());
    for (StreamedRow& row : rows) {
        row.item = choices.below(n_items);
        if (!choices.one_in(8)) row.stage = choices.below(kStages.size());
        row.time = static_cast<std::int64_t>(choices.below(12)) - 4;
        row.is_dropped = choices.one_in(8);
    }
    return rows;
}

void append(Choices& choices, journeys::RowStream& stream, const StreamedRows& rows, bool text_items) {
    Texts texts, stages;
    Numbers numbers, times;
    std::vector<std::uint64_t> dropped;
    for (const StreamedRow& row : rows) {
        if (row.is_dropped) dropped.push_back(times.size());
        texts.emplace_back(kItems[row.item]);
        numbers.emplace_back(static_cast<std::int64_t>(row.item) - 3);
        stages.push_back(row.stage ? std::optional<std::string>(kStages[*row.stage]) : std::nullopt);
        times.emplace_back(row.time);
    }
    const Column item = text_items ? lay_texts(choices, texts) : lay_numbers(choices, numbers, Sort::plain);
    const Column stage = lay_texts(choices, stages), time = lay_numbers(choices, times, Sort::plain);
    columns::StageCodes codes = columns::encode_stages(stage);
    if (!dropped.empty()) columns::leave_out(codes, dropped);
    stream.append(stream.packs() ? columns::pack_items(item) : columns::encode_items(item), codes,
                  columns::encode_times(time), dropped);
}

void check_labels(const journeys::RowStream& stream, const StreamedRows& rows) {
    std::vector<std::string> labels;
    std::vector<std::uint64_t> counts, first;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (!rows[i].stage) continue;
        const std::string label = kStages[*rows[i].stage];
        const auto place =
            static_cast<std::size_t>(std::find(labels.begin(), labels.end(), label) - labels.begin());
        if (place == labels.size()) {
            labels.push_back(label);
            counts.push_back(0);
            first.push_back(0);
        }
        if (rows[i].is_dropped) continue;
        if (counts[place]++ == 0) first[place] = i;
    }
    const bool none =
        labels.empty() && std::visit([](const auto& all) { return all.empty(); }, stream.labels());
    expect(none || std::get<std::vector<std::string>>(stream.labels()) == labels,
           "a stream numbers stages by their first row");
    expect(stream.rows_of_labels() == counts, "a stream counts the rows of each stage");
    for (std::size_t i = 0; i < counts.size(); ++i) {
        expect(counts[i] == 0 || stream.first_row_of_labels()[i] == first[i],
               "a stream knows the first row of each stage");
    }
}

struct SlowJourney {
    std::size_t item;
    std::uint32_t first_row;
    std::vector<std::pair<std::int64_t, std::string>> steps;
};

std::vector<SlowJourney> group(const StreamedRows& rows) {
    std::vector<SlowJourney> all;
    std::uint32_t number = 0;
    for (const StreamedRow& row : rows) {
        if (row.is_dropped) continue;
        auto own = std::find_if(all.begin(), all.end(), [&](const auto& it) { return it.item == row.item; });
        if (own == all.end()) own = all.insert(all.end(), {row.item, number, {}});
        own->steps.emplace_back(row.time, row.stage ? kStages[*row.stage] : "(missing)");
        ++number;
    }
    for (SlowJourney& own : all) {
        std::stable_sort(own.steps.begin(), own.steps.end(),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
    }
    return all;
}

void check_built(const Journeys& built, const std::vector<std::string>& labels, const StreamedRows& rows) {
    const std::vector<SlowJourney> slow = group(rows);
    const std::vector<std::uint32_t> order = journeys::items_by_first_row(built);
    expect(order.size() == slow.size(), "a stream has as many items as its rows");
    for (std::size_t place = 0; place < slow.size(); ++place) {
        const std::uint32_t item = order[place];
        expect(built.first_row[item] == slow[place].first_row, "a stream knows the first row of an item");
        const std::size_t begin = built.offsets[item];
        expect(built.offsets[item + 1] - begin == slow[place].steps.size(),
               "the rows of an item come together from all batches");
        for (std::size_t i = 0; i < slow[place].steps.size(); ++i) {
            const std::size_t code =
                std::visit([&](const auto& codes) { return std::size_t{codes[begin + i]}; }, built.stage);
            const std::string& label = slow[place].steps[i].second;
            expect(built.time[begin + i] == slow[place].steps[i].first,
                   "a streamed journey is in order of time");
            expect(code < labels.size() ? labels[code] == label : label == "(missing)",
                   "rows of equal time keep the order of the stream");
        }
    }
}

}  // namespace

void check_stream(Choices& choices) {
    const bool text_items = choices.one_in(2);
    journeys::RowStream stream;
    StreamedRows all;
    for (std::size_t batch = 0, n = 1 + choices.below(4); batch < n; ++batch) {
        if (choices.one_in(4)) {
            stream.refine_times(10);
            for (StreamedRow& row : all) row.time *= 10;
        }
        const StreamedRows rows = draw_batch(choices);
        append(choices, stream, rows, text_items);
        all.insert(all.end(), rows.begin(), rows.end());
    }
    expect(stream.n_rows() == all.size(), "a stream counts all rows");
    check_labels(stream, all);
    const auto* labels = std::get_if<std::vector<std::string>>(&stream.labels());
    const std::vector<std::string> kept = labels != nullptr ? *labels : std::vector<std::string>();
    const std::size_t many_rows = choices.one_in(2) ? 0 : journeys::RowStream::kManyRows;
    check_built(stream.build(choices.one_in(8) ? 3 : 1, many_rows), kept, all);
}

}  // namespace stagefunnel::fuzz
