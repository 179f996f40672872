#pragma once

// The chain of one item that a question about sequences tells. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "questions/sequence/in_order/latest_starts.hpp"
#include "questions/sequence/rules/points.hpp"
#include "questions/sequence/rules/rules.hpp"

namespace stagefunnel::sequence::inline internal {

/// What is told of one item, or of one entry, or of the rows of one that hold the same.
struct ItemMatch {
    Match chain;  // none where all of its level are dropped
    Stop stop = Stop::no_event;
    std::size_t level = 0;  // the deepest one of the chains that are not stopped or reset
    std::size_t uncut = 0;  // the deepest one of all
};

/// Finds the chain among the points of an item, for the modes in which the steps have an order.
class MatchFinder {
  public:
    explicit MatchFinder(const Rules& rules) : rules_(rules) {}

    /// Forgets what is known of the points of an item.
    void begin_item() { ahead_.clear(); }
    /// @param entries the times at which a chain may start, both ends included.
    [[nodiscard]] ItemMatch find(const Points& points, StartRange entries);

  private:
    /// Where the chains of a level lie that no exclusion meets.
    struct Place {
        std::size_t level = 0;
        StartRange entries;
        std::int64_t first_end = kEarliest;  // chains end at it or later
        bool is_part = false;                // of the entries, so that the sweep over all says too little
    };
    /// What the rows of an item hold for its entries, where an optional step is obligatory.
    struct Ahead {
        const Points* points;
        std::size_t step;
        std::size_t level;
        std::uint64_t optional;
        std::int64_t latest_entry;        // from which all obligatory steps can follow
        std::vector<std::int64_t> times;  // of the step's rows
    };

    /// The deepest level that has a chain outside the exclusions, or whether a certain level has one.
    ///
    /// @param watched exclusions that must not lie between the steps.
    /// @param watched_after exclusions that must not follow the last step inside the window.
    [[nodiscard]] Place deepest(std::uint64_t watched, std::uint64_t watched_after, std::size_t only = 0);
    [[nodiscard]] std::optional<Place> place_of(std::size_t level, std::uint64_t watched_after);
    [[nodiscard]] std::optional<Place> among(std::size_t level, std::size_t first, std::size_t last,
                                             std::int64_t first_end);
    /// Makes those of the optional steps obligatory that a chain of the level can do, the lowest first.
    [[nodiscard]] Place with_optional_steps(Place place, std::uint64_t watched, std::uint64_t watched_after);
    [[nodiscard]] bool is_out_of_reach(std::size_t step, std::size_t level);
    [[nodiscard]] Ahead ahead_of(std::size_t step, std::size_t level) const;
    [[nodiscard]] Match earliest_end(const Place& place);
    [[nodiscard]] Match earliest_start(const Place& place);
    [[nodiscard]] Stop why_it_ends(const Match& chain) const;
    [[nodiscard]] Stop why_no_next(const Match& chain) const;
    [[nodiscard]] bool has_unused_row(const Match& chain, const Point& point, std::uint64_t next) const;
    [[nodiscard]] bool is_stopped(const Match& chain) const;

    const Rules& rules_;
    StepGraph narrowed_;  // with fewer optional steps
    const StepGraph* lattice_ = nullptr;
    const Points* points_ = nullptr;
    StartRange entries_;
    std::vector<Ahead> ahead_;
    LatestStarts sweep_;
    LatestStarts probe_;  // over the entries of one stretch
    Points mirrored_;
};

}  // namespace stagefunnel::sequence::inline internal
