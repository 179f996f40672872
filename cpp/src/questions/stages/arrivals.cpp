#include "stagefunnel/questions/stages/arrivals.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <stdexcept>
#include <utility>

#include "base/counted.hpp"
#include "scan/scan.hpp"
#include "scan/visits.hpp"

namespace stagefunnel::stages {
namespace {

/// Keeps the least arrivals under an order, on a heap whose front is the greatest of them.
template <class Order>
void keep_arrival(std::vector<Arrival>& kept, const Arrival& arrival, Order order) {
    if (kept.size() == StageArrivals::kMost) {
        if (!order(arrival, kept.front())) return;
        std::pop_heap(kept.begin(), kept.end(), order);
        kept.pop_back();
    }
    kept.push_back(arrival);
    std::push_heap(kept.begin(), kept.end(), order);
}

/// Finds the arrivals of one item after another.
class ArrivalFinder {
  public:
    explicit ArrivalFinder(const Pipeline& pipeline)
        : row_of_code_(pipeline.row_of_code()),
          stages_(static_cast<std::size_t>(pipeline.n_open())),
          times_(static_cast<std::size_t>(pipeline.n_rows())) {
        for (std::int32_t row = 0; row < pipeline.n_rows(); ++row) {
            const bool is_open = row < pipeline.n_open();
            const auto below = static_cast<std::size_t>(scan::JourneyEnd::began_limit_of(pipeline, row));
            up_to_.push_back(below + (is_open ? 1 : 0));
        }
    }

    template <class Code>
    void count(const Journeys& journeys, const Code* codes, std::size_t item) {
        bool is_first = true;
        std::size_t arrived = 0;  // the item came to the stages below this one, or beyond them
        scan::for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1], row_of_code_,
                             [&](std::int32_t of, std::size_t i) {
                                 const auto row = static_cast<std::size_t>(of);
                                 const std::int64_t time = journeys.time[i];
                                 if (is_first) arrived = up_to_[row];
                                 is_first = false;
                                 for (; arrived < up_to_[row]; ++arrived)
                                     arrive(arrived, time, arrived == row);
                                 widen(times_[row], time, time);
                             });
    }

    void merge(const ArrivalFinder& other) {
        for (std::size_t stage = 0; stage < stages_.size(); ++stage) {
            widen(times_[stage], other.times_[stage].first, other.times_[stage].last);
            for (const Arrival& arrival : other.stages_[stage].earliest)
                keep_arrival(stages_[stage].earliest, arrival, std::less<>());
            for (const Arrival& arrival : other.stages_[stage].latest)
                keep_arrival(stages_[stage].latest, arrival, std::greater<>());
        }
    }

    [[nodiscard]] std::vector<StageArrivals> take() {
        for (std::size_t stage = 0; stage < stages_.size(); ++stage) {
            StageArrivals& found = stages_[stage];
            const Times& times = times_[stage];
            if (times.first <= times.last) found.entered = {times.first, times.last};
            std::sort(found.earliest.begin(), found.earliest.end());
            std::sort(found.latest.begin(), found.latest.end());
        }
        return std::move(stages_);
    }

  private:
    static constexpr std::int64_t kFirstTime = std::numeric_limits<std::int64_t>::min();
    static constexpr std::int64_t kLastTime = std::numeric_limits<std::int64_t>::max();

    struct Times {
        std::int64_t first = kLastTime, last = kFirstTime;  // of the starts of visits
        // Arrivals between these times are neither of the earliest nor of the latest.
        std::int64_t early = kLastTime, late = kFirstTime;
    };

    static void widen(Times& times, std::int64_t first, std::int64_t last) {
        times.first = std::min(times.first, first);
        times.last = std::max(times.last, last);
    }

    void arrive(std::size_t stage, std::int64_t time, bool enters) {
        Times& times = times_[stage];
        // Nearly all arrivals lie between, and heaps are slow.
        if (time > times.early && time < times.late) return;
        StageArrivals& found = stages_[stage];
        keep_arrival(found.earliest, {time, enters}, std::less<>());
        keep_arrival(found.latest, {time, enters}, std::greater<>());
        if (found.earliest.size() < StageArrivals::kMost) return;
        times.early = found.earliest.front().time;
        times.late = found.latest.front().time;
    }

    const std::int32_t* row_of_code_;
    std::vector<StageArrivals> stages_;
    std::vector<Times> times_;        // of each row of the pipeline
    std::vector<std::size_t> up_to_;  // a visit of each row arrives at the stages below this one
};

}  // namespace

std::vector<StageArrivals> find_arrivals(const Journeys& journeys, const Pipeline& pipeline,
                                         unsigned threads) {
    pipeline.check(journeys);
    return scan::scan(journeys, threads, [&] { return ArrivalFinder(pipeline); }).take();
}

bool are_entered_throughout(const Journeys& journeys, const Pipeline& pipeline,
                            std::span<const std::uint8_t> wanted, std::int64_t early, std::int64_t late) {
    pipeline.check(journeys);
    const auto n_open = static_cast<std::size_t>(pipeline.n_open());
    if (wanted.size() != n_open) {
        throw std::invalid_argument("wanted must have one value per stage in progress, got " +
                                    counted(wanted.size(), "value") + " for " + counted(n_open, "stage"));
    }
    // What is still to be seen of each row: a visit before `early`, and one after `late`.
    std::vector<std::uint8_t> before(static_cast<std::size_t>(pipeline.n_rows()), 0), after = before;
    std::copy(wanted.begin(), wanted.end(), before.begin());
    std::copy(wanted.begin(), wanted.end(), after.begin());
    auto missing =
        2 * (before.size() - static_cast<std::size_t>(std::count(before.begin(), before.end(), 0)));
    return scan::with_codes(journeys, [&](const auto* codes) {
        for (std::size_t item = 0; missing > 0 && item < journeys.n_items(); ++item) {
            scan::for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1],
                                 pipeline.row_of_code(), [&](std::int32_t row, std::size_t i) {
                                     const auto place = static_cast<std::size_t>(row);
                                     const std::int64_t time = journeys.time[i];
                                     if (before[place] != 0 && time < early) before[place] = 0, --missing;
                                     if (after[place] != 0 && time > late) after[place] = 0, --missing;
                                 });
        }
        return missing == 0;
    });
}

}  // namespace stagefunnel::stages
