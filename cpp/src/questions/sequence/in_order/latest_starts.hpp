#pragma once

// All matches of one item at once: for each step and point the latest start of a match that does the step
// there. Internal to the core.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "questions/sequence/rules/match.hpp"
#include "questions/sequence/rules/points.hpp"
#include "questions/sequence/rules/row_matching.hpp"
#include "questions/sequence/rules/rules.hpp"

namespace stagefunnel::sequence::inline internal {

/// A step at a point, and the latest start of the matches that do it there.
///
/// Only the start decides how long a match may go on, and what may follow depends on the point alone. So of
/// all matches that do one step at one point, the one that started last can do whatever the others can.
struct Node {
    std::int64_t time;
    std::int64_t start;
    std::size_t point;
};

/// The matches that a search looks for.
struct StartRange {
    std::size_t first_point = 0;
    std::int64_t first_start = kEarliest;
    std::int64_t last_start = kLatest;
    std::int64_t limit = kLatest;  // points after it are not read
    std::uint64_t watched = 0;     // exclusions that must not hit a match
    bool until_done = false;       // whether reading ends with the first match that does all steps
    std::size_t least_level = 1;   // matches of a lower level do not count
};

/// Which of several matches of equal times is taken.
enum class TieBreak : std::uint8_t { first, last };

/// Dynamic programming over steps and points. With S(k, p) as the latest start of a match that does step k at
/// point p,
///
///   S(1, p) = time(p)
///   S(k, p) = max S(j, q) over the edges j → k of the step graph and the points q before p whose distance is
///             inside the gap, and between which no row hits a watched exclusion of the edge,
///
/// where S(j, q) of the same point counts too if tied rows may fill both steps. A start whose deadline is
/// over is dropped.
///
/// The points that the gap allows move on with p, so the maximum is one over a sliding window: a queue for
/// each edge keeps the nodes that can still be the maximum (D. Lemire, "Streaming maximum-minimum filter
/// using no more than three comparisons per element", 2006). A node enters each queue once and leaves it
/// once, so the work is linear in the rows.
class LatestStarts {
  public:
    /// @param deadline The deadline of a match by its start, or null if there is none.
    void begin(const StepGraph& graph, const Reach* deadline);
    void run(const Points& points, const StartRange& range);

    /// The nodes of a step in order of time.
    [[nodiscard]] const std::vector<Node>& nodes(std::size_t step) const { return nodes_[step - 1]; }
    /// The deepest step that has nodes, 0 if there is none.
    [[nodiscard]] std::size_t deepest() const;

    /// The first point that was not read.
    [[nodiscard]] std::size_t past_point() const { return past_; }

    /// Goes back from a node: each step is the latest that keeps a match which starts at `first_start` or
    /// later, and an optional step is done if it can be.
    [[nodiscard]] Match match_to(const Node& end, std::size_t level, std::int64_t first_start) const;

    /// The same from all nodes of the step at one time for which `can_end` holds: where rows must be
    /// adjacent, tied rows are several nodes, and equally late.
    template <class CanEnd>
    [[nodiscard]] Match match_to_time(std::int64_t time, std::size_t level, std::int64_t first_start,
                                      CanEnd can_end, TieBreak tie_break) const {
        const auto& ends = nodes(level);
        auto end = std::lower_bound(ends.begin(), ends.end(), time,
                                    [](const Node& other, std::int64_t t) { return other.time < t; });
        Match best;
        for (; end != ends.end() && end->time == time; ++end) {
            if (!can_end(*end)) continue;
            const Match match = match_to(*end, level, first_start);
            const bool is_better = best.level == 0 || (tie_break == TieBreak::last ? !is_later(best, match)
                                                                                   : is_later(match, best));
            if (is_better) best = match;
        }
        return best;
    }

  private:
    /// An edge of the step graph with the nodes of `from` that can still be followed.
    struct Edge {
        std::size_t from;
        std::size_t to;
        const GapBounds* gap;
        std::uint64_t watched;
        std::vector<std::size_t> queue = {};  // nodes whose starts fall from first to last
        std::size_t head = 0;                 // the first place of the queue that is in use
        std::size_t next = 0;                 // the first node that is not in the queue yet
    };
    /// The latest starts at one point by step; `start` holds a value only for the steps in `has`.
    struct Starts {
        std::uint64_t has = 0;
        std::array<std::int64_t, 64> start;
        void raise(std::size_t step, std::int64_t to) {
            const bool had = (has & bit_of(step)) != 0;
            start[step - 1] = had ? std::max(start[step - 1], to) : to;
            has |= bit_of(step);
        }
    };

    /// Whether `match` does the last step in which the two differ later than `than`, or does it alone.
    [[nodiscard]] static bool is_later(const Match& match, const Match& than);
    [[nodiscard]] std::span<Edge> edges_to(std::size_t step) {
        return {edges_.data() + first_edge_[step - 1], first_edge_[step] - first_edge_[step - 1]};
    }
    [[nodiscard]] std::span<const Edge> edges_to(std::size_t step) const {
        return {edges_.data() + first_edge_[step - 1], first_edge_[step] - first_edge_[step - 1]};
    }
    void note_exclusions(std::int64_t before);
    [[nodiscard]] bool goes_on(const Point& point) const;
    void advance(Edge& edge, const Point& point, Starts& starts);
    void enter(const Point& point, Starts& starts);
    void go_on_in_ties(const Point& point, Starts& starts) const;
    void go_on_in_shared_rows(const Point& point, Starts& starts) const;
    [[nodiscard]] std::int64_t last_exclusion(std::uint64_t watched, std::int64_t before) const;
    [[nodiscard]] const Node* latest_before(const Edge& edge, const Point& point,
                                            std::int64_t first_start) const;
    [[nodiscard]] bool has_entry(std::size_t step, const Point& point, std::int64_t first_start) const;
    [[nodiscard]] bool has_entry_in_ties(std::size_t step, const Point& point, RowMatching rows,
                                         std::int64_t first_start) const;
    [[nodiscard]] const Point& at(std::size_t point) const { return points_->points[point]; }

    const StepGraph* graph_ = nullptr;
    const Reach* deadline_ = nullptr;
    const Points* points_ = nullptr;
    StartRange range_;
    std::array<std::vector<Node>, 64> nodes_;  // of each step
    std::vector<Edge> edges_;                  // sorted by the step they lead to, the nearest step first
    std::vector<std::size_t> first_edge_;      // of each step
    std::array<std::vector<std::int64_t>, 64> exclusions_;  // the times of the rows of each exclusion
    std::size_t past_ = 0;
    std::size_t noted_ = 0;  // the first point whose exclusions are not in `exclusions_` yet
};

}  // namespace stagefunnel::sequence::inline internal
