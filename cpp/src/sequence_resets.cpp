#include "sequence_resets.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "sequence_filling.hpp"

namespace stagefunnel {
namespace {

/// Times from one to another, both included; none where the last is before the first.
struct Stretch {
    std::int64_t from;
    std::int64_t to;

    [[nodiscard]] Stretch since(std::int64_t time) const { return {std::max(from, time), to}; }
    [[nodiscard]] Stretch until(std::int64_t time) const { return {from, std::min(to, time)}; }
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
    [[nodiscard]] std::size_t n_in(Stretch stretch) const {
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
struct Taken {
    const Point* point;
    std::size_t n_rows;
};

/// Which chains are looked for: those with few rows before one time, and with enough of them until another.
struct Bounds {
    Stretch stretch;
    std::int64_t capped_before = kEarliest;
    std::size_t cap = 0;
    std::int64_t needed_until = kLatest;
    std::size_t needed = 0;
};

/// Rows that can be filled together are a matroid. Two bounds that lie inside each other keep what is needed
/// of it: a set of rows can be made as large as each of the bounds allows by itself, and meet the other one
/// too.
class UnhitChains {
  public:
    UnhitChains(const SequenceRules& rules, const Points& points)
        : rules_(rules),
          points_(points.points),
          all_(points),
          after_(static_cast<std::size_t>(rules.lattice.spans.front().after)),
          before_(static_cast<std::size_t>(rules.lattice.spans.front().before)),
          filling_(rules.n_steps()) {
        for (const Point& point : points_) {
            if ((point.exclusions & rules.resets) != 0) excluded_.push_back(point.time);
            for (const RowKind& kind : points.kinds_of(point)) {
                const auto is_same = [&](const RowsOfKind& other) { return other.steps == kind.steps; };
                auto found = std::find_if(kinds_.begin(), kinds_.end(), is_same);
                if (found == kinds_.end()) found = kinds_.insert(found, {kind.steps, {}, {}});
                found->add(point.time, kind.n_rows);
            }
        }
        next_wide_.assign(excluded_.size() + 1, excluded_.size());
        for (std::size_t x = excluded_.size(); x-- > 0;) {
            const bool is_wide = x + 1 < excluded_.size() && has_enough({excluded_[x], excluded_[x + 1]});
            next_wide_[x] = is_wide ? x : next_wide_[x + 1];
        }
    }

    [[nodiscard]] ChainSteps find() {
        level_ = deepest(before_ - 1, [&](Stretch stretch) { return past_second_place(stretch); });
        if (level_ >= before_) return first_of([&](Stretch stretch) { return chain_past_second(stretch); });
        level_ = deepest(after_ - 1, [&](Stretch stretch) { return within(past_first_place(stretch)); });
        if (level_ >= after_) {
            return first_of([&](Stretch stretch) { return chain_of(past_first_place(stretch)); });
        }
        // A chain that has not come to the first place is not hit.
        level_ = std::min(level_, deepest(0, [&](Stretch stretch) { return most(stretch); }));
        if (level_ == 0) return {};
        return first_of([&](Stretch stretch) { return chain_of({.stretch = stretch}); });
    }

  private:
    [[nodiscard]] bool is_from_end() const { return rules_.timing == SequenceTiming::last_entry; }

    /// The most steps that the rows of a stretch fill together with rows of other points and one of a kind.
    [[nodiscard]] std::size_t most(Stretch stretch, std::uint64_t one_more = 0) {
        filling_.clear();
        for (const Taken& taken : taken_) {
            const std::size_t group = filling_.add_group(taken.n_rows);
            for (const RowKind& kind : all_.kinds_of(*taken.point)) {
                filling_.add(kind.steps, kind.n_rows, group);
            }
        }
        if (one_more != 0) filling_.add(one_more, 1);
        for (const RowsOfKind& kind : kinds_) filling_.add(kind.steps, kind.n_in(stretch));
        return filling_.most();
    }

    /// Calls `at(stretch)` until it says that it is enough. For the earliest end these are the windows that
    /// end with a row of a step, for the earliest entry those that begin with one.
    template <class At>
    void for_each_stretch(At at) {
        std::size_t first = 0;
        for (const Point& point : points_) {
            if (point.steps == 0) continue;
            while (rules_.deadline.of(points_[first].time) < point.time) ++first;
            const std::int64_t deadline = std::min(rules_.deadline.of(point.time), points_.back().time);
            if (at(is_from_end() ? Stretch{points_[first].time, point.time}
                                 : Stretch{point.time, deadline})) {
                return;
            }
        }
    }

    /// The deepest level of all stretches, if it is more than `least`; else that.
    template <class LevelOf>
    [[nodiscard]] std::size_t deepest(std::size_t least, LevelOf level_of) {
        std::size_t level = least;
        for_each_stretch([&](Stretch stretch) {
            if (most(stretch) > level) level = std::max(level, level_of(stretch));
            return level == rules_.n_steps();
        });
        return level;
    }

    /// The chain of the first stretch that has one of the level.
    template <class FindIn>
    [[nodiscard]] ChainSteps first_of(FindIn find_in) {
        ChainSteps chain;
        for_each_stretch([&](Stretch stretch) {
            if (most(stretch) >= level_) chain = find_in(stretch);
            return chain.level > 0;
        });
        return chain;
    }

    /// Whether a gap between excluded rows can hold the rows from the one place to the other.
    [[nodiscard]] bool has_enough(Stretch gap) { return most(gap) + after_ > before_; }

    /// The excluded rows strictly inside, as places among all: [first, past).
    [[nodiscard]] std::pair<std::size_t, std::size_t> excluded_inside(Stretch stretch) const {
        const auto first = std::upper_bound(excluded_.begin(), excluded_.end(), stretch.from);
        const auto past = std::lower_bound(first, excluded_.end(), stretch.to);
        return {static_cast<std::size_t>(first - excluded_.begin()),
                static_cast<std::size_t>(past - excluded_.begin())};
    }

    /// Chains that have both places in one gap, which excluded rows or the ends of the stretch bound: few
    /// rows before it, and enough of them until it ends.
    [[nodiscard]] Bounds in_gap(Stretch stretch, std::optional<std::size_t> begin, std::size_t past) const {
        Bounds bounds{.stretch = stretch, .needed = before_};
        const std::size_t end = begin ? *begin + 1 : excluded_inside(stretch).first;
        if (begin) {
            bounds.capped_before = excluded_[*begin];
            bounds.cap = after_ - 1;
        }
        bounds.needed_until = end < past ? excluded_[end] : stretch.to;
        return bounds;
    }

    /// The deepest chain of a stretch that comes past the second place; 0 where there is none.
    [[nodiscard]] std::size_t past_second_place(Stretch stretch) {
        const auto [first, past] = excluded_inside(stretch);
        if (first == past) return most(stretch);
        // The later the gap, the fewer rows are free of the cap: the first one is best that has enough.
        const auto enough = std::partition_point(points_.begin(), points_.end(), [&](const Point& point) {
            return most(stretch.until(point.time)) < before_;
        });
        const auto at = [&](std::size_t x) { return excluded_.begin() + static_cast<std::ptrdiff_t>(x); };
        const auto end = std::lower_bound(at(first), at(past), enough->time);
        if (end == at(first)) return most(stretch);
        const std::size_t gap = next_wide_[static_cast<std::size_t>(end - excluded_.begin()) - 1];
        if (gap + 1 < past) return within(in_gap(stretch, gap, past));
        return within(in_gap(stretch, past - 1, past));
    }

    [[nodiscard]] ChainSteps chain_past_second(Stretch stretch) {
        const auto [first, past] = excluded_inside(stretch);
        const std::size_t n_gaps = past - first + 1;
        for (std::size_t i = 0; i < n_gaps; ++i) {
            const std::size_t gap = is_from_end() ? n_gaps - 1 - i : i;
            const auto begin = gap == 0 ? std::nullopt : std::optional(first + gap - 1);
            const ChainSteps chain = chain_of(in_gap(stretch, begin, past));
            if (chain.level > 0) return chain;
        }
        return {};
    }

    /// Chains that come to the first place and not to the second: few rows before the last excluded one, and
    /// an entry whose window has none after it.
    [[nodiscard]] Bounds past_first_place(Stretch stretch) const {
        Bounds bounds{.stretch = stretch, .needed_until = stretch.from, .needed = 1};
        const auto next = std::upper_bound(excluded_.begin(), excluded_.end(), stretch.to);
        if (is_from_end()) {
            const std::int64_t limit = next == excluded_.end() ? kLatest : *next;
            const auto past = std::partition_point(points_.begin(), points_.end(), [&](const Point& point) {
                return next == excluded_.end() || rules_.deadline.of(point.time) < limit;
            });
            bounds.needed_until = past == points_.begin() ? kEarliest : std::prev(past)->time;
        }
        if (next != excluded_.begin() && *std::prev(next) > stretch.from) {
            bounds.capped_before = *std::prev(next);
            bounds.cap = after_ - 1;
        }
        return bounds;
    }

    [[nodiscard]] std::size_t n_taken(std::int64_t until) const {
        std::size_t n = 0;
        for (const Taken& taken : taken_) n += taken.point->time <= until ? taken.n_rows : 0;
        return n;
    }
    [[nodiscard]] std::size_t n_taken_before(std::int64_t time) const {
        return time == kEarliest ? 0 : n_taken(time - 1);
    }

    /// The most rows of a chain inside the bounds, taken ones and others; 0 where it cannot be.
    [[nodiscard]] std::size_t within(const Bounds& bounds) { return within(bounds, bounds.stretch); }
    [[nodiscard]] std::size_t within(const Bounds& bounds, Stretch rest) {
        const std::size_t n_capped = n_taken_before(bounds.capped_before);
        if (n_capped > bounds.cap) return 0;
        const std::size_t n_free = bounds.cap - n_capped;
        const std::size_t n_needed = n_taken(bounds.needed_until);
        const auto capped = [&](Stretch stretch, std::uint64_t one_more = 0) {
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
    [[nodiscard]] bool take_of(const Point& point, const Bounds& bounds, Stretch rest) {
        const std::size_t n_before = n_taken(kLatest);
        std::size_t n_rows = 0;
        for (const RowKind& kind : all_.kinds_of(point)) n_rows += kind.n_rows;
        taken_.push_back({&point, n_rows});
        for (std::size_t n = std::min(most({0, -1}), level_) - n_before; n > 0; --n) {
            taken_.back().n_rows = n;
            const std::size_t n_later = n_before + n - n_taken(bounds.needed_until);
            if (n_later + bounds.needed <= level_ && within(bounds, rest) >= level_) return true;
        }
        taken_.pop_back();
        return false;
    }

    /// The chain of the level inside the bounds that has the latest rows from its end on, or the earliest
    /// from its entry on; none where there is none, or with the earliest entry none at the begin of the
    /// stretch.
    [[nodiscard]] ChainSteps chain_of(const Bounds& bounds) {
        taken_.clear();
        if (within(bounds) < level_) return {};
        const auto time_of = [](const Point& point) { return point.time; };
        const auto first = std::ranges::lower_bound(points_, bounds.stretch.from, {}, time_of);
        const auto past = std::ranges::upper_bound(points_, bounds.stretch.to, {}, time_of);
        std::uint64_t denied = 0;
        std::pair<bool, bool> side{};
        for (auto i = past - first; i > 0 && n_taken(kLatest) < level_; --i) {
            const Point& point = is_from_end() ? first[i - 1] : past[-i];
            const std::pair now{point.time < bounds.capped_before, point.time <= bounds.needed_until};
            if (std::exchange(side, now) != now) denied = 0;
            // What is denied one row is denied to a further one on the same side of the bounds.
            if ((point.steps & ~denied) == 0) continue;
            Stretch rest = bounds.stretch;
            (is_from_end() ? rest.to : rest.from) = point.time + (is_from_end() ? -1 : 1);
            if (take_of(point, bounds, rest)) {
                denied = 0;
            } else {
                denied |= point.steps;
                if (!is_from_end() && taken_.empty()) break;
            }
        }
        return told();
    }

    [[nodiscard]] ChainSteps told() {
        ChainSteps chain;
        if (is_from_end()) std::reverse(taken_.begin(), taken_.end());
        for (const Taken& taken : std::exchange(taken_, {})) {
            for (std::size_t n = 0; n < taken.n_rows; ++n) {
                chain.time[chain.level] = taken.point->time;
                chain.done |= bit_of(++chain.level);
            }
        }
        return chain;
    }

    const SequenceRules& rules_;
    const std::vector<Point>& points_;
    const Points& all_;
    std::size_t after_, before_;
    Filling filling_;
    std::vector<RowsOfKind> kinds_;
    std::vector<std::int64_t> excluded_;  // times
    std::vector<std::size_t> next_wide_;  // from an excluded row: the next one after which the gap is wide
    std::vector<Taken> taken_;
    std::size_t level_ = 0;
};

}  // namespace

ChainSteps unhit_chain(const SequenceRules& rules, const Points& points) {
    return UnhitChains(rules, points).find();
}

}  // namespace stagefunnel
