#pragma once

// Counts units over periods from the steps of their items. Internal to the core.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/sorting_networks.hpp"
#include "questions/funnel/item_steps.hpp"
#include "questions/funnel/unit_bits.hpp"
#include "questions/funnel/unit_counter.hpp"

namespace stagefunnel::funnel::inline internal {

/// The items of one unit as they stand. Those of a large unit are the leaves of a tree, in which each part
/// has what its two halves have: where one item changes, so do the parts that hold it, and no others.
class ItemTree {
  public:
    void clear(std::size_t n_items) {
        n_ = n_items;
        parts_.assign(2 * n_items, JointItems());
    }
    void set(std::size_t item, const JointItems& one) {
        std::size_t i = n_ + item;
        parts_[i] = one;
        if (n_ <= kFew) return;
        while ((i /= 2) > 0) {
            parts_[i] = parts_[2 * i];
            parts_[i].join(parts_[2 * i + 1]);
        }
    }
    [[nodiscard]] JointItems all() const {
        if (n_ > kFew) return parts_[1];
        JointItems all = parts_[n_];
        for (std::size_t i = n_ + 1; i < 2 * n_; ++i) all.join(parts_[i]);
        return all;
    }

  private:
    static constexpr std::size_t kFew = 8;  // items that are joined faster than they are changed in a tree

    std::size_t n_ = 0;
    std::vector<JointItems> parts_;  // the halves of part i are 2 i and 2 i + 1; items stand last
};

/// Adds the bits of units to counts, which are changes from one period to the next.
class BitChanges {
  public:
    /// @param kind all but the strict one pass what they visit, which is not counted twice.
    BitChanges(Counts& counts, CountVector& moved_out, Kind kind)
        : counted_sets_(kind == Kind::strict ? ~std::uint64_t{0}
                                             : ~(UnitState::kRowBits << UnitState::kRows)) {
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
        add(sets_, row, before.sets & counted_sets_, after.sets & counted_sets_);
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

    std::uint64_t counted_sets_;
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
          changes_(partial_.counted.counts, partial_.moved_out, options.kind) {}

    void count(std::span<const std::uint32_t> items) {
        if (items.empty()) return;
        gather(items);
        tree_.clear(own_.size());
        now_ = {};
        group_ = 0;
        std::int64_t ends_in = n_periods_;  // the period from which on the unit is not active
        for (std::size_t i = 0; i < order_.size();) {
            const std::uint64_t period_word = order_[i] >> 32U;
            for (; i < order_.size() && order_[i] >> 32U == period_word; ++i) {
                const Change& one = changing_[order_[i] & kLow];
                tree_.set(one.number, one.item);
            }
            const auto period = static_cast<std::int64_t>(period_word);
            if (ends_in < period) change(ends_in, {}, group_);
            const JointItems all = tree_.all();
            const bool is_open = all.standing() == Standing::open;
            const bool is_active = all.standing() != Standing::none && (is_open || all.gone_in() >= period);
            const std::int64_t group =
                options_.group.empty() || !is_active ? group_ : options_.group[own_[all.first_item()]];
            change(period, is_active ? all.bits() : UnitBits(), group);
            ends_in = is_active && !is_open ? period + 1 : n_periods_;
        }
        if (ends_in < n_periods_) change(ends_in, {}, group_);
    }

    /// Returns the changes at each period.
    [[nodiscard]] PartialUnits take() {
        Counts& counts = partial_.counted.counts;
        if (options_.kind != Kind::strict) counts.passed = counts.visited;
        return std::move(partial_);
    }

  private:
    /// A step of one of the items.
    struct Change {
        JointItems item;
        std::uint32_t number;  // the place of the item in `own_`
    };
    static constexpr std::uint64_t kLow = 0xFFFFFFFFU;

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
        order_.clear();
        for (std::uint32_t number = 0; number < own_.size(); ++number) {
            const std::uint32_t first_row = steps_.item(own_[number]).first_row;
            for (const ItemStep& step : steps_.of_item(own_[number])) {
                order_.push_back(static_cast<std::uint64_t>(step.period) << 32U | changing_.size());
                changing_.push_back({step.joint(first_row, number), number});
            }
        }
        if (order_.size() <= kMostInNetwork) {
            sort_padded(order_);
        } else {
            std::sort(order_.begin(), order_.end());
        }
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
    std::vector<std::uint32_t> own_;    // the items of the unit
    std::vector<Change> changing_;      // all their steps, item after item
    std::vector<std::uint64_t> order_;  // the period and the place of each step, in order
    ItemTree tree_;
    UnitBits now_;
    std::int64_t group_ = 0;
};

}  // namespace stagefunnel::funnel::inline internal
