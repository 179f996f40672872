#include "stagefunnel/stats/exit_history.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <stdexcept>

#include "base/parallel.hpp"
#include "stats/radix_sort.hpp"

namespace stagefunnel::stats {
namespace {

/// Where the values of each cell begin and end, of the visits that `counts` chooses.
template <class Counts>
std::vector<std::size_t> bounds_of(const DatedVisits& visits, Counts counts) {
    std::vector<std::size_t> bounds(visits.n_cells + 1, 0);
    for (std::size_t i = 0; i < visits.cell.size(); ++i)
        if (counts(i)) ++bounds[static_cast<std::size_t>(visits.cell[i]) + 1];
    std::partial_sum(bounds.begin(), bounds.end(), bounds.begin());
    return bounds;
}

/// Orders the visits that `counts` chooses by cell; those of a cell stay in their order.
template <class Counts>
LargeVector<std::int32_t> by_cell(const DatedVisits& visits, const std::vector<std::size_t>& bounds,
                                  Counts counts) {
    std::vector<std::size_t> place(bounds.begin(), bounds.end() - 1);
    LargeVector<std::int32_t> order(bounds.back());
    for (std::size_t i = 0; i < visits.cell.size(); ++i)
        if (counts(i))
            order[place[static_cast<std::size_t>(visits.cell[i])]++] = static_cast<std::int32_t>(i);
    return order;
}

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

void DatedVisits::check() const {
    const std::size_t n = began.size();
    if (ended.size() != n || cause.size() != n || cell.size() != n)
        throw std::invalid_argument("the columns of visits differ in length");
    if (n > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
        throw std::invalid_argument("the visits are more than can be sorted");
    for (std::size_t i = 0; i < n; ++i) {
        if (cause[i] == Spells::kLeftOut) continue;
        if (cell[i] < 0 || static_cast<std::size_t>(cell[i]) >= n_cells)
            throw std::invalid_argument("the cell of a visit is out of range");
        if (ended[i] < began[i]) throw std::invalid_argument("a visit ends before it began");
        if (ended[i] != kGoesOn && (cause[i] < 0 || static_cast<std::size_t>(cause[i]) >= n_causes))
            throw std::invalid_argument("what ended a visit is out of range");
    }
}

ExitHistory::ExitHistory(const DatedVisits& visits, unsigned threads) : n_causes_(visits.n_causes) {
    visits.check();
    const auto counts = [&](std::size_t i) { return visits.cause[i] != Spells::kLeftOut; };
    const auto is_over = [&](std::size_t i) { return counts(i) && visits.ended[i] != DatedVisits::kGoesOn; };
    end_bounds_ = bounds_of(visits, is_over);
    const auto goes_on = [&](std::size_t i) { return counts(i) && visits.ended[i] == DatedVisits::kGoesOn; };
    open_bounds_ = bounds_of(visits, goes_on);
    const LargeVector<std::int32_t> order = by_cell(visits, end_bounds_, is_over);
    ends_.resize(order.size());
    parallel_tasks(visits.n_cells, threads, [&](std::size_t cell) {
        const std::size_t first = end_bounds_[cell], n = end_bounds_[cell + 1] - first;
        LargeVector<Keyed> by_age(n), spare(n);
        for (std::size_t at = 0; at < n; ++at) {
            const auto i = static_cast<std::size_t>(order[first + at]);
            by_age[at] = {
                static_cast<std::uint64_t>(visits.ended[i]) - static_cast<std::uint64_t>(visits.began[i]),
                order[first + at]};
        }
        radix_sort(by_age, spare);
        for (std::size_t at = 0; at < n; ++at) {
            const auto i = static_cast<std::size_t>(by_age[at].what);
            ends_[first + at] = {static_cast<std::int64_t>(by_age[at].key), visits.ended[i], visits.cause[i]};
        }
    });
    began_.resize(open_bounds_.back());
    std::vector<std::size_t> place(open_bounds_.begin(), open_bounds_.end() - 1);
    for (std::size_t i = 0; i < visits.cell.size(); ++i)
        if (goes_on(i)) began_[place[static_cast<std::size_t>(visits.cell[i])]++] = visits.began[i];
}

std::vector<KnownExits> ExitHistory::known_at(std::span<const Watched> moments, unsigned threads) const {
    const auto rise = [](const Watched& a, const Watched& b) { return a.moment < b.moment; };
    if (!std::is_sorted(moments.begin(), moments.end(), rise))
        throw std::invalid_argument("the moments do not rise");
    const std::size_t n = end_bounds_.size() - 1, n_moments = moments.size();
    std::vector<KnownExits> known(n_moments);
    for (std::size_t at = 0; at < n_moments; ++at) {
        known[at].moment = moments[at].moment;
        known[at].events.resize(n * n_causes_, 0);
        known[at].oldest.resize(n, -1);
        known[at].spent.resize(n, 0);
    }
    std::vector<std::int64_t> common(n * n_moments, 0);
    std::vector<std::vector<std::int64_t>> open_age(n * n_moments);
    parallel_tasks(n, threads, [&](std::size_t cell) {
        count_known(moments, cell, known, std::span(common).subspan(cell * n_moments, n_moments),
                    std::span(open_age).subspan(cell * n_moments, n_moments));
    });
    for (std::size_t at = 0; at < n_moments; ++at) {
        known[at].bounds.push_back(0);
        for (std::size_t cell = 0; cell < n; ++cell) {
            auto& ages = open_age[cell * n_moments + at];
            known[at].open_age.insert(known[at].open_age.end(), ages.begin(), ages.end());
            ages = {};
            known[at].bounds.push_back(known[at].open_age.size());
            known[at].common = std::gcd(known[at].common, common[cell * n_moments + at]);
        }
    }
    return known;
}

void ExitHistory::count_known(std::span<const Watched> moments, std::size_t cell, std::span<KnownExits> known,
                              std::span<std::int64_t> common,
                              std::span<std::vector<std::int64_t>> open_age) const {
    const std::size_t n_moments = moments.size();
    const auto divide = [](std::int64_t& divisor, std::int64_t length) {
        if (divisor == 1) return;
        if (divisor == 0 || length % divisor != 0) divisor = std::gcd(divisor, length);
    };
    // The first moment that is later than a time.
    const auto first_after = [&](std::int64_t time) {
        std::size_t first = 0;
        for (std::size_t n = n_moments; n > 0;) {
            const std::size_t half = n / 2;
            const bool is_after = moments[first + half].moment > time;
            first = is_after ? first : first + half + 1;
            n = is_after ? half : n - half - 1;
        }
        return first;
    };
    std::vector<std::int64_t> divisor(n_moments, 0);
    const auto watch = [&](std::int64_t began, std::size_t from, std::size_t to) {
        for (std::size_t at = from; at < to; ++at) {
            const std::int64_t age = moments[at].until - began;
            open_age[at].push_back(age);
            known[at].spent[cell] += age;
            divide(common[at], age);
        }
    };
    std::vector<std::int64_t> events(n_moments * n_causes_, 0), spent(n_moments, 0), oldest(n_moments, -1);
    for (std::size_t i = end_bounds_[cell]; i < end_bounds_[cell + 1]; ++i) {
        const End& end = ends_[i];
        const std::int64_t began = end.ended - end.age;
        const std::size_t ended = first_after(end.ended);
        // Most visits begin and end between the same two moments.
        if (ended > 0 && moments[ended - 1].moment > began) watch(began, first_after(began), ended);
        if (ended == n_moments) continue;
        ++events[ended * n_causes_ + static_cast<std::size_t>(end.cause)];
        spent[ended] += end.age;
        oldest[ended] = end.age;
        divide(divisor[ended], end.age);
    }
    for (std::size_t i = open_bounds_[cell]; i < open_bounds_[cell + 1]; ++i)
        watch(began_[i], first_after(began_[i]), n_moments);
    for (std::size_t at = 0; at < n_moments; ++at) {
        if (at > 0) {
            for (std::size_t cause = 0; cause < n_causes_; ++cause)
                events[at * n_causes_ + cause] += events[(at - 1) * n_causes_ + cause];
            spent[at] += spent[at - 1];
            oldest[at] = std::max(oldest[at], oldest[at - 1]);
            divisor[at] = std::gcd(divisor[at], divisor[at - 1]);
        }
        for (std::size_t cause = 0; cause < n_causes_; ++cause)
            known[at].events[cell * n_causes_ + cause] = events[at * n_causes_ + cause];
        known[at].spent[cell] += spent[at];
        known[at].oldest[cell] = oldest[at];
        common[at] = std::gcd(common[at], divisor[at]);
        std::sort(open_age[at].begin(), open_age[at].end());
    }
}

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
