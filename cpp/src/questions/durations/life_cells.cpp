#include "stagefunnel/questions/durations/life_cells.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/parallel.hpp"
#include "scan/code_meaning.hpp"
#include "scan/scan.hpp"
#include "stats/time_steps.hpp"

namespace stagefunnel::durations {
namespace {

void check_groups(std::span<const std::int32_t> group, std::size_t n_items, std::size_t n_groups) {
    if (n_groups < 1) throw std::invalid_argument("lives need a group");
    if (group.empty()) return;
    if (group.size() != n_items) throw std::invalid_argument("the groups are not one for each item");
    for (const std::int32_t one : group) {
        if (one < 0 || static_cast<std::size_t>(one) >= n_groups)
            throw std::invalid_argument("the group of an item is out of range");
    }
}

std::size_t group_of(std::span<const std::int32_t> group, std::size_t item) {
    return group.empty() ? 0 : static_cast<std::size_t>(group[item]);
}

/// What the lives of one range have in common.
struct LifeSums {
    stats::TimeSteps steps;
    std::uint64_t longest = 0;
    std::int64_t unknown = 0, passed_through = 0, ever_lost = 0, reopened = 0;

    void merge(const LifeSums& next) {
        steps.merge(next.steps);
        longest = std::max(longest, next.longest);
        unknown += next.unknown;
        passed_through += next.passed_through;
        ever_lost += next.ever_lost;
        reopened += next.reopened;
    }
};

constexpr auto kWon = static_cast<std::int8_t>(LifeEnd::won);
constexpr auto kOpen = static_cast<std::int8_t>(LifeEnd::open);
constexpr auto kUnknown = static_cast<std::int8_t>(LifeEnd::unknown);

LifeSums sums_of(const Lives& lives, std::int64_t origin, unsigned threads) {
    return parallel_merge(lives.end.size(), threads, [&](std::size_t begin, std::size_t end) {
        LifeSums own{stats::TimeSteps(origin)};
        for (std::size_t item = begin; item < end; ++item) {
            if (lives.end[item] > kOpen) {
                own.unknown += lives.end[item] == kUnknown ? 1 : 0;
                continue;
            }
            own.steps.add(lives.began[item]);
            if (lives.end[item] < kOpen) {
                const std::uint64_t lasted = stats::time_between(lives.began[item], lives.ended[item]);
                own.steps.add_distance(lasted);
                own.longest = std::max(own.longest, lasted);
            }
            const std::uint8_t passed = lives.passed[item];
            own.passed_through += (passed & Passed::kFinal) != 0 ? 1 : 0;
            own.ever_lost += (passed & Passed::kLost) != 0 ? 1 : 0;
            own.reopened += (passed & Passed::kReopened) != 0 ? 1 : 0;
        }
        return own;
    });
}

/// The moments of a watch in steps since the first life began, all of which are whole.
class WatchInSteps {
  public:
    WatchInSteps(const PackedLives& lives, const LifeWatch& watch, unsigned threads)
        : first_(lives.first), is_cut_(watch.is_cut), until_of_item_(watch.until_of_item) {
        // What begins when the watch is over is watched for no time at all.
        const std::uint64_t watched = since_first(watch.until);
        const std::uint64_t before = watch.start ? since_first(*watch.start) : 0;
        step_ = std::gcd(static_cast<std::uint64_t>(lives.step), std::gcd(watched, before));
        if (!until_of_item_.empty()) step_ = std::gcd(step_, step_of_items(lives, threads));
        steps_of_step_ = static_cast<std::uint64_t>(lives.step) / step_;
        last_ = watched / step_;
        start_ = before / step_;
    }

    [[nodiscard]] std::uint64_t step() const { return step_; }
    [[nodiscard]] std::uint64_t oldest(const PackedLives& lives) const {
        return std::max(last_, static_cast<std::uint64_t>(lives.longest) * steps_of_step_);
    }

