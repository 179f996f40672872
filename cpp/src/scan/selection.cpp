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
    for (std::size_t item = 0; item < journeys.n_items(); ++item)
        kept.offsets[item + 1] += kept.offsets[item];
    std::visit([&]<class CodeVector>(const CodeVector&) { copy_rows<CodeVector>(journeys, kept, threads); },
               journeys.stage);
    kept.first_row = journeys.first_row;
    kept.key = journeys.key;
    kept.high = journeys.high;
    kept.prefix = journeys.prefix;
    kept.n_labels = journeys.n_labels;
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
