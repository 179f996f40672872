#pragma once

// Counts units over periods from the steps of their items. Internal to the core.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "questions/funnel/item_steps.hpp"
#include "questions/funnel/unit_bits.hpp"
#include "questions/funnel/unit_counter.hpp"

namespace stagefunnel::funnel::inline internal {

/// What a unit has of some of its items. Two parts are joined without regard to their order: each bit is set
/// that one of them has, and of each number the greater stands.
struct JointItems {
    std::uint64_t sets = 0;   // as in `UnitState`
    std::uint64_t place = 0;  // the best rank, then the first row of its items, then where that item stands
    std::uint64_t gone = 0;   // how items stand that are counted, or all where none is, and when they went
    std::uint32_t more = 0;   // as in `UnitState`
    std::uint32_t first = 0;  // the first item, of those that are counted if any is

    /// @param number the place of the item among those of its unit, in the order in which they came first.
    static JointItems of(const ItemStep& step, std::uint32_t first_row, std::uint32_t number) {
        if (step.standing == Standing::none) return {};
        JointItems one;
        one.sets = step.state.sets;
        one.more = step.state.more;
        one.place = std::uint64_t(step.state.rank) << kRankAt |
                    std::uint64_t(~first_row) << kFirstRowAt | std::uint64_t(step.state.row + 1);
        // Of won items the first closes the unit, of lost ones, and of those that moved out, the last.
        const auto gone_in = static_cast<std::uint32_t>(step.gone_in + 1);
        const std::uint32_t gone = step.standing == Standing::won    ? ~gone_in
                                   : step.standing == Standing::open ? 0
                                                                     : gone_in;
        one.gone = std::uint64_t(step.is_counted) << kCountedAt |
                   static_cast<std::uint64_t>(step.standing) << kStandingAt | gone;
        one.first = (step.is_counted ? kCountedFirst : 0) | (kCountedFirst - 1 - number);
        return one;
    }

    static JointItems of(const JointItems& a, const JointItems& b) {
        return {a.sets | b.sets, std::max(a.place, b.place), std::max(a.gone, b.gone), a.more | b.more,
                std::max(a.first, b.first)};
    }

    [[nodiscard]] Standing standing() const { return static_cast<Standing>(gone >> kStandingAt & 7U); }
    /// Returns the period in which the unit closed or moved out; it is not open.
    [[nodiscard]] std::int64_t gone_in() const {
        const auto low = static_cast<std::uint32_t>(gone);
        return static_cast<std::int64_t>(standing() == Standing::won ? ~low : low) - 1;
    }
    [[nodiscard]] std::size_t first_item() const {
        return kCountedFirst - 1 - (first & (kCountedFirst - 1));
    }
    [[nodiscard]] UnitBits bits() const {
        return UnitState{sets, more, static_cast<std::int32_t>(place >> kRankAt),
                         static_cast<std::int32_t>(place & 0xFFU) - 1}
            .bits();
    }

  private:
    static constexpr unsigned kFirstRowAt = 8, kRankAt = 40, kStandingAt = 32, kCountedAt = 35;
    static constexpr std::uint32_t kCountedFirst = 1U << 31U;
};

/// The items of one unit, as a tree in which each part has what its two halves have: where one item changes,
/// so do the parts that hold it, and no others.
class ItemTree {
  public:
    void clear(std::size_t n_items) {
        n_ = n_items;
        parts_.assign(2 * n_items, JointItems());
    }
    void set(std::size_t item, const JointItems& one) {
        std::size_t i = n_ + item;
        parts_[i] = one;
        while ((i /= 2) > 0) parts_[i] = JointItems::of(parts_[2 * i], parts_[2 * i + 1]);
    }
    [[nodiscard]] const JointItems& all() const { return parts_[1]; }

  private:
    std::size_t n_ = 0;
    std::vector<JointItems> parts_;  // the halves of part i are 2 i and 2 i + 1; items stand last
};

/// Adds the bits of units to counts, which are changes from one period to the next.
class BitChanges {
  public:
    BitChanges(Counts& counts, CountVector& moved_out) {
        const auto put = [&](Column* columns, const auto& tables) {
            for (std::size_t set = 0; set < tables.size(); ++set) {
                for (Eigen::Index row = 0; row < tables[set]->cols(); ++row)
                    columns[set * UnitState::kRows + static_cast<std::size_t>(row)] = {
                        tables[set]->data() + row, tables[set]->cols()};
            }
        };
        put(sets_.data(), tables_of_sets(counts));
        put(ends_.data(), tables_of_ends(counts));
        for (const auto& [bit, vector] : vectors_of_ends(counts)) ends_[bit] = {vector->data(), 1};
        ends_[UnitState::kMovedOutBit] = {moved_out.data(), 1};
    }

