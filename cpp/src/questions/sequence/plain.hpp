#pragma once

// The plain question: steps in order, each stage in one of them, one window and nothing else. Internal to the
// core.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "questions/sequence/rules/rules.hpp"

namespace stagefunnel::sequence::inline internal {

inline constexpr std::size_t kMostPlainSteps = 16;

/// Whether the question is that plain.
inline bool is_plain(const Rules& rules) {
    const StepGraph& lattice = rules.lattice;
    const auto has_plain_gap = [&](std::size_t k) {
        return lattice.gaps[k].may_be_tied() && !lattice.gaps[k].max.exists();
    };
    bool plain = rules.mode == Mode::ordered && rules.timing == Timing::last_entry &&
                 rules.deadline.is_fixed() && lattice.optional == 0 && lattice.spans.empty() &&
                 rules.first_time == 0 && rules.hold.empty() && !rules.as_of &&
                 rules.n_steps() <= kMostPlainSteps;
    for (std::size_t k = 0; plain && k < rules.n_steps(); ++k) plain = has_plain_gap(k);
    for (const std::uint64_t steps : rules.steps_of_code) plain = plain && std::popcount(steps) <= 1;
    return plain;
}

/// Reads an item's rows once forwards, with one start for each step, and back from the end of the chain.
template <class Code>
class PlainMatcher {
  public:
    PlainMatcher(const Rules& rules, const Journeys& journeys, const Code* codes)
        : n_steps_(rules.n_steps()),
          window_(rules.deadline.fixed()),
          codes_(codes),
          time_(journeys.time.data()),
          offsets_(journeys.offsets.data()) {
        for (const std::uint64_t steps : rules.steps_of_code) {
            step_of_code_.push_back(steps == 0 ? kNone : static_cast<std::uint8_t>(std::countr_zero(steps)));
        }
    }

    /// Finds the item's chain, of which it returns the level.
    std::size_t find(std::size_t item) {
        const std::size_t begin = offsets_[item], end = offsets_[item + 1];
        std::size_t i = begin;
        while (i < end && step_of_code_[codes_[i]] != 0) ++i;
        if (i == end) return 0;
        // The rows before the first one of step 1 count only where they are tied with it.
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
    /// The start of the chain that was found.
    [[nodiscard]] std::int64_t entry() const { return found_.entry; }

    /// The times of the chain's steps: each is the latest before the next one.
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
                chain_[wanted - 1] = now;
                if (wanted == 1) return chain_.data();
            }
        }
    }

  private:
    static constexpr std::uint8_t kNone = 255;
    static constexpr std::size_t kMostSteps = kMostPlainSteps;

    /// What is known of the item so far. It is no member, so that it can stay in registers.
    struct Found {
        std::uint32_t has = 0;   // steps that a chain does
        std::uint32_t seen = 0;  // steps that have a row
        std::size_t level = 0;
        std::int64_t entry = 0;
        std::size_t end_row = 0;
    };

    /// Carries the start of the step before on to this one, and on through tied rows that came too early.
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
            // A tied row of an earlier step that comes later may still move the start.
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
    std::array<std::int64_t, kMostSteps> start_{};  // the latest, of the chains that do the step
    std::array<std::int64_t, kMostSteps> last_{};   // row of the step
    std::array<std::int64_t, kMostSteps> chain_{};
    Found found_;
};

}  // namespace stagefunnel::sequence::inline internal
