#pragma once

// Exact quantiles of a sample that is seen once and mostly not kept. Internal to the core.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/hashing.hpp"
#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/stats/quantile.hpp"
#include "stats/screen.hpp"

namespace stagefunnel::stats::inline internal {

/// Counts the values below its bounds and at them, and keeps those between.
///
/// Values at the bounds are only counted: of the many equal values of a coarse clock none is kept.
class Bracket {
  public:
    /// The most values that `add` takes at once.
    static constexpr std::size_t kChunk = BracketTable::kChunk;

    explicit Bracket(Bounds bounds) : bounds_(bounds) {}

    void add(std::span<const std::uint64_t> chunk);
    /// Counts values that are known to lie below.
    void add_below(std::uint64_t n) { below_ += n; }
    void merge(const Bracket& other);

    [[nodiscard]] const Bounds& bounds() const { return bounds_; }
    [[nodiscard]] std::uint64_t below() const { return below_; }
    [[nodiscard]] bool holds(std::uint64_t rank) const {
        return rank >= below_ && rank - below_ < at_low_ + between_.size() + at_high_;
    }
    /// The value of a rank that it holds. Ranks asked for in rising order narrow each other.
    [[nodiscard]] std::uint64_t value_at(std::uint64_t rank);

  private:
    /// Counts the values at the bounds, keeps the others.
    void keep(std::span<const std::uint64_t> within);

    Bounds bounds_;
    std::uint64_t below_ = 0;
    std::uint64_t at_low_ = 0;
    std::uint64_t at_high_ = 0;  // zero where both bounds are one value
    std::size_t selected_ = 0;   // the last rank asked for among those between
    LargeVector<std::uint64_t> between_;
};

/// Takes a sample's count, its sum, and what lies in disjoint rising brackets.
class Sieve {
  public:
    Sieve() = default;
    explicit Sieve(std::span<const Bounds> brackets) : brackets_(brackets.begin(), brackets.end()) {
        // To look at each value for one bracket costs no more than to look it up.
        if (brackets.size() > 1 && brackets.size() <= BracketTable::kMostBrackets) screen_.emplace(brackets);
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
    /// Bounds that hold the rank for certain: its value, or the gap between the brackets around it.
    [[nodiscard]] Bounds bounds_around(std::uint64_t rank);

  private:
    void add_to_brackets(std::span<const std::uint64_t> chunk);

    std::uint64_t count_ = 0;
    uint128 sum_ = 0;
    std::vector<Bracket> brackets_;
    std::optional<BracketTable> screen_;
};

/// Bounds that will hold the quantiles of the whole, guessed from a random part of it, which is reordered.
std::vector<Bounds> guess_brackets(std::span<std::uint64_t> part, std::span<const Quantile> quantiles);

/// Bounds that will hold the quantiles for certain; empty if the sieve holds them already.
std::vector<Bounds> missing_brackets(Sieve& sieve, std::span<const Quantile> quantiles);

/// The quantiles of a sample that is not empty from a sieve that holds them, in the order asked for.
std::vector<Duration> quantiles_of(Sieve& sieve, std::span<const Quantile> quantiles);

}  // namespace stagefunnel::stats::inline internal
