#pragma once

#include <cstdint>

namespace stagefunnel::stats {

/// The probability of a quantile as an exact fraction, because nine tenths have no exact binary value.
struct Quantile {
    std::uint64_t numerator;
    std::uint64_t denominator;  // from 1 to 10^9
};

/// An exact length of time: `whole` units of the log's time plus the fraction `rest / of` of a unit.
struct Duration {
    std::uint64_t whole = 0;
    std::uint64_t rest = 0;  // less than `of`
    std::uint64_t of = 1;
};

}  // namespace stagefunnel::stats
