#include "stagefunnel/items.hpp"

#include "visits.hpp"

namespace stagefunnel {
namespace {

/// Reads one item's visits; `seen_by` remembers per stage the last item that visited it.
class ItemReader {
  public:
    explicit ItemReader(const Pipeline& pipeline)
        : pipeline_(pipeline), seen_by_(static_cast<std::size_t>(pipeline.n_rows()), kNoItem) {}

    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::size_t item, ItemFacts& facts) {
        JourneyEnd end(pipeline_);
        std::int64_t visits = 0, back_moves = 0, first_time = 0, closed_at = 0;
        std::int32_t before_furthest_seen = 0;  // distinct in-progress stages visited
        bool closed = false;
        for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1], pipeline_.row_of_code(),
                       [&](std::int32_t row, std::size_t i) {
                           const bool is_open = pipeline_.outcome_of(row) == Outcome::open;
                           if (visits++ == 0) first_time = journeys.time[i];
                           if (is_open && end.outcome() == Outcome::open && row < end.last()) ++back_moves;
                           if (!is_open && !closed) closed_at = journeys.time[i];
                           closed = !is_open;
                           std::size_t& seen_by = seen_by_[static_cast<std::size_t>(row)];
                           if (is_open && seen_by != item) ++before_furthest_seen;
                           seen_by = item;
                           end.visit(row);
                       });
        if (end.empty()) return;
        // Without a win the furthest stage itself was visited but not gone beyond.
        const std::int32_t seen_below =
            before_furthest_seen - (!end.any_won() && end.furthest() >= 0 ? 1 : 0);
        facts.first_row.push_back(journeys.first_row[item]);
        facts.outcome.push_back(static_cast<std::uint8_t>(end.outcome()));
        facts.first_time.push_back(first_time);
        facts.closed_at.push_back(closed_at);
        facts.last_stage.push_back(end.last());
        facts.furthest_stage.push_back(end.furthest());
        facts.lost_from.push_back(end.outcome() == Outcome::lost ? end.before_run() : -1);
        facts.visits.push_back(visits);
        facts.back_moves.push_back(back_moves);
        facts.skipped.push_back(end.beyond_limit() - seen_below);
    }

  private:
    static constexpr std::size_t kNoItem = ~std::size_t{0};
    const Pipeline& pipeline_;
    std::vector<std::size_t> seen_by_;
};

}  // namespace

ItemFacts item_facts(const Journeys& journeys, const Pipeline& pipeline) {
    pipeline.check(journeys);
    ItemFacts facts;
    ItemReader reader(pipeline);
    with_codes(journeys, [&](const auto* codes) {
        for (const std::uint32_t item : items_by_first_row(journeys))
            reader.read(journeys, codes, item, facts);
    });
    return facts;
}

}  // namespace stagefunnel
