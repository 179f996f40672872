#include "questions/sequence/any_order/unhit_matches.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "questions/sequence/any_order/bounded_matching.hpp"

namespace stagefunnel::sequence::inline internal {
namespace {

using Gap = std::optional<std::size_t>;  // by the excluded row before it; the first one has none

class UnhitMatches {
  public:
    UnhitMatches(const Rules& rules, const Points& points)
        : rules_(rules),
          points_(points.points),
          after_(static_cast<std::size_t>(rules.lattice.spans.front().after)),
          before_(static_cast<std::size_t>(rules.lattice.spans.front().before)),
          rows_(points, rules.n_steps(), is_from_end()) {
        for (const Point& point : points_) {
            if ((point.exclusions & rules.resets) == 0) continue;
            excluded_.push_back(point.time);
            excluded_points_.push_back(&point);
        }
        measure_gaps();
    }

    [[nodiscard]] Match find() {
        level_ = deepest(before_ - 1, [&](TimeRange stretch) { return past_second_place(stretch); });
        if (level_ >= before_) return first_of([&](TimeRange stretch) { return chain_past_second(stretch); });
        level_ = deepest(after_ - 1, [&](TimeRange stretch) {
            std::size_t level = 0;
            for (const MatchBounds& bounds : past_first_place(stretch))
                level = std::max(level, rows_.within(bounds));
            return level;
        });
        if (level_ >= after_)
            return first_of([&](TimeRange stretch) { return best_of(past_first_place(stretch)); });
        // A chain that has not come to the first place is not hit.
        level_ = std::min(level_, deepest(0, [&](TimeRange stretch) { return rows_.most(stretch); }));
        if (level_ == 0) return {};
        return first_of([&](TimeRange stretch) { return rows_.chain_of({.stretch = stretch}, level_); });
    }

  private:
    [[nodiscard]] bool is_from_end() const { return rules_.timing == Timing::last_entry; }

