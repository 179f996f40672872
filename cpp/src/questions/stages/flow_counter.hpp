#pragma once

// Counts the visits that enter and leave the stages, period by period. Internal to the core.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "base/fixed_sums.hpp"
#include "scan/code_meaning.hpp"
#include "stagefunnel/questions/stages/flow.hpp"

namespace stagefunnel::stages::inline internal {

/// Ways of a visit to begin, and those to end.
enum Way : std::size_t {
    kCreated,
    kFromEarlier,
    kFromLater,
    kFromClosed,
    kMovedIn,
    kAdvanced,
    kWentBack,
    kWon,
    kLost,
    kMovedOut,
    kWays
};
constexpr std::size_t kEntries = kAdvanced;  // the ways before it begin a visit

constexpr std::array<CountVector Flow::*, kWays> kCountsOf = {
    &Flow::created,  &Flow::from_earlier, &Flow::from_later, &Flow::from_closed, &Flow::moved_in,
    &Flow::advanced, &Flow::went_back,    &Flow::won,        &Flow::lost,        &Flow::moved_out};
constexpr std::array<SumVector FlowAmounts::*, kWays> kAmountsOf = {
    &FlowAmounts::created,  &FlowAmounts::from_earlier, &FlowAmounts::from_later, &FlowAmounts::from_closed,
    &FlowAmounts::moved_in, &FlowAmounts::advanced,     &FlowAmounts::went_back,  &FlowAmounts::won,
    &FlowAmounts::lost,     &FlowAmounts::moved_out};

/// What is the same for all items.
struct Question {
    const Pipeline& pipeline;
    const FlowOptions& options;
    std::vector<scan::CodeMeaning> meaning;

    [[nodiscard]] std::size_t n_rows() const { return static_cast<std::size_t>(pipeline.n_rows()); }
    [[nodiscard]] std::size_t n_periods() const { return options.starts.size(); }
    [[nodiscard]] std::size_t n_cells() const { return n_periods() * n_rows(); }
};

/// The moves of some items, one number per way, period and stage, and where they stood before the first
/// period. What stands at the ends of the periods follows from them.
template <class Number>
struct Moves {
    std::vector<Number> ways, at_start;

    explicit Moves(const Question& question)
        : ways(kWays * question.n_cells(), Number{}), at_start(question.n_rows(), Number{}) {}

    void merge(const Moves& other) {
        for (std::size_t i = 0; i < ways.size(); ++i) ways[i] += other.ways[i];
        for (std::size_t i = 0; i < at_start.size(); ++i) at_start[i] += other.at_start[i];
    }

    void clear() {
        std::fill(ways.begin(), ways.end(), Number{});
        std::fill(at_start.begin(), at_start.end(), Number{});
    }
};

/// What amounts add to the counts.
struct Money {
    Moves<int128> moves;
    std::vector<int128> raised, lowered;     // of each period and stage
    std::vector<std::int64_t> missing_more;  // visits without an amount, more than in the period before

    explicit Money(const Question& question)
        : moves(question),
          raised(question.n_cells(), 0),
          lowered(question.n_cells(), 0),
          missing_more(question.n_cells(), 0) {}

    void merge(const Money& other) {
        moves.merge(other.moves);
        for (std::size_t i = 0; i < raised.size(); ++i) {
            raised[i] += other.raised[i];
            lowered[i] += other.lowered[i];
            missing_more[i] += other.missing_more[i];
        }
    }

    void clear() {
        moves.clear();
        std::fill(raised.begin(), raised.end(), 0);
        std::fill(lowered.begin(), lowered.end(), 0);
        std::fill(missing_more.begin(), missing_more.end(), 0);
    }
};

/// Nothing is added up.
struct NoMoney {
    explicit NoMoney(const Question& /*question*/) {}
    void merge(const NoMoney& /*other*/) {}
    void clear() {}
};

/// Counts the moves of one item after another.
///
/// @tparam Amounts `Money` or `NoMoney`.
template <class Amounts>
class FlowCounter {
  public:
    explicit FlowCounter(const Question& question)
        : question_(question), counts_(question), money_(question) {}

