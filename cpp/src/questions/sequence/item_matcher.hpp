#pragma once

// The match of each item or of each entry, in any mode. Internal to the core.

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "questions/sequence/any_order/modes.hpp"
#include "questions/sequence/in_order/match_finder.hpp"
#include "questions/sequence/rules/match.hpp"
#include "questions/sequence/rules/points.hpp"
#include "questions/sequence/rules/rules.hpp"

namespace stagefunnel::sequence::inline internal {

/// Finds the steps that a row no longer fills, because only an item's first such row does. Rows come in order
/// of time; rows of equal time are equally early.
class FirstTimes {
  public:
    explicit FirstTimes(std::uint64_t wanted) : wanted_(wanted) {}

    [[nodiscard]] std::uint64_t barred(std::int64_t time, std::uint64_t steps) {
        if (time != time_) before_ |= now_;
        time_ = time;
        now_ |= steps;
        return before_ & wanted_;
    }

  private:
    std::uint64_t wanted_;
    std::uint64_t before_ = 0;  // steps with an earlier row
    std::uint64_t now_ = 0;     // steps with a row until now
    std::int64_t time_ = kEarliest;
};

/// The best of an item's matches, each of which is the best of the rows that hold one value.
///
/// It is chosen as among matches that hold the same: by the deepest level, then by the optional steps, then
/// by the times.
class BestMatch {
  public:
    explicit BestMatch(const Rules& rules) : rules_(rules) {}

    void add(const ItemMatch& candidate) {
        best_.uncut_level = std::max(best_.uncut_level, candidate.uncut_level);
        if (candidate.level == 0 || candidate.level < best_.level) return;
        if (candidate.level > best_.level) {
            const std::size_t uncut_level = best_.uncut_level;
            best_ = candidate;
            best_.uncut_level = uncut_level;
            return;
        }
        if (candidate.match.level == 0) return;
        const auto order =
            best_.match.level == 0 ? std::strong_ordering::less : compare(best_.match, candidate.match);
        if (order > 0) return;
        if (order < 0) {
            best_.match = candidate.match;
            best_.stop = candidate.stop;
        } else if (rank(candidate.stop) < rank(best_.stop)) {
            best_.stop = candidate.stop;
        }
    }

    /// Returns the best match with its final reason: exclusions may have cut off deeper matches.
    [[nodiscard]] ItemMatch take() const {
        ItemMatch best = best_;
        if (best.level == 0) {
            best.stop = best.uncut_level > 0 ? Stop::excluded : Stop::no_event;
        } else if (best.match.level == 0) {
            best.stop = Stop::left_out;
        } else if (best.stop != Stop::completed && best.uncut_level > best.level) {
            best.stop = Stop::excluded;
        }
        return best;
    }

  private:
    /// Greater if `one` is the better match, equal if they do the same steps at the same times.
    [[nodiscard]] std::strong_ordering compare(const Match& one, const Match& other) const {
        for (std::size_t step = 2; step <= one.level; ++step) {
            const bool done = (one.done & bit_of(step)) != 0;
            if (done != ((other.done & bit_of(step)) != 0)) {
                return done ? std::strong_ordering::greater : std::strong_ordering::less;
            }
        }
        const bool from_end = rules_.timing == Timing::last_entry && rules_.mode != Mode::hybrid;
        for (std::size_t i = 0; i < one.level; ++i) {
            const std::size_t step = from_end ? one.level - i : i + 1;
            if ((one.done & bit_of(step)) == 0) continue;
            const std::int64_t a = one.time[step - 1], b = other.time[step - 1];
            if (a == b) continue;
            // The end should be early, but what comes before it as late as possible.
            const bool wants_late = from_end && i > 0;
            return (a < b) != wants_late ? std::strong_ordering::greater : std::strong_ordering::less;
        }
        return std::strong_ordering::equal;
    }