    /// Calls `at(stretch)` until it says that it is enough. For the earliest end these are the windows that
    /// end with a row of a step, for the earliest entry those that begin with one.
    template <class At>
    void for_each_stretch(At at) {
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

    /// The deepest level of all stretches, if it is more than `least`; else that.
    template <class LevelOf>
    [[nodiscard]] std::size_t deepest(std::size_t least, LevelOf level_of) {
        std::size_t level = least;
        for_each_stretch([&](TimeRange stretch) {
            if (rows_.most(stretch) > level) level = std::max(level, level_of(stretch));
            return level == rules_.n_steps();
        });
        return level;
    }

    /// The chain of the first stretch that has one of the level.
    template <class FindIn>
    [[nodiscard]] Match first_of(FindIn find_in) {
        Match chain;
        for_each_stretch([&](TimeRange stretch) {
            if (rows_.most(stretch) >= level_) chain = find_in(stretch);
            return chain.level > 0;
        });
        return chain;
    }

    /// The excluded rows strictly inside, as places among all: [first, past).
    [[nodiscard]] std::pair<std::size_t, std::size_t> excluded_inside(TimeRange stretch) const {
        const auto first = std::upper_bound(excluded_.begin(), excluded_.end(), stretch.from);
        const auto past = std::lower_bound(first, excluded_.end(), stretch.to);
        return {static_cast<std::size_t>(first - excluded_.begin()),
                static_cast<std::size_t>(past - excluded_.begin())};
    }

    /// A chain may go past an excluded row at the time of which it has a row itself. So a gap ends with the
    /// first excluded row that it cannot go past, or with the first one after which it would need more rows
    /// of these times than there are steps for.
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
    /// The end of a gap that is known to reach `end`.
    [[nodiscard]] std::size_t end_of(Gap gap, std::size_t end, std::size_t past) {
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
    /// Whether a gap can hold the rows from the one place to the other.
    [[nodiscard]] bool is_wide_enough(TimeRange gap) { return rows_.most(gap) + after_ > before_; }

    /// Chains that have both places in one gap, whose end may be any excluded row until that of the gap: few
    /// rows before it, and enough of them until it ends.
    [[nodiscard]] std::vector<MatchBounds> in_gap(TimeRange stretch, Gap gap, std::size_t past) {
        const std::size_t first = gap ? *gap + 1 : excluded_inside(stretch).first;
        const std::size_t last = gap ? std::min(ends_[*gap], past) : end_of(gap, first, past);
        std::vector<MatchBounds> found;
        for (std::size_t end = first; end <= last; ++end) {
            MatchBounds bounds{.stretch = stretch, .needed = before_, .required = points_of(first, end)};
            if (gap) {
                bounds.capped_before = excluded_[*gap];
                bounds.cap = after_ - 1;
            }
            bounds.needed_until = end < past ? excluded_[end] : stretch.to;
            found.push_back(std::move(bounds));
        }
        return found;
    }

    /// The deepest chain of a stretch that comes past the second place; 0 where there is none.
    [[nodiscard]] std::size_t past_second_place(TimeRange stretch) {
        const auto [first, past] = excluded_inside(stretch);
        const std::size_t whole = rows_.most(stretch);
        const std::int64_t enough =
            std::partition_point(points_.begin(), points_.end(), [&](const Point& point) {
                return rows_.most(stretch.until(point.time)) < before_;
            })->time;
        const auto end_time = [&, last = past](std::size_t end) {
            return end < last ? excluded_[end] : stretch.to;
        };
        if (end_time(end_of(std::nullopt, first, past)) >= enough) return whole;
        // The later the gap, the fewer rows are free of the cap: the first one is best that has enough.
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
            // Few gaps end with the stretch: each goes past one excluded row more than the next.
            for (gap = past; gap > first && ends_[gap - 1] >= past; --gap) {
            }
            while (gap < past && !is_wide_enough({excluded_[gap], stretch.to})) ++gap;
        }
        return gap == past ? 0 : std::min(rows_.most(stretch.since(excluded_[gap])) + after_ - 1, whole);
    }

    [[nodiscard]] Match chain_past_second(TimeRange stretch) {
        const auto [first, past] = excluded_inside(stretch);
        const std::size_t n_gaps = past - first + 1;
        const Match limit = rows_.chain_of({.stretch = stretch}, level_);
        Match best;
        for (std::size_t i = 0; i < n_gaps; ++i) {
            const std::size_t at = is_from_end() ? n_gaps - 1 - i : i;
            const Gap gap = at == 0 ? Gap() : Gap(first + at - 1);
            if (best.level > 0 && gap && is_beyond(best, limit, *gap, past, stretch)) break;
            bool is_free = false;
            for (const MatchBounds& bounds : in_gap(stretch, gap, past)) {
                const Match chain = rows_.chain_of(bounds, level_);
                if (chain.level == 0) continue;
                is_free = is_free || bounds.required.empty();
                if (best.level == 0 || is_better(chain, best)) best = chain;
            }
            // The next gaps leave less to choose, but for rows that a chain needs to go past excluded ones.
            if (is_free) break;
        }
        return best;
    }

    /// Whether no chain with both places in a gap, or in one after it in the order of the search, can be
    /// better: `limit` has the earliest times of all chains, or the latest.
    [[nodiscard]] bool is_beyond(const Match& best, const Match& limit, std::size_t gap, std::size_t past,
                                 TimeRange stretch) const {
        const auto is_at_limit = [&](std::size_t from, std::size_t to) {
            return std::equal(best.time.begin() + static_cast<std::ptrdiff_t>(from),
                              best.time.begin() + static_cast<std::ptrdiff_t>(to),
                              limit.time.begin() + static_cast<std::ptrdiff_t>(from));
        };
        if (!is_from_end()) return is_at_limit(0, after_ - 1) && best.time[after_ - 1] < excluded_[gap];
        const std::int64_t end = ends_[gap] < past ? excluded_[ends_[gap]] : stretch.to;
        return is_at_limit(before_, level_) && best.time[before_ - 1] > end;
    }

    /// Chains that come to the first place and not to the second: few rows before the last excluded one, and
    /// an entry whose window has none after it; or few before an earlier one, and a row at the time of each
    /// later.
    [[nodiscard]] std::vector<MatchBounds> past_first_place(TimeRange stretch) const {
        MatchBounds bounds{.stretch = stretch, .needed_until = stretch.from, .needed = 1};
        const auto next = std::upper_bound(excluded_.begin(), excluded_.end(), stretch.to);
        if (is_from_end()) {
            const std::int64_t limit = next == excluded_.end() ? kLatest : *next;
            const auto past = std::partition_point(points_.begin(), points_.end(), [&](const Point& point) {
                return next == excluded_.end() || rules_.deadline.of(point.time) < limit;
            });
            bounds.needed_until = past == points_.begin() ? kEarliest : std::prev(past)->time;
        }
        std::vector<MatchBounds> found;
        for (auto x = next; x != excluded_.begin() && *std::prev(x) > stretch.from; --x) {
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

    /// Of the chains of the level the one with the latest rows from its end on, or the earliest from its
    /// entry.
    [[nodiscard]] Match best_of(const std::vector<MatchBounds>& choices) {
        Match best;
        for (const MatchBounds& bounds : choices) {
            const Match chain = rows_.chain_of(bounds, level_);
            if (chain.level > 0 && (best.level == 0 || is_better(chain, best))) best = chain;
        }
        return best;
    }
    [[nodiscard]] bool is_better(const Match& chain, const Match& other) const {
        const auto begin = chain.time.begin(), end = begin + static_cast<std::ptrdiff_t>(chain.level);
        if (!is_from_end())
            return std::lexicographical_compare(begin, end, other.time.begin(),
                                                other.time.begin() + (end - begin));
        for (std::size_t place = chain.level; place-- > 0;) {
            if (chain.time[place] != other.time[place]) return chain.time[place] > other.time[place];
        }
        return false;
    }

    const Rules& rules_;
    const std::vector<Point>& points_;
    std::size_t after_, before_;
    BoundedMatching rows_;
    std::vector<std::int64_t> excluded_;  // times
    std::vector<const Point*> excluded_points_;
    std::vector<std::size_t> ends_;       // of the gap after an excluded row: the one that ends it
    std::vector<std::size_t> next_wide_;  // from an excluded row: the next one after which the gap is wide
    std::size_t level_ = 0;
};

}  // namespace

Match unhit_match(const Rules& rules, const Points& points) { return UnhitMatches(rules, points).find(); }

}  // namespace stagefunnel::sequence::inline internal
