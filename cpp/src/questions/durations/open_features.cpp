#include <algorithm>
#include <limits>
#include <stdexcept>

#include "base/parallel.hpp"
#include "stagefunnel/questions/durations/lives.hpp"
#include "stagefunnel/questions/durations/open_then.hpp"

namespace stagefunnel::durations {
namespace {

constexpr std::size_t kAhead = 12;  // open items whose visits are fetched early
constexpr double kNotKnown = std::numeric_limits<double>::quiet_NaN();

void check(const VisitColumns& visits, const Pipeline& pipeline, const OpenThen& open,
           std::span<const std::int64_t> dates) {
    const std::size_t n = visits.item.size();
    if (visits.stage.size() != n || visits.began.size() != n || visits.state.size() != n)
        throw std::invalid_argument("the columns of visits differ in length");
    if (open.bounds.size() != dates.size() + 1 || open.bounds.front() != 0 ||
        !std::is_sorted(open.bounds.begin(), open.bounds.end()) ||
        static_cast<std::size_t>(open.bounds.back()) != open.visit.size() ||
        open.earlier.size() != open.visit.size())
        throw std::invalid_argument("the open items are not those of the dates");
    for (std::size_t at = 0; at < open.visit.size(); ++at)
        if (open.visit[at] < std::int64_t{open.earlier[at]} || static_cast<std::size_t>(open.visit[at]) >= n)
            throw std::invalid_argument("the visit of an open item is out of range");
    if (pipeline.has_rules()) throw std::invalid_argument("the pipeline has rules of single stages");
}

/// Writes the features of one item after another.
class Describer {
  public:
    Describer(const VisitColumns& visits, const Pipeline& pipeline, std::span<const std::int64_t> windows,
              double ticks_a_day, OpenFeatures& to)
        : visits_(visits),
          pipeline_(pipeline),
          windows_(windows),
          ticks_a_day_(ticks_a_day),
          to_(to),
          n_(to.age.size()),
          n_stages_(static_cast<std::size_t>(pipeline.n_open())),
          seen_at_(n_stages_, n_),
          spent_(n_stages_),
          any_unknown_(std::any_of(visits.state.begin(), visits.state.end(), [](std::uint8_t state) {
              return (state & StaySpells::kStartUnknown) != 0;
          })) {}

    /// Fetches a visit that is written soon; items stand in another order than their visits.
    /// Inlined always, or a compiler drops its calls as ones without effect.
    [[gnu::always_inline]] void expect(std::size_t visit) const {
        __builtin_prefetch(&visits_.stage[visit]);
        __builtin_prefetch(&visits_.began[visit]);
        if (any_unknown_) __builtin_prefetch(&visits_.state[visit]);
    }

    /// Writes row `at`: an item whose visits are `first` to `last` at a moment.
    void write(std::size_t at, std::size_t first, std::size_t last, std::int64_t moment) {
        if (visits_.stage[last] < 0 || visits_.stage[last] >= pipeline_.n_open())
            throw std::invalid_argument("the stage of an open item is not in progress");
        std::fill(spent_.begin(), spent_.end(), 0.0);
        std::int64_t back_moves = 0, n_seen = 0;
        std::int32_t furthest = 0;
        bool any_won = false;
        for (std::size_t visit = first; visit <= last; ++visit) {
            const std::int32_t row = visits_.stage[visit];
            if (pipeline_.outcome_of(row) != Outcome::open) {
                any_won = any_won || pipeline_.outcome_of(row) == Outcome::won;
                continue;
            }
            const auto stage = static_cast<std::size_t>(row);
            if (seen_at_[stage] != at) ++n_seen;
            seen_at_[stage] = at;
            furthest = std::max(furthest, row);
            if (visit > first && row < visits_.stage[visit - 1] &&
                pipeline_.outcome_of(visits_.stage[visit - 1]) == Outcome::open)
                ++back_moves;
            spent_[stage] += length(visit, visit < last ? visits_.began[visit + 1] : moment);
        }
        for (std::size_t w = 0; w < windows_.size(); ++w) {
            // The visits since then are the last ones.
            std::int64_t moves = 0;
            for (std::size_t visit = last; visit > first && visits_.began[visit] >= moment - windows_[w];
                 --visit)
                ++moves;
            to_.moves[w * n_ + at] = moves;
        }
        for (std::size_t stage = 0; stage < n_stages_; ++stage)
            to_.time_in_stage[stage * n_ + at] = spent_[stage] / ticks_a_day_;
        to_.age[at] = length(first, moment) / ticks_a_day_;
        to_.in_stage[at] = length(last, moment) / ticks_a_day_;
        to_.visits[at] = static_cast<std::int64_t>(last - first + 1);
        to_.back_moves[at] = back_moves;
        // Without a win the item visited the furthest stage itself but did not go beyond it.
        to_.skipped[at] = any_won ? pipeline_.n_open() - n_seen : furthest - (n_seen - 1);
    }

  private:
    /// How long a visit had lasted by a moment.
    [[nodiscard]] double length(std::size_t visit, std::int64_t until) const {
        if (any_unknown_ && (visits_.state[visit] & StaySpells::kStartUnknown) != 0) return kNotKnown;
        return static_cast<double>(until - visits_.began[visit]);
    }

    const VisitColumns& visits_;
    const Pipeline& pipeline_;
    std::span<const std::int64_t> windows_;
    double ticks_a_day_;
    OpenFeatures& to_;
    std::size_t n_;
    std::size_t n_stages_;
    std::vector<std::size_t> seen_at_;  // the row that was written last of those with a visit of a stage
    std::vector<double> spent_;
    bool any_unknown_;
};

}  // namespace

OpenFeatures describe_open(const VisitColumns& visits, const Pipeline& pipeline, const OpenThen& open,
                           std::span<const std::int64_t> dates, std::span<const std::int64_t> windows,
                           double ticks_a_day, unsigned threads) {
    check(visits, pipeline, open, dates);
    const std::size_t n = open.visit.size();
    OpenFeatures found;
    found.age.resize(n);
    found.in_stage.resize(n);
    found.visits.resize(n);
    found.back_moves.resize(n);
    found.skipped.resize(n);
    found.moves.resize(n * windows.size());
    found.time_in_stage.resize(n * static_cast<std::size_t>(pipeline.n_open()));
    parallel_for(n, threads, [&](std::size_t begin, std::size_t end) {
        Describer describer(visits, pipeline, windows, ticks_a_day, found);
        const auto after =
            std::upper_bound(open.bounds.begin(), open.bounds.end(), static_cast<std::int64_t>(begin));
        auto date = static_cast<std::size_t>(after - open.bounds.begin()) - 1;
        for (std::size_t at = begin; at < end; ++at) {
            if (at + kAhead < end)
                describer.expect(static_cast<std::size_t>(open.visit[at + kAhead]) -
                                 open.earlier[at + kAhead]);
            while (static_cast<std::size_t>(open.bounds[date + 1]) <= at) ++date;
            const auto last = static_cast<std::size_t>(open.visit[at]);
            describer.write(at, last - open.earlier[at], last, dates[date]);
        }
    });
    return found;
}

}  // namespace stagefunnel::durations
