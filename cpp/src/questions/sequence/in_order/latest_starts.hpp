#pragma once

// All chains of one item at once: for each row and each step the latest start of a chain that ends there.
// Internal to the core.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "questions/sequence/rules/points.hpp"
#include "questions/sequence/rules/row_matching.hpp"
#include "questions/sequence/rules/rules.hpp"

namespace stagefunnel::sequence::inline internal {

/// A step at a point, and the latest start of the chains that do it there.
///
/// Only the start decides how long a chain may go on, and what may follow depends on the point alone: so of
/// all chains to one step at one point, the one that started last can do whatever the others can.
struct Node {
    std::int64_t time;
    std::int64_t start;
    std::size_t point;
};

/// The chains that are looked for.
struct StartRange {
    std::size_t first_point = 0;
    std::int64_t first_start = kEarliest;
    std::int64_t last_start = kLatest;
    std::int64_t limit = kLatest;  // nothing is read past it
    std::uint64_t watched = 0;     // the exclusions that chains must not meet
    bool until_done = false;       // nothing is read past the end of the first chain of all steps
};

/// One chain: its steps and their times.
struct Match {
    std::size_t level = 0;
    std::uint64_t done = 0;
    std::array<std::int64_t, 64> time{};  // of step k at k - 1
    std::size_t first_point = 0;
    std::size_t last_point = 0;

    [[nodiscard]] std::int64_t entry() const { return time[0]; }
    [[nodiscard]] std::int64_t last_time() const { return time[level - 1]; }
};

/// Reads points in the order of time; a queue of each move from step to step holds what can still be
/// followed. Every node enters each queue once and leaves it once, so the work is linear in the rows.
class LatestStarts {
  public:
    /// @param deadline past which a chain is dropped, or null.
    void begin(const StepGraph& lattice, const Reach* deadline);
    void run(const Points& points, const StartRange& range);

    [[nodiscard]] const std::vector<Node>& nodes(std::size_t step) const { return nodes_[step - 1]; }
    /// The deepest step that has nodes, 0 if there is none.
    [[nodiscard]] std::size_t deepest() const;

    /// The points before it were read.
    [[nodiscard]] std::size_t past_point() const { return past_; }

    /// Goes back from a step at a point: each step is the latest that keeps a chain that starts at
    /// `first_start` or later, and an optional step is done if one can be.
    [[nodiscard]] Match chain_to(const Node& end, std::size_t level, std::int64_t first_start) const;

    /// The same from all the step's nodes of one time that can be ends: tied rows are several nodes where
    /// they must be adjacent, and equally late. Of chains of equal times it is the first, or the last.
    template <class CanEnd>
    [[nodiscard]] Match chain_to_time(std::int64_t time, std::size_t level, std::int64_t first_start,
                                      CanEnd can_end, bool last) const {
        const auto& ends = nodes(level);
        auto end = std::lower_bound(ends.begin(), ends.end(), time,
                                    [](const Node& other, std::int64_t t) { return other.time < t; });
        Match best;
        for (; end != ends.end() && end->time == time; ++end) {
            if (!can_end(*end)) continue;
            const Match chain = chain_to(*end, level, first_start);
            if (best.level == 0 || (last ? !is_later(best, chain) : is_later(chain, best))) best = chain;
        }
        return best;
    }

  private:
    struct Move {
        std::size_t from;
        std::size_t to;
        const Gap* gap;
        std::uint64_t watched;
        std::vector<std::size_t> queue = {};  // nodes that can be followed; starts fall from first to last
        std::size_t head = 0;
        std::size_t next = 0;  // the first node that is not in the queue yet
    };
    /// Latest starts by step; those of steps that are not in `has` mean nothing.
    struct Starts {
        std::uint64_t has = 0;
        std::array<std::int64_t, 64> start;
        void raise(std::size_t step, std::int64_t to) {
            const bool had = (has & bit_of(step)) != 0;
            start[step - 1] = had ? std::max(start[step - 1], to) : to;
            has |= bit_of(step);
        }
    };

    /// Whether going back, the first step in which the chains differ is done later, or by the one chain
    /// alone.
    [[nodiscard]] static bool is_later(const Match& chain, const Match& than);
    [[nodiscard]] std::span<Move> moves_to(std::size_t step) {
        return {moves_.data() + first_move_[step - 1], first_move_[step] - first_move_[step - 1]};
    }
    [[nodiscard]] std::span<const Move> moves_to(std::size_t step) const {
        return {moves_.data() + first_move_[step - 1], first_move_[step] - first_move_[step - 1]};
    }
    void note_exclusions(std::int64_t before);
    [[nodiscard]] bool goes_on(const Point& point) const;
    void advance(Move& move, const Point& point, Starts& starts);
    void enter(const Point& point, Starts& starts);
    void go_on_in_ties(const Point& point, Starts& starts) const;
    void go_on_in_shared_rows(const Point& point, Starts& starts) const;
    [[nodiscard]] std::int64_t last_exclusion(std::uint64_t watched, std::int64_t before) const;
    [[nodiscard]] const Node* latest_before(const Move& move, const Point& point,
                                            std::int64_t first_start) const;
    [[nodiscard]] bool has_entry(std::size_t step, const Point& point, std::int64_t first_start) const;
    [[nodiscard]] bool has_entry_in_ties(std::size_t step, const Point& point, RowMatching rows,
                                         std::int64_t first_start) const;
    [[nodiscard]] const Point& at(std::size_t point) const { return points_->points[point]; }

    const StepGraph* lattice_ = nullptr;
    const Reach* deadline_ = nullptr;
    const Points* points_ = nullptr;
    StartRange range_;
    std::array<std::vector<Node>, 64> nodes_;
    std::vector<Move> moves_;                               // sorted by the step they lead to, nearest first
    std::vector<std::size_t> first_move_;                   // of each step
    std::array<std::vector<std::int64_t>, 64> exclusions_;  // the times of each one's rows
    std::size_t past_ = 0;
    std::size_t noted_ = 0;  // points whose exclusions are noted
};

}  // namespace stagefunnel::sequence::inline internal
