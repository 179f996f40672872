#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/base/memory.hpp"

namespace stagefunnel::stats {

/// How visits of each stage end, by steps of age of one length: shares of all visits of the stage.
///
/// Step 0 holds what ends at once. A row of `chance` has a column for each stage that may follow, one for won
/// and one for any other end.
struct StepShares {
    std::size_t n_stages = 0;
    std::size_t n_ages = 0;          // steps of age from 0; at least one if there is a stage
    std::span<const double> chance;  // by stage, step and what follows
    std::span<const double> left;    // by stage and step: what has not ended by the end of the step

    /// @throws std::invalid_argument if the sizes do not fit.
    void check() const;
};

/// Solves the Markov renewal equation: by stage and step of age the chance of one who is still there at the
/// end of the step to be won within so many steps.
///
/// What ends at age 0 goes on in the same step, and what comes to a stage within the horizon is followed from
/// age 0. NaN where nobody is left.
///
/// @throws std::invalid_argument as `StepShares::check`.
[[nodiscard]] std::vector<double> wins_within(const StepShares& exits, std::size_t n_steps, unsigned threads);

/// How visits of each stage end, by the steps of age in which any does, in rising order for each stage.
struct ExitRows {
    std::size_t n_stages = 0;
    std::span<const std::int64_t> bounds;  // stage s has the rows [bounds[s], bounds[s + 1])
    std::span<const std::int64_t> step;
    std::span<const double> chance;  // by row and what follows, as `StepShares` has it

    /// @throws std::invalid_argument if the sizes do not fit, or the steps of a stage do not rise.
    void check() const;
};

/// Follows some visits by their own exits within so many steps: what each of these is worth, by what follows
/// and the steps that are left then, times its share, added up. As `wins_within` without the division by what
/// is left, for single ages of visits that may be very long beside the horizon.
///
/// @param worth by steps left from 0, what follows, and as many values as are wanted.
/// @param stage, step of the visits; those are followed that last to the end of the step.
/// @return By visit the values that are wanted.
/// @throws std::invalid_argument if sizes do not fit, or a stage is out of range.
[[nodiscard]] std::vector<double> follow_exits(const ExitRows& exits, std::span<const double> worth,
                                               std::size_t n_steps, std::span<const std::int32_t> stage,
                                               std::span<const std::int64_t> step, unsigned threads);

/// A length of time that need not be whole.
struct StepLength {
    std::int64_t numerator = 1, denominator = 1;

    /// The step at whose beginning a length of time is, which is not negative.
    [[nodiscard]] std::int64_t down(std::int64_t age) const;
    /// @throws std::invalid_argument if it is not above 0.
    void check() const;
};

/// The chances of some items, and which of them are older than all that is known of.
struct ReadChances {
    LargeVector<double> win;  // NaN where it is not known
    LargeVector<std::uint8_t> beyond;
};

/// Reads the chances of items off a table by stage and step of age, as `wins_within` makes it; the last step
/// holds all later ages.
///
/// @param oldest by stage: the age of the last exit; what is older is beyond what is known.
/// @throws std::invalid_argument if the sizes do not fit, or a stage is out of range.
[[nodiscard]] ReadChances read_chances(std::span<const double> table, std::span<const std::int64_t> oldest,
                                       std::span<const std::int32_t> stage, std::span<const std::int64_t> age,
                                       const StepLength& step, unsigned threads);

}  // namespace stagefunnel::stats
