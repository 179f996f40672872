#include "stagefunnel/questions/stages/stage_use.hpp"

#include <algorithm>
#include <functional>

#include "scan/scan.hpp"
#include "scan/visits.hpp"

namespace stagefunnel::stages {
namespace {

/// Keeps the least arrivals under an order, on a heap whose front is the greatest of them.
template <class Order>
void keep_arrival(std::vector<Arrival>& kept, const Arrival& arrival, Order order) {
    if (kept.size() == StageUse::kMostArrivals) {
        if (!order(arrival, kept.front())) return;
        std::pop_heap(kept.begin(), kept.end(), order);
        kept.pop_back();
    }
    kept.push_back(arrival);
    std::push_heap(kept.begin(), kept.end(), order);
}

/// Describes the use of the stages by one item after another.
class UseCounter {
  public:
    explicit UseCounter(const Pipeline& pipeline)
        : pipeline_(pipeline),
          use_(static_cast<std::size_t>(pipeline.n_open())),
          seen_(static_cast<std::size_t>(pipeline.n_rows()), kNever) {}

    template <class Code>
    void count(const Journeys& journeys, const Code* codes, std::size_t item) {
        std::int32_t last = Pipeline::kUnlisted;
        // The item began beyond the stages below `began`, came beyond those below `beyond`, and to those
        // below `arrived` or beyond them.
        std::size_t began = 0, beyond = 0, arrived = 0;
        scan::for_each_visit(
            codes, journeys.offsets[item], journeys.offsets[item + 1], pipeline_.row_of_code(),
            [&](std::int32_t row, std::size_t i) {
                const auto below = static_cast<std::size_t>(scan::JourneyEnd::began_limit_of(pipeline_, row));
                const bool is_open = row < pipeline_.n_open();
                const std::size_t up_to = below + (is_open ? 1 : 0);
                if (last == Pipeline::kUnlisted) {
                    began = beyond = below;
                    arrived = up_to;
                } else {
                    leave(last, row);
                }
                beyond = std::max(beyond, below);
                for (; arrived < up_to; ++arrived) {
                    keep(use_[arrived], {journeys.time[i], is_open && arrived + 1 == up_to});
                }
                enter(row, item, journeys.time[i]);
                last = row;
            });
        for (std::size_t stage = began; stage < beyond; ++stage) {
            ++use_[stage].beyond;
            use_[stage].passed += static_cast<std::int64_t>(seen_[stage] == item);
        }
    }

    void merge(const UseCounter& other) {
        for (std::size_t stage = 0; stage < use_.size(); ++stage) {
            StageUse& use = use_[stage];
            const StageUse& more = other.use_[stage];
            use.beyond += more.beyond;
            use.passed += more.passed;
            use.left += more.left;
            use.left_back += more.left_back;
            if (more.entered) {
                widen(use, more.entered->first);
                widen(use, more.entered->second);
            }
            for (const Arrival& arrival : more.earliest) keep_arrival(use.earliest, arrival, std::less<>());
            for (const Arrival& arrival : more.latest) keep_arrival(use.latest, arrival, std::greater<>());
        }
    }

    [[nodiscard]] std::vector<StageUse> take() {
        for (StageUse& use : use_) {
            std::sort(use.earliest.begin(), use.earliest.end());
            std::sort(use.latest.begin(), use.latest.end());
        }
        return std::move(use_);
    }

  private:
    static constexpr std::size_t kNever = ~std::size_t{0};

    static void keep(StageUse& use, const Arrival& arrival) {
        keep_arrival(use.earliest, arrival, std::less<>());
        keep_arrival(use.latest, arrival, std::greater<>());
    }

    static void widen(StageUse& use, std::int64_t time) {
        if (!use.entered) use.entered = {time, time};
        use.entered->first = std::min(use.entered->first, time);
        use.entered->second = std::max(use.entered->second, time);
    }

    void enter(std::int32_t row, std::size_t item, std::int64_t time) {
        seen_[static_cast<std::size_t>(row)] = item;
        if (row < pipeline_.n_open()) widen(use_[static_cast<std::size_t>(row)], time);
    }

    void leave(std::int32_t from, std::int32_t to) {
        if (from >= pipeline_.n_open()) return;
        StageUse& use = use_[static_cast<std::size_t>(from)];
        ++use.left;
        if (to < from) ++use.left_back;
    }

    const Pipeline& pipeline_;
    std::vector<StageUse> use_;
    std::vector<std::size_t> seen_;  // the last item with a visit of each row
};

}  // namespace

std::vector<StageUse> stage_use(const Journeys& journeys, const Pipeline& pipeline, unsigned threads) {
    pipeline.check(journeys);
    return scan::scan(journeys, threads, [&] { return UseCounter(pipeline); }).take();
}

}  // namespace stagefunnel::stages
