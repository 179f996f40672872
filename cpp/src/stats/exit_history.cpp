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

/// Orders the visits that `counts` chooses by cell, and those of a cell by key.
template <class Counts, class KeyOf>
LargeVector<Keyed> in_order(const DatedVisits& visits, const std::vector<std::size_t>& bounds, Counts counts,
                            KeyOf key_of, unsigned threads) {
    std::vector<std::size_t> place(bounds.begin(), bounds.end() - 1);
    LargeVector<Keyed> order(bounds.back()), spare(bounds.back());
    for (std::size_t i = 0; i < visits.cell.size(); ++i)
        if (counts(i))
            order[place[static_cast<std::size_t>(visits.cell[i])]++] = {key_of(i),
                                                                        static_cast<std::int32_t>(i)};
    parallel_tasks(visits.n_cells, threads, [&](std::size_t cell) {
        const std::size_t n = bounds[cell + 1] - bounds[cell];
        radix_sort(std::span(order).subspan(bounds[cell], n), std::span(spare).subspan(bounds[cell], n));
    });
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
    start_bounds_ = bounds_of(visits, counts);
    const auto age_of = [&](std::size_t i) {
        return static_cast<std::uint64_t>(visits.ended[i]) - static_cast<std::uint64_t>(visits.began[i]);
    };
    const std::int64_t first =
        visits.began.empty() ? 0 : *std::min_element(visits.began.begin(), visits.began.end());
    const auto since_first = [&](std::size_t i) {
        return static_cast<std::uint64_t>(visits.began[i]) - static_cast<std::uint64_t>(first);
    };
    const LargeVector<Keyed> by_age = in_order(visits, end_bounds_, is_over, age_of, threads);
    ends_.resize(by_age.size());
    parallel_for(by_age.size(), threads, [&](std::size_t from, std::size_t to) {
        for (std::size_t at = from; at < to; ++at) {
            const auto i = static_cast<std::size_t>(by_age[at].what);
            ends_[at] = {static_cast<std::int64_t>(by_age[at].key), visits.ended[i], visits.cause[i]};
        }
    });
    const LargeVector<Keyed> by_begin = in_order(visits, start_bounds_, counts, since_first, threads);
    starts_.resize(by_begin.size());
    parallel_for(by_begin.size(), threads, [&](std::size_t from, std::size_t to) {
        for (std::size_t at = from; at < to; ++at) {
            const auto i = static_cast<std::size_t>(by_begin[at].what);
            starts_[at] = {visits.began[i], visits.ended[i]};
        }
    });
}

