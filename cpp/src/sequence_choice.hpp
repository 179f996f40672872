#pragma once

// The one chain of an item, of those that hold different things. Internal to the core.

#include <cstddef>
#include <cstdint>

#include "sequence_finder.hpp"
#include "sequence_rules.hpp"

namespace stagefunnel {

/// Chooses as among chains of one kind: the deepest level, then the optional steps, then the times.
class SequenceChoice {
  public:
    explicit SequenceChoice(const SequenceRules& rules) : rules_(rules) {}

    void add(const Told& told) {
        best_.uncut = std::max(best_.uncut, told.uncut);
        if (told.level == 0 || told.level < best_.level) return;
        if (told.level > best_.level) {
            const std::size_t uncut = best_.uncut;
            best_ = told;
            best_.uncut = uncut;
            return;
        }
        if (told.chain.level == 0) return;
        const int order = best_.chain.level == 0 ? -1 : compare(best_.chain, told.chain);
        if (order > 0) return;
        if (order < 0) {
            best_.chain = told.chain;
            best_.stop = told.stop;
        } else if (rank(told.stop) < rank(best_.stop)) {
            best_.stop = told.stop;
        }
    }

    /// The chain, and why it ends, exclusions that cut deeper ones off included.
    [[nodiscard]] Told take() const {
        Told told = best_;
        if (told.level == 0) {
            told.stop = told.uncut > 0 ? SequenceStop::excluded : SequenceStop::no_event;
        } else if (told.chain.level == 0) {
            told.stop = SequenceStop::left_out;
        } else if (told.stop != SequenceStop::completed && told.uncut > told.level) {
            told.stop = SequenceStop::excluded;
        }
        return told;
    }

  private:
    /// Positive if the one chain is to be told, negative if the other, 0 if they differ in nothing told.
    [[nodiscard]] int compare(const ChainSteps& one, const ChainSteps& other) const {
        for (std::size_t step = 2; step <= one.level; ++step) {
            const bool done = (one.done & bit_of(step)) != 0;
            if (done != ((other.done & bit_of(step)) != 0)) return done ? 1 : -1;
        }
        const bool from_end =
            rules_.timing == SequenceTiming::last_entry && rules_.mode != SequenceMode::hybrid;
        for (std::size_t i = 0; i < one.level; ++i) {
            const std::size_t step = from_end ? one.level - i : i + 1;
            if ((one.done & bit_of(step)) == 0) continue;
            const std::int64_t a = one.time[step - 1], b = other.time[step - 1];
            if (a == b) continue;
            // The end is to be early, what comes before it as late as it can be.
            const bool wants_late = from_end && i > 0;
            return (a < b) != wants_late ? 1 : -1;
        }
        return 0;
    }

    static int rank(SequenceStop stop) {
        switch (stop) {
            case SequenceStop::completed:
                return 0;
            case SequenceStop::left_out:
            case SequenceStop::excluded:
                return 1;
            case SequenceStop::immature:
                return 2;
            case SequenceStop::interrupted:
                return 3;
            case SequenceStop::gap:
                return 4;
            case SequenceStop::window:
                return 5;
            case SequenceStop::no_event:
                return 6;
        }
        return 7;
    }

    const SequenceRules& rules_;
    Told best_;
};

}  // namespace stagefunnel
