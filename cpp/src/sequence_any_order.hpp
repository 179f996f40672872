#pragma once

// The modes of a sequence in which steps need no order. Internal to the core.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sequence_finder.hpp"
#include "sequence_points.hpp"
#include "sequence_rules.hpp"

namespace stagefunnel {

/// Most steps that rows can fill, as rows come and go.
class StepsOfRows {
  public:
    explicit StepsOfRows(std::size_t n_steps) : n_steps_(n_steps) { clear(); }

    void clear();
    void add(std::uint64_t steps, std::size_t n_rows);
    void remove(std::uint64_t steps, std::size_t n_rows);
    /// Steps that are filled. Rows are given anew until no other way fills more.
    [[nodiscard]] std::size_t n_filled() const { return n_filled_; }
    [[nodiscard]] bool would_fill_more(std::uint64_t steps) const;

  private:
    static constexpr std::size_t kNone = ~std::size_t{0};
    struct Kind {
        std::uint64_t steps;
        std::size_t n_rows;
        std::size_t n_used;
    };
    [[nodiscard]] std::size_t kind_of(std::uint64_t steps);
    bool fill(std::size_t step);
    bool find(std::size_t step);
    bool make_way(std::size_t kind);
    void fill_what_can_be();

    std::size_t n_steps_;
    std::size_t n_filled_ = 0;
    std::vector<Kind> kinds_;
    std::vector<std::uint8_t> tried_;
    std::array<std::size_t, 64> filled_by_{};
};

/// Most distinct steps inside one window.
[[nodiscard]] Told find_unordered(const SequenceRules& rules, const Points& points);
/// Steps after the first one in any order, in the window of the first row of step 1.
[[nodiscard]] Told find_hybrid(const SequenceRules& rules, const Points& points);
/// Each step by itself, at its first row.
[[nodiscard]] Told find_open(const SequenceRules& rules, const Points& points);

}  // namespace stagefunnel
