#pragma once

// Counts the items of a funnel stage by stage. Internal to the core.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/fixed_sums.hpp"
#include "questions/funnel/kind_rules.hpp"
#include "questions/funnel/ruled_stages.hpp"
#include "scan/stage_set.hpp"
#include "scan/visits.hpp"
#include "stagefunnel/questions/funnel/funnel.hpp"
#include "stagefunnel/questions/funnel/item_states.hpp"

namespace stagefunnel::funnel::inline internal {

inline ExactSum exact_sum(int128 sum) {
    return {static_cast<std::int64_t>(sum >> kFractionBits), static_cast<std::uint64_t>(sum)};
}
inline int128 fixed_of(const ExactSum& sum) {
    return static_cast<int128>(sum.whole) * (static_cast<int128>(1) << kFractionBits) + sum.fraction;
}

/// Sum of the amounts of some items. It is exact in fixed point, so that the order of the items does not
/// matter.
struct AmountSum {
    int128 sum = 0;
    std::int64_t missing = 0;  // items without an amount

    void add(double amount, std::int64_t n) {
        if (std::isnan(amount)) {
            missing += n;
        } else {
            sum += to_fixed(amount) * n;
        }
    }
};

/// Whether amounts are added up beside the counts.
enum class Amounts : std::uint8_t { absent, summed };

inline Amounts amounts_of(const Options& options) {
    return options.amount.empty() ? Amounts::absent : Amounts::summed;
}

/// What one thread counted.
struct PartialCounts {
    Counts counts;
    std::vector<int128> sums;  // amounts of each group and stage, row by row; empty without amounts

    PartialCounts(Eigen::Index n_groups, const Pipeline& pipeline, Amounts amounts) {
        const Eigen::Index n_rows = pipeline.n_rows();
        for (const auto& [name, table] : kStageTables) (counts.*table).setZero(n_groups, n_rows);
        if (!pipeline.has_dates()) counts.beyond_absent.resize(n_groups, 0);
        for (const auto& [name, table] : kGroupTables) (counts.*table).setZero(n_groups);
        if (amounts == Amounts::summed) {
            sums.assign(static_cast<std::size_t>(n_groups * n_rows), 0);
        } else {
            counts.amount_missing.resize(0, 0);
        }
    }

    /// Fills in the tables of which items were counted only in narrower ones.
    void complete(Kind kind) {
        counts.skipped += counts.began_beyond;
        if (kind != Kind::strict) counts.passed = counts.visited;
    }

    /// Rounds the sums to double and returns the counts.
    [[nodiscard]] Counts finish() && {
        if (!sums.empty()) counts.amount.resize(counts.passed.rows(), counts.passed.cols());
        for (std::size_t i = 0; i < sums.size(); ++i) counts.amount.data()[i] = from_fixed(sums[i]);
        counts.sums.resize(sums.size());
        std::transform(sums.begin(), sums.end(), counts.sums.begin(), exact_sum);
        return std::move(counts);
    }

    /// Calls `change(table)` for each table of counts, all of which have one row per group.
    template <class Change>
    void for_each_table(Change change) {
        for (const auto& [name, table] : kStageTables) change(counts.*table);
        for (const auto& [name, table] : kGroupTables) change(counts.*table);
    }

    void merge(const PartialCounts& other) {
        for (const auto& [name, table] : kStageTables) counts.*table += other.counts.*table;
        for (const auto& [name, table] : kGroupTables) counts.*table += other.counts.*table;
        for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += other.sums[i];
    }
};

inline void check_group_range(std::span<const std::int32_t> groups, std::int32_t n_groups) {
    if (n_groups < 1) throw std::invalid_argument("there must be a group");
    // The loop has no early exit, so that compilers vectorise it.
    std::int32_t lowest = 0, highest = 0;
    for (const std::int32_t group : groups) {
        lowest = std::min(lowest, group);
        highest = std::max(highest, group);
    }
    if (lowest < 0 || highest >= n_groups) throw std::invalid_argument("a group lies out of range");
}

inline void check_options(std::size_t n_items, const Options& options) {
    if (!options.group.empty() && options.group.size() != n_items)
        throw std::invalid_argument("groups must be one per item");
    if (!options.amount.empty() && options.amount.size() != n_items)
        throw std::invalid_argument("amounts must be one per item");
    check_group_range(options.group, options.n_groups);
    check_amounts(options.amount);
}
inline void check_options(const Journeys& journeys, const Options& options) {
    check_options(journeys.n_items(), options);
}

/// Counts items under the rules of one funnel.
///
/// It reads the visits of one item, whole with `read` or one by one with `begin` and `visit`, and `add` then
/// counts the item as it stands.
template <class Mask>
class Counter {
  public:
    /// @param n_groups number of rows of the counts; it may exceed the number of groups in the options.
    Counter(const Pipeline& pipeline, const Options& options, Eigen::Index n_groups)
        : pipeline_(pipeline),
          options_(options),
          stages_(pipeline),
          partial_(n_groups, pipeline, amounts_of(options)) {}

    template <class Code>
    void count(const Journeys& journeys, const Code* codes, std::size_t item, std::int64_t n = 1) {
        const scan::JourneyEnd end = read(journeys, codes, item);
        if (!end.empty()) add(options_.group.empty() ? 0 : options_.group[item], item, end, n);
    }

