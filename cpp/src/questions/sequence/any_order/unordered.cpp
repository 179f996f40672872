#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "questions/sequence/any_order/modes.hpp"
#include "questions/sequence/any_order/unhit_matches.hpp"
#include "questions/sequence/rules/row_matching.hpp"

namespace stagefunnel::sequence::inline internal {
namespace {

/// The most steps that the rows of a window can fill, as rows enter and leave it.
class WindowMatching {
  public:
    explicit WindowMatching(std::size_t n_steps) : n_steps_(n_steps), matching_(n_steps) {}

    void add(std::uint64_t steps, std::size_t n_rows) {
        // More rows of a kind than there are steps cannot fill further steps.
        if (matching_.supply(steps, n_rows) < n_steps_) n_filled_ += matching_.fill_more();
    }
    void remove(std::uint64_t steps, std::size_t n_rows) {
        n_filled_ -= matching_.withdraw(steps, n_rows);
        n_filled_ += matching_.fill_more();
    }
    [[nodiscard]] std::size_t n_filled() const { return n_filled_; }
    /// Whether a further row that fills one of the steps would fill a step more.
    [[nodiscard]] bool would_fill_more(std::uint64_t steps) const {
        for (std::uint64_t bits = steps; bits != 0; bits &= bits - 1) {
            WindowMatching other = *this;
            other.add(bits & (~bits + 1), 1);
            if (other.n_filled_ > n_filled_) return true;
        }
        return false;
    }

  private:
    std::size_t n_steps_;
    std::size_t n_filled_ = 0;
    RowMatching matching_;
};

/// The points [first, last], both inside one window.
struct PointRange {
    std::size_t first = 0;
    std::size_t last = 0;
};

void take(Match& match, std::int64_t time) {
    match.done |= bit_of(++match.level);
    match.time[match.level - 1] = time;
}

/// The match of `n_filled` steps inside the range that has the latest rows, or the earliest.
///
/// The sets of rows that can be matched to steps are the independent sets of a transversal matroid (J.
/// Edmonds and D. R. Fulkerson, "Transversals and matroid partition", 1965). So the greedy choice is best (R.
/// Rado, "Note on independence functions", 1957): it takes the rows in the order in which they are wanted,
/// each one that fills a step more. No other choice has a better row at any place (D. Gale, "Optimal
/// assignments in an ordered set", 1968).
Match best_in(const Rules& rules, const Points& points, PointRange range, std::size_t n_filled) {
    const bool from_end = rules.timing == Timing::last_entry;
    WindowMatching steps(rules.n_steps());
    std::vector<std::int64_t> times;
    for (std::size_t i = 0; times.size() < n_filled; ++i) {
        const Point& point = points.points[from_end ? range.last - i : range.first + i];
        for (const RowKind& kind : points.kinds_of(point)) steps.add(kind.steps, kind.n_rows);
        times.resize(steps.n_filled(), point.time);
    }
    if (from_end) std::reverse(times.begin(), times.end());
    Match match;
    for (const std::int64_t time : times) take(match, time);
    return match;
}

Stop why_it_ends(const Rules& rules, const Points& points, const Match& match) {
    if (match.level == rules.n_steps()) return Stop::completed;
    if (match.level == 0) return Stop::no_event;
    if (rules.is_immature(match.entry())) return Stop::immature;
    const std::int64_t deadline = rules.deadline.of(match.entry());
    WindowMatching steps(rules.n_steps());
    std::uint64_t later = 0;
    for (const Point& point : points.points) {
        if (point.time < match.entry()) continue;
        for (const RowKind& kind : points.kinds_of(point)) {
            if (point.time <= deadline) {
                steps.add(kind.steps, kind.n_rows);
            } else {
                later |= kind.steps;
            }
        }
    }
    return steps.would_fill_more(later) ? Stop::window : Stop::no_event;
}

/// The first range of points inside one window that fills the most steps; `most` becomes their number.
PointRange fullest(const Rules& rules, const Points& points, std::size_t& most) {
    WindowMatching steps(rules.n_steps());
    std::size_t past = 0;
    PointRange best;
    const auto each_kind = [&](std::size_t p, auto act) {
        for (const RowKind& kind : points.kinds_of(points.points[p])) act(kind);
    };
    for (std::size_t first = 0; first < points.points.size() && most < rules.n_steps(); ++first) {
        if (points.points[first].steps == 0) continue;
        const std::int64_t deadline = rules.deadline.of(points.points[first].time);
        past = std::max(past, first);
        for (; past < points.points.size() && points.points[past].time <= deadline; ++past) {
            each_kind(past, [&](const RowKind& kind) { steps.add(kind.steps, kind.n_rows); });
            if (steps.n_filled() <= most) continue;
            most = steps.n_filled();
            best = {first, past};
        }
        each_kind(first, [&](const RowKind& kind) { steps.remove(kind.steps, kind.n_rows); });
    }
    return best;
}

}  // namespace

ItemMatch find_unordered(const Rules& rules, const Points& points) {
    ItemMatch found;
    const PointRange fullest_range = fullest(rules, points, found.uncut_level);
    found.level = found.uncut_level;
    const auto is_excluded = [&](const Point& point) { return (point.exclusions & rules.resets) != 0; };
    if (rules.resets != 0 && std::ranges::any_of(points.points, is_excluded)) {
        found.match = unhit_match(rules, points);
        found.level = found.match.level;
    } else if (found.level > 0) {
        found.match = best_in(rules, points, fullest_range, found.level);
    }
    found.stop = why_it_ends(rules, points, found.match);
    return found;
}

}  // namespace stagefunnel::sequence::inline internal
