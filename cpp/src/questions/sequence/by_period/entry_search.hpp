#pragma once

// All periods of an item by one search. Internal to the core.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "questions/sequence/by_period/period_rules.hpp"
#include "questions/sequence/in_order/latest_starts.hpp"
#include "questions/sequence/rules/points.hpp"

namespace stagefunnel::sequence::inline internal {

/// Finds for each row of `from_step` the latest entry that leads to it, and whether it leads to `to_step`.
///
/// A search forwards gives the latest entry, one backwards the earliest row of `to_step`. What comes before
/// the row and what comes after it are chosen apart, since the window alone joins them: the latest entry has
/// the longest. Only rows of one time that fill several steps could be wanted on both sides.
class EntrySearch {
  public:
    explicit EntrySearch(const PeriodRules& asked)
        : asked_(asked), back_graph_(asked.rules.graph.reversed(asked.trend.to_step)) {}

    /// Whether the points can be searched in this way.
    [[nodiscard]] bool can_search(const Points& points) const {
        return asked_.trend.from_step == 1 || !asked_.rules.graph.tied ||
               std::all_of(points.points.begin(), points.points.end(),
                           [](const Point& point) { return point.single_step_rows; });
    }

    /// Adds what the matches of some points that start in `entries` did in each period.
    void add(const Points& points, StartRange entries, std::vector<PeriodAnswer>& answers) {
        list_entries(points, entries);
        find_ends(points);
        for (const Entry& entry : entries_) {
            const std::size_t period = asked_.period_of(entry.time);
            if (period == kNoPeriod) continue;
            const bool is_in_time = entry.end <= asked_.rules.deadline.of(entry.start);
            answers.push_back({.period = period,
                               .entered = entry.is_allowed,
                               .converted = entry.is_allowed && entry.has_end && is_in_time,
                               .mature = asked_.is_mature(entry.latest_start)});
        }
    }

  private:
    /// A row of `from_step` that a match comes to.
    struct Entry {
        std::size_t point;
        std::int64_t time;
        std::int64_t latest_start;  // the latest entry of all matches
        bool is_allowed = true;     // whether one comes to it that nothing stops
        std::int64_t start = 0;     // the latest entry of these
        bool has_end = false;
        std::int64_t end = 0;  // the earliest row of `to_step`
    };

    void list_entries(const Points& points, StartRange entries) {
        entries_.clear();
        entries.until_done = false;
        entries.limit = kLatest;
        if (asked_.trend.from_step == 1) {
            for (std::size_t p = entries.first_point; p < points.points.size(); ++p) {
                const std::int64_t time = points.points[p].time;
                if (time > entries.last_start) break;
                if ((points.points[p].steps & 1) == 0) continue;
                entries_.push_back({.point = p, .time = time, .latest_start = time, .start = time});
            }
            return;
        }
        for (const Node& node : nodes_to(points, entries)) {
            entries_.push_back(
                {.point = node.point, .time = node.time, .latest_start = node.start, .start = node.start});
        }
        if (asked_.rules.stops == 0) return;
        entries.watched = asked_.rules.stops;
        const std::vector<Node>& allowed = nodes_to(points, entries);
        auto node = allowed.begin();
        for (Entry& entry : entries_) {
            entry.is_allowed = node != allowed.end() && node->point == entry.point;
            if (entry.is_allowed) entry.start = (node++)->start;
        }
    }

    const std::vector<Node>& nodes_to(const Points& points, const StartRange& entries) {
        starts_.begin(asked_.rules.graph, &asked_.rules.deadline);
        starts_.run(points, entries);
        return starts_.nodes(asked_.trend.from_step);
    }

    void find_ends(const Points& points) {
        const std::size_t n = points.points.size(), to = asked_.trend.to_step;
        backwards_.assign_reversed(points, 0, n, to);
        starts_.begin(back_graph_, nullptr);
        starts_.run(backwards_, {.watched = asked_.rules.stops});
        const std::vector<Node>& nodes = starts_.nodes(to + 1 - asked_.trend.from_step);
        auto node = nodes.rbegin();
        for (Entry& entry : entries_) {
            while (node != nodes.rend() && n - 1 - node->point < entry.point) ++node;
            entry.has_end = node != nodes.rend() && n - 1 - node->point == entry.point;
            if (entry.has_end) entry.end = ~node->start;
        }
    }

    const PeriodRules& asked_;
    StepGraph back_graph_;
    LatestStarts starts_;
    Points backwards_;
    std::vector<Entry> entries_;
};

}  // namespace stagefunnel::sequence::inline internal
