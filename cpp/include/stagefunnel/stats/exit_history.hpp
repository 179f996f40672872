#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/stats/incidence.hpp"

namespace stagefunnel::stats {

/// Visits with the moments at which they began and ended, all columns of one length.
struct DatedVisits {
    static constexpr std::int64_t kGoesOn = std::numeric_limits<std::int64_t>::max();

    std::span<const std::int64_t> began;
    std::span<const std::int64_t> ended;  // `kGoesOn` where it has no end
    std::span<const std::int32_t> cause;  // what ended it, from 0; `Spells::kLeftOut`: no such visit
    std::span<const std::int32_t> cell;   // what it is counted in, from 0
    std::size_t n_causes = 1;
    std::size_t n_cells = 1;

    /// @throws std::invalid_argument if columns differ in length, a cause or a cell is out of range, or a
    ///     visit ends before it began.
    void check() const;
};

/// What was known of visits at a moment: those that had begun before it, and the ends before it.
struct KnownExits {
    std::int64_t moment = 0;
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

/// The exits of each wanted step, one after another.
struct SteppedExits {
    std::vector<double> chance;         // by step and cause: the share of all visits that ends in it
    std::vector<double> gone;           // by step and cause: the share that has ended by its end
    std::vector<double> left;           // by step: the share that has not ended by its end
    std::vector<double> spread;         // by step: what it adds to the variance of the log of `left`
    std::vector<std::int64_t> at_risk;  // by step: visits that lasted to its first end; 0 where none ended
};

/// The visits of a log in an order in which it is quick to say how they ended as known at any moment.
///
/// Those that ended are sorted once, by age; what was known at all moments then takes one pass over them, and
/// the steps of a moment another.
class ExitHistory {
  public:
    /// @throws std::invalid_argument as `DatedVisits::check`.
    ExitHistory(const DatedVisits& visits, unsigned threads);

    /// Counts what was known at some moments.
    ///
    /// @throws std::invalid_argument if the moments do not rise.
    [[nodiscard]] std::vector<KnownExits> known_at(std::span<const Watched> moments, unsigned threads) const;

    /// Estimates how visits end by steps of age, as `estimate_incidence` does of the visits as they were
    /// known, without a table of all their times.
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
    /// A visit that has ended.
    struct End {
        std::int64_t age;
        std::int64_t ended;
        std::int32_t cause;
    };
    /// Wanted steps of one cell, and how far they are filled.
    struct Filled;

    void check_known(const KnownExits& known) const;
    void count_known(std::span<const Watched> moments, std::size_t cell, std::span<KnownExits> known,
                     std::span<std::int64_t> common, std::span<std::vector<std::int64_t>> open_age) const;
    void step_cell(const KnownExits& known, std::size_t cell, std::span<Filled> wanted,
                   SteppedExits& to) const;

    std::size_t n_causes_;
    std::vector<std::size_t> end_bounds_, open_bounds_;  // by cell
    LargeVector<End> ends_;                              // by age
    LargeVector<std::int64_t> began_;                    // of the visits that go on
};

}  // namespace stagefunnel::stats
