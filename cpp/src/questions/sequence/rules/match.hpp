#pragma once

// The match of one item, as all modes return it. Internal to the core.

#include <array>
#include <cstddef>
#include <cstdint>

#include "stagefunnel/questions/sequence/sequence.hpp"

namespace stagefunnel::sequence::inline internal {

/// One match: its steps and their times. Level 0 stands for no match.
struct Match {
    std::size_t level = 0;
    std::uint64_t done = 0;               // bit k - 1 is set if step k is done
    std::array<std::int64_t, 64> time{};  // of step k at k - 1
    std::size_t first_point = 0;
    std::size_t last_point = 0;

    [[nodiscard]] std::int64_t entry() const { return time[0]; }
    [[nodiscard]] std::int64_t last_time() const { return time[level - 1]; }
};

/// The answer for one item, for one entry, or for those rows of either that hold the same value.
struct ItemMatch {
    Match match;  // of level 0 if exclusions drop all matches of the level
    Stop stop = Stop::no_event;
    std::size_t level = 0;        // the deepest level of the matches that are neither stopped nor reset
    std::size_t uncut_level = 0;  // the deepest level if no exclusion stopped or reset a match
};

}  // namespace stagefunnel::sequence::inline internal
