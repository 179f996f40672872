#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "stagefunnel/stats/incidence.hpp"

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

/// Follows the spells of one group in the order of time, for one cause.
class RobustSweep {
  public:
    RobustSweep(const Spells& spells, std::span<const std::int32_t> item, std::size_t n_items,
                const Indices& own, std::int32_t cause, std::int64_t min_at_risk)
        : spells_(spells),
          item_(item),
          cause_(cause),
          min_at_risk_(min_at_risk),
          by_exit_(own),
          influence_(n_items),
          begun_(spells.exit.size()) {
        std::sort(by_exit_.begin(), by_exit_.end(),
                  [&](std::size_t a, std::size_t b) { return spells.exit[a] < spells.exit[b]; });
        for (const std::size_t i : own) {
            if (spells.entry.empty() || spells.entry[i] == Spells::kFromStart) {
                enter(i);
            } else {
                by_entry_.push_back(i);
            }
        }
        std::sort(by_entry_.begin(), by_entry_.end(),
                  [&](std::size_t a, std::size_t b) { return spells.entry[a] < spells.entry[b]; });
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
            const Moment moment = pass(counted ? all : 0, counted ? own : 0);
            for (; exited < end; ++exited) leave(by_exit_[exited], counted, moment);
            for (; entered < by_entry_.size() && spells_.entry[by_entry_[entered]] == time; ++entered)
                enter(by_entry_[entered]);
            if (!wanted && counted) to.push_back(variance());
        }
        for (; wanted && written < wanted->below.size(); ++written) to.push_back(variance());
    }

  private:
    /// What a time adds to the influence of a spell that ends at it with an event.
    struct Moment {
        double of_cause = 0;     // of the cause that is followed
        double on_survival = 0;  // on all that happens later
    };
    /// What is subtracted from the influence of a spell that was not there from the beginning.
    struct Begun {
        double fixed = 0, sloped = 0;
    };

    [[nodiscard]] double p() const { return hazard_sum_ - weight_sum_; }
    [[nodiscard]] double variance() const { return influence_.sum_of_squares(incidence_, p()); }

    Moment pass(double all, double own) {
        if (all == 0) return {};
        const double step = survival_ * own / at_risk_, left = at_risk_ - all;
        const Moment moment{survival_ / at_risk_, left > 0 ? 1 / left : 0};
        hazard_sum_ += step * hazard_;
        weight_sum_ += step / at_risk_;
        incidence_ += step;
        // Once nothing is left the incidence stays, and so does what is multiplied with its steps.
        if (left > 0) hazard_ += all / (at_risk_ * left);
        survival_ *= left / at_risk_;
        return moment;
    }

    void enter(std::size_t i) {
        const Begun begun{hazard_ * incidence_ - p(), hazard_};
        begun_[i] = begun;
        influence_.change(item(i), begun.fixed, -begun.sloped, 1);
        ++at_risk_;
    }

    void leave(std::size_t i, bool counted, const Moment& moment) {
        const Begun& begun = begun_[i];
        const bool is_event = counted && spells_.cause[i] >= 0;
        const double later = (is_event ? moment.on_survival : 0) - (hazard_ - begun.sloped);
        const double so_far = p() + begun.fixed - begun.sloped * incidence_ +
                              (is_event && spells_.cause[i] == cause_ ? moment.of_cause : 0);
        influence_.change(item(i), so_far + later * incidence_ - begun.fixed, begun.sloped - later, -1);
        --at_risk_;
    }

    [[nodiscard]] std::size_t item(std::size_t i) const {
        return item_.empty() ? i : static_cast<std::size_t>(item_[i]);
    }

    const Spells& spells_;
    std::span<const std::int32_t> item_;
    std::int32_t cause_;
    std::int64_t min_at_risk_;
    Indices by_exit_, by_entry_;
    Influence influence_;
    std::vector<Begun> begun_;
    double at_risk_ = 0;
    double survival_ = 1, incidence_ = 0;
    double hazard_ = 0;      // sum of d / (Y (Y - d)) over the times passed
    double hazard_sum_ = 0;  // sum of the steps of the incidence, each times `hazard_` before it
    double weight_sum_ = 0;  // sum of the steps, each over its spells at risk
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
        std::vector<std::vector<double>> by_cause(n_causes);
        for (std::size_t k = 0; k < n_causes; ++k) {
            RobustSweep sweep(spells, item, n_items, own, static_cast<std::int32_t>(k), min_at_risk);
            sweep.write(wanted, by_cause[k]);
        }
        for (std::size_t row = 0; row < by_cause[0].size(); ++row)
            for (std::size_t k = 0; k < n_causes; ++k) all.push_back(by_cause[k][row]);
    }
    return all;
}

}  // namespace stagefunnel::stats
