#pragma once

// The rows that a match in any order can have where bounds limit their number. Internal to the core.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "questions/sequence/rules/match.hpp"
#include "questions/sequence/rules/points.hpp"
#include "questions/sequence/rules/row_matching.hpp"
#include "questions/sequence/rules/rules.hpp"

namespace stagefunnel::sequence::inline internal {

/// The times from `from` to `to`, both included; empty if `to` lies before `from`.
struct TimeRange {
    std::int64_t from;
    std::int64_t to;

    [[nodiscard]] bool has(std::int64_t time) const { return from <= time && time <= to; }
    [[nodiscard]] TimeRange since(std::int64_t time) const { return {std::max(from, time), to}; }
    [[nodiscard]] TimeRange until(std::int64_t time) const { return {from, std::min(to, time)}; }
};

/// The rows of an item that fill the same steps.
struct RowsOfKind {
    std::uint64_t steps;
    std::vector<std::int64_t> time;    // rising
    std::vector<std::size_t> n_until;  // rows up to each of these times

    void add(std::int64_t at, std::size_t n_rows) {
        n_until.push_back(n_rows + (n_until.empty() ? 0 : n_until.back()));
        time.push_back(at);
    }
    [[nodiscard]] std::size_t n_in(TimeRange range) const {
        if (range.to < range.from) return 0;
        const auto first = std::lower_bound(time.begin(), time.end(), range.from);
        const auto past = std::upper_bound(first, time.end(), range.to);
        const auto n_before = [&](auto at) {
            return at == time.begin() ? 0 : n_until[static_cast<std::size_t>(at - time.begin()) - 1];
        };
        return n_before(past) - n_before(first);
    }
};

/// A number of rows of one point that a match has; which of its rows they are stays open.
struct TakenRows {
    const Point* point;
    std::size_t n_rows;
};

/// The matches that a search looks for: those inside `range` with at most `cap` rows before one time, with at
/// least `needed` rows until another, and with a row of each of the points in `required`.
struct MatchBounds {
    TimeRange range;
    std::int64_t capped_before = kEarliest;
    std::size_t cap = 0;
    std::int64_t needed_until = kLatest;
    std::size_t needed = 0;
    std::vector<const Point*> required = {};
};

/// Finds the largest set of rows that can be matched to steps inside bounds.
///
/// The sets of rows that can be matched are the independent sets of a transversal matroid (J. Edmonds and D.
/// R. Fulkerson, "Transversals and matroid partition", 1965). Let r be its rank, which `most` computes, and A
/// the rows that are capped. A largest set of rows outside A extends to a largest set of all rows, so with
/// the cap the most rows are min(r(all), r(outside A) + cap).
///
/// The rows that are needed are those until a time, so one of the two bounded sets of rows contains the
/// other: they are a laminar family. A set that has the rows needed extends to one as large as the cap
/// allows, so the two bounds need not be weighed against each other.
class BoundedMatching {
  public:
    BoundedMatching(const Points& points, std::size_t n_steps, Timing timing)
        : points_(points), from_end_(timing == Timing::last_entry), matching_(n_steps) {
        for (const Point& point : points.points) {
            for (const RowKind& kind : points.kinds_of(point)) {
                const auto is_same = [&](const RowsOfKind& other) { return other.steps == kind.steps; };
                auto found = std::find_if(kinds_.begin(), kinds_.end(), is_same);
                if (found == kinds_.end()) found = kinds_.insert(found, {kind.steps, {}, {}});
                found->add(point.time, kind.n_rows);
            }
        }
    }

    /// The most steps that the rows of a range can fill together with those that are taken and, if `one_more`
    /// has steps, with a further row that fills one of these.
    [[nodiscard]] std::size_t most(TimeRange range, std::uint64_t one_more = 0) {
        matching_.clear();
        for (const TakenRows& taken : taken_) {
            if (range.has(taken.point->time)) continue;  // they are among the rows of the range
            const std::size_t group = matching_.add_group(taken.n_rows);
            for (const RowKind& kind : points_.kinds_of(*taken.point)) {
                matching_.add(kind.steps, kind.n_rows, group);
            }
        }
        if (one_more != 0) matching_.add(one_more, 1);
        for (const RowsOfKind& kind : kinds_) matching_.add(kind.steps, kind.n_in(range));
        return matching_.most();
    }

    /// Whether a match can have a row of each of these points.
    [[nodiscard]] bool can_have(const std::vector<const Point*>& required) {
        taken_.clear();
        for (const Point* point : required) taken_.push_back({point, 1});
        const bool can = most({0, -1}) == required.size();
        taken_.clear();
        return can;
    }

    /// The most rows of a match inside the bounds; 0 if there is no such match.
    [[nodiscard]] std::size_t within(const MatchBounds& bounds) {
        taken_.clear();
        return with_required(bounds, bounds.range, [&] { return most_inside(bounds, bounds.range); });
    }

