#include "stagefunnel/questions/funnel/trend.hpp"

#include <algorithm>
#include <stdexcept>

#include "questions/funnel/funnel_counter.hpp"
#include "questions/funnel/period_sums.hpp"
#include "scan/code_meaning.hpp"
#include "scan/scan.hpp"

namespace stagefunnel::funnel {
namespace {

/// Rows of the counts that one period has: with `MovedOut::include`, each group once more for the items that
/// moved.
Eigen::Index groups_per_period(const Options& options, const Periods& periods) {
    return Eigen::Index{options.n_groups} * (periods.moved_out == scan::MovedOut::include ? 2 : 1);
}

/// Counts one item after another in a difference array over the periods.
///
/// While an open item does not change, it counts alike in every period. So it is added at the first of these
/// periods and taken out after the last one; `add_up` then makes the counts by prefix sums over the periods.
template <class Mask>
class TrendCounter {
  public:
    TrendCounter(const Pipeline& pipeline, const Options& options, const Periods& periods,
                 const scan::CodeMeaning* meaning)
        : options_(options),
          periods_(periods),
          meaning_(meaning),
          n_periods_(static_cast<Eigen::Index>(periods.bounds.size()) - 1),
          n_groups_(groups_per_period(options, periods)),
          counter_(pipeline, options, n_groups_ * n_periods_) {}

    template <class Code>
    void count(const Journeys& journeys, const Code* codes, std::size_t item) {
        scan::JourneyEnd end = counter_.begin();
        status_ = {};
        Eigen::Index period = 0;
        for (std::size_t i = journeys.offsets[item]; i < journeys.offsets[item + 1]; ++i) {
            const std::int64_t time = journeys.time[i];
            if (time >= periods_.bounds.back() || (periods_.as_of && time >= *periods_.as_of)) break;
            if (time >= bound(period + 1)) {
                const Eigen::Index now = period_of(time, period + 1);
                add_to_periods(item, end, period, now);
                period = now;
            }
            read_row(meaning_[codes[i]], time, end);
        }
        add_to_periods(item, end, period, n_periods_);
    }

    void merge(const TrendCounter& next) { counter_.merge(next.counter_); }

    [[nodiscard]] PartialCounts take() { return counter_.take(); }

  private:
    /// How the item that is read stands after the rows so far.
    struct Status {
        bool closed = false;
        bool moved = false;
        std::int64_t since = 0;  // time at which it closed or moved
    };

    [[nodiscard]] std::int64_t bound(Eigen::Index period) const {
        return periods_.bounds[static_cast<std::size_t>(period)];
    }
    [[nodiscard]] Eigen::Index period_of(std::int64_t time, Eigen::Index from) const {
        const auto first = periods_.bounds.begin() + from;
        return std::upper_bound(first, periods_.bounds.end(), time) - periods_.bounds.begin() - 1;
    }

    void read_row(const scan::CodeMeaning& stage, std::int64_t time, scan::JourneyEnd& end) {
        if (stage.where == scan::Where::nowhere) return;
        if (stage.where == scan::Where::elsewhere) {
            if (!status_.moved) status_.since = time;
            status_.moved = true;
            return;
        }
        if (status_.moved) status_.since = closed_at_;
        status_.moved = false;
        if (stage.row == end.last()) return;
        if (stage.is_final && !status_.closed) status_.since = closed_at_ = time;
        status_.closed = stage.is_final;
        counter_.visit(end, stage.row, time);
    }

    /// Counts the item as it stands now in the periods [first, past).
    void add_to_periods(std::size_t item, const scan::JourneyEnd& end, Eigen::Index first,
                        Eigen::Index past) {
        if (end.empty() || (status_.moved && periods_.moved_out == scan::MovedOut::exclude)) return;
        if (status_.closed || status_.moved) {
            if (status_.since < bound(first)) return;
            past = first + 1;
        }
        const Eigen::Index own = options_.group.empty() ? 0 : options_.group[item];
        const Eigen::Index group = own + (status_.moved ? options_.n_groups : 0);
        counter_.add(first * n_groups_ + group, item, end, 1);
        if (past < n_periods_) counter_.add(past * n_groups_ + group, item, end, -1);
    }

    const Options& options_;
    const Periods& periods_;
    const scan::CodeMeaning* meaning_;
    Eigen::Index n_periods_;
    Eigen::Index n_groups_;
    Counter<Mask> counter_;
    Status status_;
    std::int64_t closed_at_ = 0;
};

/// Returns when an item was created, or when it closed if it is closed now.
template <class Code>
std::optional<std::int64_t> time_of(const Journeys& journeys, const Code* codes,
                                    const scan::CodeMeaning* meaning, std::size_t item, scan::Basis basis) {
    const std::size_t begin = journeys.offsets[item], end = journeys.offsets[item + 1];
    if (basis == scan::Basis::created) {
        for (std::size_t i = begin; i < end; ++i) {
            if (meaning[codes[i]].where == scan::Where::here) return journeys.time[i];
        }
        return std::nullopt;
    }
    const scan::JourneyTimes span = scan::times_of_journey(journeys, codes, meaning, begin, end);
    return span.closed ? std::optional(span.closed_at) : std::nullopt;
}

}  // namespace

Counts count_trend(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
                   const Periods& periods) {
    check_options(journeys, options);
    check_bounds(periods.bounds);
    const std::vector<scan::CodeMeaning> meaning = scan::meanings(journeys, pipeline, periods.elsewhere);
    return scan::with_stage_set(pipeline, [&]<class Mask>() {
        const auto make = [&] { return TrendCounter<Mask>(pipeline, options, periods, meaning.data()); };
        PartialCounts changes = scan::scan(journeys, options.threads, make).take();
        add_up(changes, groups_per_period(options, periods));
        return std::move(changes).finish();
    });
}

std::vector<std::int32_t> periods_of_items(const Journeys& journeys, const Pipeline& pipeline,
                                           scan::Basis basis, std::span<const std::int64_t> bounds,
                                           unsigned threads) {
    if (basis == scan::Basis::active)
        throw std::invalid_argument(
            "the basis must be created or closed: an item can be active in several periods");
    check_bounds(bounds);
    const std::vector<scan::CodeMeaning> meaning = scan::meanings(journeys, pipeline, {});
    std::vector<std::int32_t> periods(journeys.n_items(), -1);
    scan::for_each_item(journeys, threads, [&](const auto* codes, std::size_t item) {
        const std::optional<std::int64_t> time = time_of(journeys, codes, meaning.data(), item, basis);
        if (!time || *time < bounds.front() || *time >= bounds.back()) return;
        periods[item] = static_cast<std::int32_t>(last_not_after(bounds, *time));
    });
    return periods;
}

}  // namespace stagefunnel::funnel
