#include "stats/quantiles.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace stagefunnel::stats::inline internal {
namespace {

/// The position of a quantile among ordered values: a rank, and the share of the way to the next rank.
struct Position {
    std::uint64_t rank;
    std::uint64_t share;  // in parts of the quantile's denominator
};

Position position_of(const Quantile& quantile, std::uint64_t n) {
    const uint128 place = static_cast<uint128>(n - 1) * quantile.numerator;
    return {static_cast<std::uint64_t>(place / quantile.denominator),
            static_cast<std::uint64_t>(place % quantile.denominator)};
}

/// Returns the value of a rank by quickselect (C. A. R. Hoare, "Algorithm 65: Find", 1961) and reorders the
/// values.
std::uint64_t order_statistic(std::span<std::uint64_t> values, std::size_t rank) {
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

/// Sorts bounds by their lower ends and joins those that touch.
std::vector<Bounds> disjoint(std::vector<Bounds> bounds) {
    std::sort(bounds.begin(), bounds.end(), [](Bounds a, Bounds b) { return a.low < b.low; });
    std::vector<Bounds> out;
    for (const Bounds& next : bounds) {
        if (out.empty() || next.low > out.back().high) {
            out.push_back(next);
        } else {
            out.back().high = std::max(out.back().high, next.high);
        }
    }
    return out;
}

}  // namespace

void Bracket::add(std::span<const std::uint64_t> chunk) {
    std::array<std::uint64_t, kChunk> within;
    std::size_t n_within = 0;
    std::uint64_t below = 0;
    const Bounds bounds = bounds_;
    for (const std::uint64_t value : chunk) {
        within[n_within] = value;
        n_within += static_cast<std::size_t>(value - bounds.low <= bounds.high - bounds.low);
        below += static_cast<std::uint64_t>(value < bounds.low);
    }
    below_ += below;
    keep({within.data(), n_within});
}

void Bracket::keep(std::span<const std::uint64_t> within) {
    const std::size_t before = between_.size();
    if (between_.capacity() < before + within.size()) {
        between_.reserve(std::max(between_.capacity() * 2, before + within.size()));
    }
    between_.resize(before + within.size());
    std::uint64_t* out = between_.data() + before;
    std::uint64_t at_low = 0, at_high = 0;
    for (const std::uint64_t value : within) {
        const bool is_low = value == bounds_.low, is_high = !is_low && value == bounds_.high;
        at_low += static_cast<std::uint64_t>(is_low);
        at_high += static_cast<std::uint64_t>(is_high);
        *out = value;
        out += static_cast<std::ptrdiff_t>(!is_low && !is_high);
    }
    at_low_ += at_low;
    at_high_ += at_high;
    between_.resize(static_cast<std::size_t>(out - between_.data()));
}

void Bracket::merge(const Bracket& other) {
    below_ += other.below_;
    selected_ = 0;
    at_low_ += other.at_low_;
    at_high_ += other.at_high_;
    between_.insert(between_.end(), other.between_.begin(), other.between_.end());
}

std::uint64_t Bracket::value_at(std::uint64_t rank) {
    rank -= below_;
    if (rank < at_low_) return bounds_.low;
    rank -= at_low_;
    if (rank >= between_.size()) return bounds_.high;
    // The values before the last selected rank are not larger than the values after it.
    const std::size_t from = rank < selected_ ? 0 : selected_;
    selected_ = rank;
    return order_statistic(std::span(between_).subspan(from), rank - from);
}

void Sieve::add(std::span<const std::uint64_t> values) {
    for (std::size_t begin = 0; begin < values.size(); begin += Bracket::kChunk) {
        const auto chunk = values.subspan(begin, std::min(Bracket::kChunk, values.size() - begin));
        // Sums of half words of one chunk cannot overflow, and the compiler vectorises their loop.
        std::uint64_t low = 0, high = 0;
        for (const std::uint64_t value : chunk) {
            low += value & 0xffffffffU;
            high += value >> 32U;
        }
        sum_ += (static_cast<uint128>(high) << 32U) + low;
        count_ += chunk.size();
        add_to_brackets(chunk);
    }
}

void Sieve::add_to_brackets(std::span<const std::uint64_t> chunk) {
    std::array<std::uint64_t, Bracket::kChunk> near;
    BracketTable::Split split;
    if (table_) {
        split = table_->split(chunk, near.data());
        chunk = std::span(near).first(split.n_near);
    }
    std::uint64_t below = 0;
    for (std::size_t b = 0; b < brackets_.size(); ++b) {
        if (table_) brackets_[b].add_below(below += split.in_gap_below(b));
        brackets_[b].add(chunk);
    }
}

void Sieve::merge(const Sieve& other) {
    count_ += other.count_;
    sum_ += other.sum_;
    for (std::size_t b = 0; b < brackets_.size(); ++b) brackets_[b].merge(other.brackets_[b]);
}

std::uint64_t Sieve::value_at(std::uint64_t rank) {
    for (Bracket& bracket : brackets_) {
        if (bracket.holds(rank)) return bracket.value_at(rank);
    }
    throw std::logic_error("a rank lies outside the brackets");
}

Bounds Sieve::bounds_around(std::uint64_t rank) {
    Bounds gap;
    for (Bracket& bracket : brackets_) {
        if (bracket.holds(rank)) {
            const std::uint64_t value = bracket.value_at(rank);
            return {value, value};
        }
        if (rank < bracket.below()) {
            gap.high = bracket.bounds().low;
            break;
        }
        gap.low = bracket.bounds().high;
    }
    return gap;
}

std::vector<Bounds> guess_brackets(std::span<std::uint64_t> part, std::span<const Quantile> quantiles) {
    // The rank that a quantile of the sample has in the part has this standard deviation if the values of the
    // part are independent. Values come in whole items and are not, so the margin is wide; a wrong guess
    // costs only time.
    constexpr double kDeviations = 4;
    const auto n = static_cast<double>(part.size());
    std::vector<Bounds> bounds;
    for (const Quantile& quantile : quantiles) {
        const double share =
            static_cast<double>(quantile.numerator) / static_cast<double>(quantile.denominator);
        const double margin = kDeviations * (std::sqrt(n * share * (1 - share)) + 1);
        const double low = std::floor(share * (n - 1) - margin), high = std::ceil(share * (n - 1) + margin);
        Bounds& guess = bounds.emplace_back();
        if (low >= 0) guess.low = order_statistic(part, static_cast<std::size_t>(low));
        if (high < n) guess.high = order_statistic(part, static_cast<std::size_t>(high));
    }
    return disjoint(std::move(bounds));
}

std::vector<Bounds> missing_brackets(Sieve& sieve, std::span<const Quantile> quantiles) {
    if (sieve.count() == 0) return {};
    std::vector<std::uint64_t> ranks;
    for (const Quantile& quantile : quantiles) {
        const auto [rank, share] = position_of(quantile, sieve.count());
        ranks.push_back(rank);
        if (share > 0) ranks.push_back(rank + 1);
    }
    if (std::all_of(ranks.begin(), ranks.end(), [&](auto rank) { return sieve.holds(rank); })) return {};
    std::vector<Bounds> bounds;
    for (const std::uint64_t rank : ranks) bounds.push_back(sieve.bounds_around(rank));
    return disjoint(std::move(bounds));
}

std::vector<Duration> quantiles_of(Sieve& sieve, std::span<const Quantile> quantiles) {
    std::vector<std::size_t> rising(quantiles.size());
    std::iota(rising.begin(), rising.end(), std::size_t{0});
    std::sort(rising.begin(), rising.end(), [&](std::size_t a, std::size_t b) {
        return quantiles[a].numerator * quantiles[b].denominator <
               quantiles[b].numerator * quantiles[a].denominator;
    });
    std::vector<Duration> out(quantiles.size());
    for (const std::size_t q : rising) {
        const std::uint64_t denominator = quantiles[q].denominator;
        const auto [rank, share] = position_of(quantiles[q], sieve.count());
        out[q].whole = sieve.value_at(rank);
        if (share == 0) continue;
        const std::uint64_t gap = sieve.value_at(rank + 1) - out[q].whole;
        const uint128 step = static_cast<uint128>(gap) * share;
        out[q].whole += static_cast<std::uint64_t>(step / denominator);
        out[q].rest = static_cast<std::uint64_t>(step % denominator);
        out[q].of = denominator;
    }
    return out;
}

}  // namespace stagefunnel::stats::inline internal
