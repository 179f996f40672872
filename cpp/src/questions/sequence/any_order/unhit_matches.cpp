#include "questions/sequence/any_order/unhit_matches.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "questions/sequence/any_order/bounded_matching.hpp"

namespace stagefunnel::sequence::inline internal {
namespace {

/// A gap between excluded rows, named by the excluded row before it. The gap at the beginning of a window
/// has none.
using ClearGap = std::optional<std::size_t>;

/// The k-th row of a match in order of time is its place k. An excluded row hits a match if it lies between
/// its places `after` and `before`, so both places of a match that reaches `before` lie in one gap between
/// excluded rows: at most after - 1 of its rows lie before the gap, and at least `before` rows until the gap
/// ends. These are the bounds of `BoundedMatching`.
class UnhitMatches {
  public:
    UnhitMatches(const Rules& rules, const Points& points)
        : rules_(rules),
          points_(points.points),
          after_(static_cast<std::size_t>(rules.graph.exclusions.front().after)),
          before_(static_cast<std::size_t>(rules.graph.exclusions.front().before)),
          rows_(points, rules.n_steps(), rules.timing) {
        for (const Point& point : points_) {
            if ((point.exclusions & rules.resets) == 0) continue;
            excluded_.push_back(point.time);
            excluded_points_.push_back(&point);
        }
        measure_gaps();
    }

    [[nodiscard]] Match find() {
        level_ = deepest(before_ - 1, [&](TimeRange range) { return level_reaching_before(range); });
        if (level_ >= before_) return first_of([&](TimeRange range) { return match_reaching_before(range); });
        level_ = deepest(after_ - 1, [&](TimeRange range) {
            std::size_t level = 0;
            for (const MatchBounds& bounds : bounds_reaching_after(range))
                level = std::max(level, rows_.within(bounds));
            return level;
        });
        if (level_ >= after_)
            return first_of([&](TimeRange range) { return best_of(bounds_reaching_after(range)); });
        // A match that does not reach the place `after` is not hit.
        level_ = std::min(level_, deepest(0, [&](TimeRange range) { return rows_.most(range); }));
        if (level_ == 0) return {};
        return first_of([&](TimeRange range) { return rows_.match_of({.range = range}, level_); });
    }

  private:
    [[nodiscard]] bool is_from_end() const { return rules_.timing == Timing::last_entry; }

    /// Calls `at(range)` until it returns true. The ranges are the windows that end with a row of a step
    /// where the earliest end counts, and those that begin with such a row where the earliest entry counts.
    template <class At>
    void for_each_range(At at) {
        std::size_t first = 0;
        for (const Point& point : points_) {
            if (point.steps == 0) continue;
            while (rules_.deadline.of(points_[first].time) < point.time) ++first;
            const std::int64_t deadline = std::min(rules_.deadline.of(point.time), points_.back().time);
            if (at(is_from_end() ? TimeRange{points_[first].time, point.time}
                                 : TimeRange{point.time, deadline})) {
                return;
            }
        }
    }

    /// The deepest level of all ranges, but at least `least`.
    template <class LevelOf>
    [[nodiscard]] std::size_t deepest(std::size_t least, LevelOf level_of) {
        std::size_t level = least;
        for_each_range([&](TimeRange range) {
            if (rows_.most(range) > level) level = std::max(level, level_of(range));
            return level == rules_.n_steps();
        });
        return level;
    }

    /// The match of the first range that has a match of the level.
    template <class FindIn>
    [[nodiscard]] Match first_of(FindIn find_in) {
        Match match;
        for_each_range([&](TimeRange range) {
            if (rows_.most(range) >= level_) match = find_in(range);
            return match.level > 0;
        });
        return match;
    }

    /// The indices [first, past) of the excluded rows strictly inside a range.
    [[nodiscard]] std::pair<std::size_t, std::size_t> excluded_inside(TimeRange range) const {
        const auto first = std::upper_bound(excluded_.begin(), excluded_.end(), range.from);
        const auto past = std::lower_bound(first, excluded_.end(), range.to);
        return {static_cast<std::size_t>(first - excluded_.begin()),
                static_cast<std::size_t>(past - excluded_.begin())};
    }