    /// A life as it is watched, in steps since it began.
    struct Life {
        std::uint64_t lasted, followed, entered;
        std::int32_t cause;
    };
    /// Nothing: it is left out.
    [[nodiscard]] std::optional<Life> of(const PackedLives& lives, std::size_t item,
                                         std::size_t n_causes) const {
        const std::int8_t how = lives.end[item];
        if (how > kOpen) return std::nullopt;
        const std::uint64_t began = lives.began[item] * steps_of_step_;
        if (is_cut_ && began >= last_) return std::nullopt;
        const std::uint64_t lasted = lives.lasted[item] * steps_of_step_;
        const bool happened =
            static_cast<std::size_t>(how - kWon) < n_causes && !(is_cut_ && began + lasted >= last_);
        std::uint64_t end = last_;
        if (!until_of_item_.empty()) end = std::min(end, since_first(until_of_item_[item]) / step_);
        const std::uint64_t followed = end - std::min(began, end);
        Life life{.lasted = happened ? lasted : followed,
                  .followed = followed,
                  .entered = start_ - std::min(began, start_),
                  .cause = happened ? std::int32_t{how} : stats::Spells::kCensored};
        // What happens when the watch begins is seen; of an item that is watched no longer nothing is.
        if (life.lasted < life.entered) return std::nullopt;
        return life;
    }

  private:
    [[nodiscard]] std::uint64_t since_first(std::int64_t moment) const {
        return moment < first_ ? 0 : stats::time_between(first_, moment);
    }
    [[nodiscard]] std::uint64_t step_of_items(const PackedLives& lives, unsigned threads) const {
        const stats::TimeSteps steps =
            parallel_merge(until_of_item_.size(), threads, [&](std::size_t begin, std::size_t end) {
                stats::TimeSteps own(first_);
                for (std::size_t item = begin; item < end; ++item)
                    if (lives.end[item] <= kOpen) own.add_distance(since_first(until_of_item_[item]));
                return own;
            });
        return steps.step_or_none();
    }

    std::int64_t first_;
    bool is_cut_;
    std::span<const std::int64_t> until_of_item_;
    std::uint64_t step_ = 1, steps_of_step_ = 1, last_ = 0, start_ = 0;
};

}  // namespace

std::optional<PackedLives> pack_lives(const Lives& lives, unsigned threads) {
    const std::size_t n = lives.end.size();
    const auto is_known = [&](std::size_t item) { return lives.end[item] <= kOpen; };
    std::size_t some = 0;
    while (some < n && !is_known(some)) ++some;
    const LifeSums sums = sums_of(lives, some < n ? lives.began[some] : 0, threads);
    PackedLives packed;
    packed.unknown = sums.unknown;
    packed.passed_through = sums.passed_through;
    packed.ever_lost = sums.ever_lost;
    packed.reopened = sums.reopened;
    packed.began.resize(n);
    packed.lasted.resize(n);
    packed.end.assign(lives.end.begin(), lives.end.end());
    packed.passed.assign(lives.passed.begin(), lives.passed.end());
    if (sums.steps.empty()) return packed;
    const std::uint64_t step = sums.steps.step();
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
    if (stats::time_between(sums.steps.first(), sums.steps.last()) / step > kMost ||
        sums.longest / step > kMost)
        return std::nullopt;
    packed.first = sums.steps.first();
    packed.step = static_cast<std::int64_t>(step);
    packed.longest = static_cast<std::int64_t>(sums.longest / step);
    const stats::ExactDivider divider(step);
    parallel_for(n, threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t item = begin; item < end; ++item) {
            if (!is_known(item)) continue;
            packed.began[item] = static_cast<std::uint32_t>(
                divider.quotient(stats::time_between(packed.first, lives.began[item])));
            if (lives.end[item] == kOpen) continue;
            packed.lasted[item] = static_cast<std::uint32_t>(
                divider.quotient(stats::time_between(lives.began[item], lives.ended[item])));
        }
    });
    return packed;
}

void LifeCells::merge(const LifeCells& next) {
    cells.merge(next.cells);
    passed_through += next.passed_through;
    ever_lost += next.ever_lost;
    reopened += next.reopened;
}

std::optional<LifeCells> count_lives(const PackedLives& lives, const LifeWatch& watch,
                                     std::span<const std::int32_t> group, std::size_t n_groups,
                                     std::size_t n_causes, unsigned threads) {
    const std::size_t n = lives.end.size();
    check_groups(group, n, n_groups);
    if (n_causes < 2 || n_causes > 3) throw std::invalid_argument("lives have two causes, or three");
    if (!watch.until_of_item.empty() && watch.until_of_item.size() != n)
        throw std::invalid_argument("the ends of the watch are not one for each item");
    const WatchInSteps steps(lives, watch, threads);
    const auto none =
        stats::RiskCells::empty(n, n_groups, n_causes, 1, static_cast<std::int64_t>(steps.oldest(lives)));
    if (!none) return std::nullopt;
    return parallel_merge(n, threads, [&](std::size_t begin, std::size_t end) {
        LifeCells own{.cells = *none};
        own.cells.step = static_cast<std::int64_t>(steps.step());
        for (std::size_t item = begin; item < end; ++item) {
            const auto life = steps.of(lives, item, n_causes);
            if (!life) {
                ++own.cells.left_out;
                continue;
            }
            own.cells.add(group_of(group, item), life->lasted, life->cause, life->followed, life->entered);
            const std::uint8_t passed = lives.passed[item];
            own.passed_through += (passed & Passed::kFinal) != 0 ? 1 : 0;
            own.ever_lost += (passed & Passed::kLost) != 0 ? 1 : 0;
            own.reopened += (passed & Passed::kReopened) != 0 ? 1 : 0;
        }
        return own;
    });
}

