#pragma once

#include <cstdint>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/marks.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::durations {

/// How the life of an item ended, or did not.
enum class LifeEnd : std::int8_t {
    won,        ///< it is won now; where there is a target, it reached it
    lost,       ///< it is lost now, without having reached a target
    moved_out,  ///< it is in another pipeline now, without having reached a target
    open,       ///< it goes on
    none,       ///< it has no listed row
    unknown,    ///< nobody knows when it began, or when it ended
};

/// Which closing of an item that was worked on again ends its life.
enum class Reopened : std::uint8_t {
    last,   ///< the one that stands now; those before it are passed through
    first,  ///< the first one, whatever came after
};

/// The life of each item, in the order of the journeys. Times are in the unit of the journeys.
struct Lives {
    LargeVector<std::int8_t> end;      // as `LifeEnd`
    LargeVector<std::int64_t> began;   // time of the first listed row; means nothing if there is none
    LargeVector<std::int64_t> ended;   // means nothing while the life goes on
    LargeVector<std::uint8_t> passed;  // bits of `Passed`
};

/// What an item passed through on its way, as bits.
struct Passed {
    static constexpr std::uint8_t kFinal = 1;     // a won or lost visit that another visit follows
    static constexpr std::uint8_t kLost = 2;      // a lost visit
    static constexpr std::uint8_t kReopened = 4;  // a lost visit after which it was in progress or won
};

/// Finds how and when the life of each item ended.
///
/// Without a target it ends at the first of the closing visits that end the journey, with the outcome of the
/// last one. With a target it ends as soon as the item is in that stage, in one in progress after it or in a
/// won one; a target that is won is reached by being won.
///
/// @param target a row of the pipeline that is not lost; `Pipeline::kUnlisted`: there is none.
/// @param marks what is known of the rows beside stage and time, and which labels are elsewhere.
/// @throws std::invalid_argument if the target is no such row, or the marks are of other journeys.
[[nodiscard]] Lives find_lives(const Journeys& journeys, const Pipeline& pipeline, std::int32_t target,
                               Reopened reopened, const scan::Marks& marks, unsigned threads);

/// The visits of some stages, item by item in the order of the journeys, those of an item in the order of
/// time.
///
/// Times are in the unit of the journeys.
struct StaySpells {
    static constexpr std::uint8_t kOver = 1;          // it has ended
    static constexpr std::uint8_t kStartUnknown = 2;  // nobody knows since when it was there
    static constexpr std::uint8_t kLast = 4;          // the item has no visit after it

    LargeVector<std::uint32_t> item;  // place of the item in the journeys
    LargeVector<std::int32_t> stage;  // row of the pipeline
    LargeVector<std::int32_t> next;   // stage of the next visit; `Pipeline::kUnlisted`: there is none
    LargeVector<std::int64_t> began;
    LargeVector<std::int64_t> ended;  // means nothing unless it is over
    LargeVector<std::uint8_t> state;  // bits of the above
};

/// Lists the visits of the stages [first, end), which are rows of the pipeline.
///
/// @throws std::invalid_argument if these are no rows, or the marks are of other journeys.
[[nodiscard]] StaySpells list_stays(const Journeys& journeys, const Pipeline& pipeline, std::int32_t first,
                                    std::int32_t end, const scan::Marks& marks, unsigned threads);

}  // namespace stagefunnel::durations