KnownExits ExitHistory::known_at(std::int64_t moment, std::int64_t until, unsigned threads) const {
    const std::size_t n = end_bounds_.size() - 1;
    KnownExits known;
    known.moment = moment;
    known.events.resize(n * n_causes_, 0);
    known.oldest.resize(n, -1);
    known.spent.resize(n, 0);
    std::vector<std::vector<std::int64_t>> open_age(n);
    std::vector<std::int64_t> common(n, 0);
    parallel_tasks(n, threads, [&](std::size_t cell) {
        const auto divide = [&, at = cell](std::int64_t length) {
            if (common[at] == 1) return;
            if (common[at] == 0 || length % common[at] != 0) common[at] = std::gcd(common[at], length);
        };
        for (std::size_t i = end_bounds_[cell]; i < end_bounds_[cell + 1]; ++i) {
            const End& end = ends_[i];
            if (end.ended >= moment) continue;
            ++known.events[cell * n_causes_ + static_cast<std::size_t>(end.cause)];
            known.oldest[cell] = end.age;
            known.spent[cell] += end.age;
            divide(end.age);
        }
        const auto first = starts_.begin() + static_cast<std::ptrdiff_t>(start_bounds_[cell]);
        const auto last = starts_.begin() + static_cast<std::ptrdiff_t>(start_bounds_[cell + 1]);
        auto begun = std::lower_bound(first, last, moment,
                                      [](const Start& start, std::int64_t at) { return start.began < at; });
        // The latest to begin has the least age.
        while (begun != first) {
            --begun;
            if (begun->ended < moment) continue;
            open_age[cell].push_back(until - begun->began);
            known.spent[cell] += until - begun->began;
            divide(until - begun->began);
        }
    });
    known.bounds.push_back(0);
    for (std::size_t cell = 0; cell < n; ++cell) {
        known.open_age.insert(known.open_age.end(), open_age[cell].begin(), open_age[cell].end());
        known.bounds.push_back(known.open_age.size());
        known.common = std::gcd(known.common, common[cell]);
    }
    return known;
}

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
    SteppedExits stepped{std::vector<double>(n * n_causes_, 0.0),
                         std::vector<double>(n * n_causes_, 0.0), std::vector<double>(n, 1.0),
                         std::vector<double>(n, 0.0), std::vector<std::int64_t>(n, 0)};
    parallel_tasks(wanted.cell.size(), threads, [&](std::size_t r) {
        const auto first = static_cast<std::size_t>(wanted.bounds[r]);
        const auto last = static_cast<std::size_t>(wanted.bounds[r + 1]);
        step_cell(known, static_cast<std::size_t>(wanted.cell[r]), wanted.end.subspan(first, last - first),
                  stepped, first);
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

void ExitHistory::step_cell(const KnownExits& known, std::size_t cell, std::span<const std::int64_t> ends,
                            SteppedExits& to, std::size_t at) const {
    const auto open =
        std::span(known.open_age).subspan(known.bounds[cell], known.bounds[cell + 1] - known.bounds[cell]);
    const auto events = std::span(known.events).subspan(cell * n_causes_, n_causes_);
    auto at_risk = std::accumulate(events.begin(), events.end(), static_cast<std::int64_t>(open.size()));
    double left = 1;
    std::vector<double> gone(n_causes_, 0.0);
    std::vector<std::int64_t> n_of(n_causes_, 0);
    std::vector<std::size_t> seen;  // causes of the ends at one age
    std::vector<double> spreads;    // of the ends in a step
    std::size_t step = 0, censored = 0;
    const auto finish_step = [&] {
        to.left[at + step] = left;
        std::copy(gone.begin(), gone.end(),
                  to.gone.begin() + static_cast<std::ptrdiff_t>((at + step) * n_causes_));
        to.spread[at + step] = pairwise_sum(spreads);
        spreads.clear();
        ++step;
    };
    for (std::size_t i = end_bounds_[cell]; i < end_bounds_[cell + 1];) {
        const std::int64_t age = ends_[i].age;
        std::int64_t all = 0;
        seen.clear();
        for (; i < end_bounds_[cell + 1] && ends_[i].age == age; ++i) {
            if (ends_[i].ended >= known.moment) continue;
            const auto cause = static_cast<std::size_t>(ends_[i].cause);
            if (n_of[cause]++ == 0) seen.push_back(cause);
            ++all;
        }
        if (all == 0) continue;
        while (step < ends.size() && ends[step] < age) finish_step();
        if (step == ends.size()) return;
        // Ends come before the visits of the same age that go on.
        for (; censored < open.size() && open[censored] < age; ++censored) --at_risk;
        const auto n_risk = static_cast<double>(at_risk);
        for (const std::size_t cause : seen) {
            const double before = gone[cause];
            gone[cause] += left * (static_cast<double>(n_of[cause]) / n_risk);
            to.chance[(at + step) * n_causes_ + cause] += gone[cause] - before;
            n_of[cause] = 0;
        }
        const auto n_gone = static_cast<double>(all);
        if (to.at_risk[at + step] == 0) to.at_risk[at + step] = at_risk;
        if (at_risk > all) spreads.push_back(n_gone / (n_risk * (n_risk - n_gone)));
        left *= (n_risk - n_gone) / n_risk;
        at_risk -= all;
    }
    while (step < ends.size()) finish_step();
}

}  // namespace stagefunnel::stats
