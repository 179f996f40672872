#pragma once

// The one chain of an item, of those that hold different things. Internal to the core.

#include <cstddef>
#include <cstdint>

#include "questions/sequence/in_order/match_finder.hpp"
#include "questions/sequence/rules/rules.hpp"

namespace stagefunnel::sequence::inline internal {

/// Chooses as among chains of one kind: the deepest level, then the optional steps, then the times.
class BestMatch {
  public:
    explicit BestMatch(const Rules& rules) : rules_(rules) {}

    void add(const ItemMatch& told) {
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
    [[nodiscard]] ItemMatch take() const {
        ItemMatch told = best_;
        if (told.level == 0) {
            told.stop = told.uncut > 0 ? Stop::excluded : Stop::no_event;
        } else if (told.chain.level == 0) {
            told.stop = Stop::left_out;
        } else if (told.stop != Stop::completed && told.uncut > told.level) {
            told.stop = Stop::excluded;
        }
        return told;
    }

  private:
    /// Positive if the one chain is to be told, negative if the other, 0 if they differ in nothing told.
    [[nodiscard]] int compare(const Match& one, const Match& other) const {
        for (std::size_t step = 2; step <= one.level; ++step) {
            const bool done = (one.done & bit_of(step)) != 0;
            if (done != ((other.done & bit_of(step)) != 0)) return done ? 1 : -1;
        }
        const bool from_end = rules_.timing == Timing::last_entry && rules_.mode != Mode::hybrid;
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

    static int rank(Stop stop) {
        switch (stop) {
            case Stop::completed:
                return 0;
            case Stop::left_out:
            case Stop::excluded:
                return 1;
            case Stop::immature:
                return 2;
            case Stop::interrupted:
                return 3;
            case Stop::gap:
                return 4;
            case Stop::window:
                return 5;
            case Stop::no_event:
                return 6;
        }
        return 7;
    }

    const Rules& rules_;
    ItemMatch best_;
};

}  // namespace stagefunnel::sequence::inline internal