    template <class Code>
    void count(const Journeys& journeys, const Code* codes, std::size_t item) {
        const FlowOptions& options = question_.options;
        State state;
        if constexpr (kHasMoney) {
            if (options.amount_of_item) learn(state, options.amount[item]);
        }
        for (std::size_t i = journeys.offsets[item]; i < journeys.offsets[item + 1]; ++i) {
            const std::int64_t time = journeys.time[i];
            if (options.end && time >= *options.end) break;
            const scan::CodeMeaning stage = question_.meaning[codes[i]];
            if (stage.where == scan::Where::nowhere) continue;
            if (state.next < options.starts.size() && time >= options.starts[state.next]) pass(state, time);
            if constexpr (kHasMoney) {
                if (!options.amount_of_item) learn(state, options.amount[i]);
            }
            const std::int32_t to = stage.where == scan::Where::here ? stage.row : kElsewhere;
            if (to == state.at) continue;
            if (state.next > 0) add_move(state, to);
            state.at = to;
            state.since = state.next > 0 ? state.next - 1 : 0;
        }
        if (state.next == 0) start(state);
        if (state.at >= 0) end_unknown(state, question_.n_periods());
    }

    void merge(const FlowCounter& other) {
        counts_.merge(other.counts_);
        money_.merge(other.money_);
    }

    /// Writes the balance of the items since the last call to the places of a group.
    void move_to(Flow& table, std::size_t group) {
        balance(table, group);
        counts_.clear();
        money_.clear();
    }

  private:
    static constexpr std::int32_t kNowhere = -1, kElsewhere = -2;
    static constexpr bool kHasMoney = std::is_same_v<Amounts, Money>;

    /// Where an item is while its rows are read.
    struct State {
        std::int32_t at = kNowhere;
        std::size_t next = 0;   // periods that have begun
        std::size_t since = 0;  // period in which the visit began, or the first
        bool is_known = false;  // whether it has an amount
        int128 amount = 0;
    };

    /// Lets the period of a moment begin.
    void pass(State& state, std::int64_t time) {
        if (state.next == 0) start(state);
        const auto starts = question_.options.starts;
        // A period is often the next one.
        ++state.next;
        if (state.next < starts.size() && time >= starts[state.next]) {
            const auto from = starts.begin() + static_cast<std::ptrdiff_t>(state.next);
            state.next =
                static_cast<std::size_t>(std::upper_bound(from, starts.end(), time) - starts.begin());
        }
    }

    /// Counts an item where it stands before the first period.
    void start(const State& state) {
        if (state.at < 0) return;
        const auto row = static_cast<std::size_t>(state.at);
        ++counts_.at_start[row];
        if constexpr (kHasMoney) money_.moves.at_start[row] += state.amount;
    }

    /// Takes the amount of a row, if it has one.
    void learn(State& state, double amount) {
        if (std::isnan(amount)) return;
        const int128 now = to_fixed(amount);
        if (state.at >= 0 && state.next > 0) {
            const std::size_t cell = cell_of(state.next - 1, state.at);
            if (now > state.amount) money_.raised[cell] += now - state.amount;
            if (now < state.amount) money_.lowered[cell] += state.amount - now;
            end_unknown(state, state.next - 1);
        }
        state.amount = now;
        state.is_known = true;
    }

    /// Counts a visit without an amount in the periods from its first one up to `end`.
    void end_unknown([[maybe_unused]] const State& state, [[maybe_unused]] std::size_t end) {
        if constexpr (kHasMoney) {
            if (state.is_known || state.since >= end) return;
            ++money_.missing_more[cell_of(state.since, state.at)];
            if (end < question_.n_periods()) --money_.missing_more[cell_of(end, state.at)];
        }
    }

    void add_move(const State& state, std::int32_t to) {
        const std::size_t period = state.next - 1;
        if (state.at >= 0) {
            add(leaving(state.at, to), cell_of(period, state.at), state);
            end_unknown(state, state.next);
        }
        if (to >= 0) add(entering(state.at, to), cell_of(period, to), state);
    }

    void add(Way way, std::size_t cell, const State& state) {
        const std::size_t place = way * question_.n_cells() + cell;
        ++counts_.ways[place];
        if constexpr (kHasMoney) money_.moves.ways[place] += state.amount;
    }

