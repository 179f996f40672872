#include "questions/sequence/rules/rules.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace stagefunnel::sequence::inline internal {
namespace {

constexpr std::size_t kMost = 64;

void check_span(const std::optional<Length>& span) {
    if (!span) return;
    const std::size_t n = span->from.size();
    if (n == 0 || span->shift.size() != n || span->least.size() != n) {
        throw std::invalid_argument("a length of time needs one shift and least end for each of its pieces");
    }
    if (*std::min_element(span->shift.begin(), span->shift.end()) < 0) {
        throw std::invalid_argument("a window or gap must not be negative");
    }
    const Reach reach(span);
    for (std::size_t i = 1; i < n; ++i) {
        const std::int64_t start = span->from[i];
        if (start <= span->from[i - 1]) throw std::invalid_argument("the pieces of a length must rise");
        if (reach.of(start) < reach.of(start - 1)) {
            throw std::invalid_argument("a length of time must not end before that of an earlier start");
        }
    }
}

void check_matches(const std::vector<std::uint8_t>& matches, const Journeys& journeys) {
    if (matches.size() != journeys.n_labels + 1 || matches.back() != 0) {
        throw std::invalid_argument("matches must be one per stage code, and none for a missing stage");
    }
}

void check_step(const Step& step, std::size_t number, const Journeys& journeys) {
    check_matches(step.matches, journeys);
    if (number == 1 && step.optional) throw std::invalid_argument("the first step cannot be optional");
    if (number == 1 && (step.min_gap || step.max_gap)) {
        throw std::invalid_argument("the first step has no gap: no step is before it");
    }
    check_span(step.min_gap);
    check_span(step.max_gap);
}

/// Refuses what a mode without chains in the order of the steps would have to ignore.
void check_mode(const Options& options) {
    const bool any_order =
        options.mode == Mode::unordered || options.mode == Mode::open || options.mode == Mode::hybrid;
    if (!any_order) return;
    for (const Step& step : options.steps) {
        if (step.optional || step.min_gap || step.max_gap) {
            throw std::invalid_argument(
                "optional steps and gaps need a mode in which the steps have an order");
        }
    }
    for (const Exclusion& exclusion : options.exclusions) {
        if (options.mode != Mode::unordered) throw std::invalid_argument("this mode has no exclusions");
        const Exclusion& first = options.exclusions.front();
        if (exclusion.after != first.after || exclusion.before != first.before) {
            throw std::invalid_argument("in any order all exclusions lie between the same two steps");
        }
    }
    if (options.mode == Mode::open && (options.window || !options.hold.empty())) {
        throw std::invalid_argument("the open mode has no window, and holds nothing");
    }
}

void check(const Options& options, const Journeys& journeys) {
    if (options.steps.empty() || options.steps.size() > kMost) {
        throw std::invalid_argument("a sequence has 1 to 64 steps, got " +
                                    std::to_string(options.steps.size()));
    }
    for (std::size_t k = 0; k < options.steps.size(); ++k) check_step(options.steps[k], k + 1, journeys);
    if (options.exclusions.size() > kMost) throw std::invalid_argument("at most 64 exclusions");
    for (const Exclusion& exclusion : options.exclusions) {
        check_matches(exclusion.matches, journeys);
        if (exclusion.after < 1 || exclusion.after >= exclusion.before ||
            exclusion.before > options.steps.size()) {
            throw std::invalid_argument("an exclusion lies between two steps, got " +
                                        std::to_string(exclusion.after) + " and " +
                                        std::to_string(exclusion.before));
        }
    }
    check_span(options.window);
    check_mode(options);
    if (!options.hold.empty() && options.hold.size() != journeys.n_rows()) {
        throw std::invalid_argument("what a chain must hold is one per row");
    }
}

}  // namespace

Reach::Reach(const std::optional<Length>& span) {
    if (!span) return;
    from_ = span->from;
    shift_ = span->shift;
    least_ = span->least;
    fixed_ = shift_.front();
}

