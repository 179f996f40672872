#pragma once

// The fast path for the simple question: steps in order, each stage in one of them, one fixed window and no
// other option. Internal to the core.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "questions/sequence/rules/rules.hpp"

namespace stagefunnel::sequence::inline internal {

inline constexpr std::size_t kMostSimpleSteps = 16;

/// Whether the question is that simple.
inline bool is_simple(const Rules& rules) {
    const StepGraph& graph = rules.graph;
    const auto has_simple_gap = [&](std::size_t k) {
        return graph.gaps[k].may_be_tied() && !graph.gaps[k].max.exists();
    };
    bool simple = rules.mode == Mode::ordered && rules.timing == Timing::last_entry &&
                  rules.deadline.is_fixed() && graph.optional == 0 && graph.exclusions.empty() &&
                  rules.first_time == 0 && rules.hold.empty() && !rules.as_of &&
                  rules.n_steps() <= kMostSimpleSteps;
    for (std::size_t k = 0; simple && k < rules.n_steps(); ++k) simple = has_simple_gap(k);
    for (const std::uint64_t steps : rules.steps_of_code) simple = simple && std::popcount(steps) <= 1;
    return simple;
}

/// Finds the match of `Timing::last_entry` with one start for each step.
///
/// It is the recurrence of `LatestStarts` where each step has one step before it and no gap: the latest start
/// of step k becomes that of step k - 1 whenever step k is done inside the window. One pass forwards finds
/// the level and the end, one pass back from the end finds the times.
template <class Code>
class SimpleMatcher {
  public:
    SimpleMatcher(const Rules& rules, const Journeys& journeys, const Code* codes)
        : n_steps_(rules.n_steps()),
          window_(rules.deadline.fixed()),
          codes_(codes),
          time_(journeys.time.data()),
          offsets_(journeys.offsets.data()) {
        for (const std::uint64_t steps : rules.steps_of_code) {
            step_of_code_.push_back(steps == 0 ? kNone : static_cast<std::uint8_t>(std::countr_zero(steps)));
        }
    }

    /// Finds the match of an item; returns its level.
    std::size_t find(std::size_t item) {
        const std::size_t begin = offsets_[item], end = offsets_[item + 1];
        std::size_t i = begin;
        while (i < end && step_of_code_[codes_[i]] != 0) ++i;
        if (i == end) return 0;
        // Rows before the first row of step 1 count only if they are tied with it.
        const std::int64_t first = time_[i];
        while (i > begin && time_[i - 1] == first) --i;
        Found found;
        for (; i < end; ++i) {
            if (found.level == n_steps_ && time_[i] != time_[found.end_row]) break;
            const std::size_t step = step_of_code_[codes_[i]];
            if (step != kNone) put(step, i, found);
        }
        found_ = found;
        return found_.level;
    }
    /// The entry of the match that was found last.
    [[nodiscard]] std::int64_t entry() const { return found_.entry; }

    /// The times of the steps of the match that was found last: each is the latest row before the next step.
    [[nodiscard]] const std::int64_t* times() {
        std::size_t wanted = found_.level;
        std::uint32_t tied = 0;
        std::int64_t now = time_[found_.end_row];
        for (std::size_t i = found_.end_row;; --i) {
            if (time_[i] != now) tied = 0;
            now = time_[i];
            const std::size_t step = step_of_code_[codes_[i]];
            if (step == kNone) continue;
            tied |= 1U << step;
            for (; (tied >> (wanted - 1) & 1U) != 0; --wanted) {
                step_times_[wanted - 1] = now;
                if (wanted == 1) return step_times_.data();
            }
        }
    }

  private:
    static constexpr std::uint8_t kNone = 255;
    static constexpr std::size_t kMostSteps = kMostSimpleSteps;

    /// The state of the pass forwards. `find` keeps it in a local variable, so that it stays in registers.
    struct Found {
        std::uint32_t has = 0;   // steps that a match has come to
        std::uint32_t seen = 0;  // steps that have had a row
        std::size_t level = 0;
        std::int64_t entry = 0;
        std::size_t end_row = 0;
    };

    /// Carries the start of the step before over to this one, and on through tied rows of later steps, which
    /// were read too early.
    void put(std::size_t step, std::size_t row, Found& found) {
        const std::int64_t now = time_[row];
        last_[step] = now;
        found.seen |= 1U << step;
        if (step == 0) {
            start_[0] = now;
        } else if ((found.has >> (step - 1) & 1U) == 0 || distance(start_[step - 1], now) > window_) {
            return;
        } else {
            start_[step] = start_[step - 1];
        }
        while (true) {
            found.has |= 1U << step;
            // A row of an earlier step that is tied but read later can still move the start.
            if (step >= found.level || (step + 1 == found.level && time_[found.end_row] == now)) {
                found.level = step + 1;
                found.entry = start_[step];
                found.end_row = row;
            }
            if ((found.seen >> (step + 1) & 1U) == 0 || last_[step + 1] != now) return;
            start_[step + 1] = start_[step];
            ++step;
        }
    }

    std::size_t n_steps_;
    std::uint64_t window_;
    const Code* codes_;
    const std::int64_t* time_;
    const std::uint64_t* offsets_;
    std::vector<std::uint8_t> step_of_code_;
    std::array<std::int64_t, kMostSteps> start_{};  // the latest start of the matches that do the step
    std::array<std::int64_t, kMostSteps> last_{};   // the latest time of a row of the step
    std::array<std::int64_t, kMostSteps> step_times_{};
    Found found_;
};

}  // namespace stagefunnel::sequence::inline internal
