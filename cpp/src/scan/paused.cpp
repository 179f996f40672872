#include "stagefunnel/scan/paused.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>

#include "base/counted.hpp"
#include "base/time_distance.hpp"
#include "scan/scan.hpp"
#include "scan/stays.hpp"
#include "stagefunnel/journeys/working_time.hpp"

namespace stagefunnel::scan {
namespace {

void check_paused(const Pipeline& pipeline, std::span<const std::uint8_t> paused) {
    if (paused.size() == static_cast<std::size_t>(pipeline.n_rows())) return;
    throw std::invalid_argument("paused must have one value per stage, got " +
                                counted(paused.size(), "value") + " for " +
                                counted(static_cast<std::uint64_t>(pipeline.n_rows()), "stage"));
}

/// The clock of one item, set anew at each of its visits.
class PausedClock {
  public:
    /// Begins a visit, after the one before it.
    void begin(const Stay& stay, bool stops) {
        if (stops_) lost_ += distance(stopped_at_, stopped_until_);
        stops_ = stops;
        stopped_at_ = stay.entered;
        stopped_until_ = stay.is_over ? stay.exited : std::numeric_limits<std::int64_t>::max();
    }

    /// Returns what the clock shows at a moment not before the begin of the visit.
    [[nodiscard]] std::int64_t at(std::int64_t time) const {
        const std::uint64_t lost_here = stops_ ? distance(stopped_at_, std::min(time, stopped_until_)) : 0;
        // A length may need all 64 bits; what wraps around has the right distance from other times.
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(time) - lost_ - lost_here);
    }

  private:
    std::uint64_t lost_ = 0;  // how long it stood still in the visits before
    bool stops_ = false;
    std::int64_t stopped_at_ = 0, stopped_until_ = 0;
};

}  // namespace

Journeys with_pauses(const Journeys& journeys, const Pipeline& pipeline, std::span<const std::uint8_t> paused,
                     unsigned threads, const Marks* marks) {
    const Marks none{.whole = journeys};
    const Marks& known = marks == nullptr ? none : *marks;
    check_paused(pipeline, paused);
    known.check(journeys);
    const StayWalker walker(journeys, pipeline, known);
    Journeys stopped = journeys::with_times(journeys, journeys.time);
    for_each_item(journeys, threads, [&](const auto* codes, std::size_t item) {
        PausedClock clock;
        std::size_t from = journeys.offsets[item];  // the first row whose time is not written yet
        const auto write_until = [&](std::size_t end) {
            for (; from < end; ++from) stopped.time[from] = clock.at(journeys.time[from]);
        };
        walker.walk(codes, item, [&](const Stay& stay) {
            write_until(stay.first);
            clock.begin(stay, paused[static_cast<std::size_t>(stay.row)] != 0);
        });
        write_until(journeys.offsets[item + 1]);
    });
    return stopped;
}

}  // namespace stagefunnel::scan
