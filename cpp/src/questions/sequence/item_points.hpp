#pragma once

// Reads the rows of an item into points, separately for each value that they hold. Internal to the core.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "questions/sequence/in_order/latest_starts.hpp"
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

/// The first point of a time that fills step 1, or the number of points if there is none.
[[nodiscard]] inline std::size_t entry_at(const Points& points, std::int64_t time) {
    const auto& all = points.points;
    auto point = std::lower_bound(all.begin(), all.end(), time,
                                  [](const Point& other, std::int64_t t) { return other.time < t; });
    while (point != all.end() && point->time == time && (point->steps & 1) == 0) ++point;
    const bool is_there = point != all.end() && point->time == time;
    return is_there ? static_cast<std::size_t>(point - all.begin()) : all.size();
}

/// The matches that start at the time of a point, which fills step 1.
[[nodiscard]] inline StartRange starting_at(const Rules& rules, const Points& points, std::size_t p) {
    const std::int64_t start = points.points[p].time;
    return {.first_point = p, .first_start = start, .last_start = start, .limit = rules.deadline.of(start)};
}

template <class Code>
class ItemPoints {
  public:
    ItemPoints(const Rules& rules, const Journeys& journeys, const Code* codes)
        : rules_(rules), journeys_(journeys), codes_(codes) {}

    void read(std::size_t item) {
        begin_ = journeys_.offsets[item];
        const auto past = journeys_.time.begin() + static_cast<std::ptrdiff_t>(journeys_.offsets[item + 1]);
        const auto from = journeys_.time.begin() + static_cast<std::ptrdiff_t>(begin_);
        const auto end = rules_.as_of ? std::lower_bound(from, past, *rules_.as_of) : past;
        const auto n = static_cast<std::size_t>(end - from);
        past_ = begin_ + n;
        n_held_ = 0;
        FirstTimes first_times(rules_.first_time);
        if (rules_.hold.empty()) {
            Points& points = next_points();
            for (std::size_t i = begin_; i < past_; ++i) add(points, i, barred_at(first_times, i));
            return;
        }
        rows_.clear();
        for (std::size_t i = begin_; i < past_; ++i) rows_.push_back({i, barred_at(first_times, i)});
        std::stable_sort(rows_.begin(), rows_.end(), [&](const HeldRow& a, const HeldRow& b) {
            return rules_.hold[a.at] < rules_.hold[b.at];
        });
        for (std::size_t r = 0; r < n; ++r) {
            const bool is_new = r == 0 || rules_.hold[rows_[r].at] != rules_.hold[rows_[r - 1].at];
            add(is_new ? next_points() : points_[n_held_ - 1], rows_[r].at, rows_[r].barred);
        }
    }

    /// The points of each value that rows hold.
    [[nodiscard]] std::span<const Points> held() const { return {points_.data(), n_held_}; }

    /// The time of the item's first row of step 1, `kLatest` if there is none.
    [[nodiscard]] std::int64_t first_entry() const {
        std::int64_t first = kLatest;
        for (const Points& held : held()) {
            const auto& points = held.points;
            const auto entry = std::find_if(points.begin(), points.end(),
                                            [](const Point& point) { return (point.steps & 1) != 0; });
            if (entry != points.end()) first = std::min(first, entry->time);
        }
        return first;
    }

    /// Calls `at(row, steps)` for each row of a point: its place in the journeys, and the steps that it
    /// fills.
    template <class At>
    void for_each_row(const Point& point, At at) const {
        const std::size_t first = begin_ + point.row;
        for (std::size_t i = first; i < past_ && journeys_.time[i] == point.time; ++i) {
            const bool is_held = rules_.hold.empty() || rules_.hold[i] == rules_.hold[first];
            // A step that only first rows fill is barred for all rows of a time alike.
            if (is_held) at(i, rules_.steps_of_code[codes_[i]] & point.steps);
            if (rules_.graph.adjacent) return;
        }
    }

  private:
    struct HeldRow {
        std::size_t at;
        std::uint64_t barred;  // steps that it does not fill
    };

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

    const Rules& rules_;
    const Journeys& journeys_;
    const Code* codes_;
    std::vector<Points> points_;  // one for each value that rows hold; reused from item to item
    std::size_t n_held_ = 0;      // values that rows of the item hold
    std::size_t begin_ = 0;       // the item's first row
    std::size_t past_ = 0;        // the first row after those that are read
    std::vector<HeldRow> rows_;
};

}  // namespace stagefunnel::sequence::inline internal
