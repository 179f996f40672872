#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/questions/sequence/sequence.hpp"

namespace stagefunnel::sequence {

/// Which of an answer's rows with a value is its touch.
enum class TouchAt : std::uint8_t { first, last };

/// What is asked of every period: period `p` is [`bounds[p]`, `bounds[p + 1]`).
///
/// Times are in the unit of the journeys, steps are counted from 1.
struct Trend {
    std::span<const std::int64_t> bounds = {};  // strictly rising, at least two
    std::size_t from_step = 1;                  // its row decides the period of a match
    std::size_t to_step = 1;                    // it converts; after `from_step`
    Counted counted = Counted::best_match;
    std::size_t timed_step = 0;                 // a step whose times are wanted; 0: none
    std::span<const std::uint8_t> valued = {};  // of each row 1 if it has a value; empty: no touch is wanted
    TouchAt touch = TouchAt::first;
};

/// The row of an answer that has no touch.
inline constexpr std::int64_t kNoRow = -1;

/// What entered in each period, item after item and in the order of the periods.
struct PeriodAnswers {
    LargeVector<std::uint32_t> item;
    LargeVector<std::int32_t> period;
    LargeVector<std::uint8_t> converted;  // 1 if the match did `to_step`
    LargeVector<std::uint8_t> mature;     // 1 if the window of its latest entry is over
    LargeVector<std::int64_t> time;       // of `timed_step`, `kNoTime` if not done; empty if none is wanted
    LargeVector<std::int64_t> touch;      // row of the journeys, or `kNoRow`; empty if none is wanted
};

/// Judges every item once for each period, as if it had only those of its matches whose row of `from_step`
/// lies in the period.
///
/// The answer of a period is the best of these matches, as `best_matches` chooses among all of them; without
/// one the item did not enter, and a dropped item did not either. The latest entry is that of all matches of
/// the period, and a touch is a row that fills a step in any of them, whatever exclusions do to these.
///
/// With `Counted::every_entry`, and in the modes hybrid and open, there is one answer for each match of
/// `entry_matches` or `best_matches`, in the period of its own `from_step`; these have no touches.
///
/// Without exclusions that drop or reset, without touches and times, and where no step before the last one is
/// both optional and `to_step`, the time is linear in the rows, whatever the number of periods. Else a period
/// reads the rows from the earliest entry that can have a match in it to the end of its latest window.
///
/// @throws std::invalid_argument as `best_matches` does, for bounds that do not rise, steps that are not in
///     order, the mode unordered, and a touch where there is none.
[[nodiscard]] PeriodAnswers answers_by_period(const Journeys& journeys, const Options& options,
                                              const Trend& trend);

}  // namespace stagefunnel::sequence
