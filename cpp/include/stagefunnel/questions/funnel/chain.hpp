#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/questions/funnel/funnel.hpp"

namespace stagefunnel::funnel {

/// The leads or the deals of a chain: a log and the pipeline through which it is read.
struct ChainPart {
    const Journeys& journeys;
    const Pipeline& pipeline;
    std::span<const std::uint8_t> moved = {};  // 1 for each item in another pipeline now; may be empty
};

/// Pairs of a lead and a deal that came of it, as places in their journeys. A pair may come more than once.
struct Links {
    std::span<const std::uint32_t> lead;
    std::span<const std::uint32_t> deal;
};

/// Counts of leads in the stages of their deals, each by group of the leads.
struct OriginCounts {
    Counts deals;                          // the amounts are those of the deals
    CountVector converted;                 // leads that count in a won stage of their own pipeline
    CountVector moved_out;                 // leads with deals in another pipeline now and none that is here
    std::vector<std::uint8_t> is_counted;  // 1 for each lead that is in a count
};

/// Counts leads in the stages of their deals.
///
/// A lead counts in a stage if any of its deals counts there; it is assumed there if none of them passed the
/// stage. It skipped a stage if one of its deals went beyond the stage and none has a visit of it, and began
/// beyond the stage if moreover all of its deals that went beyond the stage began beyond it. A lead is
/// won if one of its deals is won now; otherwise it is open if one of them is open, and otherwise lost if one
/// of them is lost. It counts in `open_at` or `lost_from` at the stage of the deal of this outcome that
/// visited the furthest stage, of several the one whose first row comes first in the input. Leads and deals
/// that the rule for lost-then-won items leaves out, or that have no listed row, are in no count. The amount
/// of a deal is added once, however many leads the deal came of, in the group of these. The cost is one pass
/// over the leads and their deals, and with amounts a second one over the deals.
///
/// @param options options of both logs; groups are one per lead, and amounts one per deal.
/// @throws std::invalid_argument if the links differ in length or name a place without an item, if `moved` is
///     not one per deal, if there are amounts and a deal came of leads of several groups, or as
///     `count_funnel` does.
[[nodiscard]] OriginCounts count_origin(const ChainPart& leads, const ChainPart& deals, const Links& links,
                                        const Options& options);

}  // namespace stagefunnel::funnel
