#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/stats/incidence.hpp"

namespace stagefunnel::stats {

/// Visits with the moments at which they began and ended, all columns of one length.
struct DatedVisits {
    std::span<const std::int64_t> began;
    std::span<const std::int64_t> ended;  // means nothing where it has no end
    std::span<const std::int32_t> cause;  // what ended it, from 0; `Spells::kCensored`: nothing, it goes on;
                                          // `Spells::kLeftOut`: no such visit
    std::span<const std::int32_t> cell;   // what it is counted in, from 0
    std::size_t n_causes = 1;
    std::size_t n_cells = 1;

    /// @throws std::invalid_argument if columns differ in length, or causes or visits are more than can be
    ///     counted.
    void check() const;
    /// Whether a visit counts, and has an end.
    [[nodiscard]] bool counts(std::size_t i) const { return cause[i] != Spells::kLeftOut; }
    [[nodiscard]] bool has_end(std::size_t i) const { return cause[i] >= 0; }
    /// @throws std::invalid_argument if the cause or the cell of a visit that counts is out of range, or it
    ///     ends before it began.
    void check(std::size_t i) const;
};

/// What was known of visits at a moment: those that had begun before it, and the ends before it.
struct KnownExits {
    std::size_t place = 0;               // of the moment, among those of the history
    std::vector<std::int64_t> events;    // by cell and cause
    std::vector<std::int64_t> oldest;    // by cell: the age of the last end; -1 where there is none
    std::vector<std::int64_t> spent;     // by cell: the time in all visits
    std::int64_t common = 0;             // largest divisor of the lengths of all visits; 0 without one
    std::vector<std::size_t> bounds;     // where the open visits of each cell begin and end
    std::vector<std::int64_t> open_age;  // of the visits that went on, rising in each cell
};

/// A moment, and until when visits that had not ended before it are watched: the moment itself, or the last
/// time before it if a visit may begin at the end of the watch.
struct Watched {
    std::int64_t moment = 0, until = 0;
};

/// Which steps of age are wanted of which cells: request r is about `cell[r]`, and its steps end at the ages
/// [bounds[r], bounds[r + 1]) of `end`, which rise. A step holds the ends after the step before, up to its
/// own.
struct WantedSteps {
    std::span<const std::int64_t> cell;
    std::span<const std::int64_t> bounds;
    std::span<const std::int64_t> end;
};

/// A visit that has ended: how long it lasted, the first moment at which that was known, and what ended it.
struct AgedEnd {
    std::uint64_t key;
    std::int32_t what;

    static constexpr unsigned kCauseBits = 16;

    [[nodiscard]] std::int64_t age() const { return static_cast<std::int64_t>(key); }
    [[nodiscard]] std::size_t cause() const {
        return static_cast<std::size_t>(what) % (std::size_t{1} << kCauseBits);
    }
    [[nodiscard]] std::size_t known_from() const { return static_cast<std::size_t>(what) >> kCauseBits; }
};

/// The exits of each wanted step, one after another.
struct SteppedExits {
    std::vector<double> chance;         // by step and cause: the share of all visits that ends in it
    std::vector<double> gone;           // by step and cause: the share that has ended by its end
    std::vector<double> left;           // by step: the share that has not ended by its end
    std::vector<double> spread;         // by step: what it adds to the variance of the log of `left`
    std::vector<std::int64_t> at_risk;  // by step: visits that lasted to its first end; 0 where none ended
};

/// The visits of a log in an order in which it is quick to say how they ended as known at some moments.
///
/// Those that ended are sorted once, by age; each has the first moment at which its end was known. The steps
/// of a moment then take one pass over them.
class ExitHistory {
  public:
    /// @param moments at which it will be asked; they rise.
    /// @throws std::invalid_argument as `DatedVisits::check`, or if the moments do not rise or are more than
    ///     can be counted.
    ExitHistory(const DatedVisits& visits, std::span<const Watched> moments, unsigned threads);

    /// What was known at each moment.
    [[nodiscard]] const std::vector<KnownExits>& known() const { return known_; }

    /// Estimates how visits end by steps of age, as `estimate_incidence` does of the visits as they were
    /// known, without a table of all their times. The shares at an age do not depend on the other steps.
    ///
    /// @throws std::invalid_argument if the steps do not fit together, a cell is out of range, or `known` is
    ///     of another history.
    [[nodiscard]] SteppedExits by_step(const KnownExits& known, const WantedSteps& wanted,
                                       unsigned threads) const;

    /// Cuts the ends of visits of a cell, as they were known, into at most so many runs of ages with about as
    /// many ends each.
    ///
    /// @return The last age of each run; every age of an end where there are no more.
    /// @throws std::invalid_argument if the cell is out of range, or `known` is of another history.
    [[nodiscard]] std::vector<std::int64_t> cuts(const KnownExits& known, std::size_t cell,
                                                 std::size_t most) const;

  private:
    void check_known(const KnownExits& known) const;

    std::size_t n_causes_;
    std::vector<KnownExits> known_;
    std::vector<std::size_t> end_bounds_;  // by cell
    LargeVector<AgedEnd> ends_;            // by age
};

}  // namespace stagefunnel::stats
