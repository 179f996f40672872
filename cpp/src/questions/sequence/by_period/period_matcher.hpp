#pragma once

// What an item did in each period in which it has a row of `from_step`. Internal to the core.

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "questions/sequence/by_period/entry_search.hpp"
#include "questions/sequence/by_period/period_rules.hpp"
#include "questions/sequence/by_period/touches.hpp"
#include "questions/sequence/in_order/latest_starts.hpp"
#include "questions/sequence/in_order/match_finder.hpp"
#include "questions/sequence/item_matcher.hpp"
#include "questions/sequence/item_points.hpp"

namespace stagefunnel::sequence::inline internal {

/// Judges an item once for each period, in the modes in which the steps have an order.
///
/// In a period `MatchFinder` searches the points that can matter for it: with `from_step` 1 it starts at
/// entries of the period only, else it reads points that have lost the step outside the period.
template <class Code>
class PeriodMatcher {
  public:
    PeriodMatcher(const PeriodRules& asked, const Journeys& journeys, const Code* codes)
        : asked_(asked),
          rows_(asked.rules, journeys, codes),
          finder_(asked.rules),
          entries_(asked),
          touches_(asked, rows_) {}

    /// Calls `at(answer)` for each period in which the item entered, in order.
    template <class At>
    void for_each_answer(std::size_t item, At at) {
        rows_.read(item);
        finder_.begin_item();
        first_entry_ = opens_at_first() ? rows_.first_entry() : kEarliest;
        const auto held = rows_.held();
        const bool one_search =
            asked_.is_one_search() && std::all_of(held.begin(), held.end(), [&](const Points& points) {
                return entries_.can_search(points);
            });
        one_search ? search_at_once() : search_each_period();
        for (const PeriodAnswer& answer : answers_) {
            if (answer.entered) at(answer);
        }
    }

  private:
    /// A point that fills `from_step`.
    struct FromPoint {
        std::size_t period;
        std::size_t held;   // index in `rows_.held()`
        std::size_t point;  // index in these points
        auto operator<=>(const FromPoint&) const = default;
    };

    [[nodiscard]] bool opens_at_first() const { return asked_.rules.mode == Mode::first_entry; }

    /// The matches that may start at any of the points, or only at the item's first entry.
    [[nodiscard]] StartRange all_entries(const Points& points) const {
        return opens_at_first() ? starting_at(asked_.rules, points, entry_at(points, first_entry_))
                                : StartRange{};
    }
    [[nodiscard]] bool has_entry(const Points& points) const {
        return !opens_at_first() || entry_at(points, first_entry_) < points.points.size();
    }

    void search_at_once() {
        answers_.clear();
        for (const Points& points : rows_.held()) {
            if (has_entry(points)) entries_.add(points, all_entries(points), answers_);
        }
        std::stable_sort(answers_.begin(), answers_.end(),
                         [](const PeriodAnswer& a, const PeriodAnswer& b) { return a.period < b.period; });
        std::size_t n = 0;
        for (const PeriodAnswer& answer : answers_) {
            if (n == 0 || answers_[n - 1].period != answer.period) {
                answers_[n++] = answer;
                continue;
            }
            PeriodAnswer& last = answers_[n - 1];
            last.entered |= answer.entered;
            last.converted |= answer.converted;
            // The latest entry decides, and is the last one whose window is over.
            last.mature &= answer.mature;
        }
        answers_.resize(n);
    }

    void search_each_period() {
        answers_.clear();
        list_from_points();
        for (auto first = from_points_.begin(); first != from_points_.end();) {
            const auto past = std::find_if(first, from_points_.end(), [&](const FromPoint& other) {
                return other.period != first->period;
            });
            search_period({first, past});
            first = past;
        }
    }

    void list_from_points() {
        from_points_.clear();
        const auto held = rows_.held();
        for (std::size_t h = 0; h < held.size(); ++h) {
            if (!has_entry(held[h])) continue;
            for (std::size_t p = 0; p < held[h].points.size(); ++p) {
                const Point& point = held[h].points[p];
                if ((point.steps & asked_.from_bit()) == 0) continue;
                const std::size_t period = asked_.period_of(point.time);
                if (period != kNoPeriod) from_points_.push_back({period, h, p});
            }
        }
        std::sort(from_points_.begin(), from_points_.end());
    }