    /// Finds where the gap after each excluded row ends. An excluded row does not hit a match that has a row
    /// of the same time, so a match may go past it. A gap ends with the first excluded row that no match can
    /// go past, or where a match would need more rows at the times of excluded rows than it can have.
    void measure_gaps() {
        std::size_t end = 0;
        for (std::size_t x = 0; x < excluded_.size(); ++x) {
            end = end_of(x, std::max(end, x + 1), excluded_.size());
            ends_.push_back(end);
        }
        next_wide_.assign(excluded_.size() + 1, excluded_.size());
        for (std::size_t x = excluded_.size(); x-- > 0;) {
            const bool is_wide =
                ends_[x] < excluded_.size() && is_wide_enough({excluded_[x], excluded_[ends_[x]]});
            next_wide_[x] = is_wide ? x : next_wide_[x + 1];
        }
    }
    /// The excluded row that ends a gap, which is known to reach `end`; `past` if none does.
    [[nodiscard]] std::size_t end_of(ClearGap gap, std::size_t end, std::size_t past) {
        const std::size_t first = gap ? *gap + 1 : end;
        while (end < past && excluded_points_[end]->steps != 0 && rows_.can_have(points_of(first, end + 1)))
            ++end;
        return end;
    }
    [[nodiscard]] std::vector<const Point*> points_of(std::size_t first, std::size_t past) const {
        const auto at = [&](std::size_t x) {
            return excluded_points_.begin() + static_cast<std::ptrdiff_t>(x);
        };
        return {at(first), at(past)};
    }
    /// Whether a gap can hold the rows from the place `after` to the place `before`.
    [[nodiscard]] bool is_wide_enough(TimeRange gap) { return rows_.most(gap) + after_ > before_; }

    /// The bounds of the matches that have both places in one gap: for each excluded row that such a match
    /// can still go past, those that reach `before` until that row.
    [[nodiscard]] std::vector<MatchBounds> in_gap(TimeRange range, ClearGap gap, std::size_t past) {
        const std::size_t first = gap ? *gap + 1 : excluded_inside(range).first;
        const std::size_t last = gap ? std::min(ends_[*gap], past) : end_of(gap, first, past);
        std::vector<MatchBounds> found;
        for (std::size_t end = first; end <= last; ++end) {
            MatchBounds bounds{.range = range, .needed = before_, .required = points_of(first, end)};
            if (gap) {
                bounds.capped_before = excluded_[*gap];
                bounds.cap = after_ - 1;
            }
            bounds.needed_until = end < past ? excluded_[end] : range.to;
            found.push_back(std::move(bounds));
        }
        return found;
    }

    /// The deepest level of the matches in a range that reach the place `before`; 0 if there is none.
    [[nodiscard]] std::size_t level_reaching_before(TimeRange range) {
        const auto [first, past] = excluded_inside(range);
        const std::size_t whole = rows_.most(range);
        const std::int64_t enough =
            std::partition_point(points_.begin(), points_.end(), [&](const Point& point) {
                return rows_.most(range.until(point.time)) < before_;
            })->time;
        const auto end_time = [&, last = past](std::size_t end) {
            return end < last ? excluded_[end] : range.to;
        };
        if (end_time(end_of(std::nullopt, first, past)) >= enough) return whole;
        // The later the gap, the more rows are capped, so the first gap with enough rows until its end is
        // best.
        std::size_t gap = first;
        for (std::size_t high = past; gap < high;) {
            const std::size_t middle = gap + (high - gap) / 2;
            if (end_time(ends_[middle]) >= enough) {
                high = middle;
            } else {
                gap = middle + 1;
            }
        }
        gap = next_wide_[gap];
        if (gap >= past || ends_[gap] >= past) {
            // Few gaps end with the range, because each of them goes past one more excluded row than the
            // next.
            for (gap = past; gap > first && ends_[gap - 1] >= past; --gap) {
            }
            while (gap < past && !is_wide_enough({excluded_[gap], range.to})) ++gap;
        }
        return gap == past ? 0 : std::min(rows_.most(range.since(excluded_[gap])) + after_ - 1, whole);
    }

    /// The best match of the level in a range that reaches the place `before`; level 0 if there is none.
    [[nodiscard]] Match match_reaching_before(TimeRange range) {
        const auto [first, past] = excluded_inside(range);
        const std::size_t n_gaps = past - first + 1;
        const Match limit = rows_.match_of({.range = range}, level_);
        Match best;
        for (std::size_t i = 0; i < n_gaps; ++i) {
            const std::size_t at = is_from_end() ? n_gaps - 1 - i : i;
            const ClearGap gap = at == 0 ? ClearGap() : ClearGap(first + at - 1);
            if (best.level > 0 && gap && is_beyond(best, limit, *gap, past, range)) break;
            bool is_free = false;
            for (const MatchBounds& bounds : in_gap(range, gap, past)) {
                const Match match = rows_.match_of(bounds, level_);
                if (match.level == 0) continue;
                is_free = is_free || bounds.required.empty();
                if (best.level == 0 || is_better(match, best)) best = match;
            }
            // Later gaps leave less choice, unless a match needs certain rows to go past excluded rows.
            if (is_free) break;
        }
        return best;
    }

