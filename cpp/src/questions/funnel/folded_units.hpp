#pragma once

// Counts units whose items have states, by words of bits. Internal to the core.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "questions/funnel/unit_counter.hpp"
#include "stagefunnel/questions/funnel/item_states.hpp"
#include "stagefunnel/questions/funnel/units.hpp"

namespace stagefunnel::funnel::inline internal {

/// Counts how often each bit is set in many words (positional population counts): eight bits that lie a byte
/// apart are added at once, in bytes that are emptied before they overflow.
class BitCounts {
  public:
    void add(std::uint64_t word) {
        constexpr std::uint64_t kOfEachByte = 0x0101010101010101U;
        for (std::size_t bit = 0; bit < 8; ++bit) bytes_[bit] += word >> bit & kOfEachByte;
        if (++n_ == 255) empty();
    }

    /// Returns how many of the words so far have a bit.
    [[nodiscard]] std::int64_t of(std::size_t bit) {
        if (n_ != 0) empty();
        return counts_[bit];
    }

  private:
    void empty() {
        for (std::size_t bit = 0; bit < 64; ++bit)
            counts_[bit] += static_cast<std::int64_t>(bytes_[bit % 8] >> (bit / 8 * 8) & 0xFFU);
        bytes_.fill(0);
        n_ = 0;
    }

    std::array<std::uint64_t, 8> bytes_{};
    std::array<std::int64_t, 64> counts_{};
    unsigned n_ = 0;
};

/// Counts units without groups and amounts by the states of their items, as `UnitCounter` does: the stages of
/// an item are bits of one word, so that those of a unit are united at once.
class FoldedUnits {
  public:
    static constexpr std::int32_t kMostRows = 12;

    /// Adds the next state; `item` is one of its items as it was read.
    template <class Read>
    void add_state(const Read& item, bool is_counted) {
        State state;
        state.more = kSeen;
        if (is_counted) {
            const scan::JourneyEnd& end = item.end();
            const Outcome outcome = end.outcome();
            const bool is_reopened = outcome == Outcome::won && end.any_lost();
            state.sets = item.visited(0) | item.passed(0) << kRows | item.reached(0) << 2 * kRows |
                         item.beyond(0) << 3 * kRows | (item.beyond(0) & ~item.began_beyond(0)) << 4 * kRows;
            state.more |=
                static_cast<std::uint32_t>(item.beyond_absent(0)) | kCounted | (is_reopened ? kReopened : 0);
            state.rank = static_cast<std::int32_t>(standing_of(outcome)) * kRanks + distance_of(end) + 1;
            state.row = outcome == Outcome::lost ? end.before_run() : end.last();
        }
        states_.push_back(state);
    }

    /// Two words of bits that say all of a unit; both are 0 where no item of it has a state.
    struct Words {
        std::uint64_t sets = 0;  // visited, passed, assumed, skipped, began beyond
        std::uint64_t ends =
            0;  // beyond with a visit, beyond while absent, open at, lost from, how it stands
    };

    /// Counts the unit whose items are some of `items`.
    ///
    /// @param of_item the state of each item.
    void count(std::span<const std::uint32_t> items, std::size_t first, std::size_t last,
               std::span<const std::uint32_t> of_item, std::span<const std::uint32_t> first_row) {
        constexpr std::size_t kAhead = 24;  // items of a unit do not lie together
        Union united;
        for (std::size_t place = first; place < last; ++place) {
            if (place + kAhead < items.size()) __builtin_prefetch(&of_item[items[place + kAhead]]);
            united.see(states_[of_item[items[place]] + 1U]);
        }
        const auto own = items.subspan(first, last - first);
        add(finished(united, own,
                     [&](std::uint32_t item) { return Item{0, first_row[item], of_item[item]}; }));
    }

    void add(const Words& unit) {
        sets_.add(unit.sets);
        ends_.add(unit.ends);
    }

    /// All of an item that the words of its unit, and its group, follow from: the time and the place in the
    /// input of its first listed row, and its state.
    struct Item {
        std::int64_t time;
        std::uint32_t first_row;
        std::uint32_t state;
    };

    /// Unites a unit.
    ///
    /// @param of_item all of each item of the log.
    /// @param first_item receives the item that comes first, of those that are counted if any is, or stays.
    [[nodiscard]] Words words_of(std::span<const std::uint32_t> items, std::size_t first, std::size_t last,
                                 std::span<const Item> of_item, std::uint32_t& first_item) const {
        constexpr std::size_t kAhead = 24;
        Union united;
        std::uint32_t best_rank = 0, best_row = 0;
        std::int64_t best_time = 0;
        for (std::size_t place = first; place < last; ++place) {
            if (place + kAhead < items.size()) __builtin_prefetch(&of_item[items[place + kAhead]]);
            const Item& item = of_item[items[place]];
            const State& own = states_[item.state + 1U];
            united.see(own);
            const std::uint32_t rank = own.more / kCounted % 2 + own.more / kSeen % 2;
            const bool is_earlier =
                (item.time < best_time) | ((item.time == best_time) & (item.first_row < best_row));
            const bool is_first = (rank > best_rank) | ((rank == best_rank) & (rank != 0) & is_earlier);
            first_item = is_first ? items[place] : first_item;
            best_rank = is_first ? rank : best_rank;
            best_time = is_first ? item.time : best_time;
            best_row = is_first ? item.first_row : best_row;
        }
        return finished(united, items.subspan(first, last - first),
                        [&](std::uint32_t item) { return of_item[item]; });
    }

