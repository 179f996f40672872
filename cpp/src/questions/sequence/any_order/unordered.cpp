#include "questions/sequence/any_order/unordered.hpp"

#include <algorithm>

#include "questions/sequence/any_order/unhit_matches.hpp"
#include "scan/stage_set.hpp"

namespace stagefunnel::sequence::inline internal {
namespace {

/// The points of a window, both ends included.
struct Stretch {
    std::size_t first = 0;
    std::size_t last = 0;
};

void take(Match& chain, std::int64_t time) {
    chain.done |= bit_of(++chain.level);
    chain.time[chain.level - 1] = time;
}

/// The chain of so many steps inside a stretch that has the latest rows, or the earliest.
///
/// Rows that can be filled together are a matroid: taking each one that fills one more step, in the order in
/// which they are wanted, makes every place of the chain as good as it can be.
Match best_of(const Rules& rules, const Points& points, Stretch stretch, std::size_t n_filled) {
    const bool from_end = rules.timing == Timing::last_entry;
    WindowMatching steps(rules.n_steps());
    std::vector<std::int64_t> times;
    for (std::size_t i = 0; times.size() < n_filled; ++i) {
        const Point& point = points.points[from_end ? stretch.last - i : stretch.first + i];
        for (const RowKind& kind : points.kinds_of(point)) steps.add(kind.steps, kind.n_rows);
        times.resize(steps.n_filled(), point.time);
    }
    if (from_end) std::reverse(times.begin(), times.end());
    Match chain;
    for (const std::int64_t time : times) take(chain, time);
    return chain;
}

Stop why_unordered_ends(const Rules& rules, const Points& points, const Match& chain) {
    if (chain.level == rules.n_steps()) return Stop::completed;
    if (chain.level == 0) return Stop::no_event;
    if (rules.is_immature(chain.entry())) return Stop::immature;
    const std::int64_t deadline = rules.deadline.of(chain.entry());
    WindowMatching steps(rules.n_steps());
    std::uint64_t later = 0;
    for (const Point& point : points.points) {
        if (point.time < chain.entry()) continue;
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

}  // namespace

bool WindowMatching::would_fill_more(std::uint64_t steps) const {
    for (std::uint64_t bits = steps; bits != 0; bits &= bits - 1) {
        WindowMatching other = *this;
        other.add(bits & (~bits + 1), 1);
        if (other.n_filled_ > n_filled_) return true;
    }
    return false;
}

namespace {

/// The stretch of points inside one window that fills the most steps, the first of such.
Stretch fullest(const Rules& rules, const Points& points, std::size_t& most) {
    WindowMatching steps(rules.n_steps());
    std::size_t past = 0;
    Stretch best;
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
    ItemMatch told;
    const Stretch best = fullest(rules, points, told.uncut);
    told.level = told.uncut;
    const auto is_excluded = [&](const Point& point) { return (point.exclusions & rules.resets) != 0; };
    if (rules.resets != 0 && std::ranges::any_of(points.points, is_excluded)) {
        told.chain = unhit_match(rules, points);
        told.level = told.chain.level;
    } else if (told.level > 0) {
        told.chain = best_of(rules, points, best, told.level);
    }
    told.stop = why_unordered_ends(rules, points, told.chain);
    return told;
}

ItemMatch find_open(const Rules& rules, const Points& points) {
    ItemMatch told;
    for (const Point& point : points.points) {
        scan::for_each_bit(point.steps & ~told.chain.done, 0, [&](std::ptrdiff_t k) {
            const auto step = static_cast<std::size_t>(k) + 1;
            told.chain.done |= bit_of(step);
            told.chain.time[step - 1] = point.time;
            told.chain.level = std::max(told.chain.level, step);
        });
    }
    if (told.chain.level == rules.n_steps()) told.stop = Stop::completed;
    told.level = told.uncut = told.chain.level;
    return told;
}

}  // namespace stagefunnel::sequence::inline internal
