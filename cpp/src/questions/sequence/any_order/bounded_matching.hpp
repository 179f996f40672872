#pragma once

// Rows of an item that a chain in any order can have inside bounds. Internal to the core.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "questions/sequence/in_order/latest_starts.hpp"
#include "questions/sequence/rules/points.hpp"
#include "questions/sequence/rules/row_matching.hpp"
#include "questions/sequence/rules/rules.hpp"

namespace stagefunnel::sequence::inline internal {

/// Times from one to another, both included; none where the last is before the first.
struct TimeRange {
    std::int64_t from;
    std::int64_t to;

    [[nodiscard]] bool has(std::int64_t time) const { return from <= time && time <= to; }
    [[nodiscard]] TimeRange since(std::int64_t time) const { return {std::max(from, time), to}; }
    [[nodiscard]] TimeRange until(std::int64_t time) const { return {from, std::min(to, time)}; }
};

/// The rows that fill the same steps, in the order of time.
struct RowsOfKind {
    std::uint64_t steps;
    std::vector<std::int64_t> time;
    std::vector<std::size_t> n_until;  // rows up to each of these times

    void add(std::int64_t at, std::size_t n_rows) {
        n_until.push_back(n_rows + (n_until.empty() ? 0 : n_until.back()));
        time.push_back(at);
    }
    [[nodiscard]] std::size_t n_in(TimeRange stretch) const {
        if (stretch.to < stretch.from) return 0;
        const auto first = std::lower_bound(time.begin(), time.end(), stretch.from);
        const auto past = std::upper_bound(first, time.end(), stretch.to);
        const auto n_before = [&](auto at) {
            return at == time.begin() ? 0 : n_until[static_cast<std::size_t>(at - time.begin()) - 1];
        };
        return n_before(past) - n_before(first);
    }
};

/// Rows of one point that a chain has, whichever of them.
struct TakenRows {
    const Point* point;
    std::size_t n_rows;
};

/// Which chains are looked for: those with few rows before one time, with enough of them until another, and
/// with a row of each of some points.
struct MatchBounds {
    TimeRange stretch;
    std::int64_t capped_before = kEarliest;
    std::size_t cap = 0;
    std::int64_t needed_until = kLatest;
    std::size_t needed = 0;
    std::vector<const Point*> required = {};
};

/// Rows that can be filled together are a matroid. Two bounds that lie inside each other keep what is needed
/// of it: a set of rows can be made as large as each of the bounds allows by itself, and meet the other one
/// too.
class BoundedMatching {
  public:
    BoundedMatching(const Points& points, std::size_t n_steps, bool from_end)
        : points_(points), from_end_(from_end), filling_(n_steps) {
        for (const Point& point : points.points) {
            for (const RowKind& kind : points.kinds_of(point)) {
                const auto is_same = [&](const RowsOfKind& other) { return other.steps == kind.steps; };
                auto found = std::find_if(kinds_.begin(), kinds_.end(), is_same);
                if (found == kinds_.end()) found = kinds_.insert(found, {kind.steps, {}, {}});
                found->add(point.time, kind.n_rows);
            }
        }
    }

    /// The most steps that the rows of a stretch fill together with those that are taken, and one of a kind.
    [[nodiscard]] std::size_t most(TimeRange stretch, std::uint64_t one_more = 0) {
        filling_.clear();
        for (const TakenRows& taken : taken_) {
            if (stretch.has(taken.point->time)) continue;  // one of the point's rows in the stretch
            const std::size_t group = filling_.add_group(taken.n_rows);
            for (const RowKind& kind : points_.kinds_of(*taken.point)) {
                filling_.add(kind.steps, kind.n_rows, group);
            }
        }
        if (one_more != 0) filling_.add(one_more, 1);
        for (const RowsOfKind& kind : kinds_) filling_.add(kind.steps, kind.n_in(stretch));
        return filling_.most();
    }

    /// Whether a chain can have a row of each of these points.
    [[nodiscard]] bool can_have(const std::vector<const Point*>& required) {
        taken_.clear();
        for (const Point* point : required) taken_.push_back({point, 1});
        const bool can = most({0, -1}) == required.size();
        taken_.clear();
        return can;
    }

    /// The most rows of a chain inside the bounds; 0 where it cannot be.
    [[nodiscard]] std::size_t within(const MatchBounds& bounds) {
        taken_.clear();
        return with_required(bounds, bounds.stretch, [&] { return free_of(bounds, bounds.stretch); });
    }

