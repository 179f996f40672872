#include "stagefunnel/questions/stages/items.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <span>

#include "scan/look_ahead.hpp"
#include "scan/scan.hpp"
#include "scan/stage_set.hpp"
#include "scan/stages_beyond.hpp"
#include "scan/visits.hpp"
#include "stagefunnel/journeys/lookup.hpp"

namespace stagefunnel::stages {
namespace {

/// Calls `with(column)` for each column of the facts.
template <class With>
void for_each_column(ItemFacts& facts, With with) {
    with(facts.first_row);
    with(facts.outcome);
    with(facts.first_time);
    with(facts.closed_at);
    with(facts.last_stage);
    with(facts.furthest_stage);
    with(facts.lost_from);
    with(facts.visits);
    with(facts.back_moves);
    with(facts.skipped);
}

/// Reads one item after another; `seen_by_` holds for each stage the last item that visited it.
///
/// @tparam Mask a set that says whether the pipeline has rules of single stages.
template <class Mask>
class ItemReader {
  public:
    explicit ItemReader(const Pipeline& pipeline)
        : pipeline_(pipeline),
          seen_by_(static_cast<std::size_t>(pipeline.n_rows()), kNoItem),
          seen_(static_cast<std::size_t>(pipeline.n_rows())),
          beyond_(pipeline) {}

    /// Writes the facts of an item to row `to`; returns false if the item has no listed row.
    template <class Code>
    bool read(const Journeys& journeys, const Code* codes, std::size_t item, ItemFacts& facts,
              std::size_t to) {
        scan::JourneyEnd end(pipeline_);
        std::int64_t visits = 0, back_moves = 0, first_time = 0, closed_at = 0;
        std::int32_t n_open_seen = 0;  // distinct in-progress stages with a visit
        bool closed = false;
        if constexpr (Mask::kHasRules) {
            seen_.clear();
            beyond_.clear();
        }
        scan::for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1],
                             pipeline_.row_of_code(), [&](std::int32_t row, std::size_t i) {
                                 const bool is_open = pipeline_.outcome_of(row) == Outcome::open;
                                 if (visits++ == 0) first_time = journeys.time[i];
                                 if (is_open && end.outcome() == Outcome::open && row < end.last())
                                     ++back_moves;
                                 if (!is_open && !closed) closed_at = journeys.time[i];
                                 closed = !is_open;
                                 std::size_t& seen_by = seen_by_[static_cast<std::size_t>(row)];
                                 if (is_open && seen_by != item) ++n_open_seen;
                                 seen_by = item;
                                 if constexpr (Mask::kHasRules) {
                                     seen_.set(static_cast<std::size_t>(row));
                                     beyond_.visit(row, journeys.time[i]);
                                 }
                                 end.visit(row);
                             });
        if (end.empty()) return false;
        // Without a win the item visited the furthest stage itself but did not go beyond it.
        const std::int32_t seen_below = n_open_seen - (!end.any_won() && end.furthest() >= 0 ? 1 : 0);
        facts.first_row[to] = journeys.first_row[item];
        facts.outcome[to] = static_cast<std::uint8_t>(end.outcome());
        facts.first_time[to] = first_time;
        facts.closed_at[to] = closed_at;
        facts.last_stage[to] = end.last();
        facts.furthest_stage[to] = end.furthest();
        facts.lost_from[to] = end.outcome() == Outcome::lost ? end.before_run() : -1;
        facts.visits[to] = visits;
        facts.back_moves[to] = back_moves;
        if constexpr (Mask::kHasRules) {
            facts.skipped[to] = n_skipped();
        } else {
            facts.skipped[to] = end.beyond_limit() - seen_below;
        }
        return true;
    }

  private:
    [[nodiscard]] std::int32_t n_skipped() const {
        int skipped = 0;
        for (std::size_t w = 0; w < seen_.n_words(); ++w)
            skipped += std::popcount(beyond_.beyond(w) & ~seen_.word(w));
        return skipped;
    }

    static constexpr std::size_t kNoItem = ~std::size_t{0};
    const Pipeline& pipeline_;
    std::vector<std::size_t> seen_by_;
    // Read where there are rules.
    Mask seen_;
    scan::StagesBeyond<Mask> beyond_;
};

/// The rows [begin, end) of the facts, which one thread wrote.
struct WrittenRows {
    std::size_t begin = 0;
    std::size_t end = 0;
};

/// Reads the items [first, last) of a list.
template <class Mask, class Code>
WrittenRows read_range(const Journeys& journeys, const Code* codes, const Pipeline& pipeline,
                       std::span<const std::uint32_t> items, std::size_t first, std::size_t last,
                       ItemFacts& facts) {
    ItemReader<Mask> reader(pipeline);
    const scan::LookAhead ahead(journeys, codes, items.first(last));
    WrittenRows written{first, first};
    for (std::size_t i = first; i < last; ++i) {
        ahead.at(i);
        if (reader.read(journeys, codes, items[i], facts, written.end)) ++written.end;
    }
    return written;
}

/// Closes the gaps that items without a listed row leave between the threads' rows.
void close_up(ItemFacts& facts, std::span<const WrittenRows> parts) {
    for_each_column(facts, [&](auto& column) {
        auto to = column.begin();
        for (const WrittenRows& part : parts) {
            const auto from = column.begin() + static_cast<std::ptrdiff_t>(part.begin);
            const auto end = column.begin() + static_cast<std::ptrdiff_t>(part.end);
            to = from == to ? end : std::move(from, end, to);
        }
        column.resize(static_cast<std::size_t>(to - column.begin()));
    });
}

}  // namespace

ItemFacts item_facts(const Journeys& journeys, const Pipeline& pipeline, unsigned threads) {
    pipeline.check(journeys);
    const std::vector<std::uint32_t> items = journeys::items_by_first_row(journeys);
    ItemFacts facts;
    for_each_column(facts, [&](auto& column) { column.resize(items.size()); });
    const auto read = [&](const auto* codes, std::size_t first, std::size_t last) {
        return scan::with_stage_set(pipeline, [&]<class Mask>() {
            return read_range<Mask>(journeys, codes, pipeline, items, first, last, facts);
        });
    };
    const std::vector<WrittenRows> parts = scan::scan_ranges(journeys, threads, read);
    close_up(facts, parts);
    return facts;
}

}  // namespace stagefunnel::stages
