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

/// Whether an item has the matches of the funnel, each in the period of its own `from_step`.
inline bool has_own_matches(const Options& options, const Trend& trend) {
    return trend.counted == Counted::every_entry || options.mode == Mode::hybrid ||
           options.mode == Mode::open;
}

/// The options by which a period is judged: all of its matches do `from_step`, so that it is not optional.
inline Options options_of_periods(Options options, const Trend& trend) {
    const bool is_step = trend.from_step >= 1 && trend.from_step <= options.steps.size();
    if (is_step && !has_own_matches(options, trend)) options.steps[trend.from_step - 1].optional = false;
    return options;
}

struct PeriodRules {
    PeriodRules(const Options& options, const Trend& asked, const Journeys& journeys)
        : rules(options_of_periods(options, asked), journeys),
          trend(asked),
          own_matches(has_own_matches(options, asked)) {}

    Rules rules;
    Trend trend;
    bool own_matches;

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
