#pragma once

// Counts units whose items have states, by words of bits. Internal to the core.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "questions/funnel/unit_bits.hpp"
#include "questions/funnel/unit_counter.hpp"
#include "stagefunnel/questions/funnel/item_states.hpp"
#include "stagefunnel/questions/funnel/units.hpp"

namespace stagefunnel::funnel::inline internal {

/// Counts how often each bit is set in many words (positional population counts).
///
/// Sixteen words are added as the bits of four sums, by adders that save their carries (Harley and Seal).
/// What is carried out of these is added eight bits at once, in bytes that are emptied before they overflow.
class BitCounts {
  public:
    void add(std::uint64_t word) {
        words_[n_words_] = word;
        if (++n_words_ == kWords) add_words();
    }

    /// Returns how many of the words so far have a bit.
    [[nodiscard]] std::int64_t of(std::size_t bit) {
        while (n_words_ != 0) add(0);
        if (n_carried_ != 0) empty();
        std::int64_t n = counts_[bit] * static_cast<std::int64_t>(kWords);
        for (std::size_t level = 0; level < sums_.size(); ++level)
            n += static_cast<std::int64_t>((sums_[level] >> bit & 1U) << level);
        return n;
    }

  private:
    static constexpr std::size_t kWords = 16;

    void add_words() {
        for (std::size_t level = 0, n = kWords; n > 1; ++level, n /= 2) {
            std::uint64_t sum = sums_[level];
            for (std::size_t i = 0; i < n; i += 2) {
                const std::uint64_t a = words_[i], b = words_[i + 1], differs = sum ^ a;
                words_[i / 2] = (sum & a) | (differs & b);
                sum = differs ^ b;
            }
            sums_[level] = sum;
        }
        n_words_ = 0;
        constexpr std::uint64_t kOfEachByte = 0x0101010101010101U;
        for (std::size_t bit = 0; bit < 8; ++bit) bytes_[bit] += words_[0] >> bit & kOfEachByte;
        if (++n_carried_ == 255) empty();
    }

    void empty() {
        for (std::size_t bit = 0; bit < 64; ++bit)
            counts_[bit] += static_cast<std::int64_t>(bytes_[bit % 8] >> (bit / 8 * 8) & 0xFFU);
        bytes_.fill(0);
        n_carried_ = 0;
    }

    std::array<std::uint64_t, kWords> words_{};
    std::size_t n_words_ = 0;
    std::array<std::uint64_t, 4> sums_{};  // ones, twos, fours and eights
    std::array<std::uint64_t, 8> bytes_{};
    std::array<std::int64_t, 64> counts_{};  // of sixteen each
    unsigned n_carried_ = 0;
};

/// Counts units without groups and amounts by the states of their items, as `UnitCounter` does: the stages of
/// an item are bits of one word, so that those of a unit are united at once.
class FoldedUnits {
  public:
    static constexpr std::int32_t kMostRows = UnitState::kMostRows;
    using Words = UnitBits;

    /// Adds the next state; `item` is one of its items as it was read.
    template <class Read>
    void add_state(const Read& item, bool is_counted) {
        states_.push_back(State::of(item, is_counted));
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
        take(sets_, tables_of_sets(counts), group);
        take(ends_, tables_of_ends(counts), group);
        for (const auto& [bit, vector] : vectors_of_ends(counts)) (*vector)(group) += ends_.of(bit);
        sets_ = {};
        ends_ = {};
    }

  private:
    using State = UnitState;
    static constexpr unsigned kRows = State::kRows;
    static constexpr std::uint32_t kCounted = State::kCounted, kSeen = State::kSeen;

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
        return united.state.bits();
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