    /// Adds the counts to those of a group, and begins anew.
    void finish(Counts& counts, Eigen::Index group) {
        const std::array<CountMatrix*, 5> first{&counts.visited, &counts.passed, &counts.assumed,
                                                &counts.skipped, &counts.began_beyond};
        const std::array<CountMatrix*, 4> second{&counts.beyond, &counts.beyond_absent, &counts.open_at,
                                                 &counts.lost_from};
        take(sets_, first, group);
        take(ends_, second, group);
        for (const auto& [bit, vector] : {std::pair{kWonBit, &counts.won},
                                          {kLostBit, &counts.lost},
                                          {kOpenBit, &counts.open},
                                          {kLeftOutBit, &counts.left_out},
                                          {kReopenedBit, &counts.reopened_won}})
            (*vector)(group) += ends_.of(bit);
        sets_ = {};
        ends_ = {};
    }

  private:
    static constexpr unsigned kRows = 12;       // bits of each set
    static constexpr std::int32_t kRanks = 16;  // distances of one standing
    static constexpr std::uint32_t kCounted = 1U << kRows, kReopened = 2U << kRows, kSeen = 4U << kRows;
    static constexpr std::uint64_t kRowBits = (1U << kRows) - 1;
    static constexpr std::size_t kWonBit = 48, kLostBit = 49, kOpenBit = 50, kLeftOutBit = 51,
                                 kReopenedBit = 52;

    /// What a unit takes over from the items of one state, or from all of its own.
    struct State {
        std::uint64_t sets = 0;  // visited, passed, reached, beyond, moved beyond
        std::uint32_t more = 0;  // beyond while it was not there, whether seen, counted and reopened
        std::int32_t rank = 0;   // the standing, then the distance; 0: not counted
        std::int32_t row = -1;   // where it stands, or was lost from
    };

    /// What a unit takes over from all of its items, one after another.
    struct Union {
        State state;
        bool is_doubtful = false;  // whether items of the best rank stand elsewhere

        /// Without branches: no processor predicts the states of a unit's items. The first state is that of
        /// an item without one, whose number is all ones.
        void see(const State& own) {
            state.sets |= own.sets;
            state.more |= own.more;
            const bool is_better = own.rank > state.rank;
            const bool is_other = (own.rank == state.rank) & (own.row != state.row);
            is_doubtful = (is_doubtful & !is_better) | is_other;
            state.row = is_better ? own.row : state.row;
            state.rank = is_better ? own.rank : state.rank;
        }
    };

    /// Returns the words of a unit.
    ///
    /// @param item_of called with an item, returns its state and its first row.
    template <class ItemOf>
    [[nodiscard]] Words finished(Union& united, std::span<const std::uint32_t> items, ItemOf item_of) const {
        if (united.is_doubtful) united.state.row = row_of_first(items, item_of, united.state.rank);
        return (united.state.more & kSeen) != 0 ? words(united.state) : Words();
    }

    /// Returns where the item stands that comes first of those of a rank.
    template <class ItemOf>
    [[nodiscard]] std::int32_t row_of_first(std::span<const std::uint32_t> items, ItemOf item_of,
                                            std::int32_t rank) const {
        std::uint32_t first = ~std::uint32_t{0};
        std::int32_t row = -1;
        for (const std::uint32_t place : items) {
            const Item item = item_of(place);
            const State& own = states_[item.state + 1U];
            if (own.rank != rank || item.first_row >= first) continue;
            first = item.first_row;
            row = own.row;
        }
        return row;
    }

    [[nodiscard]] static Words words(const State& unit) {
        const auto set = [&](unsigned i) { return unit.sets >> i * kRows & kRowBits; };
        const std::uint64_t visited = set(0), passed = set(1), reached = set(2), beyond = set(3),
                            moved = set(4);
        const std::uint64_t skipped = beyond & ~visited;
        const auto standing = static_cast<Standing>(unit.rank / kRanks);
        const std::uint64_t row = unit.row >= 0 ? std::uint64_t{1} << static_cast<unsigned>(unit.row) : 0;
        const bool is_won = standing == Standing::won, is_open = standing == Standing::open,
                   is_lost = standing == Standing::lost, is_reopened = (unit.more & kReopened) != 0;
        const auto flag = [](bool is_set, std::size_t bit) {
            return static_cast<std::uint64_t>(is_set) << bit;
        };
        return {visited | passed << kRows | (reached & ~passed) << 2 * kRows | skipped << 3 * kRows |
                    (skipped & ~moved) << 4 * kRows,
                (beyond & visited) | (unit.more & kRowBits) << kRows | (is_open ? row : 0) << 2 * kRows |
                    (is_lost ? row : 0) << 3 * kRows | flag(is_won, kWonBit) | flag(is_lost, kLostBit) |
                    flag(is_open, kOpenBit) | flag((unit.more & kCounted) == 0, kLeftOutBit) |
                    flag(is_won && is_reopened, kReopenedBit)};
    }

    /// Adds the sets of words of bits to tables of the same order.
    template <std::size_t n>
    void take(BitCounts& bits, const std::array<CountMatrix*, n>& tables, Eigen::Index group) const {
        for (std::size_t i = 0; i < n; ++i) {
            for (Eigen::Index row = 0; row < tables[i]->cols(); ++row)
                (*tables[i])(group, row) += bits.of(i * kRows + static_cast<std::size_t>(row));
        }
    }

    static_assert(ItemStates::kNoState + 1U == 0);
    std::vector<State> states_{State()};  // that of an item without a state, then all others
    BitCounts sets_;                      // visited, passed, assumed, skipped, began beyond
    BitCounts ends_;  // beyond with a visit, beyond while absent, open at, lost from, and how units stand
};

}  // namespace stagefunnel::funnel::inline internal
