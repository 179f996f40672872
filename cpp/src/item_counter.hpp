#pragma once

// Counting items in the stages of a funnel. Internal to the core.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "stage_mask.hpp"
#include "stagefunnel/funnel.hpp"
#include "visits.hpp"

namespace stagefunnel {

__extension__ typedef __int128 int128;

inline constexpr int kFractionBits = 64;  // amounts of 2^-12 and more are held without any rounding

inline int128 to_fixed(double amount) {
    return static_cast<int128>(std::nearbyint(std::ldexp(amount, kFractionBits)));
}
inline double from_fixed(int128 sum) { return std::ldexp(static_cast<double>(sum), -kFractionBits); }

/// What one thread counted.
struct FunnelPartial {
    FunnelCounts counts;
    std::vector<int128> sums;

    void merge(const FunnelPartial& other) {
        counts.passed += other.counts.passed;
        counts.assumed += other.counts.assumed;
        counts.visited += other.counts.visited;
        counts.skipped += other.counts.skipped;
        counts.beyond += other.counts.beyond;
        counts.lost_from += other.counts.lost_from;
        counts.open_at += other.counts.open_at;
        counts.amount_missing += other.counts.amount_missing;
        counts.won += other.counts.won;
        counts.lost += other.counts.lost;
        counts.open += other.counts.open;
        counts.left_out += other.counts.left_out;
        counts.reopened_won += other.counts.reopened_won;
        for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += other.sums[i];
    }

    /// The counts, with the sums of the amounts.
    FunnelCounts finish() {
        counts.amount.resize(counts.amount_missing.rows(), counts.amount_missing.cols());
        for (std::size_t i = 0; i < sums.size(); ++i) counts.amount.data()[i] = from_fixed(sums[i]);
        return std::move(counts);
    }
};

inline FunnelPartial empty_partial(Eigen::Index n_groups, Eigen::Index n_rows, bool with_amounts) {
    FunnelPartial partial;
    FunnelCounts& c = partial.counts;
    for (CountMatrix* matrix :
         {&c.passed, &c.assumed, &c.visited, &c.skipped, &c.beyond, &c.lost_from, &c.open_at}) {
        matrix->setZero(n_groups, n_rows);
    }
    for (CountVector* vector : {&c.won, &c.lost, &c.open, &c.left_out, &c.reopened_won})
        vector->setZero(n_groups);
    if (with_amounts) {
        c.amount_missing.setZero(n_groups, n_rows);
        partial.sums.assign(static_cast<std::size_t>(n_groups * n_rows), 0);
    }
    return partial;
}

/// The sets of stages that one item's visits amount to.
template <class Mask>
struct ItemStages {
    explicit ItemStages(const Pipeline& pipeline)
        : n_open(static_cast<std::size_t>(pipeline.n_open())),
          seen(static_cast<std::size_t>(pipeline.n_rows())),
          filled(static_cast<std::size_t>(pipeline.n_rows())),
          in_order(static_cast<std::size_t>(pipeline.n_rows())) {}

    void clear() {
        seen.clear();
        filled.clear();
        in_order.clear();
        next_in_order = 0;
    }

    /// A move fills the stages it passes over; being created counts as a move from before the first stage.
    void fill_move(std::int32_t from, Outcome from_outcome, std::int32_t to, Outcome to_outcome) {
        const auto at = static_cast<std::size_t>(to);
        if (from < 0) {
            if (to_outcome == Outcome::open) filled.set_range(0, at);
            if (to_outcome == Outcome::won) filled.set_range(0, n_open);
            if (to_outcome == Outcome::lost) filled.set_range(0, std::min<std::size_t>(1, n_open));
        } else if (from_outcome == Outcome::open) {
            const auto was = static_cast<std::size_t>(from);
            if (to_outcome == Outcome::open) filled.set_range(std::min(was, at) + 1, std::max(was, at));
            if (to_outcome == Outcome::won) filled.set_range(was + 1, n_open);
        }
    }

    void visit_in_order(std::int32_t row, Outcome outcome) {
        const auto at = static_cast<std::size_t>(row);
        const bool is_next = outcome == Outcome::open && at == next_in_order;
        if (is_next) ++next_in_order;
        if (is_next || outcome == Outcome::lost || (outcome == Outcome::won && next_in_order == n_open)) {
            in_order.set(at);
        }
    }

