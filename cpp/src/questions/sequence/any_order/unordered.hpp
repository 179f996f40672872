#pragma once

// The modes of a sequence in which steps need no order. Internal to the core.

#include <cstddef>
#include <cstdint>

#include "questions/sequence/in_order/match_finder.hpp"
#include "questions/sequence/rules/points.hpp"
#include "questions/sequence/rules/row_matching.hpp"
#include "questions/sequence/rules/rules.hpp"

namespace stagefunnel::sequence::inline internal {

/// Most steps that rows can fill, as rows come and go.
class WindowMatching {
  public:
    explicit WindowMatching(std::size_t n_steps) : n_steps_(n_steps), filling_(n_steps) {}

    void add(std::uint64_t steps, std::size_t n_rows) {
        // More rows of a kind than there are steps fill no more of them.
        if (filling_.supply(steps, n_rows) < n_steps_) n_filled_ += filling_.fill_more();
    }
    void remove(std::uint64_t steps, std::size_t n_rows) {
        n_filled_ -= filling_.withdraw(steps, n_rows);
        n_filled_ += filling_.fill_more();
    }
    /// Steps that are filled. Rows are given anew until no other way fills more.
    [[nodiscard]] std::size_t n_filled() const { return n_filled_; }
    [[nodiscard]] bool would_fill_more(std::uint64_t steps) const;

  private:
    std::size_t n_steps_;
    std::size_t n_filled_ = 0;
    RowMatching filling_;
};

/// Most distinct steps inside one window.
[[nodiscard]] ItemMatch find_unordered(const Rules& rules, const Points& points);
/// Steps after the first one in any order, in the window of the first row of step 1.
[[nodiscard]] ItemMatch find_hybrid(const Rules& rules, const Points& points);
/// Each step by itself, at its first row.
[[nodiscard]] ItemMatch find_open(const Rules& rules, const Points& points);

}  // namespace stagefunnel::sequence::inline internal
