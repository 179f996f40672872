#include "sequence_rules.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace stagefunnel {
namespace {

constexpr std::size_t kMost = 64;

void check_window(const SequenceWindow& window) {
    if (window.from.empty() || window.from.size() != window.shift.size()) {
        throw std::invalid_argument("a window needs one shift for each of its pieces, and at least one");
    }
    if (*std::min_element(window.shift.begin(), window.shift.end()) < 0) {
        throw std::invalid_argument("a window must not be negative");
    }
    const Deadline deadline(window);
    for (std::size_t i = 1; i < window.from.size(); ++i) {
        const std::int64_t start = window.from[i];
        if (start <= window.from[i - 1]) throw std::invalid_argument("the pieces of a window must rise");
        if (deadline.of(start) < deadline.of(start - 1)) {
            throw std::invalid_argument("a window must not end before that of an earlier start");
        }
    }
}

void check_matches(const std::vector<std::uint8_t>& matches, const Journeys& journeys) {
    if (matches.size() != journeys.n_labels + 1 || matches.back() != 0) {
        throw std::invalid_argument("matches must be one per stage code, and none for a missing stage");
    }
}

void check_step(const SequenceStep& step, std::size_t number, const Journeys& journeys) {
    const std::string name = "step " + std::to_string(number);
    check_matches(step.matches, journeys);
    if (number == 1 && step.optional) throw std::invalid_argument("the first step cannot be optional");
    if (number == 1 && (step.min_gap || step.max_gap)) {
        throw std::invalid_argument("the first step has no gap: no step is before it");
    }
    if (step.min_gap.value_or(0) < 0 || step.max_gap.value_or(0) < 0) {
        throw std::invalid_argument("a gap must not be negative, " + name + " has one that is");
    }
    if (step.min_gap && step.max_gap && *step.min_gap > *step.max_gap) {
        throw std::invalid_argument("the smallest gap of " + name + " exceeds its largest");
    }
}

/// Refuses what a mode without chains in the order of the steps would have to ignore.
void check_mode(const SequenceOptions& options) {
    const bool any_order = options.mode == SequenceMode::unordered || options.mode == SequenceMode::open ||
                           options.mode == SequenceMode::hybrid;
    if (!any_order) return;
    for (const SequenceStep& step : options.steps) {
        if (step.optional || step.min_gap || step.max_gap) {
            throw std::invalid_argument("optional steps and gaps need a mode in which the steps have an order");
        }
    }
    if (!options.exclusions.empty() && options.mode != SequenceMode::unordered) {
        throw std::invalid_argument("this mode has no exclusions");
    }
    if (options.mode == SequenceMode::open && options.window) {
        throw std::invalid_argument("the open mode has no window");
    }
}

void check(const SequenceOptions& options, const Journeys& journeys) {
    if (options.steps.empty() || options.steps.size() > kMost) {
        throw std::invalid_argument("a sequence has 1 to 64 steps, got " +
                                    std::to_string(options.steps.size()));
    }
    for (std::size_t k = 0; k < options.steps.size(); ++k) check_step(options.steps[k], k + 1, journeys);
    if (options.exclusions.size() > kMost) throw std::invalid_argument("at most 64 exclusions");
    for (const SequenceExclusion& exclusion : options.exclusions) {
        check_matches(exclusion.matches, journeys);
        if (exclusion.after < 1 || exclusion.after >= exclusion.before ||
            exclusion.before > options.steps.size()) {
            throw std::invalid_argument("an exclusion lies between two steps, got " +
                                        std::to_string(exclusion.after) + " and " +
                                        std::to_string(exclusion.before));
        }
    }
    if (options.window) check_window(*options.window);
    check_mode(options);
}

std::int64_t last_time(const Journeys& journeys) {
    std::int64_t last = kEarliest;
    for (std::size_t item = 0; item < journeys.n_items(); ++item) {
        const std::uint64_t end = journeys.offsets[item + 1];
        if (end > journeys.offsets[item]) last = std::max(last, journeys.time[end - 1]);
    }
    return last;
}

}  // namespace

Deadline::Deadline(const std::optional<SequenceWindow>& window) {
    if (!window) return;
    from_ = window->from;
    shift_ = window->shift;
    fixed_ = shift_.front();
}