    /// The place of a reason in the order in which the definitions list them: the first that holds counts.
    static int rank(Stop stop) {
        switch (stop) {
            case Stop::completed:
                return 0;
            case Stop::left_out:
            case Stop::excluded:
                return 1;
            case Stop::immature:
                return 2;
            case Stop::interrupted:
                return 3;
            case Stop::gap:
                return 4;
            case Stop::window:
                return 5;
            case Stop::no_event:
                return 6;
        }
        return 7;
    }

    const Rules& rules_;
    ItemMatch best_;
};

template <class Code>
class ItemMatcher {
  public:
    ItemMatcher(const Rules& rules, const Journeys& journeys, const Code* codes)
        : rules_(rules), journeys_(journeys), codes_(codes), finder_(rules) {}

    /// Returns the best match of an item.
    [[nodiscard]] ItemMatch find(std::size_t item) {
        read(item);
        const bool opens_at_first = rules_.mode == Mode::first_entry || rules_.mode == Mode::hybrid;
        const std::int64_t first = opens_at_first ? first_entry() : kEarliest;
        BestMatch best(rules_);
        for (std::size_t held = 0; held < n_held_; ++held) {
            const Points& points = points_[held];
            if (opens_at_first && entry_at(points, first) == points.points.size()) continue;
            best.add(match_of(points, first));
        }
        return best.take();
    }

    /// Calls `at(match)` for every entry of an item in order of time, or once if the item never entered.
    template <class At>
    void for_each_entry(std::size_t item, At at) {
        read(item);
        list_entries();
        if (entries_.empty()) at(ItemMatch{});
        for (std::size_t e = 0; e < entries_.size();) {
            const std::int64_t time = entries_[e].time;
            BestMatch best(rules_);
            for (std::size_t first = e; e < entries_.size() && entries_[e].time == time; ++e) {
                // Where rows must be adjacent, several points have the same time.
                if (e > first && entries_[e].held == entries_[e - 1].held) continue;
                const Points& points = points_[entries_[e].held];
                best.add(finder_.find(points, starting_at(points, entries_[e].point)));
            }
            const ItemMatch found = best.take();
            at(found);
            const bool completed = found.stop == Stop::completed;
            const std::int64_t end = completed ? found.match.last_time() : rules_.deadline.of(time);
            while (e < entries_.size() && entries_[e].time <= end) ++e;
        }
    }

  private:
    [[nodiscard]] ItemMatch match_of(const Points& points, std::int64_t first) {
        switch (rules_.mode) {
            case Mode::unordered:
                return find_unordered(rules_, points);
            case Mode::hybrid:
                return find_hybrid(rules_, points);
            case Mode::open:
                return find_open(rules_, points);
            case Mode::first_entry:
                return finder_.find(points, starting_at(points, entry_at(points, first)));
            case Mode::ordered:
            case Mode::increase:
            case Mode::strict:
                break;
        }
        return finder_.find(points, {});
    }

    /// Reads the rows of an item into points, separately for each value that they hold.
    void read(std::size_t item) {
        finder_.begin_item();
        begin_ = journeys_.offsets[item];
        const auto past = journeys_.time.begin() + static_cast<std::ptrdiff_t>(journeys_.offsets[item + 1]);
        const auto from = journeys_.time.begin() + static_cast<std::ptrdiff_t>(begin_);
        const auto end = rules_.as_of ? std::lower_bound(from, past, *rules_.as_of) : past;
        const auto n = static_cast<std::size_t>(end - from);
        n_held_ = 0;
        FirstTimes first_times(rules_.first_time);
        if (rules_.hold.empty()) {
            Points& points = next_points();
            for (std::size_t i = begin_; i < begin_ + n; ++i) add(points, i, barred_at(first_times, i));
            return;
        }
        rows_.clear();
        for (std::size_t i = begin_; i < begin_ + n; ++i) rows_.push_back({i, barred_at(first_times, i)});
        std::stable_sort(rows_.begin(), rows_.end(), [&](const HeldRow& a, const HeldRow& b) {
            return rules_.hold[a.at] < rules_.hold[b.at];
        });
        for (std::size_t r = 0; r < n; ++r) {
            const bool is_new = r == 0 || rules_.hold[rows_[r].at] != rules_.hold[rows_[r - 1].at];
            add(is_new ? next_points() : points_[n_held_ - 1], rows_[r].at, rows_[r].barred);
        }
    }

