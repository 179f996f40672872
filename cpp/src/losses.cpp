#include "stagefunnel/losses.hpp"

#include "parallel.hpp"
#include "visits.hpp"

namespace stagefunnel {
namespace {

/// A length of time; times are in order, and so far apart that only the unsigned difference holds them.
std::uint64_t between(std::int64_t early, std::int64_t late) {
    return static_cast<std::uint64_t>(late) - static_cast<std::uint64_t>(early);
}

template <class Code>
void read(const Journeys& journeys, const Code* codes, const Pipeline& pipeline, std::size_t item,
          Losses& losses) {
    JourneyEnd end(pipeline);
    std::int64_t created = 0, last_at = 0, from_at = 0, lost_at = 0;
    for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1], pipeline.row_of_code(),
                   [&](std::int32_t row, std::size_t i) {
                       const std::int64_t time = journeys.time[i];
                       if (end.empty()) created = time;
                       if (end.empty() || pipeline.outcome_of(row) != end.outcome()) {
                           from_at = last_at;
                           lost_at = time;
                       }
                       last_at = time;
                       end.visit(row);
                   });
    if (end.empty() || end.outcome() != Outcome::lost) return;
    losses.item.push_back(static_cast<std::uint32_t>(item));
    losses.from_stage.push_back(end.before_run());
    losses.lost_stage.push_back(end.last());
    losses.until_lost.push_back(between(created, lost_at));
    losses.in_stage.push_back(end.before_run() < 0 ? 0 : between(from_at, lost_at));
}

template <class Column>
void append(Column& column, const Column& more) {
    column.insert(column.end(), more.begin(), more.end());
}

}  // namespace

Losses find_losses(const Journeys& journeys, const Pipeline& pipeline, unsigned threads) {
    pipeline.check(journeys);
    std::vector<Losses> parts = with_codes(journeys, [&](const auto* codes) {
        return parallel_parts(journeys.n_items(), threads, [&](std::size_t first, std::size_t last) {
            Losses losses;
            for (std::size_t item = first; item < last; ++item) read(journeys, codes, pipeline, item, losses);
            return losses;
        });
    });
    Losses& all = parts.front();
    for (std::size_t p = 1; p < parts.size(); ++p) {
        append(all.item, parts[p].item);
        append(all.from_stage, parts[p].from_stage);
        append(all.lost_stage, parts[p].lost_stage);
        append(all.until_lost, parts[p].until_lost);
        append(all.in_stage, parts[p].in_stage);
    }
    return std::move(all);
}

}  // namespace stagefunnel
