#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "base/parallel.hpp"
#include "stagefunnel/stats/incidence.hpp"
#include "stagefunnel/stats/risk_cells.hpp"
#include "stats/radix_sort.hpp"
#include "stats/time_steps.hpp"

namespace stagefunnel::stats {
namespace {

using Indices = std::vector<std::size_t>;

/// The influence of all items on the incidence of one cause: how much it would change with the weight of
/// each.
///
/// That of an item at a time is `fixed + sloped * F + n * p`: F is the incidence, `n` the spells of the item
/// that are at risk, and p is the same for all of them, so that time passes without a visit of each item. The
/// sums of squares and products of the three are kept.
class Influence {
  public:
    explicit Influence(std::size_t n_items) : parts_(n_items) {}

    void change(std::size_t item, double fixed, double sloped, double n) {
        Parts& own = parts_[item];
        add(own, -1);
        own.fixed += fixed;
        own.sloped += sloped;
        own.n += n;
        add(own, 1);
    }

    [[nodiscard]] double sum_of_squares(double incidence, double p) const {
        const double sum = fixed_fixed_ + incidence * incidence * sloped_sloped_ + p * p * n_n_ +
                           2 * (incidence * fixed_sloped_ + p * fixed_n_ + incidence * p * sloped_n_);
        return std::max(sum, 0.0);
    }

  private:
    struct Parts {
        double fixed = 0, sloped = 0, n = 0;
    };

    void add(const Parts& own, double sign) {
        fixed_fixed_ += sign * own.fixed * own.fixed;
        fixed_sloped_ += sign * own.fixed * own.sloped;
        fixed_n_ += sign * own.fixed * own.n;
        sloped_sloped_ += sign * own.sloped * own.sloped;
        sloped_n_ += sign * own.sloped * own.n;
        n_n_ += sign * own.n * own.n;
    }

    std::vector<Parts> parts_;
    double fixed_fixed_ = 0, fixed_sloped_ = 0, fixed_n_ = 0, sloped_sloped_ = 0, sloped_n_ = 0, n_n_ = 0;
};

/// What a time adds to the influence of a spell that ends at it with an event.
struct AddedByEvent {
    double of_cause = 0;     // of the cause that is followed
    double on_survival = 0;  // on all that happens later
};

/// How the incidence of one cause has risen, and what the influence of spells is made of.
struct RobustPath {
    double survival = 1, incidence = 0;
    double hazard = 0;      // sum of d / (Y (Y - d)) over the times passed
    double hazard_sum = 0;  // sum of the steps of the incidence, each times `hazard` before it
    double weight_sum = 0;  // sum of the steps, each over its spells at risk

    [[nodiscard]] double p() const { return hazard_sum - weight_sum; }

    /// Goes past a time at which `all` of those at risk end with an event, `own` of them of the cause.
    AddedByEvent pass(double at_risk, double all, double own) {
        if (all == 0) return {};
        const double step = survival * own / at_risk, left = at_risk - all;
        const AddedByEvent added{survival / at_risk, left > 0 ? 1 / left : 0};
        hazard_sum += step * hazard;
        weight_sum += step / at_risk;
        incidence += step;
        // Once nothing is left the incidence stays, and so does what is multiplied with its steps.
        if (left > 0) hazard += all / (at_risk * left);
        survival *= left / at_risk;
        return added;
    }
};

/// Goes through the counts of one group for one cause, whose spells are all watched from their beginning: the
/// spells that end alike have the same influence.
class CountedRobustSweep {
  public:
    CountedRobustSweep(const RiskCells& cells, std::size_t group, std::size_t cause, std::int64_t min_at_risk)
        : cells_(cells),
          first_(group * cells.n_ages),
          cause_(cause),
          min_at_risk_(min_at_risk),
          at_risk_(static_cast<double>(cells.from_start[group])) {}

    /// Appends the variance at each row of the group.
    void write(const std::optional<WantedTimes>& wanted, std::vector<double>& to) {
        std::size_t written = 0;
        for (std::size_t age = 0; age < cells_.n_ages; ++age) {
            const auto counts =
                std::span(cells_.ended).subspan((first_ + age) * cells_.width(), cells_.width());
            const auto events = counts.subspan(kFirstCause);
            const double all = std::accumulate(events.begin(), events.end(), 0.0);
            if (all == 0 && counts[kCensored] == 0) continue;
            const std::int64_t time = cells_.step * static_cast<std::int64_t>(age);
            for (; wanted && written < wanted->below.size() && wanted->below[written] < time; ++written)
                to.push_back(variance());
            const bool counted = all > 0 && at_risk_ >= static_cast<double>(min_at_risk_);
            const AddedByEvent added = path_.pass(at_risk_, counted ? all : 0, counted ? events[cause_] : 0);
            const double own = events[cause_];
            leave(counts[kCensored] + (counted ? 0 : all), {});
            if (counted) {
                leave(own, added);
                leave(all - own, {.of_cause = 0, .on_survival = added.on_survival});
            }
            at_risk_ -= counts[kCensored] + all;
            if (!wanted && counted) to.push_back(variance());
        }
        for (; wanted && written < wanted->below.size(); ++written) to.push_back(variance());
    }

