#pragma once

// A question about sequences in the form that the scan of an item's rows needs. Internal to the core.

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

/// Steps are counted from 1, their bits from 0.
inline std::uint64_t bit_of(std::size_t step) { return std::uint64_t{1} << (step - 1); }

/// The end of a length of time as a function of its start. Without a length nothing ends.
class Reach {
  public:
    explicit Reach(const std::optional<Length>& length = std::nullopt);

    [[nodiscard]] bool exists() const { return !from_.empty(); }
    /// Whether the length does not depend on its start.
    [[nodiscard]] bool is_fixed() const { return !exists() || (from_.size() == 1 && least_[0] == kEarliest); }
    /// The length, if it is fixed.
    [[nodiscard]] std::uint64_t fixed() const {
        return exists() ? static_cast<std::uint64_t>(fixed_) : ~std::uint64_t{0};
    }
    /// Whether the length always ends at its start.
    [[nodiscard]] bool is_zero() const { return exists() && is_fixed() && fixed_ == 0; }
    /// The last time inside a length that begins at `start`.
    [[nodiscard]] std::int64_t of(std::int64_t start) const {
        if (is_fixed()) return later(start, fixed_);
        const auto past = std::upper_bound(from_.begin() + 1, from_.end(), start);
        const auto piece = static_cast<std::size_t>(past - from_.begin()) - 1;
        return std::max(later(start, shift_[piece]), least_[piece]);
    }
    /// The earliest start of a length that still contains `time`.
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

/// The order in which rows are read. Backwards, a time t is represented as ~t, which rises as t falls.
enum class Direction : std::uint8_t { forwards, backwards };

/// The bounds of the time between two steps, of which the search leaves one and enters the other. Backwards,
/// the step that is left is the later one.
struct GapBounds {
    Reach min;
    Reach max;

    [[nodiscard]] bool may_be_tied() const { return !min.exists() || min.is_zero(); }
    [[nodiscard]] bool is_too_short(std::int64_t left, std::int64_t entered, Direction direction) const {
        if (!min.exists()) return false;
        return direction == Direction::backwards ? ~left < min.of(~entered) : entered < min.of(left);
    }
    [[nodiscard]] bool is_too_long(std::int64_t left, std::int64_t entered, Direction direction) const {
        if (!max.exists()) return false;
        return direction == Direction::backwards ? ~left > max.of(~entered) : entered > max.of(left);
    }
};

/// The steps as a directed acyclic graph: which step may follow which, and how far apart they may be.
///
/// An edge leads from each step to the next one, and past optional steps to the ones after. Read from the
/// last step to the first, backwards in time, the steps are such a graph again: see `reversed`.
struct StepGraph {
    struct ExclusionRange {
        std::ptrdiff_t after;
        std::ptrdiff_t before;
    };
    std::size_t n_steps = 0;
    std::uint64_t optional = 0;  // a bit for each step
    /// Of each step, from 0, to the step done before it; backwards, to the step of the match after it.
    std::vector<GapBounds> gaps;
    Direction direction = Direction::forwards;
    std::vector<ExclusionRange> exclusions;
    bool tied = false;      // several rows of one time may fill steps in their order
    bool adjacent = false;  // no row may lie between two steps

    [[nodiscard]] bool is_optional(std::size_t step) const { return (optional & bit_of(step)) != 0; }
    [[nodiscard]] const GapBounds& gap(std::size_t from, std::size_t to) const {
        return gaps[(direction == Direction::backwards ? from : to) - 1];
    }
    /// The exclusions that a row between the two steps hits. Skipped steps between them do not matter.
    [[nodiscard]] std::uint64_t watched(std::size_t from, std::size_t to) const;
    /// The exclusions that a row after the last step of a match hits.
    [[nodiscard]] std::uint64_t watched_after(std::size_t level) const;
    /// The steps that could follow a match of this level.
    [[nodiscard]] std::uint64_t next_steps(std::size_t level) const;
    /// The graph of the first `n_first` steps for the opposite direction.
    [[nodiscard]] StepGraph reversed(std::size_t n_first) const;
};

struct Rules {
    Rules(const Options& options, const Journeys& journeys);

    Mode mode;
    Timing timing;
    StepGraph graph;
    Reach deadline;  // of a match, by its entry
    std::vector<std::uint64_t> steps_of_code;
    std::vector<std::uint64_t> exclusions_of_code;
    std::uint64_t first_time = 0;  // steps that only an item's first such row fills
    std::uint64_t drops = 0;       // exclusions by their effect
    std::uint64_t stops = 0;
    std::uint64_t resets = 0;
    std::span<const std::int32_t> hold;
    std::optional<std::int64_t> as_of;
    std::int64_t observed_until;
    std::int64_t immature_from;  // the earliest entry whose window is not over at `observed_until`

    /// @throws std::invalid_argument in a mode in which an item has at most one entry.
    void check_entries() const;
    [[nodiscard]] std::size_t n_steps() const { return graph.n_steps; }
    [[nodiscard]] bool is_immature(std::int64_t entry) const {
        return deadline.exists() && entry >= immature_from;
    }
};

}  // namespace stagefunnel::sequence::inline internal
