#include "stagefunnel/questions/durations/open_features.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include "questions/durations/dates.hpp"
#include "scan/look_ahead.hpp"
#include "scan/same_items.hpp"
#include "scan/scan.hpp"
#include "scan/visits.hpp"
#include "stagefunnel/journeys/lookup.hpp"

namespace stagefunnel::durations {
namespace {

void check(const Journeys& journeys, const Pipeline& pipeline, const FeatureDates& asked,
           const scan::Marks& marks) {
    pipeline.check(journeys);
    marks.check(journeys);
    if (pipeline.has_rules()) throw std::invalid_argument("the pipeline has rules of single stages");
    if (!marks.ended.empty() ||
        std::any_of(marks.elsewhere.begin(), marks.elsewhere.end(), [](auto flag) { return flag != 0; }))
        throw std::invalid_argument("visits end in another way than by the next one");
    check_dates(asked.dates, asked.ends);
}

/// The visits of one item after another, and whether it is known when they began.
template <class Code>
class ItemVisits {
  public:
    struct Visit {
        std::int32_t row;
        bool start_unknown;
        std::int64_t began;
    };

    ItemVisits(const Journeys& journeys, const Code* codes, const Pipeline& pipeline,
               const scan::Marks& marks)
        : journeys_(journeys), codes_(codes), pipeline_(pipeline), marks_(marks) {}

    /// Reads the visits of an item that began before a moment.
    const std::vector<Visit>& read(std::size_t item, std::int64_t before) {
        visits_.clear();
        const std::size_t begin = journeys_.offsets[item], end = journeys_.offsets[item + 1];
        std::int32_t last = Pipeline::kUnlisted;
        for (std::size_t i = begin; i < end && journeys_.time[i] < before; ++i) {
            const std::int32_t row = pipeline_.row_of_code()[codes_[i]];
            if (row == Pipeline::kUnlisted || row == last) continue;
            last = row;
            const bool start_unknown =
                !marks_.start_unknown.empty() &&
                marks_.start_unknown[scan::place_in_whole(journeys_, marks_.whole, item, i)] != 0;
            visits_.push_back({row, start_unknown, journeys_.time[i]});
        }
        return visits_;
    }

  private:
    const Journeys& journeys_;
    const Code* codes_;
    const Pipeline& pipeline_;
    const scan::Marks& marks_;
    std::vector<Visit> visits_;
};

/// Follows the visits of an item through the dates.
///
/// Calls `at(date, visit, then)` for each date at which the item is open: its last visit that had begun by
/// then, and that by the end of the horizon.
template <class Visits, class At>
void follow(const Visits& visits, const Pipeline& pipeline, const FeatureDates& asked, At at) {
    if (visits.empty()) return;
    const auto seen_at = [&](std::size_t visit, std::int64_t moment) {
        while (visit + 1 < visits.size() && visits[visit + 1].began < moment) ++visit;
        return visit;
    };
    const auto begun = std::upper_bound(asked.dates.begin(), asked.dates.end(), visits.front().began);
    std::size_t visit = 0;
    for (auto d = static_cast<std::size_t>(begun - asked.dates.begin()); d < asked.dates.size(); ++d) {
        visit = seen_at(visit, asked.dates[d]);
        if (pipeline.outcome_of(visits[visit].row) == Outcome::open) {
            at(d, visit, seen_at(visit, asked.ends[d]));
        } else if (visit + 1 == visits.size()) {
            return;
        }
    }
}

/// Writes the features of the open items of a range.
template <class Code>
class Describer {
  public:
    /// @param places where the next row of each date belongs.
    Describer(ItemVisits<Code> visits, const Pipeline& pipeline, const FeatureDates& asked,
              std::vector<std::size_t> places, OpenFeatures& to)
        : visits_(std::move(visits)),
          pipeline_(pipeline),
          asked_(asked),
          places_(std::move(places)),
          to_(to),
          n_(to.item.size()),
          is_seen_(static_cast<std::size_t>(pipeline.n_open())),
          spent_(is_seen_.size()) {}

    /// Writes the rows of an item, one for each date at which it is open.
    void write(std::uint32_t item, std::int64_t latest) {
        const auto& visits = visits_.read(item, latest);
        bool is_begun = false;
        follow(visits, pipeline_, asked_, [&](std::size_t date, std::size_t visit, std::size_t then) {
            if (!std::exchange(is_begun, true)) begin();
            for (; n_read_ <= visit; ++n_read_) read(visits, n_read_);
            const std::size_t at = places_[date]++;
            to_.item[at] = item;
            to_.outcome[at] = static_cast<std::uint8_t>(pipeline_.outcome_of(visits[then].row));
            put(visits, visit, asked_.dates[date], at);
        });
    }

