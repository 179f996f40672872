#include "stagefunnel/stats/renewal.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>

#include "base/fixed_sums.hpp"
#include "base/parallel.hpp"

namespace stagefunnel::stats {
namespace {

/// The exits to one stage, or to won, step after step; beyond the last step there are none.
struct ExitColumn {
    std::size_t next;
    std::vector<double> chance;
};

constexpr Eigen::Index kWide = 8;  // sums side by side
using Wide = Eigen::Array<double, kWide, 1>;

/// The columns of each stage that have any exits; that to won comes first.
std::vector<std::vector<ExitColumn>> columns_of(const StepShares& exits) {
    const std::size_t n = exits.n_stages, n_next = n + 2;
    std::vector<std::vector<ExitColumn>> columns(n);
    for (std::size_t s = 0; s < n; ++s) {
        const auto own = exits.chance.subspan(s * exits.n_ages * n_next, exits.n_ages * n_next);
        for (std::size_t at = 0; at <= n; ++at) {
            const std::size_t next = at == 0 ? n : at - 1;
            std::vector<double> chance(exits.n_ages + kWide, 0.0);
            bool any = false;
            for (std::size_t x = 0; x < exits.n_ages; ++x) {
                chance[x] = own[x * n_next + next];
                any = any || chance[x] > 0;
            }
            if (any || next == n) columns[s].push_back({next, std::move(chance)});
        }
    }
    return columns;
}

double dot(const double* a, const double* b, std::size_t n) {
    using Column = Eigen::Map<const Eigen::VectorXd>;
    return Column(a, static_cast<Eigen::Index>(n)).dot(Column(b, static_cast<Eigen::Index>(n)));
}

/// By what follows the chance to be won of one who comes there, by the steps from the horizon backwards: the
/// first is that of the whole horizon.
class WinsOfNewVisits {
  public:
    WinsOfNewVisits(const StepShares& exits, const std::vector<std::vector<ExitColumn>>& columns,
                    std::size_t n_steps)
        : n_steps_(n_steps), won_(exits.n_stages + 1, std::vector<double>(n_steps + 1, 0.0)) {
        won_[exits.n_stages].assign(n_steps + 1, 1.0);
        const auto size = static_cast<Eigen::Index>(exits.n_stages);
        Eigen::MatrixXd stays = Eigen::MatrixXd::Identity(size, size);
        for (std::size_t s = 0; s < exits.n_stages; ++s)
            for (const ExitColumn& column : columns[s])
                if (column.next < exits.n_stages)
                    stays(static_cast<Eigen::Index>(s), static_cast<Eigen::Index>(column.next)) -=
                        column.chance[0];
        const Eigen::PartialPivLU<Eigen::MatrixXd> at_once(stays);
        std::vector<double> won_by_then(exits.n_stages, 0.0);
        Eigen::VectorXd later(size);
        for (std::size_t t = 0; t <= n_steps; ++t) {
            const std::size_t longest = std::min(t, exits.n_ages - 1);
            for (std::size_t s = 0; s < exits.n_stages; ++s) {
                if (t < exits.n_ages) won_by_then[s] += columns[s][0].chance[t];
                double sum = won_by_then[s];
                // An exit after x steps leaves t - x for what follows.
                for (std::size_t at = 1; at < columns[s].size(); ++at)
                    sum += dot(columns[s][at].chance.data() + 1,
                               won_[columns[s][at].next].data() + (n_steps - t) + 1, longest);
                later(static_cast<Eigen::Index>(s)) = sum;
            }
            const Eigen::VectorXd now = at_once.solve(later);
            for (std::size_t s = 0; s < exits.n_stages; ++s)
                won_[s][n_steps - t] = now(static_cast<Eigen::Index>(s));
        }
    }

    /// With the element x after x steps of the horizon.
    [[nodiscard]] const std::vector<double>& of(std::size_t next) const { return won_[next]; }
    [[nodiscard]] std::size_t n_steps() const { return n_steps_; }