    void search_period(std::span<const FromPoint> from_points) {
        const Rules& rules = asked_.rules;
        BestMatch best(rules);
        touches_.begin_period();
        bool is_over = true;
        for (auto first = from_points.begin(); first != from_points.end();) {
            const auto past = std::find_if(first, from_points.end(),
                                           [&](const FromPoint& other) { return other.held != first->held; });
            const Search search = search_for({first, past});
            first = past;
            if (search.points == nullptr) continue;
            best.add(finder_.find(*search.points, search.range));
            if (rules.deadline.exists()) is_over = is_over && is_mature(search);
            if (!asked_.trend.valued.empty()) touches_.add(*search.points, search.range);
        }
        const Match match = best.take().match;
        const auto did = [&](std::size_t step) { return (match.done & bit_of(step)) != 0; };
        const std::size_t timed = asked_.trend.timed_step;
        answers_.push_back({.period = from_points.front().period,
                            .entered = match.level > 0,
                            .converted = did(asked_.trend.to_step),
                            .mature = rules.deadline.exists() && is_over,
                            .time = timed > 0 && did(timed) ? match.time[timed - 1] : kNoTime,
                            .touch = touches_.row()});
    }

    /// Points to search, and the matches among them that exist; without points there is none.
    struct Search {
        const Points* points = nullptr;
        StartRange range = {};
        std::int64_t last_from = 0;  // the last row of `from_step`
    };

    [[nodiscard]] Search search_for(std::span<const FromPoint> from_points) {
        const Reach& deadline = asked_.rules.deadline;
        const Points& points = rows_.held()[from_points.front().held];
        const auto& all = points.points;
        const std::size_t first = from_points.front().point, last = from_points.back().point;
        if (asked_.trend.from_step == 1) {
            if (!opens_at_first()) {
                return {&points,
                        {.first_point = first,
                         .first_start = all[first].time,
                         .last_start = all[last].time,
                         .limit = deadline.of(all[last].time)},
                        all[last].time};
            }
            const bool is_entry = all[first].time == first_entry_;
            return is_entry ? Search{&points, all_entries(points), first_entry_} : Search{};
        }
        const auto before = [](const Point& point, std::int64_t time) { return point.time < time; };
        const auto after = [](std::int64_t time, const Point& point) { return time < point.time; };
        const std::int64_t limit = deadline.of(all[last].time);
        const auto begin =
            std::lower_bound(all.begin(), all.end(), deadline.earliest_start(all[first].time), before);
        const auto end = std::upper_bound(all.begin(), all.end(), limit, after);
        const auto place = [&](auto at) { return static_cast<std::size_t>(at - all.begin()); };
        narrowed_.assign_with_step_in(points, place(begin), place(end), asked_.trend.from_step, first,
                                      last + 1);
        finder_.begin_item();
        if (!has_entry(narrowed_)) return {};
        StartRange range = all_entries(narrowed_);
        range.limit = std::min(range.limit, limit);
        range.least_level = asked_.trend.from_step;
        return {&narrowed_, range, all[last].time};
    }

    /// Whether the window of the latest entry is over; of no entry it is.
    [[nodiscard]] bool is_mature(const Search& search) {
        if (asked_.trend.from_step == 1) return asked_.is_mature(search.last_from);
        StartRange range = search.range;
        range.limit = std::min(range.limit, search.last_from);
        starts_.begin(asked_.rules.graph, &asked_.rules.deadline);
        starts_.run(*search.points, range);
        const std::vector<Node>& nodes = starts_.nodes(asked_.trend.from_step);
        return std::all_of(nodes.begin(), nodes.end(),
                           [&](const Node& node) { return asked_.is_mature(node.start); });
    }

    const PeriodRules& asked_;
    ItemPoints<Code> rows_;
    MatchFinder finder_;
    EntrySearch entries_;
    Touches<Code> touches_;
    LatestStarts starts_;
    Points narrowed_;
    std::int64_t first_entry_ = kEarliest;
    std::vector<FromPoint> from_points_;
    std::vector<PeriodAnswer> answers_;
};

}  // namespace stagefunnel::sequence::inline internal
