#include "stagefunnel/stats/incidence.hpp"

#include <algorithm>
#include <numeric>

#include "base/parallel.hpp"
#include "stagefunnel/stats/risk_cells.hpp"
#include "stats/risk_sets.hpp"

namespace stagefunnel::stats {
namespace {

/// The estimates of one group up to some time.
class Estimate {
  public:
    explicit Estimate(std::size_t n_causes)
        : incidence_(n_causes), variance_(n_causes), with_survival_(n_causes) {}

    /// Goes past a time at which `at_risk` spells are at risk and `events` happen of each cause, `all` in
    /// all.
    void pass(double at_risk, std::span<const std::uint32_t> events, double all) {
        const double cube = at_risk * at_risk * at_risk;
        const double squared = survival_ * survival_;
        const double kept = (at_risk - all) / at_risk;
        if (incidence_.size() > 1) {
            const double a = events[0] / at_risk, b = events[1] / at_risk;
            covariance_ += a * with_survival_[1] + b * with_survival_[0] + survival_variance_ * a * b -
                           squared * events[0] * events[1] / cube;
        }
        for (std::size_t k = 0; k < incidence_.size(); ++k) {
            const double d = events[k], a = d / at_risk;
            variance_[k] +=
                2 * a * with_survival_[k] + a * a * survival_variance_ + squared * d * (at_risk - d) / cube;
            with_survival_[k] =
                kept * (with_survival_[k] + a * survival_variance_) - squared * d * (at_risk - all) / cube;
            incidence_[k] += survival_ * a;
        }
        survival_variance_ = kept * kept * survival_variance_ + squared * all * (at_risk - all) / cube;
        survival_ *= kept;
    }

    void write(IncidenceCurves& curves) const {
        curves.survival.push_back(survival_);
        curves.survival_variance.push_back(survival_variance_);
        curves.incidence.insert(curves.incidence.end(), incidence_.begin(), incidence_.end());
        curves.variance.insert(curves.variance.end(), variance_.begin(), variance_.end());
        if (incidence_.size() > 1) curves.covariance.push_back(covariance_);
    }

  private:
    double survival_ = 1;
    double survival_variance_ = 0;
    double covariance_ = 0;  // of the incidence of causes 0 and 1
    std::vector<double> incidence_, variance_;
    std::vector<double> with_survival_;  // covariance of survival and incidence
};

/// Sweeps over the times of one group and writes its curve.
class Sweep {
  public:
    Sweep(const RiskCounts& counts, std::int64_t min_at_risk)
        : counts_(counts),
          min_at_risk_(min_at_risk),
          n_causes_(counts.width - RiskCounts::kFirstCause),
          estimate_(n_causes_),
          events_(n_causes_),
          at_risk_(counts.from_start) {}

    IncidenceCurves at_events() {
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            enter_before(i);
            const std::int64_t at_risk = at_risk_;
            if (pass(i)) write(counts_.time(i), at_risk);
        }
        return std::move(curves_);
    }

    IncidenceCurves at_times(const WantedTimes& wanted) {
        const std::size_t n = wanted.below.size();
        std::size_t asked = 0;  // wanted times that a count of spells at risk is there for
        std::vector<std::int64_t> at_risk(n);
        std::size_t written = 0;
        const auto count_until = [&](std::int64_t time) {
            for (; asked < n && wanted.above[asked] <= time; ++asked) at_risk[asked] = at_risk_;
        };
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            const std::int64_t time = counts_.time(i);
            // The count stands before the row that is written: a row's time is not after its whole time
            // above.
            if (counts_.enters_before) {
                count_until(time - 1);
                enter_before(i);
            }
            count_until(time);
            for (; written < n && wanted.below[written] < time; ++written) write_wanted(written);
            static_cast<void>(pass(i));
        }
        count_until(std::numeric_limits<std::int64_t>::max());
        for (; written < n; ++written) write_wanted(written);
        curves_.at_risk = std::move(at_risk);
        return std::move(curves_);
    }

  private:
    /// Lets those in who are watched from a time on, what happens at it included.
    void enter_before(std::size_t i) {
        if (counts_.enters_before) at_risk_ += counts_.at(i)[RiskCounts::kEntered];
    }

    /// Goes past a time; returns whether events were counted at it.
    bool pass(std::size_t i) {
        const auto counts = counts_.at(i);
        const auto events = counts.subspan(RiskCounts::kFirstCause);
        const std::int64_t all = std::accumulate(events.begin(), events.end(), std::int64_t{0});
        const bool counted = all > 0 && at_risk_ >= min_at_risk_;
        if (counted) {
            estimate_.pass(static_cast<double>(at_risk_), events, static_cast<double>(all));
            for (std::size_t k = 0; k < n_causes_; ++k) events_[k] += events[k];
        }
        if (!counts_.enters_before) at_risk_ += counts[RiskCounts::kEntered];
        at_risk_ -= std::int64_t{counts[RiskCounts::kCensored]} + all;
        return counted;
    }

