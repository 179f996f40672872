#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/checkpoint.hpp"
#include "base/parallel.hpp"
#include "questions/funnel/period_sums.hpp"
#include "questions/funnel/stepped_units.hpp"
#include "questions/funnel/unit_counter.hpp"
#include "questions/funnel/unit_status.hpp"
#include "scan/code_meaning.hpp"
#include "stagefunnel/questions/funnel/units.hpp"

namespace stagefunnel::funnel {
namespace {

/// Counts one unit after another in the periods in which it is active, in a difference array over these.
template <class Mask, class Code>
class UnitTrendCounter {
  public:
    UnitTrendCounter(const Journeys& journeys, const Pipeline& pipeline, const Code* codes,
                     const Options& options, const Periods& periods, const scan::CodeMeaning* meaning)
        : journeys_(journeys),
          codes_(codes),
          options_(options),
          periods_(periods),
          meaning_(meaning),
          n_periods_(static_cast<Eigen::Index>(periods.bounds.size()) - 1),
          reader_(journeys, pipeline, codes, options),
          counter_(pipeline, options, n_periods_ * options.n_groups) {}

    void count(std::span<const std::uint32_t> items) {
        find_changes(items);
        for (std::size_t i = 0; i < changes_.size(); ++i)
            count_from(items, changes_[i], i + 1 < changes_.size() ? changes_[i + 1] : n_periods_);
    }

    [[nodiscard]] PartialUnits take() { return counter_.take(); }

  private:
    [[nodiscard]] std::int64_t bound(Eigen::Index period) const {
        return periods_.bounds[static_cast<std::size_t>(period)];
    }
    /// Returns the first row of an item at or after a time.
    [[nodiscard]] std::size_t row_at(std::size_t item, std::int64_t time) const {
        const auto times = journeys_.time.begin();
        const auto first = times + static_cast<std::ptrdiff_t>(journeys_.offsets[item]);
        const auto last = times + static_cast<std::ptrdiff_t>(journeys_.offsets[item + 1]);
        return static_cast<std::size_t>(std::lower_bound(first, last, time) - times);
    }
    /// Returns the moment until which a period is read.
    [[nodiscard]] std::int64_t seen_until(Eigen::Index period) const {
        const std::int64_t end = bound(period + 1);
        return periods_.as_of ? std::min(end, *periods_.as_of) : end;
    }

    /// Finds the periods in which an item has a row, in order; rows before them are in the first one.
    void find_changes(std::span<const std::uint32_t> items) {
        changes_.clear();
        const std::int64_t until = seen_until(n_periods_ - 1);
        for (const std::uint32_t item : items) {
            Eigen::Index last = -1;
            const std::size_t end = row_at(item, until);
            for (std::size_t i = journeys_.offsets[item]; i < end; ++i) {
                const std::int64_t time = journeys_.time[i];
                if (last >= 0 && time < bound(last + 1)) continue;
                const auto from = periods_.bounds.begin() + last + 1;
                last = std::upper_bound(from, periods_.bounds.end(), time) - periods_.bounds.begin() - 1;
                last = std::max<Eigen::Index>(last, 0);
                changes_.push_back(last);
            }
        }
        std::sort(changes_.begin(), changes_.end());
        changes_.erase(std::unique(changes_.begin(), changes_.end()), changes_.end());
    }

    /// Counts the unit as it stands at the end of a period in the periods [period, past).
    void count_from(std::span<const std::uint32_t> items, Eigen::Index period, Eigen::Index past) {
        counter_.clear();
        UnitStatus status;
        for (const std::uint32_t item : items) read(item, seen_until(period), status);
        if (status.standing() == Standing::none) return;
        if (status.standing() != Standing::open) {
            if (status.gone_at() < bound(period)) return;
            past = period + 1;
        }
        const auto first_item = static_cast<std::size_t>(status.first_item());
        const Eigen::Index group = options_.group.empty() ? 0 : options_.group[first_item];
        counter_.count(period * options_.n_groups + group, 1);
        if (past < n_periods_) counter_.count(past * options_.n_groups + group, -1);
    }