    /// Adds what differs between two units to a row of the counts.
    void add(Eigen::Index row, const UnitBits& before, const UnitBits& after) const {
        add(sets_, row, before.sets, after.sets);
        add(ends_, row, before.ends, after.ends);
    }

  private:
    struct Column {
        std::int64_t* first = nullptr;
        Eigen::Index step = 0;
    };
    using Columns = std::array<Column, 64>;

    static void add(const Columns& columns, Eigen::Index row, std::uint64_t before, std::uint64_t after) {
        scan::for_each_bit(before ^ after, 0, [&](std::ptrdiff_t bit) {
            const Column& column = columns[static_cast<std::size_t>(bit)];
            column.first[row * column.step] += 2 * static_cast<std::int64_t>(after >> bit & 1U) - 1;
        });
    }

    Columns sets_, ends_;
};

/// Counts one unit after another in the periods in which it is active, as changes from period to period.
class SteppedUnits {
  public:
    SteppedUnits(const Pipeline& pipeline, const Options& options, const Periods& periods,
                 const ItemSteps& steps)
        : options_(options),
          n_periods_(static_cast<std::int64_t>(periods.bounds.size()) - 1),
          steps_(steps),
          partial_{PartialCounts(n_periods_ * options.n_groups, pipeline, Amounts::absent),
                   CountVector::Zero(n_periods_ * options.n_groups)},
          changes_(partial_.counted.counts, partial_.moved_out) {}

    void count(std::span<const std::uint32_t> items) {
        if (items.empty()) return;
        gather(items);
        tree_.clear(own_.size());
        now_ = {};
        group_ = 0;
        std::int64_t ends_in = n_periods_;  // the period from which on the unit is not active
        for (std::size_t i = 0; i < changing_.size();) {
            const std::int64_t period = step_of(i).period;
            for (; i < changing_.size() && step_of(i).period == period; ++i) {
                const std::uint32_t number = changing_[i].second;
                tree_.set(number, JointItems::of(step_of(i), steps_.item(own_[number]).first_row, number));
            }
            if (ends_in < period) change(ends_in, {}, group_);
            const JointItems& all = tree_.all();
            const bool is_open = all.standing() == Standing::open;
            const bool is_active =
                all.standing() != Standing::none && (is_open || all.gone_in() >= period);
            const std::int64_t group =
                options_.group.empty() || !is_active ? group_ : options_.group[own_[all.first_item()]];
            change(period, is_active ? all.bits() : UnitBits(), group);
            ends_in = is_active && !is_open ? period + 1 : n_periods_;
        }
        if (ends_in < n_periods_) change(ends_in, {}, group_);
    }

    [[nodiscard]] PartialUnits take() { return std::move(partial_); }

  private:
    [[nodiscard]] const ItemStep& step_of(std::size_t i) const { return *changing_[i].first; }

    /// Brings the steps of a unit's items together in their order.
    void gather(std::span<const std::uint32_t> items) {
        own_.assign(items.begin(), items.end());
        if (!options_.group.empty()) {
            std::sort(own_.begin(), own_.end(), [&](std::uint32_t a, std::uint32_t b) {
                const ItemSteps::Item &one = steps_.item(a), &other = steps_.item(b);
                return std::pair(one.created, one.first_row) < std::pair(other.created, other.first_row);
            });
        }
        changing_.clear();
        for (std::uint32_t number = 0; number < own_.size(); ++number) {
            for (const ItemStep& step : steps_.of_item(own_[number])) changing_.emplace_back(&step, number);
        }
        std::sort(changing_.begin(), changing_.end(),
                  [](const auto& a, const auto& b) { return a.first->period < b.first->period; });
    }

    /// Lets the unit stand otherwise from a period on.
    void change(std::int64_t period, const UnitBits& after, std::int64_t group) {
        const Eigen::Index row = period * options_.n_groups;
        if (group == group_) {
            changes_.add(row + group, now_, after);
        } else {
            changes_.add(row + group_, now_, {});
            changes_.add(row + group, {}, after);
        }
        now_ = after;
        group_ = group;
    }

    const Options& options_;
    std::int64_t n_periods_;
    const ItemSteps& steps_;
    PartialUnits partial_;
    BitChanges changes_;
    std::vector<std::uint32_t> own_;                                    // the items of the unit
    std::vector<std::pair<const ItemStep*, std::uint32_t>> changing_;  // and the item of each step
    ItemTree tree_;
    UnitBits now_;
    std::int64_t group_ = 0;
};

}  // namespace stagefunnel::funnel::inline internal
