#pragma once

// How the journey of an item ends, read row by row. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::funnel::inline internal {

/// An automaton that reads the stages of an item and knows how its journey ends so far.
///
/// It knows the last stage; of a win also whether a loss comes before the closing run of wins, and of a loss
/// the stage before the closing run of losses; and whether the item entered a won stage: from work in
/// progress, or as its first visit. Each row is one step without a branch, unlisted rows too, because no
/// processor foresees which outcome comes next.
class EndingSteps {
  public:
    EndingSteps() = default;
    explicit EndingSteps(const Pipeline& pipeline)
        : n_rows_(static_cast<std::size_t>(pipeline.n_rows())), pipeline_(&pipeline) {
        number_ends();
        const std::size_t n_states = 1 + n_rows_ * (n_rows_ + 1) * 2;
        for (std::size_t state = 0; state < n_states; ++state) add_steps_of(state);
        pipeline_ = nullptr;
    }

    /// Where every item begins.
    static constexpr std::size_t kStart = 0;

    /// @param row of the pipeline; `unlisted()` changes nothing.
    [[nodiscard]] std::size_t next(std::size_t state, std::size_t row) const { return steps_[state + row]; }
    [[nodiscard]] std::size_t unlisted() const { return n_rows_; }
    /// Returns a number below `size()` that stands for the ending, and nothing else.
    [[nodiscard]] std::size_t ending(std::size_t state) const { return steps_[state + n_rows_ + 1]; }
    [[nodiscard]] std::size_t size() const { return size_of(n_ends_); }
    /// Whether an item with this ending entered a won stage.
    static bool is_won_entry(std::size_t ending) { return ending % 2 != 0; }

    static std::size_t size(const Pipeline& pipeline) {
        const auto n = static_cast<std::size_t>(pipeline.n_rows());
        const auto n_open = static_cast<std::size_t>(pipeline.n_open());
        const auto n_won = static_cast<std::size_t>(pipeline.n_won());
        return size_of(n_open + 2 * n_won + (n - n_open - n_won) * (n + 1));
    }

  private:
    static std::size_t size_of(std::size_t n_ends) { return n_ends * 2; }

    [[nodiscard]] Outcome outcome_of(std::size_t row) const {
        return pipeline_->outcome_of(static_cast<std::int32_t>(row));
    }

    /// Gives a number to each end, for each last stage and each stage before the closing run, or none.
    void number_ends() {
        const auto is_lost = [&](std::size_t row) {
            return row < n_rows_ && outcome_of(row) == Outcome::lost;
        };
        for (std::size_t stage = 0; stage < n_rows_; ++stage) {
            const Outcome outcome = outcome_of(stage);
            for (std::size_t before = 0; before <= n_rows_; ++before) {
                const std::size_t own = outcome == Outcome::lost                     ? before
                                        : outcome == Outcome::won && is_lost(before) ? 1
                                                                                     : 0;
                end_numbers_.push_back(n_ends_ + own);
            }
            n_ends_ += outcome == Outcome::lost ? n_rows_ + 1 : outcome == Outcome::won ? 2 : 1;
        }
    }

    /// Returns where the steps of a state begin.
    [[nodiscard]] std::size_t state_of(std::size_t stage, std::size_t before_run, bool is_won_entry) const {
        const std::size_t own = (stage * (n_rows_ + 1) + before_run) * 2 + (is_won_entry ? 1 : 0);
        return (1 + own) * (n_rows_ + 2);
    }

    void add_steps_of(std::size_t state) {
        const auto add = [&](std::size_t value) { steps_.push_back(static_cast<std::uint16_t>(value)); };
        const std::size_t own = state == 0 ? 0 : (state - 1) / 2;
        const std::size_t stage = own / (n_rows_ + 1), before_run = own % (n_rows_ + 1);
        const bool has_begun = state != 0, is_won_entry = has_begun && (state - 1) % 2 != 0;
        for (std::size_t row = 0; row < n_rows_; ++row) {
            const bool is_won = outcome_of(row) == Outcome::won;
            if (!has_begun) {
                add(state_of(row, n_rows_, is_won));
                continue;
            }
            // A win that follows work in progress is an entry too.
            const bool is_entry = is_won && outcome_of(stage) == Outcome::open;
            add(state_of(row, outcome_of(row) != outcome_of(stage) ? stage : before_run,
                         is_won_entry || is_entry));
        }
        add(state * (n_rows_ + 2));
        add(has_begun ? end_numbers_[own] * 2 + (is_won_entry ? 1 : 0) : 0);
    }

    std::size_t n_rows_ = 0;
    const Pipeline* pipeline_ = nullptr;  // while the steps are made
    std::size_t n_ends_ = 0;
    std::vector<std::size_t> end_numbers_;  // of each last stage and stage before the closing run
    // For each state the next one after each row and after an unlisted one, then its ending. A state is where
    // its own steps begin.
    std::vector<std::uint16_t> steps_;
};

}  // namespace stagefunnel::funnel::inline internal
