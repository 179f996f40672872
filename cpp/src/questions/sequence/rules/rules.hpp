#pragma once

// What is asked about sequences, in the form that the walk over an item's rows needs. Internal to the core.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "base/time_distance.hpp"
#include "stagefunnel/questions/sequence/sequence.hpp"

namespace stagefunnel::sequence::inline internal {

inline constexpr std::int64_t kEarliest = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();

inline std::uint64_t bit_of(std::size_t step) { return std::uint64_t{1} << (step - 1); }

/// When a length of time that begins at some time is over.
class Reach {
  public:
    explicit Reach(const std::optional<Length>& span = std::nullopt);

    [[nodiscard]] bool exists() const { return !from_.empty(); }
    /// Whether it is equally long wherever it begins, and how long it is.
    [[nodiscard]] bool is_fixed() const { return !exists() || (from_.size() == 1 && least_[0] == kEarliest); }
    [[nodiscard]] std::uint64_t fixed() const {
        return exists() ? static_cast<std::uint64_t>(fixed_) : ~std::uint64_t{0};
    }
    /// Whether it ends where it begins.
    [[nodiscard]] bool is_zero() const { return exists() && is_fixed() && fixed_ == 0; }
    /// The last time inside, if it begins at `start`.
    [[nodiscard]] std::int64_t of(std::int64_t start) const {
        if (is_fixed()) return later(start, fixed_);
        const auto past = std::upper_bound(from_.begin() + 1, from_.end(), start);
        const auto piece = static_cast<std::size_t>(past - from_.begin()) - 1;
        return std::max(later(start, shift_[piece]), least_[piece]);
    }
    /// The earliest start from which it still holds `time`.
    [[nodiscard]] std::int64_t earliest_start(std::int64_t time) const;

  private:
    static std::int64_t later(std::int64_t time, std::int64_t shift) {
        std::int64_t sum = 0;
        return __builtin_add_overflow(time, shift, &sum) ? kLatest : sum;
    }

    std::vector<std::int64_t> from_;
    std::vector<std::int64_t> shift_;
    std::vector<std::int64_t> least_;
    std::int64_t fixed_ = kLatest;
};

/// The bounds of the time between two steps. Where time runs backwards, the step that is left is the later
/// one.
struct Gap {
    Reach min;
    Reach max;

    [[nodiscard]] bool may_be_tied() const { return !min.exists() || min.is_zero(); }
    [[nodiscard]] bool is_too_short(std::int64_t left, std::int64_t entered, bool backwards) const {
        if (!min.exists()) return false;
        return backwards ? ~left < min.of(~entered) : entered < min.of(left);
    }
    [[nodiscard]] bool is_too_long(std::int64_t left, std::int64_t entered, bool backwards) const {
        if (!max.exists()) return false;
        return backwards ? ~left > max.of(~entered) : entered > max.of(left);
    }
};

/// The steps of a chain as a lattice: which step may follow which, and how far apart.
///
/// Read backwards in time, from the last step to the first, it is a lattice again: see `mirrored`.
struct StepGraph {
    struct Span {
        std::ptrdiff_t after;
        std::ptrdiff_t before;
    };
    std::size_t n_steps = 0;
    std::uint64_t optional = 0;
    std::vector<Gap> gaps;    // of each step, from 0
    bool backwards = false;   // gaps are those of the step that is left, not of the one that is entered
    std::vector<Span> spans;  // of the exclusions
    bool tied = false;        // several rows of one time may fill steps in their order
    bool adjacent = false;    // no row between

    [[nodiscard]] bool is_optional(std::size_t step) const { return (optional & bit_of(step)) != 0; }
    [[nodiscard]] const Gap& gap(std::size_t from, std::size_t to) const {
        return gaps[(backwards ? from : to) - 1];
    }
    /// The exclusions that no row between the steps may meet. Steps between that were skipped do not matter.
    [[nodiscard]] std::uint64_t watched(std::size_t from, std::size_t to) const;
    /// The exclusions that rows after the last step of a chain meet.
    [[nodiscard]] std::uint64_t watched_after(std::size_t level) const;
    /// The steps that could follow.
    [[nodiscard]] std::uint64_t next_steps(std::size_t level) const;
    /// The first steps of the lattice, for times that run backwards.
    [[nodiscard]] StepGraph mirrored(std::size_t n_first) const;
};

struct Rules {
    Rules(const Options& options, const Journeys& journeys);

    Mode mode;
    Timing timing;
    StepGraph lattice;
    Reach deadline;
    std::vector<std::uint64_t> steps_of_code;
    std::vector<std::uint64_t> exclusions_of_code;
    std::uint64_t first_time = 0;  // steps
    std::uint64_t drops = 0;       // exclusions
    std::uint64_t stops = 0;
    std::uint64_t resets = 0;
    std::span<const std::int32_t> hold;
    std::optional<std::int64_t> as_of;
    std::int64_t observed_until;
    std::int64_t immature_from;  // the earliest entry whose window is not over then

    /// @throws std::invalid_argument where an item has one chain, whatever its entries.
    void check_entries() const;
    [[nodiscard]] std::size_t n_steps() const { return lattice.n_steps; }
    [[nodiscard]] bool is_immature(std::int64_t entry) const {
        return deadline.exists() && entry >= immature_from;
    }
};

}  // namespace stagefunnel::sequence::inline internal
