#pragma once

// The best match of one item in the modes in which the steps have an order. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "questions/sequence/in_order/latest_starts.hpp"
#include "questions/sequence/rules/match.hpp"
#include "questions/sequence/rules/points.hpp"
#include "questions/sequence/rules/rules.hpp"

namespace stagefunnel::sequence::inline internal {

/// Finds the best match among the points of an item.
///
/// `LatestStarts` finds the deepest level and the end of its matches. Going back from the earliest end gives
/// the match of `Timing::last_entry`; the same search on the reversed step graph gives that of
/// `Timing::first_entry`.
class MatchFinder {
  public:
    explicit MatchFinder(const Rules& rules) : rules_(rules) {}

    /// Forgets what was computed from the points of the item before.
    void begin_item() { entry_limits_.clear(); }
    /// @param entries The times at which a match may start, both ends included.
    [[nodiscard]] ItemMatch find(const Points& points, StartRange entries);

  private:
    /// The matches of a level that no exclusion hits: those that start in `entries` and end at `first_end` or
    /// later.
    struct MatchSet {
        std::size_t level = 0;
        StartRange entries;
        std::int64_t first_end = kEarliest;
        bool is_narrowed = false;  // `entries` are only some of those that were searched: search these again
    };
    /// Which entries of an item can have a match of a level that does an optional step.
    struct EntryLimits {
        const Points* points;
        std::size_t step;
        std::size_t level;
        std::uint64_t optional;
        std::int64_t latest_entry;        // the last one that all obligatory steps can follow
        std::vector<std::int64_t> times;  // of the step's rows
    };

    /// Finds the deepest level that has a match which no exclusion hits, or tries the level `only`.
    ///
    /// @param watched Exclusions that must not lie between the steps.
    /// @param watched_after Exclusions that must not follow the last step inside the window.
    [[nodiscard]] MatchSet deepest(std::uint64_t watched, std::uint64_t watched_after, std::size_t only = 0);
    [[nodiscard]] std::optional<MatchSet> matches_of(std::size_t level, std::uint64_t watched_after);
    [[nodiscard]] std::optional<MatchSet> matches_between(std::size_t level, std::size_t first,
                                                          std::size_t last, std::int64_t first_end);
    /// Makes each optional step obligatory that a match of the level can do, the lowest step first.
    [[nodiscard]] MatchSet with_optional_steps(MatchSet matches, std::uint64_t watched,
                                               std::uint64_t watched_after);
    [[nodiscard]] bool is_out_of_reach(std::size_t step, std::size_t level);
    [[nodiscard]] EntryLimits limits_for(std::size_t step, std::size_t level) const;
    [[nodiscard]] Match earliest_end(const MatchSet& matches);
    [[nodiscard]] Match earliest_start(const MatchSet& matches);
    [[nodiscard]] Stop why_it_ends(const Match& match) const;
    [[nodiscard]] Stop why_no_next(const Match& match) const;
    [[nodiscard]] bool has_unused_row(const Match& match, const Point& point, std::uint64_t next) const;
    [[nodiscard]] bool is_stopped(const Match& match) const;

    const Rules& rules_;
    StepGraph narrowed_;  // the graph with fewer optional steps
    const StepGraph* graph_ = nullptr;
    const Points* points_ = nullptr;
    StartRange entries_;
    std::vector<EntryLimits> entry_limits_;
    LatestStarts starts_;
    LatestStarts narrowed_starts_;  // of the entries of one `MatchSet`
    Points reversed_;
};

}  // namespace stagefunnel::sequence::inline internal
