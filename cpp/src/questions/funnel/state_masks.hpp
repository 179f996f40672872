#pragma once

// The counts to which one item of each state adds. Internal to the core.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "questions/funnel/funnel_counter.hpp"
#include "scan/stage_set.hpp"
#include "stagefunnel/questions/funnel/item_states.hpp"

namespace stagefunnel::funnel::inline internal {

/// The counts to which one item of each state adds, as masks: all tables of `Counts` side by side, in the
/// order of `for_each_table`.
class StateMasks {
  public:
    template <class Code>
    StateMasks(const Code* codes, const Pipeline& pipeline, const Options& options,
               const ItemStates& item_states)
        : n_states_(item_states.states.size()), n_rows_(pipeline.n_rows()) {
        Options by_state;  // each state is a group
        by_state.kind = options.kind;
        by_state.lost_then_won = options.lost_then_won;
        const auto n_states = static_cast<Eigen::Index>(item_states.states.size());
        PartialCounts units = scan::with_stage_set(pipeline, [&]<class Mask>() {
            Counter<Mask> counter(pipeline, by_state, std::max<Eigen::Index>(n_states, 1));
            for (Eigen::Index state = 0; state < n_states; ++state) {
                const auto example = static_cast<std::size_t>(state);
                counter.add(state, example, counter.read(item_states.examples, codes, example), 1);
            }
            return counter.take();
        });
        reached_ = units.counts.passed + units.counts.assumed;
        units.counts.passed.resize(0, 0);  // these kinds pass what is visited
        units.for_each_table([&](const auto& table) {
            for (Eigen::Index column = 0; column < table.cols(); ++column, ++width_) {
                if ((table.col(column).head(n_states).array() != 0).any()) add_column(table.col(column));
            }
        });
    }

    /// Writes the counts of some items.
    ///
    /// @param present the states of the items.
    /// @param items how many items each state has.
    void count(std::span<const std::uint32_t> present, std::span<const std::uint32_t> items,
               std::vector<std::uint32_t>& counts) const {
        counts.assign(width_, 0);
        for (std::size_t first = 0; first < columns_.size(); first += kColumns) {
            const Columns* const masks = masks_.data() + first / kColumns * n_states_;
            Columns sums{};
            for (const std::uint32_t state : present) {
                for (std::size_t i = 0; i < kColumns; ++i) sums[i] += items[state] & masks[state][i];
            }
            for (std::size_t i = first; i < std::min(first + kColumns, columns_.size()); ++i)
                counts[columns_[i]] = sums[i - first];
        }
    }

    /// Calls `at(stage)` for each stage in which items of a state count.
    template <class At>
    void for_each_reached(std::uint32_t state, At at) const {
        for (Eigen::Index row = 0; row < n_rows_; ++row) {
            if (reached_(static_cast<Eigen::Index>(state), row) != 0) at(row);
        }
    }

  private:
    /// Columns that fit into the registers of a processor, and into one line of its cache.
    static constexpr std::size_t kColumns = 16;
    using Columns = std::array<std::uint32_t, kColumns>;

    /// Adds the column `width_` of the tables.
    template <class Column>
    void add_column(const Column& column) {
        const std::size_t place = columns_.size();
        if (place % kColumns == 0) masks_.resize(masks_.size() + n_states_);
        Columns* const masks = masks_.data() + masks_.size() - n_states_;
        for (std::size_t state = 0; state < n_states_; ++state)
            masks[state][place % kColumns] = column(static_cast<Eigen::Index>(state)) != 0 ? ~0U : 0U;
        columns_.push_back(width_);
    }

    std::size_t n_states_;
    Eigen::Index n_rows_;
    std::size_t width_ = 0;             // columns of all tables
    std::vector<std::size_t> columns_;  // those to which any state adds
    std::vector<Columns> masks_;        // of all states the first of these, then of all states the next ones
    CountMatrix reached_;
};

}  // namespace stagefunnel::funnel::inline internal
