#include "stats/bin_chances.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <numeric>

#include "stagefunnel/stats/chain.hpp"

namespace stagefunnel::stats::inline internal {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;
using Index = Eigen::Index;

/// The exits of each bin as shares of all visits of the stage, and the share that comes to its beginning.
struct Shares {
    std::vector<double> exit;   // as `ExitBins::chance`
    std::vector<double> left;   // by bin
    std::vector<double> total;  // by stage and what follows
};

Shares shares_of(const ExitBins& exits, std::span<const double> chance) {
    const std::size_t n = exits.n_stages(), n_next = n + 2;
    Shares shares{std::vector<double>(chance.size()), std::vector<double>(chance.size() / n_next),
                  std::vector<double>(n * n_next, 0.0)};
    for (std::size_t s = 0; s < n; ++s) {
        double left = 1;
        for (auto bin = static_cast<std::size_t>(exits.bounds[s]);
             bin < static_cast<std::size_t>(exits.bounds[s + 1]); ++bin) {
            shares.left[bin] = left;
            double ended = 0;
            for (std::size_t k = 0; k < n_next; ++k) {
                const double share = left * chance[bin * n_next + k];
                shares.exit[bin * n_next + k] = share;
                shares.total[s * n_next + k] += share;
                ended += chance[bin * n_next + k];
            }
            left *= std::max(1 - ended, 0.0);
        }
    }
    return shares;
}

std::vector<double> normalised(std::vector<double> total, std::size_t n_next) {
    for (std::size_t first = 0; first < total.size(); first += n_next) {
        const auto row = std::span(total).subspan(first, n_next);
        const double sum = std::accumulate(row.begin(), row.end(), 0.0);
        for (double& share : row) share = sum > 0 ? share / sum : 0.0;
    }
    return total;
}

/// The chances of one that has just come to each stage: to be won, and to end otherwise; 1 and 0 follow for
/// won, 0 and 1 for another end.
struct Ends {
    std::vector<double> won, lost;
};

Ends ends_of(std::vector<double> total, std::size_t n) {
    for (double& share : total) share = std::min(share, 1.0);
    const ChainEnds found = solve_chain({n, 2, total});
    Ends ends{std::vector<double>(n + 2, 0.0), std::vector<double>(n + 2, 0.0)};
    for (std::size_t s = 0; s < n; ++s) {
        ends.won[s] = found.absorbed[s * 3];
        ends.lost[s] = found.absorbed[s * 3 + 1];
    }
    ends.won[n] = ends.lost[n + 1] = 1;
    return ends;
}

double product(std::span<const double> a, std::span<const double> b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

BinChances to_the_end(const ExitBins& exits, const Shares& shares) {
    const std::size_t n = exits.n_stages(), n_next = n + 2;
    const Ends all = ends_of(shares.total, n), closed = ends_of(normalised(shares.total, n_next), n);
    BinChances found{std::vector<double>(shares.left.size(), 0.0),
                     std::vector<double>(shares.left.size(), 0.0)};
    for (std::size_t s = 0; s < n; ++s) {
        double win = 0, win_if = 0, lost_if = 0;
        for (auto bin = static_cast<std::size_t>(exits.bounds[s + 1]);
             bin-- > static_cast<std::size_t>(exits.bounds[s]);) {
            const auto exit = std::span(shares.exit).subspan(bin * n_next, n_next);
            win += product(exit, all.won);
            win_if += product(exit, closed.won);
            lost_if += product(exit, closed.lost);
            if (shares.left[bin] > 0) found.win[bin] = std::min(win / shares.left[bin], 1.0);
            if (win_if + lost_if > 0) found.win_if[bin] = win_if / (win_if + lost_if);
        }
    }
    return found;
}

/// The stages in progress that ever follow each stage.
std::vector<std::vector<std::size_t>> following_of(const Shares& shares, std::size_t n) {
    std::vector<std::vector<std::size_t>> following(n);
    for (std::size_t s = 0; s < n; ++s)
        for (std::size_t k = 0; k < n; ++k)
            if (shares.total[s * (n + 2) + k] > 0) following[s].push_back(k);
    return following;
}

/// By step and stage the chance that one who has just come to the stage is won by then: the Markov renewal
/// equation, step by step. What ends at once goes on in the same step.
Matrix wins_of_new_visits(const ExitBins& exits, std::span<const double> exit,
                          const std::vector<std::vector<std::size_t>>& following) {
    const std::size_t n = exits.n_stages(), n_next = n + 2;
    const auto size = static_cast<Index>(n);
    Matrix at_once = Matrix::Zero(size, size);
    for (std::size_t s = 0; s < n; ++s) {
        if (exits.bounds[s + 1] == exits.bounds[s]) continue;
        for (std::size_t k = 0; k < n; ++k)
            at_once(static_cast<Index>(s), static_cast<Index>(k)) =
                exit[static_cast<std::size_t>(exits.bounds[s]) * n_next + k];
    }
    const Eigen::PartialPivLU<Matrix> solver(Matrix::Identity(size, size) - at_once);
    Matrix won = Matrix::Zero(static_cast<Index>(exits.n_steps) + 1, size);
    for (std::size_t t = 0; t <= exits.n_steps; ++t) {
        // Step by step, the sums of the stages do not wait for each other.
        Vector known = Vector::Zero(size);
        for (std::size_t x = 0; x <= t; ++x) {
            const double* rest = won.data() + (t - x) * n;
            for (std::size_t s = 0; s < n; ++s) {
                const std::size_t bin = static_cast<std::size_t>(exits.bounds[s]) + x;
                if (bin >= static_cast<std::size_t>(exits.bounds[s + 1])) continue;
                const double* row = exit.data() + bin * n_next;
                double sum = known(static_cast<Index>(s)) + row[n];
                if (x > 0)
                    for (const std::size_t k : following[s]) sum += row[k] * rest[k];
                known(static_cast<Index>(s)) = sum;
            }
        }
        won.row(static_cast<Index>(t)) = solver.solve(known).transpose();
    }
    return won;
}

std::vector<double> to_the_horizon(const ExitBins& exits, const Shares& shares,
                                   std::span<const double> exit) {
    const std::size_t n = exits.n_stages(), n_next = n + 2;
    const auto following = following_of(shares, n);
    const Matrix won = wins_of_new_visits(exits, exit, following);
    std::vector<double> found(shares.left.size(), 0.0), column;
    for (std::size_t s = 0; s < n; ++s) {
        const auto first = static_cast<std::size_t>(exits.bounds[s]);
        const std::size_t n_bins = static_cast<std::size_t>(exits.bounds[s + 1]) - first;
        // The exits to won, and to each stage that follows, bin after bin.
        column.resize((following[s].size() + 1) * n_bins);
        const auto put = [&](std::size_t at, std::size_t next) {
            for (std::size_t bin = 0; bin < n_bins; ++bin)
                column[at * n_bins + bin] = exit[(first + bin) * n_next + next];
        };
        put(0, n);
        for (std::size_t at = 0; at < following[s].size(); ++at) put(at + 1, following[s][at]);
        double* win = found.data() + first;
        for (std::size_t x = 0; x < std::min(exits.n_steps, n_bins); ++x) {
            const double* rest = won.data() + (exits.n_steps - x - 1) * n;
            for (std::size_t bin = 0; bin + x < n_bins; ++bin) win[bin] += column[bin + x];
            for (std::size_t at = 0; at < following[s].size(); ++at) {
                const double* own = column.data() + (at + 1) * n_bins + x;
                const double chance = rest[following[s][at]];
                for (std::size_t bin = 0; bin + x < n_bins; ++bin) win[bin] += own[bin] * chance;
            }
        }
        double left = 1;
        for (std::size_t bin = 0; bin < n_bins; ++bin) {
            win[bin] = left > 0 ? std::min(win[bin] / left, 1.0) : 0.0;
            const auto here = exit.subspan((first + bin) * n_next, n_next);
            left -= std::accumulate(here.begin(), here.end(), 0.0);
        }
    }
    return found;
}

/// Scales the exits of each stage to those of visits that end at all.
std::vector<double> of_leaving(const ExitBins& exits, const Shares& shares) {
    const std::size_t n = exits.n_stages(), n_next = n + 2;
    std::vector<double> exit = shares.exit;
    for (std::size_t s = 0; s < n; ++s) {
        const auto own = std::span(shares.total).subspan(s * n_next, n_next);
        const double sum = std::accumulate(own.begin(), own.end(), 0.0);
        for (auto at = static_cast<std::size_t>(exits.bounds[s]) * n_next;
             at < static_cast<std::size_t>(exits.bounds[s + 1]) * n_next; ++at)
            exit[at] = sum > 0 ? exit[at] / sum : 0.0;
    }
    return exit;
}

}  // namespace

BinChances chances_of_bins(const ExitBins& exits, std::span<const double> chance, IfClosed if_closed) {
    const Shares shares = shares_of(exits, chance);
    if (exits.n_steps == 0) return to_the_end(exits, shares);
    BinChances found{to_the_horizon(exits, shares, shares.exit), {}};
    if (if_closed == IfClosed::find) found.win_if = to_the_horizon(exits, shares, of_leaving(exits, shares));
    return found;
}

}  // namespace stagefunnel::stats::inline internal
