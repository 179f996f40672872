#pragma once

// Unites items in the order in which they lie, each in the place of its unit. Internal to the core.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "questions/funnel/unit_bits.hpp"
#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/questions/funnel/item_states.hpp"

namespace stagefunnel::funnel::inline internal {

/// What the units have of the items that were read so far, in two words each.
///
/// To bring the items of a unit together first takes longer than to step from unit to unit: a step is three
/// operations on memory that is prefetched, and needs no branch.
class UnitBins {
    // From the lowest bit on: what is true of any item, where the best item stands, the place of its first
    // row, so that an earlier one is larger, and its rank. The largest of some words is that of the best
    // item.
    static constexpr unsigned kMoreBits = 16, kRowShift = kMoreBits, kOrderShift = kRowShift + 4,
                              kRankShift = kOrderShift + 32;
    static constexpr std::uint64_t kMore = (std::uint64_t{1} << kMoreBits) - 1, kRow = 15;
    static_assert(UnitState::kMostRows < 15 && UnitState::kMovedOut < kMore);

    struct Bin {
        std::uint64_t sets = 0;
        std::uint64_t best = 0;

        void add(const Bin& other) {
            sets |= other.sets;
            best = std::max(best, other.best) | ((best | other.best) & kMore);
        }
    };

  public:
    /// What items of each state add, those of an item without a state first.
    class States {
      public:
        /// Adds the next state; `item` is one of its items as it was read.
        template <class Read>
        void add(const Read& item, bool is_counted) {
            const UnitState state = UnitState::of(item, is_counted);
            bins_.push_back({state.sets, static_cast<std::uint64_t>(state.rank) << kRankShift |
                                             static_cast<std::uint64_t>(state.row + 1) << kRowShift |
                                             state.more});
        }

      private:
        friend class UnitBins;
        static_assert(ItemStates::kNoState + 1U == 0);
        std::vector<Bin> bins_{Bin()};
    };

    explicit UnitBins(std::size_t n_units) : bins_(n_units) { std::fill(bins_.begin(), bins_.end(), Bin()); }

    /// Adds the items [first, last).
    ///
    /// @throws std::invalid_argument if a unit lies out of range.
    void read(const States& states, std::span<const std::uint32_t> unit_of_item,
              std::span<const std::uint32_t> state_of_item, std::span<const std::uint32_t> first_row,
              std::size_t first, std::size_t last) {
        constexpr std::size_t kAhead = 24;  // items of a unit do not lie together, nor do units
        for (std::size_t item = first; item < last; ++item) {
            if (item + kAhead < last) __builtin_prefetch(bins_.data() + unit_of_item[item + kAhead], 1);
            const std::uint32_t unit = unit_of_item[item];
            if (unit >= bins_.size()) throw std::invalid_argument("a unit lies out of range");
            const Bin& own = states.bins_[state_of_item[item] + 1U];
            // Of items of one rank the one counts whose row comes first.
            const std::uint64_t order = static_cast<std::uint64_t>(~first_row[item]) << kOrderShift;
            bins_[unit].add({own.sets, own.best | order});
        }
    }

    void merge(const UnitBins& other) {
        for (std::size_t unit = 0; unit < bins_.size(); ++unit) bins_[unit].add(other.bins_[unit]);
    }

    [[nodiscard]] UnitBits bits(std::size_t unit) const {
        const Bin& bin = bins_[unit];
        UnitState state;
        state.sets = bin.sets;
        state.more = static_cast<std::uint32_t>(bin.best & kMore);
        state.rank = static_cast<std::int32_t>(bin.best >> kRankShift);
        state.row = static_cast<std::int32_t>(bin.best >> kRowShift & kRow) - 1;
        return state.bits();
    }

  private:
    LargeVector<Bin> bins_;
};

}  // namespace stagefunnel::funnel::inline internal
