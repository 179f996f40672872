#include "stagefunnel/scan/selection.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "base/counted.hpp"
#include "base/parallel.hpp"
#include "scan/code_meaning.hpp"
#include "scan/scan.hpp"

namespace stagefunnel::scan {
namespace {

/// Returns the number of rows that the selection keeps of an item, counted from its first row.
template <class Code>
std::size_t rows_kept(const Journeys& journeys, const Code* codes, const CodeMeaning* meaning,
                      const Selection& selection, std::size_t item) {
    const std::size_t begin = journeys.offsets[item];
    std::size_t end = journeys.offsets[item + 1];
    const auto cut = [&](const std::optional<std::int64_t>& at) {
        if (at) {
            while (end > begin && journeys.time[end - 1] >= *at) --end;
        }
    };
    const bool by_activity = selection.basis == Basis::active;
    cut(selection.as_of);
    if (!selection.until.empty()) {
        while (end > begin && journeys.time[end - 1] > selection.until[item]) --end;
    }
    if (by_activity) cut(selection.end);
    const JourneyTimes times = times_of_journey(journeys, codes, meaning, begin, end);
    if (!times.seen || (times.moved && selection.moved_out == MovedOut::exclude)) return 0;
    const auto in_period = [&](std::int64_t time) {
        return (!selection.start || time >= *selection.start) && (!selection.end || time < *selection.end);
    };
    switch (selection.basis) {
        case Basis::active: {
            const bool gone = times.moved || times.closed;
            const std::int64_t since = times.moved ? times.moved_at : times.closed_at;
            return gone && selection.start && since < *selection.start ? 0 : end - begin;
        }
        case Basis::created:
            return in_period(times.created) ? end - begin : 0;
        case Basis::closed:
            return times.closed && !times.moved && in_period(times.closed_at) ? end - begin : 0;
    }
    return 0;
}

/// Copies the first rows of every item, as many as `kept.offsets` has.
template <class CodeVector>
void copy_rows(const Journeys& journeys, Journeys& kept, unsigned threads) {
    const auto& codes = std::get<CodeVector>(journeys.stage);
    auto& kept_codes = kept.stage.template emplace<CodeVector>();
    kept_codes.resize(kept.offsets.back());
    kept.time.resize(kept.offsets.back());
    if (!journeys.row.empty()) kept.row.resize(kept.offsets.back());
    parallel_for(journeys.n_items(), threads, [&](std::size_t first, std::size_t last) {
        for (std::size_t item = first; item < last; ++item) {
            const std::size_t n = kept.offsets[item + 1] - kept.offsets[item];
            std::copy_n(codes.data() + journeys.offsets[item], n, kept_codes.data() + kept.offsets[item]);
            std::copy_n(journeys.time.data() + journeys.offsets[item], n,
                        kept.time.data() + kept.offsets[item]);
            if (kept.row.empty()) continue;
            std::copy_n(journeys.row.data() + journeys.offsets[item], n,
                        kept.row.data() + kept.offsets[item]);
        }
    });
}

/// Finds the first row of the stay elsewhere that ends an item's rows [begin, end); `end` if there is none.
template <class Code>
std::size_t departure_of(const Code* codes, const CodeMeaning* meaning, std::size_t begin, std::size_t end) {
    std::size_t departure = end;
    for (std::size_t i = end; i > begin && meaning[codes[i - 1]].where != Where::here; --i) {
        if (meaning[codes[i - 1]].where == Where::elsewhere) departure = i - 1;
    }
    return departure;
}

/// Gives `kept` all of a log but its rows.
void copy_items(const Journeys& journeys, Journeys& kept) {
    kept.first_row = journeys.first_row;
    kept.key = journeys.key;
    kept.high = journeys.high;
    kept.prefix = journeys.prefix;
    kept.hash = journeys.hash;
    kept.is_unsigned = journeys.is_unsigned;
    kept.n_labels = journeys.n_labels;
}

/// Turns numbers of rows into offsets.
void add_up(LargeVector<std::uint64_t>& offsets) {
    for (std::size_t item = 1; item < offsets.size(); ++item) offsets[item] += offsets[item - 1];
}

/// Copies the rows that stay, and departures with the code `departed`.
template <class CodeVector>
void copy_with_departures(const Journeys& journeys, const CodeMeaning* meaning, std::size_t departed,
                          Journeys& kept, unsigned threads) {
    const auto& codes = std::get<CodeVector>(journeys.stage);
    auto& kept_codes = kept.stage.template emplace<CodeVector>();
    kept_codes.resize(kept.offsets.back());
    kept.time.resize(kept.offsets.back());
    parallel_for(journeys.n_items(), threads, [&](std::size_t first, std::size_t last) {
        for (std::size_t item = first; item < last; ++item) {
            const std::size_t begin = journeys.offsets[item], end = journeys.offsets[item + 1];
            const std::size_t departure = departure_of(codes.data(), meaning, begin, end);
            std::size_t to = kept.offsets[item];
            for (std::size_t i = begin; i < end; ++i) {
                if (meaning[codes[i]].where == Where::elsewhere && i != departure) continue;
                kept_codes[to] =
                    i == departure ? static_cast<typename CodeVector::value_type>(departed) : codes[i];
                kept.time[to++] = journeys.time[i];
            }
        }
    });
}

}  // namespace

Journeys select_journeys(const Journeys& journeys, const Pipeline& pipeline, const Selection& selection,
                         unsigned threads) {
    const std::vector<CodeMeaning> meaning = meanings(journeys, pipeline, selection.elsewhere);
    if (!selection.until.empty() && selection.until.size() != journeys.n_items()) {
        throw std::invalid_argument("until must have one value per item, got " +
                                    counted(selection.until.size(), "value") + " for " +
                                    counted(journeys.n_items(), "item"));
    }
    Journeys kept;
    kept.offsets.resize(journeys.n_items() + 1);
    kept.offsets[0] = 0;
    for_each_item(journeys, threads, [&](const auto* codes, std::size_t item) {
        kept.offsets[item + 1] = rows_kept(journeys, codes, meaning.data(), selection, item);
    });
    add_up(kept.offsets);
    std::visit([&]<class CodeVector>(const CodeVector&) { copy_rows<CodeVector>(journeys, kept, threads); },
               journeys.stage);
    copy_items(journeys, kept);
    return kept;
}

Journeys with_departures(const Journeys& journeys, const Pipeline& pipeline,
                         std::span<const std::uint8_t> elsewhere, unsigned threads) {
    const std::vector<CodeMeaning> meaning = meanings(journeys, pipeline, elsewhere);
    const auto is_elsewhere = [](const CodeMeaning& code) { return code.where == Where::elsewhere; };
    const auto first = std::find_if(meaning.begin(), meaning.end(), is_elsewhere);
    if (first == meaning.end()) throw std::invalid_argument("no label is elsewhere");
    Journeys kept;
    kept.offsets.resize(journeys.n_items() + 1);
    kept.offsets[0] = 0;
    for_each_item(journeys, threads, [&](const auto* codes, std::size_t item) {
        const std::size_t begin = journeys.offsets[item], end = journeys.offsets[item + 1];
        const auto away =
            std::count_if(codes + begin, codes + end, [&](auto code) { return is_elsewhere(meaning[code]); });
        const bool departs = departure_of(codes, meaning.data(), begin, end) < end;
        kept.offsets[item + 1] = end - begin - static_cast<std::size_t>(away) + (departs ? 1 : 0);
    });
    add_up(kept.offsets);
    const auto departed = static_cast<std::size_t>(first - meaning.begin());
    std::visit(
        [&]<class CodeVector>(const CodeVector&) {
            copy_with_departures<CodeVector>(journeys, meaning.data(), departed, kept, threads);
        },
        journeys.stage);
    copy_items(journeys, kept);
    return kept;
}

std::vector<std::uint8_t> moved_items(const Journeys& journeys, const Pipeline& pipeline,
                                      std::span<const std::uint8_t> elsewhere, unsigned threads) {
    const std::vector<CodeMeaning> meaning = meanings(journeys, pipeline, elsewhere);
    std::vector<std::uint8_t> moved(journeys.n_items());
    for_each_item(journeys, threads, [&](const auto* codes, std::size_t item) {
        std::size_t i = journeys.offsets[item + 1];
        while (i > journeys.offsets[item] && meaning[codes[i - 1]].where == Where::nowhere) --i;
        moved[item] = i > journeys.offsets[item] && meaning[codes[i - 1]].where == Where::elsewhere;
    });
    return moved;
}

}  // namespace stagefunnel::scan
