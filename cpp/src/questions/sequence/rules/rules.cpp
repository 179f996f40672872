#include "questions/sequence/rules/rules.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace stagefunnel::sequence::inline internal {
namespace {

constexpr std::size_t kMost = 64;  // steps and exclusions are bits of a word

void check_length(const std::optional<Length>& length) {
    if (!length) return;
    const std::size_t n = length->from.size();
    if (n == 0 || length->shift.size() != n || length->least.size() != n) {
        throw std::invalid_argument(
            "a length of time needs one shift and one least end for each of its pieces, got " +
            std::to_string(n) + " pieces, " + std::to_string(length->shift.size()) + " shifts and " +
            std::to_string(length->least.size()) + " least ends");
    }
    const std::int64_t shortest = *std::min_element(length->shift.begin(), length->shift.end());
    if (shortest < 0) {
        throw std::invalid_argument("a window or gap must not be negative, got " + std::to_string(shortest));
    }
    const Reach reach(length);
    for (std::size_t i = 1; i < n; ++i) {
        const std::int64_t start = length->from[i];
        if (start <= length->from[i - 1]) {
            throw std::invalid_argument("the pieces of a length of time must start one after another, but " +
                                        std::to_string(start) + " follows " +
                                        std::to_string(length->from[i - 1]));
        }
        if (reach.of(start) < reach.of(start - 1)) {
            throw std::invalid_argument("a length of time that starts at " + std::to_string(start) +
                                        " must not end before one that starts earlier");
        }
    }
}

void check_stages(const std::vector<std::uint8_t>& stages, const Journeys& journeys) {
    if (stages.size() != journeys.n_labels + 1) {
        throw std::invalid_argument("the stages of a step or exclusion need one value for each of the " +
                                    std::to_string(journeys.n_labels + 1) + " stage codes, got " +
                                    std::to_string(stages.size()));
    }
    if (stages.back() != 0) {
        throw std::invalid_argument("a missing stage cannot fill a step or be excluded");
    }
}

void check_step(const Step& step, std::size_t number, const Journeys& journeys) {
    check_stages(step.stages, journeys);
    if (number == 1 && step.optional) throw std::invalid_argument("the first step cannot be optional");
    if (number == 1 && (step.min_gap || step.max_gap)) {
        throw std::invalid_argument("the first step cannot have a gap, because no step comes before it");
    }
    check_length(step.min_gap);
    check_length(step.max_gap);
}

/// Refuses options that a mode whose steps have no order would have to ignore.
void check_mode(const Options& options) {
    const bool any_order =
        options.mode == Mode::unordered || options.mode == Mode::open || options.mode == Mode::hybrid;
    if (!any_order) return;
    for (const Step& step : options.steps) {
        if (step.optional || step.min_gap || step.max_gap) {
            throw std::invalid_argument(
                "optional steps and gaps need a mode in which the steps have an order: ordered, increase, "
                "strict or first_entry");
        }
    }
    for (const Exclusion& exclusion : options.exclusions) {
        if (options.mode != Mode::unordered) {
            throw std::invalid_argument("the modes open and hybrid have no exclusions");
        }
        const Exclusion& first = options.exclusions.front();
        if (exclusion.after != first.after || exclusion.before != first.before) {
            throw std::invalid_argument(
                "in the mode unordered all exclusions must lie between the same two steps, got " +
                std::to_string(first.after) + " and " + std::to_string(first.before) + ", then " +
                std::to_string(exclusion.after) + " and " + std::to_string(exclusion.before));
        }
    }
    if (options.mode == Mode::open && (options.window || !options.hold.empty())) {
        throw std::invalid_argument("the mode open has neither a window nor columns to hold");
    }
}

/// Returns the options if they contradict neither each other nor the journeys.
const Options& valid(const Options& options, const Journeys& journeys) {
    if (options.steps.empty() || options.steps.size() > kMost) {
        throw std::invalid_argument("a sequence must have 1 to 64 steps, got " +
                                    std::to_string(options.steps.size()));
    }
    for (std::size_t k = 0; k < options.steps.size(); ++k) check_step(options.steps[k], k + 1, journeys);
    if (options.exclusions.size() > kMost) {
        throw std::invalid_argument("a sequence can have at most 64 exclusions, got " +
                                    std::to_string(options.exclusions.size()));
    }
    for (const Exclusion& exclusion : options.exclusions) {
        check_stages(exclusion.stages, journeys);
        if (exclusion.after < 1 || exclusion.after >= exclusion.before ||
            exclusion.before > options.steps.size()) {
            throw std::invalid_argument(
                "an exclusion must lie between two steps of 1 to " + std::to_string(options.steps.size()) +
                ", got " + std::to_string(exclusion.after) + " and " + std::to_string(exclusion.before));
        }
    }
    check_length(options.window);
    check_mode(options);
    if (!options.hold.empty() && options.hold.size() != journeys.n_rows()) {
        throw std::invalid_argument("the values to hold must be one for each of the " +
                                    std::to_string(journeys.n_rows()) + " rows, got " +
                                    std::to_string(options.hold.size()));
    }
    return options;
}

}  // namespace

