#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "stagefunnel/journeys.hpp"
#include "stagefunnel/pipeline.hpp"

namespace stagefunnel {

/// How many items of a log are in each of the states that most funnels tell apart.
///
/// Items of one state count alike in the classic, the furthest and the conversions funnel with fill by won.
/// Millions of real items have a few hundred states, so one item of each stands for all of them, and every
/// further funnel of the same pipeline takes microseconds.
struct Digest {
    struct State {
        std::uint32_t items = 0;
        std::uint32_t example = 0;  // one of these items
    };
    std::vector<State> states;  // those that have items
};

/// One scan over the journeys; `std::nullopt` for a pipeline of more than twelve stages or a log with far
/// fewer items than there could be states, where counting item by item costs no more.
[[nodiscard]] std::optional<Digest> digest_of(const Journeys& journeys, const Pipeline& pipeline,
                                              unsigned threads);

}  // namespace stagefunnel
