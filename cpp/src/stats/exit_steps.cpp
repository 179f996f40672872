// The exits of a history by steps of age.

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "base/parallel.hpp"
#include "stagefunnel/stats/exit_history.hpp"

namespace stagefunnel::stats {
namespace {

/// Adds up by halves, so that errors of rounding stay small (N. J. Higham, "The accuracy of floating point
/// summation", 1993); the runs at the ends have eight sums side by side.
double pairwise_sum(std::span<const double> values) {
    constexpr std::size_t kWide = 8, kRun = 128;
    const std::size_t n = values.size();
    if (n > kRun) {
        const std::size_t half = n / 2 - n / 2 % kWide;
        return pairwise_sum(values.first(half)) + pairwise_sum(values.subspan(half));
    }
    if (n < kWide) return std::accumulate(values.begin(), values.end(), 0.0);
    std::array<double, kWide> sums{};
    std::copy_n(values.begin(), kWide, sums.begin());
    std::size_t i = kWide;
    for (; i + kWide <= n; i += kWide)
        for (std::size_t k = 0; k < kWide; ++k) sums[k] += values[i + k];
    double sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    for (; i < n; ++i) sum += values[i];
    return sum;
}

}  // namespace

struct ExitHistory::Filled {
    std::span<const std::int64_t> ends;
    std::size_t at = 0;  // of all wanted steps
    std::size_t step = 0, first_spread = 0;
    std::int64_t last_age = 0;  // of the step
    double* chance = nullptr;   // of the step
    bool awaits_first = false;  // end of the step

