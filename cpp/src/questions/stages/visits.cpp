#include "stagefunnel/questions/stages/visits.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <vector>

#include "base/time_distance.hpp"
#include "scan/look_ahead.hpp"
#include "scan/scan.hpp"
#include "scan/stays.hpp"
#include "stagefunnel/journeys/lookup.hpp"

namespace stagefunnel::stages {
namespace {

/// How many items and visits a thread lists, and then where its first ones stand.
struct Share {
    std::size_t items = 0;
    std::size_t visits = 0;
};

/// A question about the visits of a log.
struct VisitQuestion {
    const Journeys& journeys;
    const Pipeline& pipeline;
    const scan::Marks& marks;
    const VisitChoice& choice;

    [[nodiscard]] bool lists_item(std::size_t item) const {
        return choice.items.empty() || choice.items[item] != 0;
    }
    [[nodiscard]] bool lists(const scan::Stay& stay) const {
        if (choice.end && stay.entered >= *choice.end) return false;
        return !choice.start || !stay.is_over || stay.exited > *choice.start || stay.entered >= *choice.start;
    }
};

/// Counts the visits of each item that a table lists.
///
/// Items are read in the order of the journeys here, in which they lie in memory.
LargeVector<std::uint32_t> count_visits(const VisitQuestion& question, unsigned threads) {
    LargeVector<std::uint32_t> counts(question.journeys.n_items());
    scan::scan_ranges(
        question.journeys, threads, [&](const auto* codes, std::size_t first, std::size_t last) {
            const scan::StayWalker walker(question.journeys, question.pipeline, question.marks);
            for (std::size_t item = first; item < last; ++item) {
                std::uint32_t n = 0;
                if (question.lists_item(item)) {
                    walker.walk(codes, item,
                                [&](const scan::Stay& stay) { n += question.lists(stay) ? 1U : 0U; });
                }
                counts[item] = n;
            }
        });
    return counts;
}

/// Writes the visits of one item after another, each of which has some, from the places on that its thread
/// has.
class VisitWriter {
  public:
    VisitWriter(const VisitQuestion& question, VisitTable& table, Share at)
        : question_(question),
          walker_(question.journeys, question.pipeline, question.marks),
          table_(table),
          at_(at),
          n_of_stage_(static_cast<std::size_t>(question.pipeline.n_rows())) {}

    template <class Code>
    void read(const Code* codes, std::size_t item) {
        const std::size_t begin = at_.visits;
        std::int64_t number = 0;
        std::int32_t last = Pipeline::kUnlisted;
        const bool has_left = walker_.walk(codes, item, [&](const scan::Stay& stay) {
            NumberOfItem& of_stage = n_of_stage_[static_cast<std::size_t>(stay.row)];
            if (of_stage.item != item) of_stage = {item, 0};
            ++of_stage.n;
            ++number;
            last = stay.row;
            if (question_.lists(stay)) write(stay, item, number, of_stage.n);
        });
        const auto outcome =
            has_left ? VisitTable::kMovedOut : static_cast<std::uint8_t>(question_.pipeline.outcome_of(last));
        std::fill(table_.item_outcome.begin() + static_cast<std::ptrdiff_t>(begin),
                  table_.item_outcome.begin() + static_cast<std::ptrdiff_t>(at_.visits),
                  static_cast<std::int8_t>(outcome));
        table_.item[at_.items] = static_cast<std::uint32_t>(item);
        table_.n_visits[at_.items] = static_cast<std::int64_t>(at_.visits - begin);
        ++at_.items;
    }

  private:
    /// A number that is about the item which was read last, or an earlier one.
    struct NumberOfItem {
        std::size_t item = ~std::size_t{0};
        std::int64_t n = 0;
    };

    void write(const scan::Stay& stay, std::size_t item, std::int64_t number, std::int64_t of_stage) {
        const std::size_t to = at_.visits++;
        const Outcome outcome = question_.pipeline.outcome_of(stay.row);
        table_.visit[to] = number;
        table_.visit_of_stage[to] = of_stage;
        table_.stage[to] = stay.row;
        table_.next_stage[to] = stay.next;
        table_.stage_outcome[to] = static_cast<std::int8_t>(outcome);
        table_.entered[to] = stay.start_unknown ? VisitTable::kNotKnown : stay.entered;
        table_.exited[to] = stay.is_over ? stay.exited : VisitTable::kNotKnown;
        table_.duration[to] = stay.is_over && !stay.start_unknown ? length(stay) : VisitTable::kNotKnown;
        table_.open[to] = static_cast<std::uint8_t>(outcome == Outcome::open && !stay.is_over);
        if (!table_.row.empty()) {
            const std::size_t place =
                scan::place_in_whole(question_.journeys, question_.marks.whole, item, stay.first);
            table_.row[to] = static_cast<std::int64_t>(place);
        }
    }

