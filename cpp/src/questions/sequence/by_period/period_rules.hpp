#pragma once

// A trend in the form that the search in each period needs. Internal to the core.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "questions/sequence/rules/match.hpp"
#include "questions/sequence/rules/rules.hpp"
#include "stagefunnel/questions/sequence/trend.hpp"

namespace stagefunnel::sequence::inline internal {

inline constexpr std::size_t kNoPeriod = ~std::size_t{0};

/// The options of a trend, in which every match does `from_step`: it is not optional.
inline Options with_step(Options options, std::size_t from_step) {
    if (from_step >= 1 && from_step <= options.steps.size()) options.steps[from_step - 1].optional = false;
    return options;
}

struct PeriodRules {
    PeriodRules(const Options& options, const Trend& asked, const Journeys& journeys)
        : rules(with_step(options, asked.from_step), journeys), trend(asked) {}

    Rules rules;
    Trend trend;

    [[nodiscard]] std::uint64_t from_bit() const { return bit_of(trend.from_step); }
    /// The period of a time, `kNoPeriod` if it is in none.
    [[nodiscard]] std::size_t period_of(std::int64_t time) const {
        const auto past = std::upper_bound(trend.bounds.begin(), trend.bounds.end(), time);
        const bool is_inside = past != trend.bounds.begin() && past != trend.bounds.end();
        return is_inside ? static_cast<std::size_t>(past - trend.bounds.begin()) - 1 : kNoPeriod;
    }
    [[nodiscard]] bool is_mature(std::int64_t latest_entry) const {
        return rules.deadline.exists() && !rules.is_immature(latest_entry);
    }
    /// Whether all periods can be answered by one search: whether the deepest match converts is then the same
    /// as whether any match does, and nothing else of it is wanted.
    [[nodiscard]] bool is_one_search() const {
        const bool any_does = !rules.graph.is_optional(trend.to_step) || trend.to_step == rules.n_steps();
        return (rules.drops | rules.resets) == 0 && any_does && trend.timed_step == 0 && trend.valued.empty();
    }
};

/// What an item, or an entry, did in a period.
struct PeriodAnswer {
    std::size_t period = kNoPeriod;
    bool entered = true;
    bool converted = false;
    bool mature = false;
    std::int64_t time = kNoTime;
    std::int64_t touch = kNoRow;
};

}  // namespace stagefunnel::sequence::inline internal
