#include "stagefunnel/questions/durations/open_features.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

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

/// Which items of a range were open at each date, and how they stood at the end of its horizon.
struct OpenAtDates {
    struct OfDate {
        LargeVector<std::uint32_t> item;
        LargeVector<std::uint8_t> outcome;
    };
    std::vector<OfDate> of_date;

    /// Follows an item through the dates.
    template <class Visits>
    void add(std::size_t item, const Visits& visits, const Pipeline& pipeline, const FeatureDates& asked) {
        if (visits.empty()) return;
        const auto seen_at = [&](std::size_t visit, std::int64_t moment) {
            while (visit + 1 < visits.size() && visits[visit + 1].began < moment) ++visit;
            return visit;
        };
        const auto begun = std::upper_bound(asked.dates.begin(), asked.dates.end(), visits.front().began);
        std::size_t visit = 0;
        for (auto d = static_cast<std::size_t>(begun - asked.dates.begin()); d < asked.dates.size(); ++d) {
            visit = seen_at(visit, asked.dates[d]);
            if (pipeline.outcome_of(visits[visit].row) != Outcome::open) {
                if (visit + 1 == visits.size()) return;
                continue;
            }
            const std::int32_t then = visits[seen_at(visit, asked.ends[d])].row;
            of_date[d].item.push_back(static_cast<std::uint32_t>(item));
            of_date[d].outcome.push_back(static_cast<std::uint8_t>(pipeline.outcome_of(then)));
        }
    }
};

/// Writes the features of one open item after another.
template <class Code>
class Describer {
  public:
    Describer(ItemVisits<Code> visits, const Pipeline& pipeline, const FeatureDates& asked, OpenFeatures& to)
        : visits_(std::move(visits)),
          pipeline_(pipeline),
          asked_(asked),
          to_(to),
          n_(to.item.size()),
          seen_at_(static_cast<std::size_t>(pipeline.n_open()), n_),
          spent_(seen_at_.size()) {}

    /// Writes row `at`, which has its item, as of a date.
    void write(std::size_t at, std::int64_t date) {
        const auto& visits = visits_.read(to_.item[at], date);
        const std::size_t n_visits = visits.size();
        std::fill(spent_.begin(), spent_.end(), 0.0);
        std::int64_t back_moves = 0, n_seen = 0;
        std::int32_t furthest = 0;
        bool any_won = false, was_open = false;
        for (std::size_t v = 0; v < n_visits; ++v) {
            const std::int32_t row = visits[v].row;
            const Outcome outcome = pipeline_.outcome_of(row);
            any_won = any_won || outcome == Outcome::won;
            if (outcome == Outcome::open) {
                const auto stage = static_cast<std::size_t>(row);
                if (seen_at_[stage] != at) ++n_seen;
                seen_at_[stage] = at;
                furthest = std::max(furthest, row);
                if (was_open && row < visits[v - 1].row) ++back_moves;
                spent_[stage] += length(visits[v], v + 1 < n_visits ? visits[v + 1].began : date);
            }
            was_open = outcome == Outcome::open;
        }
        for (std::size_t w = 0; w < asked_.windows.size(); ++w) {
            // The visits since then are the last ones.
            std::int64_t moves = 0;
            for (std::size_t v = n_visits; --v > 0 && visits[v].began >= date - asked_.windows[w];) ++moves;
            to_.moves[w * n_ + at] = moves;
        }
        for (std::size_t stage = 0; stage < spent_.size(); ++stage)
            to_.time_in_stage[stage * n_ + at] = spent_[stage] / asked_.ticks_a_day;
        to_.stage[at] = visits.back().row;
        to_.age[at] = length(visits.front(), date) / asked_.ticks_a_day;
        to_.in_stage[at] = length(visits.back(), date) / asked_.ticks_a_day;
        to_.visits[at] = static_cast<std::int64_t>(n_visits);
        to_.back_moves[at] = back_moves;
        // Without a win the item visited the furthest stage itself but did not go beyond it.
        to_.skipped[at] = any_won ? pipeline_.n_open() - n_seen : furthest - (n_seen - 1);
    }

