#pragma once

// Sums of amounts in fixed point, which the order of the amounts does not change. Internal to the core.

#include <cmath>
#include <cstdint>
#include <span>

#include "base/hashing.hpp"

namespace stagefunnel {

__extension__ typedef __int128 int128;

constexpr int kFractionBits = 64;  // an amount of 2^-12 or more is held without rounding

inline int128 to_fixed(double amount) {
    const double scaled = amount * 0x1p64;
    // Every double of 2^52 or more is an integer.
    return static_cast<int128>(std::abs(scaled) < 0x1p52 ? std::nearbyint(scaled) : scaled);
}
inline double from_fixed(int128 sum) { return std::ldexp(static_cast<double>(sum), -kFractionBits); }

/// Refuses amounts whose sums could overflow.
///
/// @throws std::invalid_argument if one is infinite, or their sizes add up beyond 2^62.
void check_amounts(std::span<const double> amounts);

/// Does the same for a bound of all sums.
void check_total(double total);

/// Rounds sums of amounts that are whole numbers of some decimal place to double, each of them once.
class RoundedSum {
  public:
    /// @param scale number of decimal places.
    /// @throws std::invalid_argument if it lies outside [0, 22].
    explicit RoundedSum(int scale);

    [[nodiscard]] double operator()(int128 sum) const;

  private:
    uint128 divisor_ = 1;
};

}  // namespace stagefunnel
