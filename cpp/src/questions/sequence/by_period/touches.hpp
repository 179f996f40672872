#pragma once

// The first or last row with a value that fills a step in a match of a period. Internal to the core.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <vector>

#include "questions/sequence/by_period/period_rules.hpp"
#include "questions/sequence/in_order/latest_starts.hpp"
#include "questions/sequence/item_points.hpp"
#include "questions/sequence/rules/points.hpp"
#include "scan/stage_set.hpp"

namespace stagefunnel::sequence::inline internal {

/// Finds the touch of one period.
///
/// `LatestStarts` has a node for each step and point to which a match comes. From `from_step` on such a match
/// is one of the period; for an earlier step a second search says whether the match can also go on to
/// `from_step`. A row of the point that fits the step is in such a match: in the place of the row that fills
/// the step, or as another step.
template <class Code>
class Touches {
  public:
    Touches(const PeriodRules& asked, const ItemPoints<Code>& rows) : asked_(asked), rows_(rows) {}

    void begin_period() { row_ = kNoRow; }

    /// Takes the touch among the matches of some points, if it is better than what was found before.
    void add(const Points& points, StartRange range) {
        range.watched = 0;
        range.until_done = false;
        starts_.begin(asked_.rules.graph, &asked_.rules.deadline);
        starts_.run(points, range);
        done_.assign(points.points.size(), 0);
        for (std::size_t step = 1; step <= asked_.rules.n_steps(); ++step) {
            for (const Node& node : starts_.nodes(step)) done_[node.point] |= bit_of(step);
        }
        const auto all = std::views::iota(std::size_t{0}, points.points.size());
        const auto is_found = [&](std::size_t p) { return take_row(points, p, range); };
        if (asked_.trend.touch == TouchAt::first) {
            std::ranges::find_if(all, is_found);
        } else {
            std::ranges::find_if(all | std::views::reverse, is_found);
        }
    }

    /// The place of the touch in the journeys, `kNoRow` if there is none.
    [[nodiscard]] std::int64_t row() const { return row_; }

  private:
    /// Takes the first or last row of a point that is a touch; returns whether there is one.
    bool take_row(const Points& points, std::size_t p, const StartRange& range) {
        if (done_[p] == 0) return false;
        bool found = false;
        std::uint64_t steps = done_[p] & ~(asked_.from_bit() - 1);  // in a match of the period
        std::uint64_t open = done_[p] & (asked_.from_bit() - 1);    // perhaps
        rows_.for_each_row(points.points[p], [&](std::size_t row, std::uint64_t own) {
            if (asked_.trend.valued[row] == 0) return;
            if ((own & steps) == 0) {
                scan::for_each_bit(own & open, 0, [&](std::ptrdiff_t k) {
                    const auto step = static_cast<std::size_t>(k) + 1;
                    open &= ~bit_of(step);
                    if (goes_on(points, p, step, range)) steps |= bit_of(step);
                });
            }
            if ((own & steps) == 0) return;
            take(static_cast<std::int64_t>(row));
            found = true;
        });
        return found;
    }

    void take(std::int64_t row) {
        if (row_ == kNoRow) {
            row_ = row;
        } else {
            row_ = asked_.trend.touch == TouchAt::first ? std::min(row_, row) : std::max(row_, row);
        }
    }

    /// Whether a match that does a step at a point can go on to `from_step`.
    bool goes_on(const Points& points, std::size_t p, std::size_t step, const StartRange& range) {
        StepGraph graph = asked_.rules.graph;
        graph.optional &= ~bit_of(step);
        probed_.assign_with_step_in(points, 0, points.points.size(), step, p, p + 1);
        probe_.begin(graph, &asked_.rules.deadline);
        probe_.run(probed_, range);
        return !probe_.nodes(asked_.trend.from_step).empty();
    }

    const PeriodRules& asked_;
    const ItemPoints<Code>& rows_;
    LatestStarts starts_;
    LatestStarts probe_;
    Points probed_;
    std::vector<std::uint64_t> done_;  // for each point the steps that a match does there
    std::int64_t row_ = kNoRow;
};

}  // namespace stagefunnel::sequence::inline internal
