#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/questions/funnel/funnel.hpp"

namespace stagefunnel::funnel {

/// One part of the chain: a log and how it is read.
struct ChainPart {
    const Journeys& journeys;
    const Pipeline& pipeline;
    std::span<const std::uint8_t> moved = {};  // per item 1 if it is in another pipeline now; may be empty
};

/// Links of leads and deals, by their places in the journeys; a pair may come more than once.
struct Links {
    std::span<const std::uint32_t> lead;
    std::span<const std::uint32_t> deal;
};

/// The deal part of a chain whose counts are leads.
struct OriginCounts {
    Counts deals;                // one group; amounts are those of deals
    std::int64_t converted = 0;  // leads that count in a won stage of theirs
};

/// Counts leads in the stages of their deals.
///
/// A lead counts in a stage if any of its deals counts there; it is assumed there if none passed the stage.
/// It skipped a stage if a deal of it went beyond and none has a visit. It is won if a deal of it is won now,
/// else open if one is, else lost; its row in `open_at` or `lost_from` is that of the deal that got furthest.
/// Leads and deals that the rule leaves out, or that have no listed row, are in no count. Amounts add up each
/// deal once, of however many leads it came.
///
/// @param options of both parts; without groups, amounts are one per deal.
/// @throws std::invalid_argument if the links differ in length or have a place that is none, or as
///     `count_funnel`.
[[nodiscard]] OriginCounts count_origin(const ChainPart& leads, const ChainPart& deals, const Links& links,
                                        const Options& options);

}  // namespace stagefunnel::funnel
