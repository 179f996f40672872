#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/questions/funnel/funnel.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::funnel {

/// How one item stands now; none: it has no listed row.
enum class ItemOutcome : std::uint8_t { none, open, won, lost, left_out };

/// Returns the value of an `ItemOutcome` for each item; the rule says which of those that were lost and are
/// won now are left out.
[[nodiscard]] LargeVector<std::uint8_t> outcomes_of_items(const Journeys& journeys, const Pipeline& pipeline,
                                                          LostThenWon lost_then_won, unsigned threads);

/// Sums of amounts in some cells, each rounded once, and how many amounts each has and lacks.
struct CellSums {
    std::vector<double> sum;
    std::vector<std::int64_t> present, missing;
    std::vector<ExactSum> exact;  // `sum` before it is rounded, still times ten to the power of the scale
};

/// Adds up the amounts of each cell; the sums are exact, whatever the order of the amounts.
///
/// @param amount the amounts, NaN where one is missing.
/// @param cell the cell of each amount; -1 leaves it out.
/// @param scale number of decimal places of which the amounts are whole numbers, at most 22.
/// @throws std::invalid_argument if there is not one cell per amount, a cell or the scale lies out of range,
///     or amounts are infinite or add up beyond 2^62.
[[nodiscard]] CellSums sums_of_cells(std::span<const double> amount, std::span<const std::int64_t> cell,
                                     std::size_t n_cells, int scale);

/// Rounds exact sums to double, each of them once.
///
/// @param whole, fraction the two parts of each sum, as `ExactSum` has them.
/// @param scale number of decimal places of which the amounts that were added up are whole numbers, at
///     most 22.
/// @throws std::invalid_argument if there is not one fraction per whole, or the scale lies out of range.
[[nodiscard]] std::vector<double> rounded(std::span<const std::int64_t> whole,
                                          std::span<const std::uint64_t> fraction, int scale);

}  // namespace stagefunnel::funnel
