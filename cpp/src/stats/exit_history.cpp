#include "stagefunnel/stats/exit_history.hpp"

#include <algorithm>
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

}  // namespace stagefunnel::stats