  private:
    static constexpr std::size_t kCensored = 1, kFirstCause = 2;

    /// What `n` spells that end now have added, from now on.
    void leave(double n, const AddedByEvent& added) {
        const double later = added.on_survival - path_.hazard;
        const double fixed = path_.p() + added.of_cause + later * path_.incidence, sloped = -later;
        fixed_fixed_ += n * fixed * fixed;
        fixed_sloped_ += n * fixed * sloped;
        sloped_sloped_ += n * sloped * sloped;
    }
    [[nodiscard]] double variance() const {
        // Those at risk have p each.
        return std::max(fixed_fixed_ + 2 * path_.incidence * fixed_sloped_ +
                            path_.incidence * path_.incidence * sloped_sloped_ +
                            at_risk_ * path_.p() * path_.p(),
                        0.0);
    }

    const RiskCells& cells_;
    std::size_t first_, cause_;
    std::int64_t min_at_risk_;
    double at_risk_;
    RobustPath path_;
    double fixed_fixed_ = 0, fixed_sloped_ = 0, sloped_sloped_ = 0;
};

/// The spells of one group in the order of time.
struct OrderedSpells {
    Indices from_start, by_entry, by_exit;

    OrderedSpells(const Spells& spells, const Indices& own) {
        for (const std::size_t i : own) {
            const bool is_late = !spells.entry.empty() && spells.entry[i] != Spells::kFromStart;
            (is_late ? by_entry : from_start).push_back(i);
        }
        by_entry = sorted(spells.entry, by_entry);
        by_exit = sorted(spells.exit, own);
    }

  private:
    struct At {
        std::uint64_t key;
        std::size_t spell;
    };

    static Indices sorted(std::span<const std::int64_t> times, const Indices& own) {
        std::int64_t first = std::numeric_limits<std::int64_t>::max();
        for (const std::size_t i : own) first = std::min(first, times[i]);
        std::vector<At> found, spare(own.size());
        found.reserve(own.size());
        for (const std::size_t i : own) found.push_back({time_between(first, times[i]), i});
        radix_sort<At>(found, spare);
        Indices order;
        order.reserve(own.size());
        for (const At& one : found) order.push_back(one.spell);
        return order;
    }
};

/// Follows the spells of one group in the order of time, for one cause.
class RobustSweep {
  public:
    RobustSweep(const Spells& spells, std::span<const std::int32_t> item, std::size_t n_items,
                const OrderedSpells& own, std::int32_t cause, std::int64_t min_at_risk)
        : spells_(spells),
          item_(item),
          cause_(cause),
          min_at_risk_(min_at_risk),
          by_exit_(own.by_exit),
          by_entry_(own.by_entry),
          influence_(n_items),
          begun_(spells.exit.size()) {
        for (const std::size_t i : own.from_start) enter(i);
    }

    /// Appends the variance at each row of the group.
    void write(const std::optional<WantedTimes>& wanted, std::vector<double>& to) {
        std::size_t written = 0;
        std::size_t exited = 0, entered = 0;
        while (exited < by_exit_.size()) {
            std::int64_t time = spells_.exit[by_exit_[exited]];
            if (entered < by_entry_.size()) time = std::min(time, spells_.entry[by_entry_[entered]]);
            for (; wanted && written < wanted->below.size() && wanted->below[written] < time; ++written)
                to.push_back(variance());
            std::size_t end = exited;
            double all = 0, own = 0;
            for (; end < by_exit_.size() && spells_.exit[by_exit_[end]] == time; ++end) {
                all += spells_.cause[by_exit_[end]] >= 0 ? 1 : 0;
                own += spells_.cause[by_exit_[end]] == cause_ ? 1 : 0;
            }
            const bool counted = all > 0 && at_risk_ >= static_cast<double>(min_at_risk_);
            const AddedByEvent added = path_.pass(at_risk_, counted ? all : 0, counted ? own : 0);
            for (; exited < end; ++exited) leave(by_exit_[exited], counted, added);
            for (; entered < by_entry_.size() && spells_.entry[by_entry_[entered]] == time; ++entered)
                enter(by_entry_[entered]);
            if (!wanted && counted) to.push_back(variance());
        }
        for (; wanted && written < wanted->below.size(); ++written) to.push_back(variance());
    }

