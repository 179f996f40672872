#pragma once

// The chain of one item that a question about sequences tells. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sequence_points.hpp"
#include "sequence_rules.hpp"
#include "sequence_sweep.hpp"

namespace stagefunnel {

/// What is told of one item, or of one entry, or of the rows of one that hold the same.
struct Told {
    ChainSteps chain;  // none where all of its level are dropped
    SequenceStop stop = SequenceStop::no_event;
    std::size_t level = 0;  // the deepest one of the chains that are not stopped or reset
    std::size_t uncut = 0;  // the deepest one of all
};

/// Finds the chain among the points of an item, for the modes in which the steps have an order.
class ChainFinder {
  public:
    explicit ChainFinder(const SequenceRules& rules) : rules_(rules) {}

    /// Forgets what is known of the points of an item.
    void begin_item() { ahead_.clear(); }
    /// @param entries the times at which a chain may start, both ends included.
    [[nodiscard]] Told find(const Points& points, SweepRange entries);

  private:
    /// Where the chains of a level lie that no exclusion meets.
    struct Place {
        std::size_t level = 0;
        SweepRange entries;
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
    [[nodiscard]] ChainSteps earliest_end(const Place& place);
    [[nodiscard]] ChainSteps earliest_start(const Place& place);
    [[nodiscard]] SequenceStop why_it_ends(const ChainSteps& chain) const;
    [[nodiscard]] SequenceStop why_no_next(const ChainSteps& chain) const;
    [[nodiscard]] bool has_unused_row(const ChainSteps& chain, const Point& point, std::uint64_t next) const;
    [[nodiscard]] bool is_stopped(const ChainSteps& chain) const;

    const SequenceRules& rules_;
    Lattice narrowed_;  // with fewer optional steps
    const Lattice* lattice_ = nullptr;
    const Points* points_ = nullptr;
    SweepRange entries_;
    std::vector<Ahead> ahead_;
    Sweep sweep_;
    Sweep probe_;  // over the entries of one stretch
    Points mirrored_;
};

}  // namespace stagefunnel