Reach::Reach(const std::optional<Length>& length) {
    if (!length) return;
    from_ = length->from;
    shift_ = length->shift;
    least_ = length->least;
    fixed_ = shift_.front();
}

std::int64_t Reach::earliest_start(std::int64_t time) const {
    if (!exists()) return kEarliest;
    // Ends never fall from start to start, so the first piece whose last start reaches the time is the one.
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
    for (std::size_t e = 0; e < exclusions.size(); ++e) {
        if (std::cmp_less(exclusions[e].after, to) && std::cmp_greater(exclusions[e].before, from)) {
            mask |= std::uint64_t{1} << e;
        }
    }
    return mask;
}

std::uint64_t StepGraph::watched_after(std::size_t level) const {
    std::uint64_t mask = 0;
    for (std::size_t e = 0; e < exclusions.size(); ++e) {
        if (std::cmp_less_equal(exclusions[e].after, level) &&
            std::cmp_greater(exclusions[e].before, level)) {
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

StepGraph StepGraph::reversed(std::size_t n_first) const {
    StepGraph other = *this;
    other.n_steps = n_first;
    other.direction = direction == Direction::forwards ? Direction::backwards : Direction::forwards;
    other.optional = 0;
    other.gaps.clear();
    for (std::size_t step = n_first; step >= 1; --step) {
        if (is_optional(step)) other.optional |= bit_of(n_first + 1 - step);
        other.gaps.push_back(gaps[step - 1]);
    }
    const auto turn = static_cast<std::ptrdiff_t>(n_first) + 1;
    for (ExclusionRange& range : other.exclusions) range = {turn - range.before, turn - range.after};
    return other;
}

Rules::Rules(const Options& options, const Journeys& journeys)
    : mode(valid(options, journeys).mode),
      timing(options.timing),
      deadline(options.window),
      steps_of_code(journeys.n_labels + 1, 0),
      exclusions_of_code(journeys.n_labels + 1, 0),
      hold(options.hold),
      as_of(options.as_of),
      observed_until(options.observed_until),
      immature_from(deadline.earliest_start(observed_until)) {
    graph.n_steps = options.steps.size();
    graph.tied = mode != Mode::increase && mode != Mode::strict;
    graph.adjacent = mode == Mode::strict;
    for (std::size_t k = 0; k < options.steps.size(); ++k) {
        const Step& step = options.steps[k];
        const std::uint64_t bit = bit_of(k + 1);
        if (step.optional) graph.optional |= bit;
        if (step.first_time) first_time |= bit;
        graph.gaps.push_back({Reach(step.min_gap), Reach(step.max_gap)});
        for (std::size_t code = 0; code < step.stages.size(); ++code) {
            if (step.stages[code] != 0) steps_of_code[code] |= bit;
        }
    }
    for (std::size_t e = 0; e < options.exclusions.size(); ++e) {
        const Exclusion& exclusion = options.exclusions[e];
        const std::uint64_t bit = std::uint64_t{1} << e;
        graph.exclusions.push_back(
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
        for (std::size_t code = 0; code < exclusion.stages.size(); ++code) {
            if (exclusion.stages[code] != 0) exclusions_of_code[code] |= bit;
        }
    }
}

void Rules::check_entries() const {
    if (mode != Mode::ordered && mode != Mode::increase && mode != Mode::strict) {
        throw std::invalid_argument(
            "a match for every entry needs one of the modes ordered, increase and strict");
    }
}

}  // namespace stagefunnel::sequence::inline internal
