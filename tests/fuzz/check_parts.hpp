#pragma once

#include <span>

#include "choices.hpp"
#include "slow_log.hpp"
#include "stagefunnel/journeys/journeys.hpp"

namespace stagefunnel::fuzz {

/// The journeys of a log and, in the same stage codes, those of some of its items each.
struct Divided {
    const Journeys& whole;
    std::span<const Journeys> parts;
};

/// Funnels of all kinds, moves and times in stage: the parts add up to the whole, the whole is as counted
/// slowly. All asked at once are the same answers.
void check_parts(Choices& choices, const SlowLog& slow, const Divided& log);

}  // namespace stagefunnel::fuzz
