#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "stagefunnel/base/counts.hpp"
#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/stats/quantile.hpp"

namespace stagefunnel::sequence {

/// How the rows of a chain may lie to each other.
enum class Mode : std::uint8_t {
    ordered,      ///< times do not fall; rows of equal time are taken in the order of the steps
    increase,     ///< times rise
    strict,       ///< no row of the item lies between
    unordered,    ///< any order: step k is the k-th distinct step in the order of time
    first_entry,  ///< as `ordered`, from the item's first row of step 1 only
    open,         ///< no chain: each step by itself, window or not
    hybrid        ///< steps after the first in any order, at or after the item's first row of step 1
};

/// Which of the chains of the deepest level is told.
enum class Timing : std::uint8_t {
    last_entry,  ///< it ends earliest; going back from there, each step is its latest row
    first_entry  ///< it starts earliest; going on from there, each step is its earliest row
};

/// A length of time: from `start` on it ends at `max(start + shift[i], least[i])` of the start's piece.
///
/// A fixed length is one piece; calendar months are one for each stretch in which they are equally long.
struct Length {
    std::vector<std::int64_t> from;   // rising; the first piece also holds all that is earlier
    std::vector<std::int64_t> shift;  // one for each, not negative
    std::vector<std::int64_t> least;  // one for each; no end lies before that of an earlier start

    [[nodiscard]] static Length of(std::int64_t length) {
        return {{0}, {length}, {std::numeric_limits<std::int64_t>::min()}};
    }
};

struct Step {
    std::vector<std::uint8_t>
        matches;                    // per stage code 1 if the stage fills the step; the missing one does not
    std::optional<Length> min_gap;  // from the previous step that was done
    std::optional<Length> max_gap;
    bool optional = false;
    bool first_time = false;  // only an item's first row that matches counts
};

/// What a row of an excluded stage does to a chain that it hits.
enum class ExclusionEffect : std::uint8_t {
    drop,  ///< leaves the item out if every chain of its deepest level is hit
    stop,  ///< the chain does not go on past the row
    reset  ///< the chain counts for nothing
};

/// A stage that must not lie strictly after step `after` and strictly before step `before`, both from 1.
struct Exclusion {
    std::vector<std::uint8_t> matches;  // per stage code
    std::size_t after = 1;
    std::size_t before = 2;
    ExclusionEffect effect = ExclusionEffect::drop;
};

/// A question about sequences. What a mode has no use for is refused.
struct Options {
    std::vector<Step> steps;  // 1 … 64
    Mode mode = Mode::ordered;
    Timing timing = Timing::last_entry;
    std::optional<Length> window;        // from the first step of a chain
    std::vector<Exclusion> exclusions;   // up to 64
    std::span<const std::int32_t> hold;  // per row what must be equal along a chain; empty: nothing
    std::optional<std::int64_t> as_of;   // rows at or after it are taken out
    std::int64_t observed_until = 0;     // the end of observation: `as_of`, or else the log's last time
    unsigned threads = 1;
};

/// Why a chain does not go on.
enum class Stop : std::uint8_t {
    completed,
    no_event,     ///< no further step came
    window,       ///< it came past the window only
    gap,          ///< it came inside the window, too early or too late after the step before
    interrupted,  ///< it came inside the window, but with other rows between
    excluded,     ///< an excluded stage came
    immature,     ///< the window was not over at the end of the observation
    left_out      ///< an excluded stage came that drops the item
};

/// Stands for the time of a step that was not done.
inline constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();

/// One chain for each item, or for each entry.
struct Matches {
    std::size_t n_steps = 0;
    LargeVector<std::uint32_t> item;  // of the chain; empty where there is one chain for every item
    LargeVector<std::uint8_t> level;  // the deepest step done, 0 for none
    LargeVector<std::uint8_t> stop;   // a `Stop`
    LargeVector<std::uint64_t> done;  // bit k - 1: step k was done
    LargeVector<std::int64_t> time;   // of each step, chain after chain; `kNoTime` where not done
};

/// The deepest chain of every item, in the order of the items.
///
/// Linear in the rows for every mode: an item of many repeats takes no longer than many items.
///
/// @throws std::invalid_argument for options that contradict each other or the journeys.
[[nodiscard]] Matches best_matches(const Journeys& journeys, const Options& options);

/// The chain of every entry: of the first row of step 1, then of the first one after that chain ended.
///
/// A chain ends with its last step, or else when its window is over; without a window it does not end.
/// An item that never entered has one of level 0.
[[nodiscard]] Matches entry_matches(const Journeys& journeys, const Options& options);

/// Times between the steps of chains. Without any, `mean` and `quantiles` are zero and mean nothing.
struct StepTime {
    std::int64_t count = 0;
    stats::Duration mean;
    std::vector<stats::Duration> quantiles;
};

/// The funnel of a sequence: one row per group and one column per step.
struct Counts {
    std::vector<std::int64_t> items;      // of each group, with a row that is read; of entries these instead
    std::vector<std::int64_t> left_out;   // of these, by exclusions that drop
    CountMatrix reached;                  // items that did the step on their chain
    CountMatrix dropped;                  // items whose chain went this far, and will go no further
    CountMatrix immature;                 // items whose chain went this far, and may go on
    std::vector<StepTime> from_previous;  // of the items that did the step before too; group after group
    std::vector<StepTime> from_first;
    /// What the times are too large by: steps in any order may be earlier than those before them.
    std::uint64_t excess = 0;
};

/// Counts `best_matches` in one pass, or `entry_matches`, without keeping them.
///
/// @param group per item its group, 0 … n_groups - 1; empty: all items are in group 0.
/// @param quantiles of the times; none at all: no times are kept, which takes less.
/// @throws std::invalid_argument as `best_matches` and `time_in_stage` do, and for a group out of range.
[[nodiscard]] Counts count_sequence(const Journeys& journeys, const Options& options, bool every_entry,
                                    std::span<const std::int32_t> group, std::int32_t n_groups,
                                    std::optional<std::span<const stats::Quantile>> quantiles);

}  // namespace stagefunnel::sequence