std::int64_t Deadline::earliest_start(std::int64_t time) const {
    for (std::size_t i = 0; i < from_.size(); ++i) {
        const bool last = i + 1 == from_.size();
        if (!last && of(from_[i + 1] - 1) < time) continue;
        std::int64_t start = 0;
        if (__builtin_sub_overflow(time, shift_[i], &start)) start = kEarliest;
        return i == 0 ? start : std::max(start, from_[i]);
    }
    return kEarliest;
}

std::uint64_t Lattice::watched(std::size_t from, std::size_t to) const {
    std::uint64_t mask = 0;
    for (std::size_t e = 0; e < spans.size(); ++e) {
        if (std::cmp_less(spans[e].after, to) &&
            std::cmp_greater(spans[e].before, from)) {
            mask |= std::uint64_t{1} << e;
        }
    }
    return mask;
}

std::uint64_t Lattice::watched_after(std::size_t level) const {
    std::uint64_t mask = 0;
    for (std::size_t e = 0; e < spans.size(); ++e) {
        if (std::cmp_less_equal(spans[e].after, level) && std::cmp_greater(spans[e].before, level)) {
            mask |= std::uint64_t{1} << e;
        }
    }
    return mask;
}

std::uint64_t Lattice::next_steps(std::size_t level) const {
    std::uint64_t mask = 0;
    for (std::size_t step = level + 1; step <= n_steps; ++step) {
        mask |= bit_of(step);
        if (!is_optional(step)) break;
    }
    return mask;
}

Lattice Lattice::mirrored(std::size_t n_first) const {
    Lattice other = *this;
    other.n_steps = n_first;
    other.gap_at_source = !gap_at_source;
    other.optional = 0;
    other.min_gap.clear();
    other.max_gap.clear();
    for (std::size_t step = n_first; step >= 1; --step) {
        if (is_optional(step)) other.optional |= bit_of(n_first + 1 - step);
        other.min_gap.push_back(min_gap[step - 1]);
        other.max_gap.push_back(max_gap[step - 1]);
    }
    const auto turn = static_cast<std::ptrdiff_t>(n_first) + 1;
    for (Span& span : other.spans) span = {turn - span.before, turn - span.after};
    return other;
}

SequenceRules::SequenceRules(const SequenceOptions& options, const Journeys& journeys)
    : mode((check(options, journeys), options.mode)),
      timing(options.timing),
      deadline(options.window),
      steps_of_code(journeys.n_labels + 1, 0),
      exclusions_of_code(journeys.n_labels + 1, 0),
      as_of(options.as_of),
      observed_until(as_of ? *as_of : last_time(journeys)) {
    lattice.n_steps = options.steps.size();
    lattice.tied = mode != SequenceMode::increase && mode != SequenceMode::strict;
    lattice.adjacent = mode == SequenceMode::strict;
    for (std::size_t k = 0; k < options.steps.size(); ++k) {
        const SequenceStep& step = options.steps[k];
        const std::uint64_t bit = bit_of(k + 1);
        if (step.optional) lattice.optional |= bit;
        if (step.first_time) first_time |= bit;
        lattice.min_gap.push_back(static_cast<std::uint64_t>(step.min_gap.value_or(0)));
        lattice.max_gap.push_back(step.max_gap ? static_cast<std::uint64_t>(*step.max_gap)
                                               : ~std::uint64_t{0});
        for (std::size_t code = 0; code < step.matches.size(); ++code) {
            if (step.matches[code] != 0) steps_of_code[code] |= bit;
        }
    }
    for (std::size_t e = 0; e < options.exclusions.size(); ++e) {
        const SequenceExclusion& exclusion = options.exclusions[e];
        const std::uint64_t bit = std::uint64_t{1} << e;
        lattice.spans.push_back({static_cast<std::ptrdiff_t>(exclusion.after),
                                 static_cast<std::ptrdiff_t>(exclusion.before)});
        switch (mode == SequenceMode::unordered ? ExclusionEffect::reset : exclusion.effect) {
            case ExclusionEffect::drop:
                drops |= bit;
                break;
            case ExclusionEffect::stop:
                stops |= bit;
                break;
            case ExclusionEffect::reset:
                resets |= bit;
                break;
        }
        for (std::size_t code = 0; code < exclusion.matches.size(); ++code) {
            if (exclusion.matches[code] != 0) exclusions_of_code[code] |= bit;
        }
    }
}

}  // namespace stagefunnel
