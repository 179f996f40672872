#pragma once

// Walking the visits of a journey. Internal to the core.

#include <cstddef>
#include <cstdint>

#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::scan::inline internal {

/// Calls `at_visit(row, i)` for each visit: `row` is its stage, `i` its first row in the journey. Unlisted
/// rows are skipped, so that they do not split a visit.
template <class Code, class AtVisit>
void for_each_visit(const Code* codes, std::size_t begin, std::size_t end, const std::int32_t* row_of_code,
                    AtVisit at_visit) {
    std::int32_t last = Pipeline::kUnlisted;
    for (std::size_t i = begin; i < end; ++i) {
        const std::int32_t row = row_of_code[codes[i]];
        if (row == Pipeline::kUnlisted || row == last) continue;
        last = row;
        at_visit(row, i);
    }
}

/// The end of a journey: how the visits of an item, given in their order, end.
class JourneyEnd {
  public:
    explicit JourneyEnd(const Pipeline& pipeline) : pipeline_(pipeline) {}

    void visit(std::int32_t row) {
        const Outcome outcome = pipeline_.outcome_of(row);
        if (last_ < 0) first_ = row;
        if (last_ < 0 || outcome != outcome_) before_run_ = last_;
        // A win counts as an entry if it opens the journey or follows work in progress, not a loss.
        if (outcome == Outcome::won && (last_ < 0 || outcome_ == Outcome::open)) won_entry_ = true;
        if (outcome == Outcome::won) any_won_ = true;
        if (outcome == Outcome::lost) any_lost_ = true;
        if (outcome == Outcome::open && row > furthest_) furthest_ = row;
        last_ = row;
        outcome_ = outcome;
    }
    [[nodiscard]] bool empty() const { return last_ < 0; }
    [[nodiscard]] std::int32_t last() const { return last_; }
    [[nodiscard]] Outcome outcome() const { return outcome_; }
    /// Returns the stage of the last visit before the final run of visits with one outcome, or -1 if this run
    /// begins the journey.
    [[nodiscard]] std::int32_t before_run() const { return before_run_; }
    [[nodiscard]] std::int32_t furthest() const { return furthest_; }
    [[nodiscard]] bool any_won() const { return any_won_; }
    [[nodiscard]] bool any_lost() const { return any_lost_; }
    [[nodiscard]] bool won_entry() const { return won_entry_; }
    /// Whether the journey ends in a win that directly follows a loss.
    [[nodiscard]] bool flipped_to_won() const {
        return outcome_ == Outcome::won && before_run_ >= 0 &&
               pipeline_.outcome_of(before_run_) == Outcome::lost;
    }
    /// Returns a row: the open stages below it were passed.
    [[nodiscard]] std::int32_t beyond_limit() const {
        return any_won_ ? pipeline_.n_open() : (furthest_ < 0 ? 0 : furthest_);
    }
    /// Returns a row: the first visit was beyond the open stages below it.
    [[nodiscard]] std::int32_t began_limit() const {
        return first_ < 0 ? 0 : began_limit_of(pipeline_, first_);
    }
    /// Returns the same for an item whose first visit is of the stage `row`.
    [[nodiscard]] static std::int32_t began_limit_of(const Pipeline& pipeline, std::int32_t row) {
        switch (pipeline.outcome_of(row)) {
            case Outcome::open:
                return row;
            case Outcome::won:
                return pipeline.n_open();
            case Outcome::lost:
                return 0;
        }
        return 0;
    }

  private:
    const Pipeline& pipeline_;
    std::int32_t first_ = -1;
    std::int32_t last_ = -1;
    std::int32_t before_run_ = -1;
    std::int32_t furthest_ = -1;
    Outcome outcome_ = Outcome::open;
    bool any_won_ = false;
    bool any_lost_ = false;
    bool won_entry_ = false;
};

}  // namespace stagefunnel::scan::inline internal