    [[nodiscard]] bool is_full() const { return step == ends.size(); }
};

SteppedExits ExitHistory::by_step(const KnownExits& known, const WantedSteps& wanted,
                                  unsigned threads) const {
    const std::size_t n_cells = end_bounds_.size() - 1;
    check_known(known);
    if (wanted.bounds.size() != wanted.cell.size() + 1 || wanted.bounds.front() != 0 ||
        !std::is_sorted(wanted.bounds.begin(), wanted.bounds.end()) ||
        static_cast<std::size_t>(wanted.bounds.back()) != wanted.end.size())
        throw std::invalid_argument("the steps do not fit together");
    for (const std::int64_t cell : wanted.cell)
        if (cell < 0 || static_cast<std::size_t>(cell) >= n_cells)
            throw std::invalid_argument("a cell of wanted steps is out of range");
    const std::size_t n = wanted.end.size();
    SteppedExits stepped{std::vector<double>(n * n_causes_, 0.0), std::vector<double>(n * n_causes_, 0.0),
                         std::vector<double>(n, 1.0), std::vector<double>(n, 0.0),
                         std::vector<std::int64_t>(n, 0)};
    std::vector<std::vector<Filled>> of_cell(n_cells);
    for (std::size_t r = 0; r < wanted.cell.size(); ++r) {
        const auto first = static_cast<std::size_t>(wanted.bounds[r]);
        const auto last = static_cast<std::size_t>(wanted.bounds[r + 1]);
        of_cell[static_cast<std::size_t>(wanted.cell[r])].push_back(
            {.ends = wanted.end.subspan(first, last - first), .at = first});
    }
    parallel_tasks(n_cells, threads, [&](std::size_t cell) {
        if (!of_cell[cell].empty()) step_cell(known, cell, of_cell[cell], stepped);
    });
    return stepped;
}

std::vector<std::int64_t> ExitHistory::cuts(const KnownExits& known, std::size_t cell,
                                            std::size_t most) const {
    check_known(known);
    if (cell + 1 >= end_bounds_.size())
        throw std::invalid_argument("the cell of wanted cuts is out of range");
    const auto events = std::span(known.events).subspan(cell * n_causes_, n_causes_);
    const auto total = static_cast<double>(std::accumulate(events.begin(), events.end(), std::int64_t{0}));
    const auto wanted = [&](std::size_t k) {
        return total * static_cast<double>(k) / static_cast<double>(most);
    };
    std::vector<std::int64_t> all, cut;
    std::size_t next = 1;
    std::int64_t passed = 0;
    for (std::size_t i = end_bounds_[cell]; i < end_bounds_[cell + 1] && next <= most;) {
        const std::int64_t age = ends_[i].age, before = passed;
        for (; i < end_bounds_[cell + 1] && ends_[i].age == age; ++i)
            passed += ends_[i].ended < known.moment ? 1 : 0;
        if (passed == before) continue;
        if (all.size() <= most) all.push_back(age);
        if (static_cast<double>(passed) < wanted(next)) continue;
        cut.push_back(age);
        while (next <= most && static_cast<double>(passed) >= wanted(next)) ++next;
    }
    return all.size() <= most ? all : cut;
}

void ExitHistory::check_known(const KnownExits& known) const {
    if (known.bounds.size() != end_bounds_.size() || known.events.size() != known.oldest.size() * n_causes_)
        throw std::invalid_argument("what was known is of other visits");
}

void ExitHistory::step_cell(const KnownExits& known, std::size_t cell, std::span<Filled> wanted,
                            SteppedExits& to) const {
    const auto open =
        std::span(known.open_age).subspan(known.bounds[cell], known.bounds[cell + 1] - known.bounds[cell]);
    const auto events = std::span(known.events).subspan(cell * n_causes_, n_causes_);
    const auto n_ends = std::accumulate(events.begin(), events.end(), std::int64_t{0});
    auto at_risk = n_ends + static_cast<std::int64_t>(open.size());
    double left = 1;
    std::vector<double> gone(n_causes_, 0.0);
    std::vector<std::int64_t> n_of(n_causes_, 0);
    std::vector<std::size_t> seen;  // causes of the ends at one age
    std::vector<double> spreads;    // of the ends at each age
    spreads.reserve(static_cast<std::size_t>(n_ends));
    std::size_t censored = 0;
    std::vector<double> nowhere(n_causes_, 0.0);  // takes the ends after the last step
    const auto begin_step = [&](Filled& one) {
        const bool is_full = one.is_full();
        one.last_age = is_full ? std::numeric_limits<std::int64_t>::max() : one.ends[one.step];
        one.chance = is_full ? nowhere.data() : to.chance.data() + (one.at + one.step) * n_causes_;
        one.awaits_first = !is_full;
    };
    for (Filled& one : wanted) begin_step(one);
    const auto finish_step = [&](Filled& one) {
        const std::size_t at = one.at + one.step;
        to.left[at] = left;
        std::copy(gone.begin(), gone.end(), to.gone.begin() + static_cast<std::ptrdiff_t>(at * n_causes_));
        to.spread[at] = pairwise_sum(std::span(spreads).subspan(one.first_spread));
        one.first_spread = spreads.size();
        ++one.step;
        begin_step(one);
    };
    const auto add = [&](std::size_t cause, double n, double n_risk) {
        const double before = gone[cause];
        gone[cause] += left * (n / n_risk);
        for (const Filled& one : wanted) one.chance[cause] += gone[cause] - before;
    };
    // The ends at one age; of a single one `only` is the cause.
    const auto end_at = [&](std::int64_t age, std::int64_t all, std::size_t only) {
        for (Filled& one : wanted)
            while (one.last_age < age) finish_step(one);
        // Ends come before the visits of the same age that go on.
        for (; censored < open.size() && open[censored] < age; ++censored) --at_risk;
        const auto n_risk = static_cast<double>(at_risk), n_gone = static_cast<double>(all);
        if (all == 1) {
            add(only, 1, n_risk);
        } else {
            for (const std::size_t cause : seen) {
                add(cause, static_cast<double>(n_of[cause]), n_risk);
                n_of[cause] = 0;
            }
            seen.clear();
        }
        for (Filled& one : wanted) {
            if (one.awaits_first) to.at_risk[one.at + one.step] = at_risk;
            one.awaits_first = false;
        }
        if (at_risk > all) spreads.push_back(n_gone / (n_risk * (n_risk - n_gone)));
        left *= (n_risk - n_gone) / n_risk;
        at_risk -= all;
    };
    // Of many ends nobody can guess which were known; they are picked without branches, some at a time.
    std::array<End, 512> some;
    const auto count = [&](std::size_t cause) {
        if (n_of[cause]++ == 0) seen.push_back(cause);
    };
    std::int64_t age = 0, all = 0;
    std::size_t last_cause = 0;
    for (std::size_t i = end_bounds_[cell]; i < end_bounds_[cell + 1];) {
        const std::size_t until = std::min(end_bounds_[cell + 1], i + some.size());
        std::size_t n = 0;
        for (; i < until; ++i) {
            some[n] = ends_[i];
            n += ends_[i].ended < known.moment ? 1U : 0U;
        }
        for (const End& end : std::span(some).first(n)) {
            const auto cause = static_cast<std::size_t>(end.cause);
            if (all > 0 && end.age == age) {
                if (all == 1) count(last_cause);
                count(cause);
                ++all;
                continue;
            }
            if (all > 0) end_at(age, all, last_cause);
            age = end.age;
            last_cause = cause;
            all = 1;
        }
        if (std::all_of(wanted.begin(), wanted.end(), [](const Filled& one) { return one.is_full(); }))
            return;
    }
    if (all > 0) end_at(age, all, last_cause);
    for (Filled& one : wanted)
        while (!one.is_full()) finish_step(one);
}

}  // namespace stagefunnel::stats