    /// The chain of the level inside the bounds that has the latest rows from its end on, or the earliest
    /// from its entry on; none where there is none, or with the earliest entry none at the begin of the
    /// stretch.
    [[nodiscard]] Match chain_of(const MatchBounds& bounds, std::size_t level) {
        level_ = level;
        if (within(bounds) < level_) return {};
        const auto time_of = [](const Point& point) { return point.time; };
        const auto first = std::ranges::lower_bound(points_.points, bounds.stretch.from, {}, time_of);
        const auto past = std::ranges::upper_bound(points_.points, bounds.stretch.to, {}, time_of);
        std::uint64_t denied = 0;
        std::pair<bool, bool> side{};
        for (auto i = past - first; i > 0 && n_taken(kLatest) < level_; --i) {
            const Point& point = from_end_ ? first[i - 1] : past[-i];
            const std::pair now{point.time < bounds.capped_before, point.time <= bounds.needed_until};
            const bool is_required = std::ranges::find(bounds.required, &point) != bounds.required.end();
            if (std::exchange(side, now) != now || is_required) denied = 0;
            // What is denied one row is denied to a further one on the same side of the bounds.
            if ((point.steps & ~denied) == 0) continue;
            TimeRange rest = bounds.stretch;
            (from_end_ ? rest.to : rest.from) = point.time + (from_end_ ? -1 : 1);
            if (take_of(point, bounds, rest)) {
                denied = 0;
            } else {
                denied |= point.steps;
                if (!from_end_ && taken_.empty()) break;
            }
        }
        return told();
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

    /// Asks with a row of each required point taken that lies in the rest; 0 where these cannot be taken.
    template <class Ask>
    [[nodiscard]] std::size_t with_required(const MatchBounds& bounds, TimeRange rest, Ask ask) {
        const std::size_t n_before = taken_.size();
        for (const Point* point : bounds.required) {
            if (rest.has(point->time)) taken_.push_back({point, 1});
        }
        const bool can_be = taken_.size() == n_before || most({0, -1}) == n_taken(kLatest);
        const std::size_t found = can_be ? ask() : 0;
        taken_.resize(n_before);
        return found;
    }

    /// The most rows, taken ones and others of the rest; 0 where the bounds cannot be kept.
    [[nodiscard]] std::size_t free_of(const MatchBounds& bounds, TimeRange rest) {
        const std::size_t n_capped = n_taken_before(bounds.capped_before);
        if (n_capped > bounds.cap) return 0;
        const std::size_t n_free = bounds.cap - n_capped;
        const std::size_t n_needed = n_taken(bounds.needed_until);
        const auto capped = [&](TimeRange stretch, std::uint64_t one_more = 0) {
            const std::size_t n_more = n_free - static_cast<std::size_t>(one_more != 0);
            return std::min(most(stretch.since(bounds.capped_before), one_more) + n_more, most(stretch));
        };
        if (n_needed >= bounds.needed) return capped(rest);
        if (bounds.needed_until >= bounds.capped_before) {
            const std::size_t n_later = n_taken(kLatest) - n_needed;
            return capped(rest.until(bounds.needed_until)) >= bounds.needed + n_later ? capped(rest) : 0;
        }
        // What is needed, one row, is one of those that are capped.
        std::size_t best = 0;
        for (const RowsOfKind& kind : kinds_) {
            if (n_free == 0 || kind.n_in(rest.until(bounds.needed_until)) == 0) continue;
            if (most({0, -1}, kind.steps) > n_taken(kLatest)) best = std::max(best, capped(rest, kind.steps));
        }
        return best;
    }

    /// Takes as many rows of a point as leave a chain of the level possible; `rest` are the rows that come
    /// after it in the order in which they are taken.
    [[nodiscard]] bool take_of(const Point& point, const MatchBounds& bounds, TimeRange rest) {
        const std::size_t n_before = n_taken(kLatest);
        std::size_t n_rows = 0;
        for (const RowKind& kind : points_.kinds_of(point)) n_rows += kind.n_rows;
        taken_.push_back({&point, n_rows});
        const auto allows_level = [&] {
            const std::size_t n_later = n_taken(kLatest) - n_taken(bounds.needed_until);
            return n_later + bounds.needed <= level_ ? free_of(bounds, rest) : 0;
        };
        for (std::size_t n = std::min(most({0, -1}), level_) - n_before; n > 0; --n) {
            taken_.back().n_rows = n;
            if (with_required(bounds, rest, allows_level) >= level_) return true;
        }
        taken_.pop_back();
        return false;
    }

    [[nodiscard]] Match told() {
        Match chain;
        if (from_end_) std::reverse(taken_.begin(), taken_.end());
        for (const TakenRows& taken : std::exchange(taken_, {})) {
            for (std::size_t n = 0; n < taken.n_rows; ++n) {
                chain.time[chain.level] = taken.point->time;
                chain.done |= bit_of(++chain.level);
            }
        }
        return chain;
    }

    const Points& points_;
    bool from_end_;
    RowMatching filling_;
    std::vector<RowsOfKind> kinds_;
    std::vector<TakenRows> taken_;
    std::size_t level_ = 0;
};

}  // namespace stagefunnel::sequence::inline internal