    void read(std::size_t item, std::int64_t until, UnitStatus& status) {
        const std::size_t begin = journeys_.offsets[item], end = row_at(item, until);
        const scan::JourneyTimes times = scan::times_of_journey(journeys_, codes_, meaning_, begin, end);
        if (!times.seen || (times.moved && periods_.moved_out == scan::MovedOut::exclude)) return;
        const bool is_counted = reader_.read_rows(begin, end);
        status.see(ItemStanding(times, reader_.end(), journeys_.first_row[item], is_counted), item);
        if (is_counted) counter_.see(reader_, item, journeys_.first_row[item], times.moved);
    }

    const Journeys& journeys_;
    const Code* codes_;
    const Options& options_;
    const Periods& periods_;
    const scan::CodeMeaning* meaning_;
    Eigen::Index n_periods_;
    ItemReader<Mask, Code> reader_;
    UnitCounter<Mask> counter_;
    std::vector<Eigen::Index> changes_;
};

/// Counts units of items that are read once, for pipelines whose stages are bits.
PartialUnits count_steps(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
                         const Periods& periods, const ByKey& items, const scan::CodeMeaning* meaning) {
    constexpr std::size_t kItemsAhead = 24, kStepsAhead = 12;  // items of a unit do not lie together
    const ItemSteps steps = ItemSteps::of(journeys, pipeline, options, periods, meaning);
    return parallel_merge(items.n_keys(), options.threads, [&](std::size_t first, std::size_t last) {
        SteppedUnits counter(pipeline, options, periods, steps);
        const auto all = std::span(items.values).first(items.offsets[last]);
        in_blocks(first, last, [&](std::size_t begin, std::size_t end) {
            for (std::size_t unit = begin; unit < end; ++unit) {
                for (std::size_t place = items.offsets[unit]; place < items.offsets[unit + 1]; ++place) {
                    if (place + kItemsAhead >= all.size()) break;
                    // Here and not in a function of its own, which a compiler may drop as one without effect.
                    const ItemSteps::Item* item = steps.place_of_item(all[place + kItemsAhead]);
                    const ItemStep* step = steps.place_of_steps(all[place + kStepsAhead]);
                    __builtin_prefetch(item);
                    __builtin_prefetch(item + 1);
                    __builtin_prefetch(step);
                    __builtin_prefetch(step + 1);
                }
                counter.count(items.of(unit));
            }
        });
        return counter.take();
    });
}

}  // namespace

UnitCounts count_unit_trend(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
                            const Periods& periods, const ByKey& items) {
    check_options(journeys, options);
    check_bounds(periods.bounds);
    check_items(journeys, items);
    const std::vector<scan::CodeMeaning> meaning = scan::meanings(journeys, pipeline, periods.elsewhere);
    const auto count = [&]<class Mask>(const auto* codes, std::size_t first, std::size_t last) {
        UnitTrendCounter<Mask, std::decay_t<decltype(*codes)>> counter(journeys, pipeline, codes, options,
                                                                       periods, meaning.data());
        for (std::size_t unit = first; unit < last; ++unit) counter.count(items.of(unit));
        return counter.take();
    };
    const bool is_of_bits = pipeline.n_rows() <= UnitState::kMostRows && options.amount.empty();
    PartialUnits changes = is_of_bits
                               ? count_steps(journeys, pipeline, options, periods, items, meaning.data())
                               : count_all_units(journeys, pipeline, items, options.threads, count);
    add_up(changes.counted, options.n_groups);
    for (Eigen::Index g = options.n_groups; g < changes.moved_out.size(); ++g)
        changes.moved_out(g) += changes.moved_out(g - options.n_groups);
    return std::move(changes).finish();
}

}  // namespace stagefunnel::funnel
