#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "stagefunnel/stats/incidence.hpp"

namespace stagefunnel::stats {

/// Spells counted by group and age: all that curves need of them.
///
/// Ages are 0, `step`, twice `step` and so on.
struct RiskCells {
    std::size_t n_groups = 1;
    std::size_t n_ages = 1;
    std::size_t n_causes = 1;
    std::int64_t step = 1;
    std::vector<std::uint32_t> ended;     // by group, age and how: watched from then on, censored, each cause
    std::vector<std::uint32_t> followed;  // by group and age: spells that would have been watched until then
    std::vector<std::int64_t> from_start;  // by group: spells that are watched from their beginning
    std::int64_t left_out = 0;             // spells that are in no cell
    bool enters_before = true;  // those that are watched from an age on are so at what happens at it too

    /// Number of counts of each age in `ended`.
    [[nodiscard]] std::size_t width() const { return 2 + n_causes; }

    /// Makes cells that are empty, for ages up to a largest one, which is a multiple of the step.
    ///
    /// @return Nothing where cells would be many for so many spells, so that it is better to sort these.
    [[nodiscard]] static std::optional<RiskCells> empty(std::size_t n_spells, std::size_t n_groups,
                                                        std::size_t n_causes, std::int64_t step,
                                                        std::int64_t oldest);

    /// Counts a spell of a group that ended after so many steps, of a cause or `Spells::kCensored`, and would
    /// have been watched for so many.
    ///
    /// @param entered 0: it is watched from its beginning; else what happens after so many steps is the first
    ///     that is seen of it.
    void add(std::size_t group, std::size_t steps, std::int32_t cause, std::size_t until,
             std::size_t entered = 0) {
        const std::size_t first = group * n_ages;
        ++ended[(first + steps) * width() + static_cast<std::size_t>(2 + cause)];
        ++followed[first + until];
        if (entered > 0)
            ++ended[(first + entered) * width()];
        else
            ++from_start[group];
    }

    void merge(const RiskCells& next);
};

/// Estimates the curves of spells that are counted, as `estimate_incidence` does of a list of them.
[[nodiscard]] IncidenceCurves estimate_incidence(const RiskCells& cells,
                                                 const std::optional<WantedTimes>& wanted,
                                                 std::int64_t min_at_risk, unsigned threads);

/// Estimates the variances of such curves, as `robust_variances` does of a list of spells each of which is an
/// item of its own.
///
/// @throws std::invalid_argument if some are not watched from their beginning.
[[nodiscard]] std::vector<double> robust_variances(const RiskCells& cells,
                                                   const std::optional<WantedTimes>& wanted,
                                                   std::int64_t min_at_risk, unsigned threads);

}  // namespace stagefunnel::stats
