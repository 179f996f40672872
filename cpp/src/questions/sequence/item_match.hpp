#pragma once

// What a question about sequences tells of each item. Internal to the core.

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "questions/sequence/any_order/unordered.hpp"
#include "questions/sequence/best_match.hpp"
#include "questions/sequence/in_order/match_finder.hpp"
#include "questions/sequence/rules/points.hpp"
#include "questions/sequence/rules/rules.hpp"

namespace stagefunnel::sequence::inline internal {

/// The steps that a row no longer fills, since they want an item's first such row: rows come in order of
/// time.
class FirstTimes {
  public:
    explicit FirstTimes(std::uint64_t wanted) : wanted_(wanted) {}

    /// Rows of equal time are equally early.
    [[nodiscard]] std::uint64_t barred(std::int64_t time, std::uint64_t matched) {
        if (time != time_) before_ |= now_;
        time_ = time;
        now_ |= matched;
        return before_ & wanted_;
    }

  private:
    std::uint64_t wanted_;
    std::uint64_t before_ = 0;
    std::uint64_t now_ = 0;
    std::int64_t time_ = kEarliest;
};

template <class Code>
class ItemMatcher {
  public:
    ItemMatcher(const Rules& rules, const Journeys& journeys, const Code* codes)
        : rules_(rules), journeys_(journeys), codes_(codes), finder_(rules) {}

    [[nodiscard]] ItemMatch tell(std::size_t item) {
        read(item);
        const bool opens_at_first = rules_.mode == Mode::first_entry || rules_.mode == Mode::hybrid;
        const std::int64_t first = opens_at_first ? first_entry() : kEarliest;
        BestMatch choice(rules_);
        for (std::size_t held = 0; held < n_held_; ++held) {
            const Points& points = points_[held];
            if (opens_at_first && entry_at(points, first) == points.points.size()) continue;
            choice.add(told_of(points, first));
        }
        return choice.take();
    }

    /// Calls `at(told)` for the chain of every entry, or once for an item that never entered.
    template <class At>
    void tell_entries(std::size_t item, At at) {
        read(item);
        list_entries();
        if (entries_.empty()) at(ItemMatch{});
        for (std::size_t e = 0; e < entries_.size();) {
            const std::int64_t time = entries_[e].time;
            BestMatch choice(rules_);
            for (std::size_t first = e; e < entries_.size() && entries_[e].time == time; ++e) {
                // Where rows must be adjacent, several points are of one time.
                if (e > first && entries_[e].held == entries_[e - 1].held) continue;
                const Points& points = points_[entries_[e].held];
                choice.add(finder_.find(points, starting_at(points, entries_[e].point)));
            }
            const ItemMatch told = choice.take();
            at(told);
            const bool completed = told.stop == Stop::completed;
            const std::int64_t end = completed ? told.chain.last_time() : rules_.deadline.of(time);
            while (e < entries_.size() && entries_[e].time <= end) ++e;
        }
    }

  private:
    [[nodiscard]] ItemMatch told_of(const Points& points, std::int64_t first) {
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

    /// Reads the rows of an item, those apart that hold something else.
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
        std::stable_sort(rows_.begin(), rows_.end(),
                         [&](const Row& a, const Row& b) { return rules_.hold[a.at] < rules_.hold[b.at]; });
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
        points.add(journeys_.time[i], steps, exclusions, i - begin_, rules_.lattice.adjacent);
    }

    /// The time of the item's first row of step 1, the latest of all if there is none.
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

    /// The first point of step 1 at a time, or the number of points.
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

    struct Entry {
        std::int64_t time;
        std::size_t held;
        std::size_t point;
        auto operator<=>(const Entry&) const = default;
    };
    struct Row {
        std::size_t at;
        std::uint64_t barred;  // steps that it does not fill
    };

    const Rules& rules_;
    const Journeys& journeys_;
    const Code* codes_;
    std::vector<Points> points_;  // of the rows that hold the same
    std::size_t n_held_ = 0;
    std::size_t begin_ = 0;
    std::vector<Row> rows_;
    std::vector<Entry> entries_;
    MatchFinder finder_;
};

}  // namespace stagefunnel::sequence::inline internal