    std::size_t n_open;
    Mask seen;
    Mask filled;
    Mask in_order;
    std::size_t next_in_order = 0;
};

inline bool is_left_out(const JourneyEnd& end, LostThenWon rule) {
    switch (rule) {
        case LostThenWon::include:
            return false;
        case LostThenWon::exclude:
            return end.flipped_to_won();
        case LostThenWon::exclude_reopened:
            return end.outcome() == Outcome::won && end.any_lost();
    }
    return false;
}

template <class Mask>
class ItemCounter {
  public:
    ItemCounter(const Pipeline& pipeline, const FunnelOptions& options)
        : pipeline_(pipeline),
          options_(options),
          stages_(pipeline),
          partial_(empty_partial(options.n_groups, pipeline.n_rows(), !options.amount.empty())) {}

    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last) {
        for (std::size_t item = first; item < last; ++item) count(journeys, codes, item, 1);
    }

    /// Counts one item for all that are in its state.
    template <class Code>
    void read(const Journeys& journeys, const Code* codes, const Digest& digest) {
        for (const Digest::State& state : digest.states) count(journeys, codes, state.example, state.items);
    }

    void merge(const ItemCounter& other) { partial_.merge(other.partial_); }

    [[nodiscard]] FunnelCounts counts() { return partial_.finish(); }

  private:
    template <class Code>
    void count(const Journeys& journeys, const Code* codes, std::size_t item, std::int64_t n) {
        stages_.clear();
        JourneyEnd end(pipeline_);
        for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1], pipeline_.row_of_code(),
                       [&](std::int32_t row, std::size_t) { visit(end, row); });
        if (!end.empty()) add(item, end, n);
    }

    void visit(JourneyEnd& end, std::int32_t row) {
        const Outcome outcome = pipeline_.outcome_of(row);
        stages_.seen.set(static_cast<std::size_t>(row));
        if (options_.kind == Kind::conversions_moves)
            stages_.fill_move(end.last(), end.outcome(), row, outcome);
        if (options_.kind == Kind::strict) stages_.visit_in_order(row, outcome);
        end.visit(row);
    }

    void add(std::size_t item, const JourneyEnd& end, std::int64_t n) {
        FunnelCounts& counts = partial_.counts;
        const Eigen::Index g = options_.group.empty() ? 0 : options_.group[item];
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
        if (options_.kind == Kind::conversions_won && end.won_entry())
            stages_.filled.set_range(0, stages_.n_open);
        if (options_.kind == Kind::furthest) {
            const std::int32_t reached = end.any_won() ? pipeline_.n_open() : end.furthest() + 1;
            stages_.filled.set_range(0, static_cast<std::size_t>(reached));
        }
        const auto limit = static_cast<std::size_t>(end.beyond_limit());
        const Mask& own = options_.kind == Kind::strict ? stages_.in_order : stages_.seen;
        for (std::size_t w = 0; w < stages_.seen.n_words(); ++w) {
            const std::uint64_t seen = stages_.seen.word(w);
            const std::uint64_t beyond = bits_below(limit, w);
            const std::uint64_t assumed = stages_.filled.word(w) & ~own.word(w);
            for_each_bit(seen, w, [&](Eigen::Index row) { counts.visited(g, row) += n; });
            for_each_bit(own.word(w), w, [&](Eigen::Index row) { counts.passed(g, row) += n; });
            for_each_bit(assumed, w, [&](Eigen::Index row) { counts.assumed(g, row) += n; });
            for_each_bit(beyond & ~seen, w, [&](Eigen::Index row) { counts.skipped(g, row) += n; });
            for_each_bit(beyond & seen, w, [&](Eigen::Index row) { counts.beyond(g, row) += n; });
            if (!options_.amount.empty()) add_amount(g, own.word(w) | assumed, w, options_.amount[item]);
        }
    }

    void add_amount(Eigen::Index g, std::uint64_t reached, std::size_t w, double amount) {
        if (std::isnan(amount)) {
            for_each_bit(reached, w, [&](Eigen::Index row) { ++partial_.counts.amount_missing(g, row); });
            return;
        }
        const int128 fixed = to_fixed(amount);
        const Eigen::Index start = g * pipeline_.n_rows();
        for_each_bit(reached, w, [&](Eigen::Index row) {
            partial_.sums[static_cast<std::size_t>(start + row)] += fixed;
        });
    }

    const Pipeline& pipeline_;
    const FunnelOptions& options_;
    ItemStages<Mask> stages_;
    FunnelPartial partial_;
};

/// True where items of one state count alike.
inline bool is_digestible(const FunnelOptions& options) {
    return options.group.empty() && options.amount.empty() && options.kind != Kind::conversions_moves &&
           options.kind != Kind::strict;
}

/// @throws std::invalid_argument as `count_funnel` does.
void check(const Journeys& journeys, const FunnelOptions& options);

/// Counts from a digest; these options are digestible.
FunnelCounts count_states(const Journeys& journeys, const Pipeline& pipeline, const FunnelOptions& options,
                          const Digest& digest);

}  // namespace stagefunnel