TimeRange range_of_times(const Journeys& journeys, unsigned threads) {
    if (journeys.time.empty()) return {};
    const stats::TimeSteps steps =
        parallel_merge(journeys.time.size(), threads, [&](std::size_t begin, std::size_t end) {
            stats::TimeSteps own(journeys.time[0]);
            for (std::size_t i = begin; i < end; ++i) own.add(journeys.time[i]);
            return own;
        });
    return {steps.first(), steps.last(), static_cast<std::int64_t>(steps.step())};
}

std::optional<stats::RiskCells> count_stays(const Journeys& journeys, const Pipeline& pipeline,
                                            std::int32_t n_stages, const TimeRange& range, std::int64_t until,
                                            std::span<const std::uint8_t> elsewhere,
                                            std::span<const std::int32_t> group, std::size_t n_groups,
                                            unsigned threads) {
    if (n_stages < 1 || n_stages > pipeline.n_rows())
        throw std::invalid_argument("the stages are not rows of the pipeline");
    check_groups(group, journeys.n_items(), n_groups);
    // Times that differ by more than a long reaches are not days.
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const std::int64_t end = std::max(until, range.first);
    const std::uint64_t watched = stats::time_between(range.first, end);
    const std::uint64_t step = std::gcd(static_cast<std::uint64_t>(range.step), watched);
    const std::uint64_t oldest = std::max(watched, stats::time_between(range.first, range.last));
    if (oldest > kMost) return std::nullopt;
    const auto n = static_cast<std::size_t>(n_stages);
    const auto none =
        stats::RiskCells::empty(journeys.time.size(), n_groups * n, 1, static_cast<std::int64_t>(step),
                                static_cast<std::int64_t>(oldest));
    if (!none) return std::nullopt;
    const std::vector<scan::CodeMeaning> meaning = scan::meanings(journeys, pipeline, elsewhere);
    const stats::ExactDivider divider(step);
    std::vector<stats::RiskCells> parts =
        scan::scan_ranges(journeys, threads, [&](const auto* codes, std::size_t first, std::size_t last) {
            stats::RiskCells own = *none;
            const auto count = [&](std::size_t cells, std::int32_t stage, std::int64_t entered,
                                   std::int64_t exited, std::int32_t cause) {
                if (stage >= n_stages) return;
                const std::int64_t seen = std::max(end, entered);
                own.add(cells + static_cast<std::size_t>(stage),
                        divider.quotient(stats::time_between(entered, exited)), cause,
                        divider.quotient(stats::time_between(entered, seen)));
            };
            for (std::size_t item = first; item < last; ++item) {
                const std::size_t cells = group_of(group, item) * n;
                std::int32_t stage = Pipeline::kUnlisted;
                std::int64_t entered = 0, left_at = 0;
                bool has_left = false;  // whether the rows so far end elsewhere
                for (std::size_t i = journeys.offsets[item]; i < journeys.offsets[item + 1]; ++i) {
                    const scan::CodeMeaning next = meaning[codes[i]];
                    if (next.where != scan::Where::here) {
                        if (next.where == scan::Where::nowhere) continue;
                        if (!has_left) left_at = journeys.time[i];
                        has_left = true;
                        continue;
                    }
                    has_left = false;
                    if (next.row == stage) continue;
                    const std::int64_t time = journeys.time[i];
                    if (stage != Pipeline::kUnlisted) count(cells, stage, entered, time, 0);
                    stage = next.row;
                    entered = time;
                }
                if (stage == Pipeline::kUnlisted) continue;
                if (has_left) {
                    count(cells, stage, entered, left_at, 0);
                } else {
                    count(cells, stage, entered, std::max(end, entered), stats::Spells::kCensored);
                }
            }
            return own;
        });
    stats::RiskCells all = std::move(parts.front());
    for (std::size_t part = 1; part < parts.size(); ++part) all.merge(parts[part]);
    return all;
}

}  // namespace stagefunnel::durations
