#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stagefunnel/stats/forecast.hpp"
#include "stats/open_cells.hpp"

namespace stagefunnel::stats::inline internal {

/// The ends that were never seen of items whose chance is 0 or 1 for that reason alone.
///
/// If n visits ended otherwise, all of them, the chance of the end that was not seen is below
/// 1 − (1 − c)^(1/n) with the confidence c (C. J. Clopper and E. S. Pearson, "The use of confidence or
/// fiducial limits", 1934). Half of the draws take it as 0 and the others from the distribution that has
/// these bounds, so that the middle of all draws is what was seen. The items of a stage share it.
class UnseenEnds {
  public:
    UnseenEnds(const ExitBins& exits, const OpenItems& items, std::size_t n_rows, std::size_t most_items);

    /// Puts what never was seen into the outcomes of one draw.
    void draw(std::uint64_t seed, std::uint64_t draw, const DrawnRows& to) const;

  private:
    struct Item {
        double amount;
        std::uint64_t use;  // of random numbers
    };
    /// Items of one row and bin whose chances are sure in the same way.
    struct Cell {
        std::size_t row = 0, stage = 0, first = 0, n = 0;
        double sign = 1;                 // −1: they are won for sure
        double each = 0, each_if = 0;    // the mean of 1/n, and of that of those that are closed
        double amount = 0, squared = 0;  // sums of the amounts and of their squares
        bool is_drawn = true;            // item by item
    };

    std::vector<Cell> cells_;
    std::vector<Item> items_;
};

}  // namespace stagefunnel::stats::inline internal
