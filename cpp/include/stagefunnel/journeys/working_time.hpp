#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"

namespace stagefunnel::journeys {

/// Spans of working time in the unit of a log: span i is [`begin[i]`, `end[i]`), and the spans rise without
/// an overlap.
///
/// `before` has the working time before each span; where it is empty, that is the sum of the spans before. It
/// is more where the log has local times and the clocks went back: then more time passes than local times
/// show, and a span without a length says from where on.
struct WorkingSpans {
    std::span<const std::int64_t> begin;
    std::span<const std::int64_t> end;
    std::span<const std::int64_t> before{};
};

/// Measures working time: how much of it has passed by each moment since before all spans.
///
/// The working time between two moments is the difference of the two measures, so that no span between them
/// is looked at: prefix sums. A moment finds its span through a table of equal stretches of time, each of
/// which knows the first span that may hold its moments.
class WorkingClock {
  public:
    /// @throws std::invalid_argument if the spans differ in number, do not rise, overlap, or are longer than
    ///     2^63 together, or if the working time before them falls.
    explicit WorkingClock(const WorkingSpans& spans);

    /// Returns the working time before a moment.
    [[nodiscard]] std::int64_t at(std::int64_t time) const {
        if (begin_.empty() || time < begin_.front()) return 0;
        if (time >= last_end_) return total_;
        std::size_t i = first_of_stretch_[stretch_of(time)];
        while (i + 1 < begin_.size() && begin_[i + 1] <= time) ++i;
        const std::int64_t worked = time - begin_[i];
        return before_[i] + (worked < length_[i] ? worked : length_[i]);
    }

  private:
    [[nodiscard]] std::size_t stretch_of(std::int64_t time) const {
        const auto from_begin = static_cast<std::uint64_t>(time) - static_cast<std::uint64_t>(begin_.front());
        return static_cast<std::size_t>(from_begin >> shift_);
    }

    std::vector<std::int64_t> begin_, length_;
    std::vector<std::int64_t> before_;             // working time before each span
    std::vector<std::uint32_t> first_of_stretch_;  // the last span that begins before each stretch, or 0
    unsigned shift_ = 0;                           // a stretch is 2^shift long
    std::int64_t last_end_ = 0;
    std::int64_t total_ = 0;
};

/// Returns the working time before each of some moments.
///
/// @throws std::invalid_argument as `WorkingClock` does.
[[nodiscard]] LargeVector<std::int64_t> working_times(std::span<const std::int64_t> times,
                                                      const WorkingSpans& spans, unsigned threads);

/// Returns journeys with other times, one for each of their rows. The items' keys are left out.
///
/// @throws std::invalid_argument if the times are not one per row.
[[nodiscard]] Journeys with_times(const Journeys& journeys, std::span<const std::int64_t> times);

/// Returns journeys whose times are the working time before each of their rows.
///
/// Times keep their order, because no working time passes backwards: a length of time between rows of these
/// journeys is working time. The items' keys are left out.
///
/// @throws std::invalid_argument as `WorkingClock` does.
[[nodiscard]] Journeys in_working_time(const Journeys& journeys, const WorkingSpans& spans, unsigned threads);

}  // namespace stagefunnel::journeys