  private:
    using Visit = typename ItemVisits<Code>::Visit;

    void begin() {
        std::fill(is_seen_.begin(), is_seen_.end(), std::uint8_t{0});
        std::fill(spent_.begin(), spent_.end(), 0.0);
        n_read_ = 0;
        back_moves_ = n_seen_ = 0;
        furthest_ = 0;
        any_won_ = false;
    }

    /// Counts a visit, and how long the one before it was.
    void read(const std::vector<Visit>& visits, std::size_t v) {
        const std::int32_t row = visits[v].row;
        const bool was_open = v > 0 && pipeline_.outcome_of(visits[v - 1].row) == Outcome::open;
        if (was_open)
            spent_[static_cast<std::size_t>(visits[v - 1].row)] += length(visits[v - 1], visits[v].began);
        const Outcome outcome = pipeline_.outcome_of(row);
        any_won_ = any_won_ || outcome == Outcome::won;
        if (outcome != Outcome::open) return;
        if (std::exchange(is_seen_[static_cast<std::size_t>(row)], std::uint8_t{1}) == 0) ++n_seen_;
        furthest_ = std::max(furthest_, row);
        if (was_open && row < visits[v - 1].row) ++back_moves_;
    }

    /// Writes row `at`, of an item that is in its visit `last` at a date.
    void put(const std::vector<Visit>& visits, std::size_t last, std::int64_t date, std::size_t at) {
        for (std::size_t w = 0; w < asked_.windows.size(); ++w) {
            // The visits since then are the last ones.
            std::int64_t moves = 0;
            for (std::size_t v = last; v > 0 && visits[v].began >= date - asked_.windows[w]; --v) ++moves;
            to_.moves[w * n_ + at] = moves;
        }
        const double in_stage = length(visits[last], date);
        const auto stage_now = static_cast<std::size_t>(visits[last].row);
        for (std::size_t stage = 0; stage < spent_.size(); ++stage)
            to_.time_in_stage[stage * n_ + at] =
                in_days(stage == stage_now ? spent_[stage] + in_stage : spent_[stage]);
        to_.stage[at] = visits[last].row;
        to_.age[at] = in_days(length(visits.front(), date));
        to_.in_stage[at] = in_days(in_stage);
        to_.visits[at] = static_cast<std::int64_t>(last + 1);
        to_.back_moves[at] = back_moves_;
        // Without a win the item visited the furthest stage itself but did not go beyond it.
        to_.skipped[at] = any_won_ ? pipeline_.n_open() - n_seen_ : furthest_ - (n_seen_ - 1);
    }

    [[nodiscard]] float in_days(double ticks) const { return static_cast<float>(ticks / asked_.ticks_a_day); }

    /// How long a visit had lasted by a moment.
    [[nodiscard]] static double length(const Visit& visit, std::int64_t until) {
        if (visit.start_unknown) return std::numeric_limits<double>::quiet_NaN();
        return static_cast<double>(until - visit.began);
    }

    ItemVisits<Code> visits_;
    const Pipeline& pipeline_;
    const FeatureDates& asked_;
    std::vector<std::size_t> places_;
    OpenFeatures& to_;
    std::size_t n_;
    // What the visits of an item that are read say of it, how many these are, and by stage whether it was
    // there, and for how long before its last visit.
    std::size_t n_read_ = 0;
    std::int64_t back_moves_ = 0, n_seen_ = 0;
    std::int32_t furthest_ = 0;
    bool any_won_ = false;
    std::vector<std::uint8_t> is_seen_;
    std::vector<double> spent_;
};

/// The ranges that the items are written in, in the order of their first rows, one for each thread.
struct Ranges {
    std::vector<std::size_t> bounds;        // of the items in that order
    std::vector<std::uint32_t> first_rows;  // of the first item of each range but the first

