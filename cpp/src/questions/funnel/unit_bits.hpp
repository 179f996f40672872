#pragma once

// All that a funnel asks of items that count as one, as bits of two words. Internal to the core.

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "questions/funnel/united_items.hpp"
#include "scan/visits.hpp"

namespace stagefunnel::funnel::inline internal {

/// Two words of bits that say all of a unit; both are 0 where no item of it has a state.
struct UnitBits {
    std::uint64_t sets = 0;  // visited, passed, assumed, skipped, began beyond
    std::uint64_t ends = 0;  // beyond with a visit, beyond while absent, open at, lost from, how it stands

    friend bool operator==(const UnitBits&, const UnitBits&) = default;
};

/// What a unit takes over from an item, or has of all its own; for pipelines of at most `kMostRows` stages.
struct UnitState {
    static constexpr std::int32_t kMostRows = 12;
    static constexpr unsigned kRows = 12;       // bits of each set
    static constexpr std::int32_t kRanks = 16;  // distances of one standing
    static constexpr std::uint32_t kCounted = 1U << kRows, kReopened = 2U << kRows, kSeen = 4U << kRows,
                                   kMovedOut = 8U << kRows;
    static constexpr std::uint64_t kRowBits = (1U << kRows) - 1;
    static constexpr std::size_t kWonBit = 48, kLostBit = 49, kOpenBit = 50, kLeftOutBit = 51,
                                 kReopenedBit = 52, kMovedOutBit = 53;

    std::uint64_t sets = 0;  // visited, passed, reached, beyond, moved beyond
    std::uint32_t more = 0;  // beyond while it was not there; whether seen, counted, reopened and moved out
    std::int32_t rank = 0;   // the standing, then the distance; 0: not counted, or not here
    std::int32_t row = -1;   // where it stands, or was lost from

    /// @param item an item as it was read, which is seen.
    /// @param has_moved whether it is in another pipeline now.
    template <class Read>
    [[nodiscard]] static UnitState of(const Read& item, bool is_counted, bool has_moved = false) {
        UnitState state;
        state.more = kSeen;
        if (!is_counted) return state;
        const scan::JourneyEnd& end = item.end();
        const Outcome outcome = end.outcome();
        state.sets = item.visited(0) | item.passed(0) << kRows | item.reached(0) << 2 * kRows |
                     item.beyond(0) << 3 * kRows | (item.beyond(0) & ~item.began_beyond(0)) << 4 * kRows;
        state.more |= static_cast<std::uint32_t>(item.beyond_absent(0)) | kCounted;
        if (has_moved) {
            state.more |= kMovedOut;
            return state;
        }
        const bool is_reopened = outcome == Outcome::won && end.any_lost();
        state.more |= is_reopened ? kReopened : 0;
        state.rank = static_cast<std::int32_t>(standing_of(outcome)) * kRanks + distance_of(end) + 1;
        state.row = outcome == Outcome::lost ? end.before_run() : end.last();
        return state;
    }

    [[nodiscard]] UnitBits bits() const {
        if ((more & kSeen) == 0) return {};
        const auto set = [&](unsigned i) { return sets >> i * kRows & kRowBits; };
        const std::uint64_t visited = set(0), passed = set(1), reached = set(2), beyond = set(3),
                            moved = set(4);
        const std::uint64_t skipped = beyond & ~visited;
        const auto standing = static_cast<Standing>(rank / kRanks);
        const std::uint64_t own = row >= 0 ? std::uint64_t{1} << static_cast<unsigned>(row) : 0;
        const bool is_won = standing == Standing::won, is_open = standing == Standing::open,
                   is_lost = standing == Standing::lost, is_reopened = (more & kReopened) != 0,
                   has_moved_out = rank == 0 && (more & kMovedOut) != 0;
        const auto flag = [](bool is_set, std::size_t bit) {
            return static_cast<std::uint64_t>(is_set) << bit;
        };
        return {visited | passed << kRows | (reached & ~passed) << 2 * kRows | skipped << 3 * kRows |
                    (skipped & ~moved) << 4 * kRows,
                (beyond & visited) | (more & kRowBits) << kRows | (is_open ? own : 0) << 2 * kRows |
                    (is_lost ? own : 0) << 3 * kRows | flag(is_won, kWonBit) | flag(is_lost, kLostBit) |
                    flag(is_open, kOpenBit) | flag((more & kCounted) == 0, kLeftOutBit) |
                    flag(is_won && is_reopened, kReopenedBit) | flag(has_moved_out, kMovedOutBit)};
    }
};

/// The tables of the sets in the two words of `UnitBits`, and the vectors of its single bits.
inline std::array<CountMatrix*, 5> tables_of_sets(Counts& counts) {
    return {&counts.visited, &counts.passed, &counts.assumed, &counts.skipped, &counts.began_beyond};
}
inline std::array<CountMatrix*, 4> tables_of_ends(Counts& counts) {
    return {&counts.beyond, &counts.beyond_absent, &counts.open_at, &counts.lost_from};
}
inline std::array<std::pair<std::size_t, CountVector*>, 5> vectors_of_ends(Counts& counts) {
    return {{{UnitState::kWonBit, &counts.won},
             {UnitState::kLostBit, &counts.lost},
             {UnitState::kOpenBit, &counts.open},
             {UnitState::kLeftOutBit, &counts.left_out},
             {UnitState::kReopenedBit, &counts.reopened_won}}};
}

}  // namespace stagefunnel::funnel::inline internal
