#include "base/fixed_sums.hpp"

#include <stdexcept>

namespace stagefunnel {
namespace {

constexpr int kMostPlaces = 22;
constexpr int kQuotientBits = 64;  // more than a double has, so that what lies below them only breaks ties

}  // namespace

void check_amounts(std::span<const double> amounts) {
    double total = 0;
    for (const double amount : amounts) {
        if (!std::isnan(amount)) total += std::abs(amount);
    }
    check_total(total);
}

void check_total(double total) {
    // Beyond this bound the fixed-point sums could overflow. An infinite amount fails the comparison too.
    if (!(total < 0x1p62)) throw std::invalid_argument("amounts are infinite or add up beyond 4.6e18");
}

RoundedSum::RoundedSum(int scale) {
    if (scale < 0 || scale > kMostPlaces) throw std::invalid_argument("the scale lies out of range");
    for (int i = 0; i < scale; ++i) divisor_ *= 10;
}

double RoundedSum::operator()(int128 sum) const {
    // Long division in base 2, whose quotient is rounded once.
    const uint128 size = sum < 0 ? -static_cast<uint128>(sum) : static_cast<uint128>(sum);
    uint128 quotient = size / divisor_;
    uint128 rest = size % divisor_;
    int exponent = -kFractionBits;
    while (rest != 0 && (quotient >> kQuotientBits) == 0) {
        rest <<= 1U;
        quotient <<= 1U;
        --exponent;
        if (rest >= divisor_) {
            rest -= divisor_;
            ++quotient;
        }
    }
    // The lowest bit stands for all that is left, which decides a tie and nothing else.
    if (rest != 0) quotient |= 1U;
    const double rounded = std::ldexp(static_cast<double>(quotient), exponent);
    return sum < 0 ? -rounded : rounded;
}

}  // namespace stagefunnel