    template <class Code>
    [[nodiscard]] scan::JourneyEnd read(const Journeys& journeys, const Code* codes, std::size_t item) {
        scan::JourneyEnd end = begin();
        scan::for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1],
                             pipeline_.row_of_code(), [&](std::int32_t row, std::size_t i) {
                                 visit(end, row, time_for_rules<Mask>(pipeline_, journeys, i));
                             });
        return end;
    }

    [[nodiscard]] scan::JourneyEnd begin() {
        stages_.clear();
        return scan::JourneyEnd(pipeline_);
    }

    void visit(scan::JourneyEnd& end, std::int32_t row, std::int64_t time) {
        stages_.visit(options_.kind, end, row, pipeline_.outcome_of(row), time);
        end.visit(row);
    }

    /// Counts `n` items like the one that was read, in group `g`; a negative number takes them out again.
    void add(Eigen::Index g, std::size_t item, const scan::JourneyEnd& end, std::int64_t n) {
        AmountSum amounts;
        if (!options_.amount.empty()) amounts.add(options_.amount[item], n);
        add(g, end, n, amounts);
    }

    /// Does the same for items whose amounts are already added up.
    void add(Eigen::Index g, const scan::JourneyEnd& end, std::int64_t n, const AmountSum& amounts) {
        Counts& counts = partial_.counts;
        if (is_left_out(end, options_.lost_then_won)) {
            counts.left_out(g) += n;
            return;
        }
        switch (end.outcome()) {
            case Outcome::open:
                counts.open(g) += n;
                counts.open_at(g, end.last()) += n;
                break;
            case Outcome::won:
                counts.won(g) += n;
                if (end.any_lost()) counts.reopened_won(g) += n;
                break;
            case Outcome::lost:
                counts.lost(g) += n;
                if (end.before_run() >= 0) counts.lost_from(g, end.before_run()) += n;
                break;
        }
        stages_.fill_end(options_.kind, end);
        const Mask& own = stages_.own(options_.kind);
        for (std::size_t w = 0; w < stages_.seen.n_words(); ++w) {
            const std::uint64_t seen = stages_.seen.word(w);
            const std::uint64_t beyond = stages_.beyond(end, w);
            const std::uint64_t began = stages_.began_beyond(end, w);
            const std::uint64_t assumed = stages_.filled.word(w) & ~own.word(w);
            add_stages(g, {seen, beyond, began}, w, n);
            add_to(counts.assumed, g, assumed, w, n);
            if (options_.kind == Kind::strict) add_to(counts.passed, g, own.word(w), w, n);
            if constexpr (Mask::kHasRules) add_to(counts.beyond_absent, g, stages_.beyond_absent(w), w, n);
            if (!options_.amount.empty()) add_amounts(g, own.word(w) | assumed, w, amounts);
        }
    }

    void merge(const Counter& other) { partial_.merge(other.partial_); }

    [[nodiscard]] PartialCounts take() {
        partial_.counts.visited += partial_.counts.beyond;
        partial_.complete(options_.kind);
        return std::move(partial_);
    }

  private:
    /// The stages of one item in one word: visited, gone beyond, and those of the latter that it began
    /// beyond.
    struct Stages {
        std::uint64_t seen, beyond, began;
    };

    /// Adds each stage to the narrowest table that it belongs to; `take` completes the wider ones.
    void add_stages(Eigen::Index g, const Stages& stages, std::size_t w, std::int64_t n) {
        Counts& counts = partial_.counts;
        const auto row_of = [g](CountMatrix& table) { return table.data() + g * table.cols(); };
        const std::array<std::int64_t*, 4> tables{row_of(counts.skipped), row_of(counts.began_beyond),
                                                  row_of(counts.visited), row_of(counts.beyond)};
        const std::uint64_t seen = stages.seen;
        const std::uint64_t narrow = (seen & stages.beyond) | (~seen & stages.began);
        // One loop for all: no processor predicts where a loop over the bits of an item ends.
        scan::for_each_bit(seen | stages.beyond, w, [&](Eigen::Index row) {
            const auto bit = static_cast<std::size_t>(row) % scan::kWordBits;
            tables[2 * (seen >> bit & 1) + (narrow >> bit & 1)][row] += n;
        });
    }

    static void add_to(CountMatrix& table, Eigen::Index g, std::uint64_t rows, std::size_t w,
                       std::int64_t n) {
        scan::for_each_bit(rows, w, [&](Eigen::Index row) { table(g, row) += n; });
    }

    void add_amounts(Eigen::Index g, std::uint64_t reached, std::size_t w, const AmountSum& amounts) {
        const Eigen::Index start = g * pipeline_.n_rows();
        scan::for_each_bit(reached, w, [&](Eigen::Index row) {
            partial_.counts.amount_missing(g, row) += amounts.missing;
            partial_.sums[static_cast<std::size_t>(start + row)] += amounts.sum;
        });
    }

    const Pipeline& pipeline_;
    const Options& options_;
    StagesOf<Mask> stages_;
    PartialCounts partial_;
};

/// Whether items of one state count alike under a kind.
inline bool counts_by_state(Kind kind) { return kind != Kind::conversions_moves && kind != Kind::strict; }

/// Whether the options have neither groups nor amounts, by which items of one state would differ.
inline bool is_plain(const Options& options) { return options.group.empty() && options.amount.empty(); }

/// Whether the number of items of each state is enough to answer the options, without the state of each item.
inline bool is_answered_by_states(const Options& options) {
    return is_plain(options) && counts_by_state(options.kind);
}

/// Counts the items by their states. The states must answer the options, with `of_item` where these are not
/// plain.
Counts count_by_states(const Pipeline& pipeline, const Options& options, const ItemStates& item_states);

}  // namespace stagefunnel::funnel::inline internal
