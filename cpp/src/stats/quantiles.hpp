#pragma once

// Exact quantiles of a sample that is read once and mostly not kept. Internal to the core.
//
// Brackets around the quantiles are guessed from a random part of the sample (R. Floyd, R. Rivest, "Expected
// time bounds for selection", 1975). One pass over the sample counts the values below each bracket and keeps
// the values in it. If a guess fails, the counts give brackets that are certain, and a second pass is enough
// (J. I. Munro, M. S. Paterson, "Selection and sorting with limited storage", 1980).

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/hashing.hpp"
#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/stats/quantile.hpp"
#include "stats/bracket_table.hpp"

namespace stagefunnel::stats::inline internal {

/// Counts the values below its bounds and at its bounds, and keeps the values between them.
///
/// Values at the bounds are only counted, so that the many equal values of a coarse clock take no memory.
class Bracket {
  public:
    /// The most values that `add` takes at once.
    static constexpr std::size_t kChunk = BracketTable::kChunk;

    explicit Bracket(Bounds bounds) : bounds_(bounds) {}

    void add(std::span<const std::uint64_t> chunk);
    /// Counts values that certainly lie below the bounds.
    void add_below(std::uint64_t n) { below_ += n; }
    void merge(const Bracket& other);

    [[nodiscard]] const Bounds& bounds() const { return bounds_; }
    [[nodiscard]] std::uint64_t below() const { return below_; }
    [[nodiscard]] bool holds(std::uint64_t rank) const {
        return rank >= below_ && rank - below_ < at_low_ + between_.size() + at_high_;
    }
    /// Returns the value of a rank that the bracket holds. Ranks in rising order cost least: each search
    /// leaves out the values below the rank before.
    [[nodiscard]] std::uint64_t value_at(std::uint64_t rank);

  private:
    /// Counts the values at the bounds and keeps the others.
    void keep(std::span<const std::uint64_t> within);

    Bounds bounds_;
    std::uint64_t below_ = 0;
    std::uint64_t at_low_ = 0;
    std::uint64_t at_high_ = 0;  // zero where both bounds are one value
    std::size_t selected_ = 0;   // the last rank that was selected in `between_`
    LargeVector<std::uint64_t> between_;
};

/// Takes the count and the sum of a sample, and the values in disjoint rising brackets.
class Sieve {
  public:
    Sieve() = default;
    explicit Sieve(std::span<const Bounds> brackets) : brackets_(brackets.begin(), brackets.end()) {
        // For a single bracket, a comparison costs no more than a lookup.
        if (brackets.size() > 1 && brackets.size() <= BracketTable::kMostBrackets) table_.emplace(brackets);
    }

    void add(std::span<const std::uint64_t> values);
    void merge(const Sieve& other);

    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] Duration mean() const {
        return {static_cast<std::uint64_t>(sum_ / count_), static_cast<std::uint64_t>(sum_ % count_), count_};
    }

    [[nodiscard]] bool holds(std::uint64_t rank) const {
        return std::any_of(brackets_.begin(), brackets_.end(), [&](const auto& b) { return b.holds(rank); });
    }
    /// @throws std::logic_error if the rank lies in no bracket.
    [[nodiscard]] std::uint64_t value_at(std::uint64_t rank);
    /// Returns bounds that certainly hold the rank: its value, or the gap between the brackets around it.
    [[nodiscard]] Bounds bounds_around(std::uint64_t rank);

  private:
    void add_to_brackets(std::span<const std::uint64_t> chunk);

    std::uint64_t count_ = 0;
    uint128 sum_ = 0;
    std::vector<Bracket> brackets_;
    std::optional<BracketTable> table_;
};

/// Guesses bounds that hold the quantiles of a sample from a random part of it. The part is reordered.
std::vector<Bounds> guess_brackets(std::span<std::uint64_t> part, std::span<const Quantile> quantiles);

/// Returns bounds that certainly hold the quantiles, or none if the sieve holds them already.
std::vector<Bounds> missing_brackets(Sieve& sieve, std::span<const Quantile> quantiles);

/// Returns the quantiles of a sample that is not empty, from a sieve that holds them, in the order of
/// `quantiles`.
///
/// Between two ranks, the quantile is interpolated linearly (definition 7 of R. Hyndman, Y. Fan, "Sample
/// quantiles in statistical packages", 1996).
std::vector<Duration> quantiles_of(Sieve& sieve, std::span<const Quantile> quantiles);

}  // namespace stagefunnel::stats::inline internal