  private:
    /// How long a visit had lasted by a moment.
    [[nodiscard]] static double length(const typename ItemVisits<Code>::Visit& visit, std::int64_t until) {
        if (visit.start_unknown) return std::numeric_limits<double>::quiet_NaN();
        return static_cast<double>(until - visit.began);
    }

    ItemVisits<Code> visits_;
    const Pipeline& pipeline_;
    const FeatureDates& asked_;
    OpenFeatures& to_;
    std::size_t n_;
    std::vector<std::size_t> seen_at_;  // the row that was written last of those with a visit of a stage
    std::vector<double> spent_;
};

/// Makes the columns, and fills in who was open.
OpenFeatures begun(std::span<const OpenAtDates> parts, const Pipeline& pipeline, const FeatureDates& asked) {
    OpenFeatures found;
    found.bounds.push_back(0);
    for (std::size_t d = 0; d < asked.dates.size(); ++d) {
        std::int64_t n_open = 0;
        for (const OpenAtDates& part : parts)
            n_open += static_cast<std::int64_t>(part.of_date[d].item.size());
        found.bounds.push_back(found.bounds.back() + n_open);
    }
    const auto n = static_cast<std::size_t>(found.bounds.back());
    found.item.resize(n);
    found.outcome.resize(n);
    auto item = found.item.begin();
    auto outcome = found.outcome.begin();
    for (std::size_t d = 0; d < asked.dates.size(); ++d)
        for (const OpenAtDates& part : parts) {
            item = std::copy(part.of_date[d].item.begin(), part.of_date[d].item.end(), item);
            outcome = std::copy(part.of_date[d].outcome.begin(), part.of_date[d].outcome.end(), outcome);
        }
    found.stage.resize(n);
    found.age.resize(n);
    found.in_stage.resize(n);
    found.visits.resize(n);
    found.back_moves.resize(n);
    found.skipped.resize(n);
    found.moves.resize(n * asked.windows.size());
    found.time_in_stage.resize(n * static_cast<std::size_t>(pipeline.n_open()));
    return found;
}

}  // namespace

OpenFeatures open_features(const Journeys& journeys, const Pipeline& pipeline, const FeatureDates& asked,
                           const scan::Marks& marks, unsigned threads) {
    check(journeys, pipeline, asked, marks);
    // What begins at the latest of all moments or after it is not seen at any.
    const std::int64_t latest =
        asked.ends.empty() ? 0 : *std::max_element(asked.ends.begin(), asked.ends.end());
    return scan::with_codes(journeys, [&]<class Code>(const Code* codes) {
        OpenFeatures found;
        {
            const std::vector<std::uint32_t> items = journeys::items_by_first_row(journeys);
            const auto parts =
                parallel_parts(items.size(), threads, [&](std::size_t first, std::size_t last) {
                    OpenAtDates own{std::vector<OpenAtDates::OfDate>(asked.dates.size())};
                    ItemVisits<Code> visits(journeys, codes, pipeline, marks);
                    const scan::LookAhead ahead(journeys, codes, std::span(items).first(last));
                    in_blocks(first, last, [&](std::size_t begin, std::size_t end) {
                        for (std::size_t i = begin; i < end; ++i) {
                            ahead.at(i);
                            own.add(items[i], visits.read(items[i], latest), pipeline, asked);
                        }
                    });
                    return own;
                });
            found = begun(parts, pipeline, asked);
        }
        parallel_for(found.item.size(), threads, [&](std::size_t first, std::size_t last) {
            Describer<Code> describer({journeys, codes, pipeline, marks}, pipeline, asked, found);
            const scan::LookAhead ahead(journeys, codes,
                                        std::span<const std::uint32_t>(found.item).first(last));
            const auto after =
                std::upper_bound(found.bounds.begin(), found.bounds.end(), static_cast<std::int64_t>(first));
            auto date = static_cast<std::size_t>(after - found.bounds.begin()) - 1;
            in_blocks(first, last, [&](std::size_t begin, std::size_t end) {
                for (std::size_t at = begin; at < end; ++at) {
                    ahead.at(at);
                    while (static_cast<std::size_t>(found.bounds[date + 1]) <= at) ++date;
                    describer.write(at, asked.dates[date]);
                }
            });
        });
        return found;
    });
}

}  // namespace stagefunnel::durations
