#pragma once

// What is asked about sequences, in the form that the walk over an item's rows needs. Internal to the core.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "stagefunnel/sequence.hpp"

namespace stagefunnel {

inline constexpr std::int64_t kEarliest = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();

/// The distance of two times that do not fall: it may exceed int64 itself, but not 64 bits.
inline std::uint64_t distance(std::int64_t from, std::int64_t to) {
    return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
}

inline std::uint64_t bit_of(std::size_t step) { return std::uint64_t{1} << (step - 1); }

/// When the window that opens at a time is over.
class Deadline {
  public:
    explicit Deadline(const std::optional<SequenceWindow>& window);

    [[nodiscard]] bool exists() const { return !from_.empty(); }
    /// Whether the window is equally long wherever it opens, and how long it is.
    [[nodiscard]] bool is_fixed() const { return from_.size() <= 1; }
    [[nodiscard]] std::uint64_t fixed() const {
        return exists() ? static_cast<std::uint64_t>(fixed_) : ~std::uint64_t{0};
    }
    /// The last time inside the window that opens at `start`.
    [[nodiscard]] std::int64_t of(std::int64_t start) const {
        if (from_.size() <= 1) return later(start, fixed_);
        const auto past = std::upper_bound(from_.begin() + 1, from_.end(), start);
        return later(start, shift_[static_cast<std::size_t>(past - from_.begin()) - 1]);
    }
    /// The earliest start whose window still holds `time`.
    [[nodiscard]] std::int64_t earliest_start(std::int64_t time) const;

  private:
    static std::int64_t later(std::int64_t time, std::int64_t shift) {
        std::int64_t sum = 0;
        return __builtin_add_overflow(time, shift, &sum) ? kLatest : sum;
    }

    std::vector<std::int64_t> from_;
    std::vector<std::int64_t> shift_;
    std::int64_t fixed_ = kLatest;
};

/// The steps of a chain as a lattice: which step may follow which, and how far apart.
///
/// Read backwards in time, from the last step to the first, it is a lattice again: see `mirrored`.
struct Lattice {
    struct Span {
        std::ptrdiff_t after;
        std::ptrdiff_t before;
    };
    std::size_t n_steps = 0;
    std::uint64_t optional = 0;
    std::vector<std::uint64_t> min_gap;  // of each step, from 0
    std::vector<std::uint64_t> max_gap;
    bool gap_at_source = false;  // the gaps are those of the step that is left, not of the one that is entered
    std::vector<Span> spans;     // of the exclusions
    bool tied = false;           // several rows of one time may fill steps in their order
    bool adjacent = false;       // no row between

    [[nodiscard]] bool is_optional(std::size_t step) const { return (optional & bit_of(step)) != 0; }
    [[nodiscard]] std::uint64_t min_of(std::size_t from, std::size_t to) const {
        return min_gap[(gap_at_source ? from : to) - 1];
    }
    [[nodiscard]] std::uint64_t max_of(std::size_t from, std::size_t to) const {
        return max_gap[(gap_at_source ? from : to) - 1];
    }
    /// The exclusions that no row between the steps may meet. Steps between that were skipped do not matter.
    [[nodiscard]] std::uint64_t watched(std::size_t from, std::size_t to) const;
    /// The exclusions that rows after the last step of a chain meet.
    [[nodiscard]] std::uint64_t watched_after(std::size_t level) const;
    /// The steps that could follow.
    [[nodiscard]] std::uint64_t next_steps(std::size_t level) const;
    /// The first steps of the lattice, for times that run backwards.
    [[nodiscard]] Lattice mirrored(std::size_t n_first) const;
};

struct SequenceRules {
    SequenceRules(const SequenceOptions& options, const Journeys& journeys);

    SequenceMode mode;
    SequenceTiming timing;
    Lattice lattice;
    Deadline deadline;
    std::vector<std::uint64_t> steps_of_code;
    std::vector<std::uint64_t> exclusions_of_code;
    std::uint64_t first_time = 0;  // steps
    std::uint64_t drops = 0;       // exclusions
    std::uint64_t stops = 0;
    std::uint64_t resets = 0;
    std::optional<std::int64_t> as_of;
    std::int64_t observed_until;

    [[nodiscard]] std::size_t n_steps() const { return lattice.n_steps; }
    [[nodiscard]] bool is_immature(std::int64_t entry) const {
        return deadline.exists() && deadline.of(entry) >= observed_until;
    }
};

}  // namespace stagefunnel