    /// Whether no match with both places in a gap, or in a gap that is searched after it, can be better than
    /// `best`. `limit` has the earliest possible time at each place, or the latest.
    [[nodiscard]] bool is_beyond(const Match& best, const Match& limit, std::size_t gap, std::size_t past,
                                 TimeRange range) const {
        const auto is_at_limit = [&](std::size_t from, std::size_t to) {
            return std::equal(best.time.begin() + static_cast<std::ptrdiff_t>(from),
                              best.time.begin() + static_cast<std::ptrdiff_t>(to),
                              limit.time.begin() + static_cast<std::ptrdiff_t>(from));
        };
        if (!is_from_end()) return is_at_limit(0, after_ - 1) && best.time[after_ - 1] < excluded_[gap];
        const std::int64_t end = ends_[gap] < past ? excluded_[ends_[gap]] : range.to;
        return is_at_limit(before_, level_) && best.time[before_ - 1] > end;
    }

    /// The bounds of the matches that reach the place `after` but not `before`. The entry of such a match is
    /// so early that its window ends before the next excluded row. At most after - 1 of its rows lie before
    /// the last excluded row inside the window, or before an earlier one if the match has a row at the time
    /// of each excluded row after that.
    [[nodiscard]] std::vector<MatchBounds> bounds_reaching_after(TimeRange range) const {
        MatchBounds bounds{.range = range, .needed_until = range.from, .needed = 1};
        const auto next = std::upper_bound(excluded_.begin(), excluded_.end(), range.to);
        if (is_from_end()) {
            const std::int64_t limit = next == excluded_.end() ? kLatest : *next;
            const auto past = std::partition_point(points_.begin(), points_.end(), [&](const Point& point) {
                return next == excluded_.end() || rules_.deadline.of(point.time) < limit;
            });
            bounds.needed_until = past == points_.begin() ? kEarliest : std::prev(past)->time;
        }
        std::vector<MatchBounds> found;
        for (auto x = next; x != excluded_.begin() && *std::prev(x) > range.from; --x) {
            bounds.capped_before = *std::prev(x);
            bounds.cap = after_ - 1;
            found.push_back(bounds);
            const Point* const point = excluded_points_[static_cast<std::size_t>(x - excluded_.begin()) - 1];
            if (point->steps == 0 || bounds.required.size() == rules_.n_steps()) return found;
            bounds.required.push_back(point);
        }
        bounds.capped_before = kEarliest;
        bounds.cap = 0;
        found.push_back(bounds);
        return found;
    }

    /// The best match of the level inside one of the bounds; level 0 if there is none.
    [[nodiscard]] Match best_of(const std::vector<MatchBounds>& choices) {
        Match best;
        for (const MatchBounds& bounds : choices) {
            const Match match = rows_.match_of(bounds, level_);
            if (match.level > 0 && (best.level == 0 || is_better(match, best))) best = match;
        }
        return best;
    }
    /// Whether a match has later rows, compared from the end, or earlier rows, compared from the entry.
    [[nodiscard]] bool is_better(const Match& match, const Match& other) const {
        const auto begin = match.time.begin(), end = begin + static_cast<std::ptrdiff_t>(match.level);
        if (!is_from_end())
            return std::lexicographical_compare(begin, end, other.time.begin(),
                                                other.time.begin() + (end - begin));
        for (std::size_t place = match.level; place-- > 0;) {
            if (match.time[place] != other.time[place]) return match.time[place] > other.time[place];
        }
        return false;
    }

    const Rules& rules_;
    const std::vector<Point>& points_;
    std::size_t after_, before_;
    BoundedMatching rows_;
    std::vector<std::int64_t> excluded_;  // the times of the excluded rows
    std::vector<const Point*> excluded_points_;
    std::vector<std::size_t> ends_;  // for each excluded row: the one that ends the gap after it
    std::vector<std::size_t>
        next_wide_;  // for each excluded row: the first from it on whose gap is wide enough
    std::size_t level_ = 0;
};

}  // namespace

Match unhit_match(const Rules& rules, const Points& points) { return UnhitMatches(rules, points).find(); }

}  // namespace stagefunnel::sequence::inline internal