    [[nodiscard]] std::size_t cell_of(std::size_t period, std::int32_t row) const {
        return period * question_.n_rows() + static_cast<std::size_t>(row);
    }

    [[nodiscard]] Way leaving(std::int32_t from, std::int32_t to) const {
        if (to == kElsewhere) return kMovedOut;
        switch (question_.pipeline.outcome_of(to)) {
            case Outcome::won:
                return kWon;
            case Outcome::lost:
                return kLost;
            case Outcome::open:
                break;
        }
        return to > from ? kAdvanced : kWentBack;
    }

    [[nodiscard]] Way entering(std::int32_t from, std::int32_t to) const {
        if (from == kNowhere) return kCreated;
        if (from == kElsewhere) return kMovedIn;
        if (question_.pipeline.outcome_of(from) != Outcome::open) return kFromClosed;
        return from < to ? kFromEarlier : kFromLater;
    }

    void balance(Flow& table, std::size_t group) const {
        const std::size_t n_rows = question_.n_rows(), n_cells = question_.n_cells();
        const RoundedSum rounded(question_.options.scale);
        for (std::size_t row = 0; row < n_rows; ++row) {
            std::int64_t standing = counts_.at_start[row];
            [[maybe_unused]] std::int64_t missing = 0;
            [[maybe_unused]] int128 amount = 0;
            if constexpr (kHasMoney) amount = money_.moves.at_start[row];
            for (std::size_t cell = row; cell < n_cells; cell += n_rows) {
                const auto place = static_cast<Eigen::Index>(group * n_cells + cell);
                table.at_start(place) = standing;
                for (std::size_t way = 0; way < kWays; ++way) {
                    const std::int64_t n = counts_.ways[way * n_cells + cell];
                    (table.*kCountsOf[way])(place) = n;
                    standing += way < kEntries ? n : -n;
                }
                table.at_end(place) = standing;
                if constexpr (kHasMoney) {
                    missing += money_.missing_more[cell];
                    table.amount_missing(place) = missing;
                    if (question_.options.sums == FlowSums::exact)
                        keep_exact(table, static_cast<std::size_t>(place), cell, amount);
                    amount = balance_amounts(table.amount, place, cell, amount, rounded);
                }
            }
        }
    }

    /// Writes the sums of a period and stage that begins with some amount, not rounded.
    void keep_exact(Flow& table, std::size_t place, std::size_t cell, int128 at_start) const {
        std::size_t to = place * kExactFlowSums.size();
        const auto keep = [&](int128 sum) {
            table.exact_whole[to] = static_cast<std::int64_t>(sum >> kFractionBits);
            table.exact_fraction[to] = static_cast<std::uint64_t>(sum);
            ++to;
        };
        keep(at_start);
        for (std::size_t way = 0; way < kWays; ++way)
            keep(money_.moves.ways[way * question_.n_cells() + cell]);
        keep(money_.raised[cell]);
        keep(money_.lowered[cell]);
    }

    /// Writes the amounts of a period and stage that begins with some amount; returns that at its end.
    [[nodiscard]] int128 balance_amounts(FlowAmounts& table, Eigen::Index place, std::size_t cell,
                                         int128 amount, const RoundedSum& rounded) const {
        table.at_start(place) = rounded(amount);
        int128 entered = 0;
        for (std::size_t way = 0; way < kWays; ++way) {
            const int128 sum = money_.moves.ways[way * question_.n_cells() + cell];
            (table.*kAmountsOf[way])(place) = rounded(sum);
            if (way < kEntries) entered += sum;
            amount += way < kEntries ? sum : -sum;
        }
        table.entered(place) = rounded(entered);
        table.raised(place) = rounded(money_.raised[cell]);
        table.lowered(place) = rounded(money_.lowered[cell]);
        amount += money_.raised[cell] - money_.lowered[cell];
        table.at_end(place) = rounded(amount);
        return amount;
    }

    const Question& question_;
    Moves<std::int64_t> counts_;
    Amounts money_;
};

}  // namespace stagefunnel::stages::inline internal