  private:
    std::size_t n_steps_;
    std::vector<std::vector<double>> won_;
};

/// Adds up, for those there at the end of each step of age, how they are won by the exits of one column.
void add_wins(const ExitColumn& column, const WinsOfNewVisits& won, std::size_t n_ages,
              std::span<double> found) {
    const std::vector<double>& rest = won.of(column.next);
    for (std::size_t first = 0; first < n_ages; first += kWide) {
        Wide sums = Wide::Zero();
        const std::size_t last = std::min(won.n_steps(), n_ages - 1 - first);
        for (std::size_t x = 1; x <= last; ++x)
            sums += Eigen::Map<const Wide>(column.chance.data() + first + x) * rest[x];
        const std::size_t n = std::min<std::size_t>(kWide, n_ages - first);
        for (std::size_t at = 0; at < n; ++at) found[first + at] += sums(static_cast<Eigen::Index>(at));
    }
}

}  // namespace

void StepShares::check() const {
    if (chance.size() != n_stages * n_ages * (n_stages + 2) || left.size() != n_stages * n_ages ||
        (n_stages > 0 && n_ages == 0))
        throw std::invalid_argument("the sizes of shares by step do not fit");
}

std::vector<double> wins_within(const StepShares& exits, std::size_t n_steps, unsigned threads) {
    exits.check();
    std::vector<double> found(exits.n_stages * exits.n_ages, 0.0);
    if (exits.n_stages == 0) return found;
    const auto columns = columns_of(exits);
    const WinsOfNewVisits won(exits, columns, n_steps);
    parallel_tasks(exits.n_stages, threads, [&](std::size_t s) {
        const std::size_t first = s * exits.n_ages;
        const auto own = std::span(found).subspan(first, exits.n_ages);
        for (const ExitColumn& column : columns[s]) add_wins(column, won, exits.n_ages, own);
        for (std::size_t at = 0; at < exits.n_ages; ++at) {
            const double left = exits.left[first + at];
            own[at] = left > 0 ? own[at] / left : std::numeric_limits<double>::quiet_NaN();
        }
    });
    return found;
}

void ExitRows::check() const {
    const std::size_t n = bounds.empty() ? 0 : static_cast<std::size_t>(bounds.back());
    if (bounds.size() != n_stages + 1 || bounds.front() != 0 ||
        !std::is_sorted(bounds.begin(), bounds.end()) || step.size() != n ||
        chance.size() != n * (n_stages + 2))
        throw std::invalid_argument("the sizes of rows of exits do not fit");
    for (std::size_t s = 0; s < n_stages; ++s) {
        const auto first = step.begin() + bounds[s], last = step.begin() + bounds[s + 1];
        if (std::adjacent_find(first, last, std::greater_equal<>()) != last)
            throw std::invalid_argument("the steps of the exits of a stage do not rise");
    }
}

std::vector<double> follow_exits(const ExitRows& exits, std::span<const double> worth, std::size_t n_steps,
                                 std::span<const std::int32_t> stage, std::span<const std::int64_t> step,
                                 unsigned threads) {
    exits.check();
    const std::size_t n_next = exits.n_stages + 2, n_values = worth.size() / ((n_steps + 1) * n_next);
    if (step.size() != stage.size() || n_values * (n_steps + 1) * n_next != worth.size())
        throw std::invalid_argument("the sizes of the visits and of what exits are worth do not fit");
    for (const std::int32_t own : stage)
        if (own < 0 || static_cast<std::size_t>(own) >= exits.n_stages)
            throw std::invalid_argument("the stage of a visit is out of range");
    std::vector<double> found(stage.size() * n_values, 0.0);
    parallel_for(stage.size(), threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const auto own = static_cast<std::size_t>(stage[i]);
            const auto first = exits.step.begin() + exits.bounds[own],
                       last = exits.step.begin() + exits.bounds[own + 1];
            const auto values = std::span(found).subspan(i * n_values, n_values);
            for (auto at = std::upper_bound(first, last, step[i]); at != last; ++at) {
                // An exit after x steps leaves the others for what follows.
                const auto waited = static_cast<std::uint64_t>(*at) - static_cast<std::uint64_t>(step[i]);
                if (waited > n_steps) break;
                const auto row = static_cast<std::size_t>(at - exits.step.begin());
                const std::size_t left = n_steps - waited;
                for (std::size_t next = 0; next < n_next; ++next) {
                    const double share = exits.chance[row * n_next + next];
                    if (share == 0) continue;
                    const double* each = worth.data() + (left * n_next + next) * n_values;
                    for (std::size_t value = 0; value < n_values; ++value)
                        values[value] += share * each[value];
                }
            }
        }
    });
    return found;
}

std::int64_t StepLength::down(std::int64_t age) const {
    if (denominator == 1) return age / numerator;
    return static_cast<std::int64_t>(static_cast<int128>(age) * denominator / numerator);
}

void StepLength::check() const {
    if (numerator <= 0 || denominator <= 0) throw std::invalid_argument("a step is not above 0");
}

ReadChances read_chances(std::span<const double> table, std::span<const std::int64_t> oldest,
                         std::span<const std::int32_t> stage, std::span<const std::int64_t> age,
                         const StepLength& step, unsigned threads) {
    step.check();
    const std::size_t n = stage.size(), n_stages = oldest.size();
    const std::size_t n_ages = n_stages == 0 ? 0 : table.size() / n_stages;
    if (age.size() != n || n_ages * n_stages != table.size() || (n > 0 && n_ages == 0))
        throw std::invalid_argument("the sizes of the table, the stages and the ages do not fit");
    ReadChances found;
    found.win.resize(n);
    found.beyond.resize(n);
    parallel_for(n, threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const auto own = static_cast<std::size_t>(stage[i]);
            if (stage[i] < 0 || own >= n_stages)
                throw std::invalid_argument("the stage of an item is out of range");
            const auto down = static_cast<std::size_t>(step.down(std::max<std::int64_t>(age[i], 0)));
            const double chance = std::min(table[own * n_ages + std::min(down, n_ages - 1)], 1.0);
            const bool is_beyond = age[i] > oldest[own] || std::isnan(chance);
            found.win[i] = is_beyond ? std::numeric_limits<double>::quiet_NaN() : chance;
            found.beyond[i] = is_beyond ? 1 : 0;
        }
    });
    return found;
}

}  // namespace stagefunnel::stats