std::int64_t Reach::earliest_start(std::int64_t time) const {
    if (!exists()) return kEarliest;
    // The first piece whose last start holds the time.
    std::size_t low = 0, high = from_.size() - 1;
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        if (of(from_[middle + 1] - 1) < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    std::int64_t start = 0;
    if (least_[low] >= time || __builtin_sub_overflow(time, shift_[low], &start)) start = kEarliest;
    return low == 0 ? start : std::max(start, from_[low]);
}

std::uint64_t StepGraph::watched(std::size_t from, std::size_t to) const {
    std::uint64_t mask = 0;
    for (std::size_t e = 0; e < spans.size(); ++e) {
        if (std::cmp_less(spans[e].after, to) && std::cmp_greater(spans[e].before, from)) {
            mask |= std::uint64_t{1} << e;
        }
    }
    return mask;
}

std::uint64_t StepGraph::watched_after(std::size_t level) const {
    std::uint64_t mask = 0;
    for (std::size_t e = 0; e < spans.size(); ++e) {
        if (std::cmp_less_equal(spans[e].after, level) && std::cmp_greater(spans[e].before, level)) {
            mask |= std::uint64_t{1} << e;
        }
    }
    return mask;
}

std::uint64_t StepGraph::next_steps(std::size_t level) const {
    std::uint64_t mask = 0;
    for (std::size_t step = level + 1; step <= n_steps; ++step) {
        mask |= bit_of(step);
        if (!is_optional(step)) break;
    }
    return mask;
}

StepGraph StepGraph::mirrored(std::size_t n_first) const {
    StepGraph other = *this;
    other.n_steps = n_first;
    other.backwards = !backwards;
    other.optional = 0;
    other.gaps.clear();
    for (std::size_t step = n_first; step >= 1; --step) {
        if (is_optional(step)) other.optional |= bit_of(n_first + 1 - step);
        other.gaps.push_back(gaps[step - 1]);
    }
    const auto turn = static_cast<std::ptrdiff_t>(n_first) + 1;
    for (Span& span : other.spans) span = {turn - span.before, turn - span.after};
    return other;
}

Rules::Rules(const Options& options, const Journeys& journeys)
    : mode((check(options, journeys), options.mode)),
      timing(options.timing),
      deadline(options.window),
      steps_of_code(journeys.n_labels + 1, 0),
      exclusions_of_code(journeys.n_labels + 1, 0),
      hold(options.hold),
      as_of(options.as_of),
      observed_until(options.observed_until),
      immature_from(deadline.earliest_start(observed_until)) {
    lattice.n_steps = options.steps.size();
    lattice.tied = mode != Mode::increase && mode != Mode::strict;
    lattice.adjacent = mode == Mode::strict;
    for (std::size_t k = 0; k < options.steps.size(); ++k) {
        const Step& step = options.steps[k];
        const std::uint64_t bit = bit_of(k + 1);
        if (step.optional) lattice.optional |= bit;
        if (step.first_time) first_time |= bit;
        lattice.gaps.push_back({Reach(step.min_gap), Reach(step.max_gap)});
        for (std::size_t code = 0; code < step.matches.size(); ++code) {
            if (step.matches[code] != 0) steps_of_code[code] |= bit;
        }
    }
    for (std::size_t e = 0; e < options.exclusions.size(); ++e) {
        const Exclusion& exclusion = options.exclusions[e];
        const std::uint64_t bit = std::uint64_t{1} << e;
        lattice.spans.push_back(
            {static_cast<std::ptrdiff_t>(exclusion.after), static_cast<std::ptrdiff_t>(exclusion.before)});
        switch (mode == Mode::unordered ? ExclusionEffect::reset : exclusion.effect) {
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

void Rules::check_entries() const {
    if (mode != Mode::ordered && mode != Mode::increase && mode != Mode::strict) {
        throw std::invalid_argument("this mode has one chain for every item, not one for every entry");
    }
}

}  // namespace stagefunnel::sequence::inline internal