    static std::int64_t length(const scan::Stay& stay) {
        const std::uint64_t length = distance(stay.entered, stay.exited);
        if (length > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
            throw std::invalid_argument("a visit is longer than 63 bits can hold; are the times right?");
        return static_cast<std::int64_t>(length);
    }

    const VisitQuestion& question_;
    scan::StayWalker walker_;
    VisitTable& table_;
    Share at_;
    std::vector<NumberOfItem> n_of_stage_;
};

void resize(VisitTable& table, Share total, VisitRows rows) {
    table.item.resize(total.items);
    table.n_visits.resize(total.items);
    table.visit.resize(total.visits);
    table.visit_of_stage.resize(total.visits);
    table.stage.resize(total.visits);
    table.next_stage.resize(total.visits);
    table.stage_outcome.resize(total.visits);
    table.item_outcome.resize(total.visits);
    table.entered.resize(total.visits);
    table.exited.resize(total.visits);
    table.duration.resize(total.visits);
    table.open.resize(total.visits);
    if (rows == VisitRows::keep) table.row.resize(total.visits);
}

}  // namespace

VisitTable list_visits(const Journeys& journeys, const Pipeline& pipeline, const scan::Marks& marks,
                       const VisitChoice& choice, VisitRows rows, unsigned threads) {
    pipeline.check(journeys);
    marks.check(journeys);
    if (!choice.items.empty() && choice.items.size() != journeys.n_items())
        throw std::invalid_argument("items must be flagged one by one");
    const VisitQuestion question{journeys, pipeline, marks, choice};
    const std::vector<std::uint32_t> items = journeys::items_by_first_row(journeys);
    const LargeVector<std::uint32_t> counts = count_visits(question, threads);
    const std::size_t n_items = items.size(), n_ranges = n_parallel_ranges(n_items, threads);
    const auto range_start = [&](std::size_t range) { return n_items * range / n_ranges; };
    Share total;
    std::vector<Share> starts;
    for (std::size_t r = 0; r < n_ranges; ++r) {
        starts.push_back(total);
        for (std::size_t i = range_start(r); i < range_start(r + 1); ++i) {
            total.visits += counts[items[i]];
            total.items += counts[items[i]] > 0 ? 1U : 0U;
        }
    }
    VisitTable table;
    resize(table, total, rows);
    scan::with_codes(journeys, [&](const auto* codes) {
        parallel_tasks(n_ranges, threads, [&](std::size_t r) {
            VisitWriter writer(question, table, starts[r]);
            const scan::LookAhead ahead(journeys, codes, std::span(items).first(range_start(r + 1)));
            for (std::size_t i = range_start(r); i < range_start(r + 1); ++i) {
                ahead.at(i);
                if (counts[items[i]] > 0) writer.read(codes, items[i]);
            }
        });
    });
    return table;
}

EndChecks check_ends(const Journeys& journeys, std::span<const std::int64_t> ended, unsigned threads) {
    if (ended.size() != journeys.n_rows()) throw std::invalid_argument("ends must be one per row");
    const std::vector<EndChecks> parts =
        scan::scan_ranges(journeys, threads, [&](const auto* /*codes*/, std::size_t first, std::size_t last) {
            EndChecks found;
            for (std::size_t item = first; item < last; ++item) {
                for (std::size_t i = journeys.offsets[item]; i + 1 < journeys.offsets[item + 1]; ++i) {
                    if (ended[i] == scan::Marks::kNotEnded) continue;
                    found.pauses += ended[i] < journeys.time[i + 1] ? 1 : 0;
                    found.cut_ends += ended[i] > journeys.time[i + 1] ? 1 : 0;
                }
            }
            return found;
        });
    EndChecks total;
    for (const EndChecks& part : parts) {
        total.pauses += part.pauses;
        total.cut_ends += part.cut_ends;
    }
    return total;
}

}  // namespace stagefunnel::stages
