#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "base/hashing.hpp"
#include "questions/funnel/funnel_counter.hpp"
#include "stagefunnel/questions/funnel/funnel.hpp"

namespace stagefunnel::funnel {
namespace {

constexpr int kMostPlaces = 22;
constexpr int kQuotientBits = 64;  // more than a double has, so that what lies below them only breaks ties

uint128 power_of_ten(int exponent) {
    uint128 power = 1;
    for (int i = 0; i < exponent; ++i) power *= 10;
    return power;
}

/// Divides by long division in base 2 and rounds the quotient once.
double divided(int128 sum, uint128 divisor) {
    const uint128 size = sum < 0 ? -static_cast<uint128>(sum) : static_cast<uint128>(sum);
    uint128 quotient = size / divisor;
    uint128 rest = size % divisor;
    int exponent = -kFractionBits;
    while (rest != 0 && (quotient >> kQuotientBits) == 0) {
        rest <<= 1U;
        quotient <<= 1U;
        --exponent;
        if (rest >= divisor) {
            rest -= divisor;
            ++quotient;
        }
    }
    // The lowest bit stands for all that is left, which decides a tie and nothing else.
    if (rest != 0) quotient |= 1U;
    const double rounded = std::ldexp(static_cast<double>(quotient), exponent);
    return sum < 0 ? -rounded : rounded;
}

}  // namespace

SumMatrix rounded_sums(const Counts& counts, std::span<const std::int64_t> groups,
                       std::span<const std::int64_t> joined, int scale) {
    if (!joined.empty() && joined.size() != groups.size())
        throw std::invalid_argument("the groups and those that join them must be equally many");
    if (scale < 0 || scale > kMostPlaces) throw std::invalid_argument("the scale lies out of range");
    const auto in_range = [&](std::int64_t group) { return group >= 0 && group < counts.amount.rows(); };
    if (!std::all_of(groups.begin(), groups.end(), in_range) ||
        !std::all_of(joined.begin(), joined.end(), in_range))
        throw std::invalid_argument("a group lies out of range");
    const uint128 divisor = power_of_ten(scale);
    const Eigen::Index n_rows = counts.amount.cols();
    SumMatrix rounded(static_cast<Eigen::Index>(groups.size()), n_rows);
    const auto sum_at = [&](std::int64_t group, Eigen::Index row) {
        return fixed_of(counts.sums[static_cast<std::size_t>(group * n_rows + row)]);
    };
    for (std::size_t i = 0; i < groups.size(); ++i) {
        for (Eigen::Index row = 0; row < n_rows; ++row) {
            int128 sum = sum_at(groups[i], row);
            if (!joined.empty()) sum += sum_at(joined[i], row);
            rounded(static_cast<Eigen::Index>(i), row) = divided(sum, divisor);
        }
    }
    return rounded;
}

}  // namespace stagefunnel::funnel