  private:
    /// What is subtracted from the influence of a spell that was not there from the beginning.
    struct Begun {
        double fixed = 0, sloped = 0;
    };

    [[nodiscard]] double variance() const { return influence_.sum_of_squares(path_.incidence, path_.p()); }

    void enter(std::size_t i) {
        const Begun begun{path_.hazard * path_.incidence - path_.p(), path_.hazard};
        begun_[i] = begun;
        influence_.change(item(i), begun.fixed, -begun.sloped, 1);
        ++at_risk_;
    }

    void leave(std::size_t i, bool counted, const AddedByEvent& added) {
        const Begun& begun = begun_[i];
        const bool is_event = counted && spells_.cause[i] >= 0;
        const double later = (is_event ? added.on_survival : 0) - (path_.hazard - begun.sloped);
        const double so_far = path_.p() + begun.fixed - begun.sloped * path_.incidence +
                              (is_event && spells_.cause[i] == cause_ ? added.of_cause : 0);
        influence_.change(item(i), so_far + later * path_.incidence - begun.fixed, begun.sloped - later, -1);
        --at_risk_;
    }

    [[nodiscard]] std::size_t item(std::size_t i) const {
        return item_.empty() ? i : static_cast<std::size_t>(item_[i]);
    }

    const Spells& spells_;
    std::span<const std::int32_t> item_;
    std::int32_t cause_;
    std::int64_t min_at_risk_;
    const Indices &by_exit_, &by_entry_;
    Influence influence_;
    std::vector<Begun> begun_;
    double at_risk_ = 0;
    RobustPath path_;
};

}  // namespace

std::vector<double> robust_variances(const Spells& spells, std::span<const std::int32_t> item,
                                     const std::optional<WantedTimes>& wanted, std::int64_t min_at_risk) {
    spells.check(1);
    const std::size_t n = spells.exit.size();
    if (!item.empty() && item.size() != n)
        throw std::invalid_argument("the items of spells are not one for each");
    std::size_t n_items = n;
    if (!item.empty()) {
        if (*std::min_element(item.begin(), item.end()) < 0)
            throw std::invalid_argument("the item of a spell is out of range");
        n_items = static_cast<std::size_t>(*std::max_element(item.begin(), item.end())) + 1;
    }
    std::vector<Indices> of_group(static_cast<std::size_t>(spells.n_groups));
    for (std::size_t i = 0; i < n; ++i) {
        if (spells.cause[i] == Spells::kLeftOut) continue;
        of_group[spells.group.empty() ? 0 : static_cast<std::size_t>(spells.group[i])].push_back(i);
    }
    const auto n_causes = static_cast<std::size_t>(spells.n_causes);
    std::vector<double> all;
    for (const Indices& own : of_group) {
        const OrderedSpells ordered(spells, own);
        std::vector<std::vector<double>> by_cause(n_causes);
        for (std::size_t k = 0; k < n_causes; ++k) {
            RobustSweep sweep(spells, item, n_items, ordered, static_cast<std::int32_t>(k), min_at_risk);
            sweep.write(wanted, by_cause[k]);
        }
        for (std::size_t row = 0; row < by_cause[0].size(); ++row)
            for (std::size_t k = 0; k < n_causes; ++k) all.push_back(by_cause[k][row]);
    }
    return all;
}

std::vector<double> robust_variances(const RiskCells& cells, const std::optional<WantedTimes>& wanted,
                                     std::int64_t min_at_risk, unsigned threads) {
    for (std::size_t cell = 0; cell < cells.ended.size(); cell += cells.width())
        if (cells.ended[cell] != 0)
            throw std::invalid_argument("the spells are not all watched from their beginning");
    std::vector<std::vector<double>> of_cell(cells.n_groups * cells.n_causes);
    parallel_tasks(of_cell.size(), threads, [&](std::size_t cell) {
        CountedRobustSweep(cells, cell / cells.n_causes, cell % cells.n_causes, min_at_risk)
            .write(wanted, of_cell[cell]);
    });
    std::vector<double> all;
    for (std::size_t group = 0; group < cells.n_groups; ++group)
        for (std::size_t row = 0; row < of_cell[group * cells.n_causes].size(); ++row)
            for (std::size_t k = 0; k < cells.n_causes; ++k)
                all.push_back(of_cell[group * cells.n_causes + k][row]);
    return all;
}

}  // namespace stagefunnel::stats
