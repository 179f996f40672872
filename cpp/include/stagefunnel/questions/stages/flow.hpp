#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "stagefunnel/base/counts.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::stages {

/// Which sums of amounts a balance has: rounded ones alone, or also those that those of other items are added
/// to.
enum class FlowSums : std::uint8_t { rounded, exact };

/// What a balance reads and in what it is broken down. The spans are borrowed and must outlive the call.
struct FlowOptions {
    // First moments of periods that follow each other, in rising order; at least one. The lowest number is
    // before all rows.
    std::span<const std::int64_t> starts;
    std::optional<std::int64_t> end = std::nullopt;  // rows at this moment or later are not read
    std::span<const std::uint8_t> elsewhere = {};  // 1 for each stage code of another pipeline; may be empty
    std::span<const std::int32_t> group = {};      // group of each item; empty: all are in group 0
    std::size_t n_groups = 1;
    // Amounts, NaN where one is missing: one per row, whose last known one holds until the next, or one per
    // item that always holds; empty: none.
    std::span<const double> amount = {};
    bool amount_of_item = false;
    int scale = 0;  // number of decimal places of which the amounts are whole numbers, at most 22
    FlowSums sums = FlowSums::rounded;
    unsigned threads = 1;
};

/// Amounts of the visits of each column of a balance, each sum rounded once. They balance:
///
/// at_start + entered + raised = advanced + went_back + won + lost + moved_out + lowered + at_end
struct FlowAmounts {
    SumVector at_start, entered, created, from_earlier, from_later, from_closed, moved_in;
    SumVector raised;  // by how much the amounts of visits rose while these went on
    SumVector advanced, went_back, won, lost, moved_out;
    SumVector lowered;
    SumVector at_end;
};

inline constexpr std::array kFlowAmounts{
    std::pair{"at_start", &FlowAmounts::at_start},
    std::pair{"entered", &FlowAmounts::entered},
    std::pair{"created", &FlowAmounts::created},
    std::pair{"from_earlier", &FlowAmounts::from_earlier},
    std::pair{"from_later", &FlowAmounts::from_later},
    std::pair{"from_closed", &FlowAmounts::from_closed},
    std::pair{"moved_in", &FlowAmounts::moved_in},
    std::pair{"raised", &FlowAmounts::raised},
    std::pair{"advanced", &FlowAmounts::advanced},
    std::pair{"went_back", &FlowAmounts::went_back},
    std::pair{"won", &FlowAmounts::won},
    std::pair{"lost", &FlowAmounts::lost},
    std::pair{"moved_out", &FlowAmounts::moved_out},
    std::pair{"lowered", &FlowAmounts::lowered},
    std::pair{"at_end", &FlowAmounts::at_end},
};

/// Visits of each stage of a pipeline at both ends of some periods, and those that begin and end in them.
///
/// Each column has one number per group, period and stage, in this order, and they balance:
///
/// at_start + created + from_earlier + from_later + from_closed + moved_in
///     = advanced + went_back + won + lost + moved_out + at_end
struct Flow {
    CountVector at_start;
    CountVector created;       // the item's first listed row is in this stage
    CountVector from_earlier;  // from a stage in progress that stands before this one
    CountVector from_later;
    CountVector from_closed;  // from a won or lost stage
    CountVector moved_in;     // from another pipeline
    CountVector advanced;     // to a later stage in progress
    CountVector went_back;    // to an earlier stage in progress, or from a final stage to any in progress
    CountVector won;          // to a won stage
    CountVector lost;
    CountVector moved_out;  // to another pipeline
    CountVector at_end;
    FlowAmounts amount;          // empty without amounts
    CountVector amount_missing;  // visits whose amount was not known at their end, or at that of the period
    // The sums of `kExactFlowSums`, not rounded, of each place one after another: a whole number, and a
    // fraction of 64 bits above it; empty unless they are asked for.
    std::vector<std::int64_t> exact_whole;
    std::vector<std::uint64_t> exact_fraction;
};

/// The sums that are kept exactly; the others follow from them.
inline constexpr std::array kExactFlowSums{
    "at_start",  "created", "from_earlier", "from_later", "from_closed", "moved_in", "advanced",
    "went_back", "won",     "lost",         "moved_out",  "raised",      "lowered"};

/// Counts the visits that enter each stage in each period and those that leave it, in one pass over the
/// journeys, whose cost does not grow with the number of periods that a visit lasts.
///
/// A row of another pipeline ends a visit, and an item that comes back begins a new one. Other unlisted rows
/// end no visit, and their amounts are not read. The row of a move carries the amount that the item leaves
/// and enters with: a change of it is one in the stage that is left.
///
/// @throws std::invalid_argument if `starts` is empty or does not rise, if `elsewhere` is neither empty nor
///     one per stage code, for a wrong group, for amounts that are neither one per row nor one per item, and
///     for those that are infinite or could add up beyond 2^62.
[[nodiscard]] Flow count_flow(const Journeys& journeys, const Pipeline& pipeline, const FlowOptions& options);

}  // namespace stagefunnel::stages