    /// The match of the level inside the bounds that has the latest rows, compared from its end, or the
    /// earliest rows, compared from its entry. The result has level 0 if there is no such match or, with the
    /// earliest rows, if none starts at the first point of the range.
    ///
    /// It is the greedy choice, point after point in the order in which rows are wanted (R. Rado, "Note on
    /// independence functions", 1957): a row is taken if a match of the level is still possible with it.
    [[nodiscard]] Match match_of(const MatchBounds& bounds, std::size_t level) {
        level_ = level;
        if (within(bounds) < level_) return {};
        const auto time_of = [](const Point& point) { return point.time; };
        const auto first = std::ranges::lower_bound(points_.points, bounds.range.from, {}, time_of);
        const auto past = std::ranges::upper_bound(points_.points, bounds.range.to, {}, time_of);
        std::uint64_t refused = 0;
        std::pair<bool, bool> side{};
        for (auto i = past - first; i > 0 && n_taken(kLatest) < level_; --i) {
            const Point& point = from_end_ ? first[i - 1] : past[-i];
            const std::pair now{point.time < bounds.capped_before, point.time <= bounds.needed_until};
            const bool is_required = std::ranges::find(bounds.required, &point) != bounds.required.end();
            if (std::exchange(side, now) != now || is_required) refused = 0;
            // A row that fills only steps that an earlier row was refused for is refused too, if it lies on
            // the same side of the bounds.
            if ((point.steps & ~refused) == 0) continue;
            TimeRange rest = bounds.range;
            (from_end_ ? rest.to : rest.from) = point.time + (from_end_ ? -1 : 1);
            if (take_of(point, bounds, rest)) {
                refused = 0;
            } else {
                refused |= point.steps;
                if (!from_end_ && taken_.empty()) break;
            }
        }
        return match_of_taken();
    }

  private:
    [[nodiscard]] std::size_t n_taken(std::int64_t until) const {
        std::size_t n = 0;
        for (const TakenRows& taken : taken_) n += taken.point->time <= until ? taken.n_rows : 0;
        return n;
    }
    [[nodiscard]] std::size_t n_taken_before(std::int64_t time) const {
        return time == kEarliest ? 0 : n_taken(time - 1);
    }

    /// Returns `count()` with a row of each required point in the rest taken; 0 if these cannot all be taken.
    template <class Count>
    [[nodiscard]] std::size_t with_required(const MatchBounds& bounds, TimeRange rest, Count count) {
        const std::size_t n_before = taken_.size();
        for (const Point* point : bounds.required) {
            if (rest.has(point->time)) taken_.push_back({point, 1});
        }
        const bool can_be = taken_.size() == n_before || most({0, -1}) == n_taken(kLatest);
        const std::size_t found = can_be ? count() : 0;
        taken_.resize(n_before);
        return found;
    }

    /// The most rows that a match can have: those taken and others of the rest; 0 if the bounds cannot be
    /// kept.
    [[nodiscard]] std::size_t most_inside(const MatchBounds& bounds, TimeRange rest) {
        const std::size_t n_capped = n_taken_before(bounds.capped_before);
        if (n_capped > bounds.cap) return 0;
        const std::size_t n_free = bounds.cap - n_capped;
        const std::size_t n_needed = n_taken(bounds.needed_until);
        const auto capped = [&](TimeRange range, std::uint64_t one_more = 0) {
            const std::size_t n_more = n_free - static_cast<std::size_t>(one_more != 0);
            return std::min(most(range.since(bounds.capped_before), one_more) + n_more, most(range));
        };
        if (n_needed >= bounds.needed) return capped(rest);
        if (bounds.needed_until >= bounds.capped_before) {
            const std::size_t n_later = n_taken(kLatest) - n_needed;
            return capped(rest.until(bounds.needed_until)) >= bounds.needed + n_later ? capped(rest) : 0;
        }
        // Here one row is needed, and it is one of those that are capped.
        std::size_t best = 0;
        for (const RowsOfKind& kind : kinds_) {
            if (n_free == 0 || kind.n_in(rest.until(bounds.needed_until)) == 0) continue;
            if (most({0, -1}, kind.steps) > n_taken(kLatest)) best = std::max(best, capped(rest, kind.steps));
        }
        return best;
    }

    /// Takes as many rows of a point as leave a match of the level possible; false if that is none. `rest`
    /// has the rows that come after the point in the order in which rows are taken.
    [[nodiscard]] bool take_of(const Point& point, const MatchBounds& bounds, TimeRange rest) {
        const std::size_t n_before = n_taken(kLatest);
        std::size_t n_rows = 0;
        for (const RowKind& kind : points_.kinds_of(point)) n_rows += kind.n_rows;
        taken_.push_back({&point, n_rows});
        const auto allows_level = [&] {
            const std::size_t n_later = n_taken(kLatest) - n_taken(bounds.needed_until);
            return n_later + bounds.needed <= level_ ? most_inside(bounds, rest) : 0;
        };
        for (std::size_t n = std::min(most({0, -1}), level_) - n_before; n > 0; --n) {
            taken_.back().n_rows = n;
            if (with_required(bounds, rest, allows_level) >= level_) return true;
        }
        taken_.pop_back();
        return false;
    }

    [[nodiscard]] Match match_of_taken() {
        Match match;
        if (from_end_) std::reverse(taken_.begin(), taken_.end());
        for (const TakenRows& taken : std::exchange(taken_, {})) {
            for (std::size_t n = 0; n < taken.n_rows; ++n) {
                match.time[match.level] = taken.point->time;
                match.done |= bit_of(++match.level);
            }
        }
        return match;
    }

    const Points& points_;
    bool from_end_;
    RowMatching matching_;
    std::vector<RowsOfKind> kinds_;
    std::vector<TakenRows> taken_;
    std::size_t level_ = 0;
};

}  // namespace stagefunnel::sequence::inline internal