    Points& next_points() {
        if (n_held_ == points_.size()) points_.emplace_back();
        points_[n_held_].clear();
        return points_[n_held_++];
    }

    [[nodiscard]] std::uint64_t barred_at(FirstTimes& first_times, std::size_t i) const {
        if (rules_.first_time == 0) return 0;
        return first_times.barred(journeys_.time[i], rules_.steps_of_code[codes_[i]]);
    }

    void add(Points& points, std::size_t i, std::uint64_t barred) const {
        const std::uint64_t steps = rules_.steps_of_code[codes_[i]] & ~barred;
        const std::uint64_t exclusions = rules_.exclusions_of_code[codes_[i]];
        if ((steps | exclusions) == 0) return;
        const PointPer per = rules_.graph.adjacent ? PointPer::row : PointPer::time;
        points.add(journeys_.time[i], steps, exclusions, i - begin_, per);
    }

    /// The time of the item's first row of step 1, `kLatest` if there is none.
    [[nodiscard]] std::int64_t first_entry() const {
        std::int64_t first = kLatest;
        for (std::size_t held = 0; held < n_held_; ++held) {
            const auto& points = points_[held].points;
            const auto entry = std::find_if(points.begin(), points.end(),
                                            [](const Point& point) { return (point.steps & 1) != 0; });
            if (entry != points.end()) first = std::min(first, entry->time);
        }
        return first;
    }

    /// The first point of a time that fills step 1, or the number of points if there is none.
    [[nodiscard]] static std::size_t entry_at(const Points& points, std::int64_t time) {
        const auto& all = points.points;
        auto point = std::lower_bound(all.begin(), all.end(), time,
                                      [](const Point& other, std::int64_t t) { return other.time < t; });
        while (point != all.end() && point->time == time && (point->steps & 1) == 0) ++point;
        const bool is_there = point != all.end() && point->time == time;
        return is_there ? static_cast<std::size_t>(point - all.begin()) : all.size();
    }

    void list_entries() {
        entries_.clear();
        for (std::size_t held = 0; held < n_held_; ++held) {
            const auto& points = points_[held].points;
            for (std::size_t p = 0; p < points.size(); ++p) {
                if ((points[p].steps & 1) != 0) entries_.push_back({points[p].time, held, p});
            }
        }
        std::sort(entries_.begin(), entries_.end());
    }

    [[nodiscard]] StartRange starting_at(const Points& points, std::size_t p) const {
        const std::int64_t start = points.points[p].time;
        return {.first_point = p,
                .first_start = start,
                .last_start = start,
                .limit = rules_.deadline.of(start),
                .watched = 0};
    }

    struct EntryPoint {
        std::int64_t time;
        std::size_t held;   // index in `points_`
        std::size_t point;  // index in these points
        auto operator<=>(const EntryPoint&) const = default;
    };
    struct HeldRow {
        std::size_t at;
        std::uint64_t barred;  // steps that it does not fill
    };

    const Rules& rules_;
    const Journeys& journeys_;
    const Code* codes_;
    std::vector<Points> points_;  // one for each value that rows hold; reused from item to item
    std::size_t n_held_ = 0;      // values that rows of the item hold
    std::size_t begin_ = 0;       // the item's first row
    std::vector<HeldRow> rows_;
    std::vector<EntryPoint> entries_;
    MatchFinder finder_;
};

}  // namespace stagefunnel::sequence::inline internal
