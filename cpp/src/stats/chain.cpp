#include "stagefunnel/stats/chain.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace stagefunnel::stats {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Index = Eigen::Index;

constexpr double kRounding = 1e-12;  // a sum of chances that is as near to 1 is 1

std::span<const double> row_of(const AbsorbingChain& chain, std::size_t state) {
    const std::size_t n = chain.n_transient + chain.n_absorbing;
    return chain.probability.subspan(state * n, n);
}

/// Goes back from the absorbing states along all moves that can happen.
std::vector<std::uint8_t> find_ways_out(const AbsorbingChain& chain) {
    const std::size_t n = chain.n_transient;
    std::vector<std::uint8_t> has_way_out(n, 0);
    std::vector<std::size_t> reached;
    const auto reach = [&](std::size_t state) {
        has_way_out[state] = 1;
        reached.push_back(state);
    };
    for (std::size_t s = 0; s < n; ++s) {
        const auto ends = row_of(chain, s).subspan(n);
        if (std::any_of(ends.begin(), ends.end(), [](double p) { return p > 0; })) reach(s);
    }
    for (std::size_t at = 0; at < reached.size(); ++at) {
        for (std::size_t s = 0; s < n; ++s)
            if (has_way_out[s] == 0 && row_of(chain, s)[reached[at]] > 0) reach(s);
    }
    return has_way_out;
}

}  // namespace

void AbsorbingChain::check() const {
    if (probability.size() != n_transient * (n_transient + n_absorbing))
        throw std::invalid_argument("the size of a chain does not fit its states");
    for (const double p : probability) {
        if (!(p >= 0 && p <= 1 + kRounding))
            throw std::invalid_argument("a chance of a chain is not between 0 and 1");
    }
    for (std::size_t s = 0; s < n_transient; ++s) {
        const auto row = row_of(*this, s);
        if (std::accumulate(row.begin(), row.end(), 0.0) > 1 + kRounding)
            throw std::invalid_argument("the chances of a state add up to more than 1");
    }
}

ChainEnds solve_chain(const AbsorbingChain& chain) {
    chain.check();
    const std::size_t n = chain.n_transient, n_ends = chain.n_absorbing + 1;
    ChainEnds found{.has_way_out = find_ways_out(chain),
                    .visits = std::vector<double>(n * n, 0.0),
                    .absorbed = std::vector<double>(n * n_ends, 0.0)};
    std::vector<std::size_t> open;  // the states that have a way out
    for (std::size_t s = 0; s < n; ++s) {
        if (found.has_way_out[s] != 0) {
            open.push_back(s);
        } else {
            found.absorbed[s * n_ends + n_ends - 1] = 1;
        }
    }
    if (open.empty()) return found;
    const auto size = static_cast<Index>(open.size());
    Matrix stays = Matrix::Identity(size, size);
    Matrix ends = Matrix::Zero(size, static_cast<Index>(n_ends));
    for (Index i = 0; i < size; ++i) {
        const auto row = row_of(chain, open[static_cast<std::size_t>(i)]);
        for (Index j = 0; j < size; ++j) stays(i, j) -= row[open[static_cast<std::size_t>(j)]];
        double known = 0;
        for (std::size_t j = 0; j < n; ++j)
            if (found.has_way_out[j] != 0) known += row[j];
        for (std::size_t a = 0; a < chain.n_absorbing; ++a) {
            ends(i, static_cast<Index>(a)) = row[n + a];
            known += row[n + a];
        }
        const double rest = 1 - known;
        ends(i, static_cast<Index>(n_ends) - 1) = rest > kRounding ? rest : 0.0;
    }
    const Eigen::PartialPivLU<Matrix> lu(stays);
    const Matrix visits = lu.solve(Matrix::Identity(size, size));
    const Matrix absorbed = lu.solve(ends);
    for (Index i = 0; i < size; ++i) {
        const std::size_t s = open[static_cast<std::size_t>(i)];
        for (Index j = 0; j < size; ++j)
            found.visits[s * n + open[static_cast<std::size_t>(j)]] = visits(i, j);
        for (std::size_t a = 0; a < n_ends; ++a)
            found.absorbed[s * n_ends + a] = absorbed(i, static_cast<Index>(a));
    }
    return found;
}

}  // namespace stagefunnel::stats
