#include "stats/sample_summary.hpp"

#include <stdexcept>
#include <string>

namespace stagefunnel::stats::inline internal {
namespace {

using Parts = std::span<const std::span<const std::uint64_t>>;

/// Returns one value in `kOneIn`, counted across the parts.
std::vector<std::uint64_t> thinned(Parts parts) {
    std::vector<std::uint64_t> taken;
    std::size_t next = 0;
    for (const std::span<const std::uint64_t> part : parts) {
        for (; next < part.size(); next += kOneIn) taken.push_back(part[next]);
        next -= part.size();
    }
    return taken;
}

Sieve sieve_of(Parts parts, std::span<const Bounds> brackets) {
    Sieve sieve(brackets);
    for (const std::span<const std::uint64_t> part : parts) sieve.add(part);
    return sieve;
}

}  // namespace

void check_quantiles(std::span<const Quantile> quantiles) {
    for (const auto& [numerator, denominator] : quantiles) {
        if (denominator < 1 || denominator > 1'000'000'000 || numerator > denominator) {
            throw std::invalid_argument("a quantile must lie between 0 and 1, got " +
                                        std::to_string(numerator) + "/" + std::to_string(denominator));
        }
    }
}

SampleSummary summary_of(Sieve& sieve, std::span<const Quantile> quantiles) {
    if (sieve.count() == 0) return {{}, std::vector<Duration>(quantiles.size())};
    return {sieve.mean(), quantiles_of(sieve, quantiles)};
}

SampleSummary summarise(Parts parts, std::span<const Quantile> quantiles) {
    check_quantiles(quantiles);
    std::size_t n = 0;
    for (const std::span<const std::uint64_t> part : parts) n += part.size();
    std::vector<Bounds> brackets;
    if (n >= kWorthGuessing) {
        std::vector<std::uint64_t> part = thinned(parts);
        brackets = guess_brackets(part, quantiles);
    } else if (!quantiles.empty()) {
        brackets.emplace_back();
    }
    Sieve sieve = sieve_of(parts, brackets);
    const std::vector<Bounds> missing = missing_brackets(sieve, quantiles);
    if (!missing.empty()) sieve = sieve_of(parts, missing);
    return summary_of(sieve, quantiles);
}

}  // namespace stagefunnel::stats::inline internal
