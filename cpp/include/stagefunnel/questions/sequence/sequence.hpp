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

/// How the rows of a match lie to each other.
enum class Mode : std::uint8_t {
    ordered,      ///< times do not fall; rows of equal time may be taken in the order of the steps
    increase,     ///< times rise strictly
    strict,       ///< no other row of the item lies between two rows of the match
    unordered,    ///< any order: step k is the k-th distinct step in order of time
    first_entry,  ///< as `ordered`, but the match starts at the time of the item's first row of step 1
    open,         ///< no match is formed: each step is done by itself, whatever the window
    hybrid        ///< steps after the first in any order, at or after the item's first row of step 1
};

/// Which of the matches of the deepest level is the answer.
enum class Timing : std::uint8_t {
    last_entry,  ///< the one that ends earliest; going back from there, each step is at its latest row
    first_entry  ///< the one that starts earliest; going on from there, each step is at its earliest row
};

/// A length of time: what begins at `start` ends at `max(start + shift[i], least[i])`, where i is the piece
/// that `start` lies in. All values are in the unit of the journeys' times.
///
/// A fixed length has one piece; calendar months have one for each stretch of time in which they are equally
/// long.
struct Length {
    std::vector<std::int64_t> from;   // start of each piece, rising; the first also holds all earlier times
    std::vector<std::int64_t> shift;  // for each piece, not negative
    std::vector<std::int64_t> least;  // for each piece; no end lies before that of an earlier start

    [[nodiscard]] static Length of(std::int64_t length) {
        return {{0}, {length}, {std::numeric_limits<std::int64_t>::min()}};
    }
};

struct Step {
    /// For each stage code 1 if a row of the stage fills the step, else 0; a missing stage fills none.
    std::vector<std::uint8_t> stages;
    std::optional<Length> min_gap;  // from the step done before, bounds included
    std::optional<Length> max_gap;
    bool optional = false;
    bool first_time = false;  // only the item's first row of these stages fills it, and rows of equal time
};

/// What an excluded row does to a match that it hits.
enum class ExclusionEffect : std::uint8_t {
    drop,  ///< the item is left out if every match of its deepest level is hit
    stop,  ///< the match does not go on past the row
    reset  ///< the match does not count
};

/// Stages that must not occur strictly after step `after` and strictly before step `before`, counted from 1.
struct Exclusion {
    std::vector<std::uint8_t> stages;  // for each stage code 1 if it is excluded, else 0
    std::size_t after = 1;
    std::size_t before = 2;
    ExclusionEffect effect = ExclusionEffect::drop;
};

/// A question about sequences. An option that the mode cannot use is refused.
struct Options {
    std::vector<Step> steps;  // 1 … 64
    Mode mode = Mode::ordered;
    Timing timing = Timing::last_entry;
    std::optional<Length> window;        // from the first step of a match, bound included
    std::vector<Exclusion> exclusions;   // up to 64
    std::span<const std::int32_t> hold;  // one value per row, equal along a match; empty: no such condition
    std::optional<std::int64_t> as_of;   // rows at or after this time are not read
    std::int64_t observed_until = 0;     // the end of observation: `as_of`, or else the log's last time
    unsigned threads = 1;
};

/// Why a match does not go on.
enum class Stop : std::uint8_t {
    completed,    ///< it has the last step
    no_event,     ///< no further step came
    window,       ///< a further step came, but only after the window
    gap,          ///< one came inside the window, but too early or too late after the step before
    interrupted,  ///< one came inside the window, but other rows lie between
    excluded,     ///< an excluded stage came
    immature,     ///< the window was not over at the end of observation
    left_out      ///< an excluded stage came that drops the item
};

/// The time of a step that was not done.
inline constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();

/// One match for each item, or for each entry.
struct Matches {
    std::size_t n_steps = 0;
    LargeVector<std::uint32_t> item;  // of each match; empty where every item has exactly one
    LargeVector<std::uint8_t> level;  // the deepest step done, 0 for none
    LargeVector<std::uint8_t> stop;   // a `Stop`
    LargeVector<std::uint64_t> done;  // bit k - 1 is set if step k was done
    LargeVector<std::int64_t> time;   // `n_steps` for each match; `kNoTime` for a step that was not done
};

/// Returns the best match of every item, in the order of the items.
///
/// The best match is the deepest one that the exclusions leave; among equals optional steps and `timing`
/// decide. An item that never entered, or that an exclusion drops, has a match of level 0.
///
/// The time is linear in the rows in every mode: one item of many repeats takes no longer than many items.
///
/// @throws std::invalid_argument if options contradict each other or the journeys.
[[nodiscard]] Matches best_matches(const Journeys& journeys, const Options& options);

/// Returns the match of every entry, item after item and in order of time.
///
/// The first entry is the item's first row of step 1; the next one is the first such row after the match of
/// the entry before it. A match is over with its last step if it is completed, else when its window is over;
/// without a window an incomplete match is never over. An item that never entered has one match of level 0.
///
/// @throws std::invalid_argument as `best_matches` does, and for a mode that knows at most one entry.
[[nodiscard]] Matches entry_matches(const Journeys& journeys, const Options& options);

/// The times between two steps. If `count` is zero, `mean` and `quantiles` are zero and have no meaning.
struct StepTime {
    std::int64_t count = 0;
    stats::Duration mean;
    std::vector<stats::Duration> quantiles;
};

/// What is counted: one match of each item, or all of them.
enum class Counted : std::uint8_t {
    best_match,  ///< one match for each item, as `best_matches` has them
    every_entry  ///< one match for each entry, as `entry_matches` has them
};

/// The funnel of a sequence: tables with one row per group and one column per step.
///
/// Below, "items" are entries where every entry is counted.
struct Counts {
    std::vector<std::int64_t> items;      // per group: items with a row before `as_of`
    std::vector<std::int64_t> left_out;   // per group: items among these that an exclusion drops
    CountMatrix reached;                  // items whose match did the step
    CountMatrix dropped;                  // items whose match ends at this step, and cannot go on
    CountMatrix immature;                 // items whose match ends at this step, and may still go on
    std::vector<StepTime> from_previous;  // of items that did this step and the one before; row after row
    std::vector<StepTime> from_first;     // of items that did this step and the first
    /// What was added to each time so that none is negative; not zero in `open` and `hybrid`, in which a
    /// step may be earlier than the one before it.
    std::uint64_t excess = 0;
};

/// Counts `best_matches` or `entry_matches` in one scan, without keeping them.
///
/// @param group For each item its group, 0 … n_groups - 1; empty: all items are in group 0.
/// @param quantiles Quantiles of the times. Without a value no times are counted, which takes less memory
///     and time.
/// @throws std::invalid_argument as `best_matches` and `entry_matches` do, for quantiles as `time_in_stage`
///     does, and for a group out of range.
[[nodiscard]] Counts count_sequence(const Journeys& journeys, const Options& options, Counted counted,
                                    std::span<const std::int32_t> group, std::int32_t n_groups,
                                    std::optional<std::span<const stats::Quantile>> quantiles);

}  // namespace stagefunnel::sequence