    Ranges(const Journeys& journeys, std::span<const std::uint32_t> items, unsigned threads) {
        const std::size_t n = n_parallel_ranges(items.size(), threads);
        for (std::size_t r = 0; r <= n; ++r) bounds.push_back(items.size() * r / n);
        for (std::size_t r = 1; r < n; ++r) first_rows.push_back(journeys.first_row[items[bounds[r]]]);
    }
    [[nodiscard]] std::size_t size() const { return bounds.size() - 1; }
    [[nodiscard]] std::size_t of(std::uint32_t first_row) const {
        const auto next = std::upper_bound(first_rows.begin(), first_rows.end(), first_row);
        return static_cast<std::size_t>(next - first_rows.begin());
    }
};

/// How many items of each range are open at each date.
struct OpenCounts {
    std::vector<std::size_t> n;  // by range and date

    void merge(const OpenCounts& other) {
        for (std::size_t at = 0; at < n.size(); ++at) n[at] += other.n[at];
    }
};

/// Counts the open items. The journeys are read in the order in which they lie.
template <class Code>
OpenCounts count_open(const Journeys& journeys, const ItemVisits<Code>& reader, const Pipeline& pipeline,
                      const FeatureDates& asked, const Ranges& ranges, unsigned threads) {
    const std::size_t n_dates = asked.dates.size();
    const std::int64_t latest = asked.dates.empty() ? 0 : asked.dates.back();
    return parallel_merge(journeys.n_items(), threads, [&](std::size_t first, std::size_t last) {
        OpenCounts own{std::vector<std::size_t>(ranges.size() * n_dates, 0)};
        ItemVisits<Code> visits = reader;
        in_blocks(first, last, [&](std::size_t begin, std::size_t end) {
            for (std::size_t item = begin; item < end; ++item) {
                std::size_t* const n = own.n.data() + ranges.of(journeys.first_row[item]) * n_dates;
                follow(visits.read(item, latest), pipeline, asked,
                       [&](std::size_t date, std::size_t, std::size_t) { ++n[date]; });
            }
        });
        return own;
    });
}

/// Makes the columns; returns where the rows of each range belong, by range and date.
std::vector<std::vector<std::size_t>> begin_columns(const OpenCounts& counts, const Ranges& ranges,
                                                    const Pipeline& pipeline, const FeatureDates& asked,
                                                    OpenFeatures& found) {
    const std::size_t n_dates = asked.dates.size();
    std::vector<std::vector<std::size_t>> places(ranges.size(), std::vector<std::size_t>(n_dates));
    std::size_t n = 0;
    found.bounds.push_back(0);
    for (std::size_t d = 0; d < n_dates; ++d) {
        for (std::size_t r = 0; r < ranges.size(); ++r) {
            places[r][d] = n;
            n += counts.n[r * n_dates + d];
        }
        found.bounds.push_back(static_cast<std::int64_t>(n));
    }
    found.item.resize(n);
    found.outcome.resize(n);
    found.stage.resize(n);
    found.age.resize(n);
    found.in_stage.resize(n);
    found.visits.resize(n);
    found.back_moves.resize(n);
    found.skipped.resize(n);
    found.moves.resize(n * asked.windows.size());
    found.time_in_stage.resize(n * static_cast<std::size_t>(pipeline.n_open()));
    return places;
}

}  // namespace

OpenFeatures open_features(const Journeys& journeys, const Pipeline& pipeline, const FeatureDates& asked,
                           const scan::Marks& marks, unsigned threads) {
    check(journeys, pipeline, asked, marks);
    // What begins at the latest of all moments or after it is not seen at any.
    const std::int64_t latest =
        asked.ends.empty() ? 0 : *std::max_element(asked.ends.begin(), asked.ends.end());
    return scan::with_codes(journeys, [&]<class Code>(const Code* codes) {
        const std::vector<std::uint32_t> items = journeys::items_by_first_row(journeys);
        const Ranges ranges(journeys, items, threads);
        const ItemVisits<Code> visits(journeys, codes, pipeline, marks);
        OpenFeatures found;
        const auto places = begin_columns(count_open(journeys, visits, pipeline, asked, ranges, threads),
                                          ranges, pipeline, asked, found);
        parallel_tasks(ranges.size(), threads, [&](std::size_t range) {
            Describer<Code> describer(visits, pipeline, asked, places[range], found);
            const std::size_t first = ranges.bounds[range], last = ranges.bounds[range + 1];
            const scan::LookAhead ahead(journeys, codes, std::span(items).first(last));
            in_blocks(first, last, [&](std::size_t begin, std::size_t end) {
                for (std::size_t i = begin; i < end; ++i) {
                    ahead.at(i);
                    describer.write(items[i], latest);
                }
            });
        });
        return found;
    });
}

}  // namespace stagefunnel::durations