    void write(std::int64_t time, std::int64_t at_risk) {
        curves_.time.push_back(time);
        curves_.at_risk.push_back(at_risk);
        write_estimate();
    }

    void write_wanted(std::size_t place) {
        curves_.time.push_back(static_cast<std::int64_t>(place));
        write_estimate();
    }

    void write_estimate() {
        curves_.events.insert(curves_.events.end(), events_.begin(), events_.end());
        std::fill(events_.begin(), events_.end(), 0);
        estimate_.write(curves_);
    }

    const RiskCounts counts_;
    std::int64_t min_at_risk_;
    std::size_t n_causes_;
    Estimate estimate_;
    std::vector<std::int64_t> events_;  // of each cause since the last row
    std::int64_t at_risk_;
    IncidenceCurves curves_;
};

void append(std::vector<std::int64_t>& to, const std::vector<std::int64_t>& more) {
    to.insert(to.end(), more.begin(), more.end());
}

void append(std::vector<double>& to, const std::vector<double>& more) {
    to.insert(to.end(), more.begin(), more.end());
}

/// Makes the curves of all groups of the counts that `of_group` gives.
template <class OfGroup>
IncidenceCurves curves_of(std::size_t n_groups, OfGroup counts_of, const std::optional<WantedTimes>& wanted,
                          std::int64_t min_at_risk, unsigned threads) {
    std::vector<IncidenceCurves> of_group(n_groups);
    parallel_tasks(n_groups, threads, [&](std::size_t group) {
        Sweep sweep(counts_of(group), min_at_risk);
        of_group[group] = wanted ? sweep.at_times(*wanted) : sweep.at_events();
    });
    IncidenceCurves all;
    all.bounds.push_back(0);
    for (const IncidenceCurves& own : of_group) {
        append(all.time, own.time);
        append(all.at_risk, own.at_risk);
        append(all.events, own.events);
        append(all.survival, own.survival);
        append(all.survival_variance, own.survival_variance);
        append(all.incidence, own.incidence);
        append(all.variance, own.variance);
        append(all.covariance, own.covariance);
        all.bounds.push_back(static_cast<std::int64_t>(all.time.size()));
    }
    return all;
}

}  // namespace

IncidenceCurves estimate_incidence(const Spells& spells, const std::optional<WantedTimes>& wanted,
                                   std::int64_t min_at_risk, unsigned threads) {
    spells.check(threads);
    const RiskTable table(spells, threads);
    return curves_of(
        static_cast<std::size_t>(spells.n_groups), [&](std::size_t group) { return table.of_group(group); },
        wanted, min_at_risk, threads);
}

std::optional<RiskCells> RiskCells::empty(std::size_t n_spells, std::size_t n_groups, std::size_t n_causes,
                                          std::int64_t step, std::int64_t oldest) {
    RiskCells cells;
    cells.n_groups = n_groups;
    cells.n_causes = n_causes;
    cells.step = step;
    const auto n_steps = static_cast<std::uint64_t>(oldest) / static_cast<std::uint64_t>(step);
    if (!are_few_cells(n_steps, n_groups, n_spells)) return std::nullopt;
    cells.n_ages = n_steps + 1;
    cells.ended.resize(n_groups * cells.n_ages * cells.width());
    cells.followed.resize(n_groups * cells.n_ages);
    cells.from_start.resize(n_groups);
    return cells;
}

void RiskCells::merge(const RiskCells& next) {
    for (std::size_t i = 0; i < ended.size(); ++i) ended[i] += next.ended[i];
    for (std::size_t i = 0; i < followed.size(); ++i) followed[i] += next.followed[i];
    for (std::size_t i = 0; i < from_start.size(); ++i) from_start[i] += next.from_start[i];
    left_out += next.left_out;
}

IncidenceCurves estimate_incidence(const RiskCells& cells, const std::optional<WantedTimes>& wanted,
                                   std::int64_t min_at_risk, unsigned threads) {
    const std::size_t n = cells.n_ages * cells.width();
    const auto of_group = [&](std::size_t group) {
        RiskCounts counts;
        counts.step = cells.step;
        counts.counts = std::span(cells.ended).subspan(group * n, n);
        counts.width = cells.width();
        counts.enters_before = cells.enters_before;
        counts.from_start = cells.from_start[group];
        return counts;
    };
    return curves_of(cells.n_groups, of_group, wanted, min_at_risk, threads);
}

}  // namespace stagefunnel::stats
