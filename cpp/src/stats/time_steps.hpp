#pragma once

// How far apart times are at least, and how many such steps they are from the first. Internal to the core.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <numeric>

namespace stagefunnel::stats::inline internal {

/// Divides by one number, without a division, numbers that it divides without a rest; and says which it does
/// (T. Granlund, P. L. Montgomery, "Division by invariant integers using multiplication", 1994, section 9).
class ExactDivider {
  public:
    /// Divides 0 alone.
    ExactDivider() = default;
    explicit ExactDivider(std::uint64_t divisor)
        : zeros_(std::countr_zero(divisor)), most_(std::numeric_limits<std::uint64_t>::max() / divisor) {
        const std::uint64_t odd = divisor >> static_cast<unsigned>(zeros_);
        inverse_ = odd;  // right in the three lowest bits, and each step doubles them
        for (int step = 0; step < 5; ++step) inverse_ *= 2 - odd * inverse_;
    }

    [[nodiscard]] bool divides(std::uint64_t value) const { return quotient_or_more(value) <= most_; }
    [[nodiscard]] std::uint64_t quotient(std::uint64_t value) const {
        return (value >> static_cast<unsigned>(zeros_)) * inverse_;
    }
    /// The quotient of a number that it divides; of another, one that is larger than that of any.
    [[nodiscard]] std::uint64_t quotient_or_more(std::uint64_t value) const {
        return std::rotr(value * inverse_, zeros_);
    }

  private:
    int zeros_ = 0;
    std::uint64_t inverse_ = 1;
    std::uint64_t most_ = 0;
};

/// How far one time is from an earlier one, whatever their signs.
inline std::uint64_t time_between(std::int64_t first, std::int64_t time) {
    return static_cast<std::uint64_t>(time) - static_cast<std::uint64_t>(first);
}

/// The first and the last of some times, and the largest step of which all their distances are multiples.
class TimeSteps {
  public:
    /// @param origin a time from which distances are taken; it is the same in parts that are merged.
    explicit TimeSteps(std::int64_t origin) : origin_(origin) {}

    void add(std::int64_t time) {
        first_ = std::min(first_, time);
        last_ = std::max(last_, time);
        add_distance(time < origin_ ? time_between(time, origin_) : time_between(origin_, time));
    }
    void add_distance(std::uint64_t apart) {
        if (divider_.divides(apart)) return;
        step_ = std::gcd(step_, apart);
        divider_ = ExactDivider(step_);
    }
    void merge(const TimeSteps& next) {
        first_ = std::min(first_, next.first_);
        last_ = std::max(last_, next.last_);
        add_distance(next.step_);
    }

    [[nodiscard]] bool empty() const { return last_ < first_; }
    [[nodiscard]] std::int64_t first() const { return first_; }
    [[nodiscard]] std::int64_t last() const { return last_; }
    /// 0 where all times are the same.
    [[nodiscard]] std::uint64_t step_or_none() const { return step_; }
    /// At least 1.
    [[nodiscard]] std::uint64_t step() const { return std::max<std::uint64_t>(step_, 1); }

  private:
    std::int64_t origin_;
    std::int64_t first_ = std::numeric_limits<std::int64_t>::max();
    std::int64_t last_ = std::numeric_limits<std::int64_t>::min();
    std::uint64_t step_ = 0;
    ExactDivider divider_;
};

}  // namespace stagefunnel::stats::inline internal
