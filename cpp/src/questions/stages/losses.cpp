#include "stagefunnel/questions/stages/losses.hpp"

#include <utility>

#include "base/time_distance.hpp"
#include "scan/scan.hpp"
#include "scan/visits.hpp"

namespace stagefunnel::stages {
namespace {

/// Lists the items that are lost now, one item after another.
class LossLister {
  public:
    explicit LossLister(const Pipeline& pipeline) : pipeline_(pipeline) {}

    template <class Code>
    void count(const Journeys& journeys, const Code* codes, std::size_t item) {
        scan::JourneyEnd end(pipeline_);
        std::int64_t created = 0, last_at = 0, from_at = 0, lost_at = 0;
        scan::for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1],
                             pipeline_.row_of_code(), [&](std::int32_t row, std::size_t i) {
                                 const std::int64_t time = journeys.time[i];
                                 if (end.empty()) created = time;
                                 if (end.empty() || pipeline_.outcome_of(row) != end.outcome()) {
                                     from_at = last_at;
                                     lost_at = time;
                                 }
                                 last_at = time;
                                 end.visit(row);
                             });
        if (end.empty() || end.outcome() != Outcome::lost) return;
        losses_.item.push_back(static_cast<std::uint32_t>(item));
        losses_.from_stage.push_back(end.before_run());
        losses_.lost_stage.push_back(end.last());
        losses_.until_lost.push_back(distance(created, lost_at));
        losses_.in_stage.push_back(end.before_run() < 0 ? 0 : distance(from_at, lost_at));
    }

    void merge(const LossLister& next) {
        const auto append = [](auto& column, const auto& more) {
            column.insert(column.end(), more.begin(), more.end());
        };
        append(losses_.item, next.losses_.item);
        append(losses_.from_stage, next.losses_.from_stage);
        append(losses_.lost_stage, next.losses_.lost_stage);
        append(losses_.until_lost, next.losses_.until_lost);
        append(losses_.in_stage, next.losses_.in_stage);
    }

    [[nodiscard]] Losses take() { return std::move(losses_); }

  private:
    const Pipeline& pipeline_;
    Losses losses_;
};

}  // namespace

Losses find_losses(const Journeys& journeys, const Pipeline& pipeline, unsigned threads) {
    pipeline.check(journeys);
    return scan::scan(journeys, threads, [&] { return LossLister(pipeline); }).take();
}

}  // namespace stagefunnel::stages
