#include "stats/chance_law.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "stats/followed_kernel.hpp"

namespace stagefunnel::stats::inline internal {
namespace {

constexpr double kRounding = 1e-12;
constexpr double kMostSkewed = 1;  // of a sum that is made of a normal number, which has to keep its order

/// The chance that one who is at the beginning of each bin ever leaves its stage.
std::vector<double> ever_leaving(const Kernel& kernel) {
    std::vector<double> leaving(kernel.stays.size(), 0.0);
    for (std::size_t s = 0; s < kernel.n; ++s) {
        double later = 0;
        for (std::size_t bin = kernel.last(s); bin-- > kernel.first(s);)
            leaving[bin] = later = 1 - kernel.stays[bin] * (1 - later);
    }
    return leaving;
}

/// The kernel of the visits that end at all.
Kernel of_leaving(const Kernel& kernel, std::span<const double> leaving) {
    Kernel closed = kernel;
    for (std::size_t bin = 0; bin < leaving.size(); ++bin)
        for (std::size_t k = 0; k < kernel.n_next; ++k) {
            double& share = closed.exit[bin * kernel.n_next + k];
            share = leaving[bin] > 0 ? share / leaving[bin] : 0.0;
        }
    closed.find_stays();
    return closed;
}

/// Turns what a sum changes with the exits of those that end at all into what it changes with all exits.
Gradient of_all(const Kernel& kernel, std::span<const double> leaving, const Gradient& closed) {
    const std::size_t n_next = kernel.n_next;
    Gradient gradient(closed.size(), 0.0);
    for (std::size_t s = 0; s < kernel.n; ++s) {
        double mass = 0;  // of the chances to leave that change with a bin
        for (std::size_t bin = kernel.first(s); bin < kernel.last(s); ++bin) {
            if (!(leaving[bin] > 0)) continue;
            for (std::size_t k = 0; k < n_next; ++k) {
                const std::size_t at = bin * n_next + k;
                gradient[at] = closed[at] / leaving[bin];
                mass -= closed[at] * kernel.exit[at] / (leaving[bin] * leaving[bin]);
            }
            const double later = bin + 1 < kernel.last(s) ? leaving[bin + 1] : 0.0;
            for (std::size_t k = 0; k < n_next; ++k) gradient[bin * n_next + k] += mass * (1 - later);
            mass *= kernel.stays[bin];
        }
    }
    return gradient;
}

/// How much the log-odds of a bin change with its chance.
double slope(double chance) { return chance > 0 && chance < 1 ? 1 / (chance * (1 - chance)) : 0.0; }

/// The gradients of all rows.
template <class Follow>
std::vector<Gradient> gradients(const Kernel& kernel, std::span<const CountedBin> counted,
                                std::size_t n_rows) {
    const Follow follow(kernel);
    std::vector<Gradient> all(n_rows);
    for (std::size_t at = 0; at < counted.size();) {
        const std::size_t row = counted[at].row;
        std::vector<double> mass(kernel.stays.size(), 0.0);
        for (; at < counted.size() && counted[at].row == row; ++at)
            mass[counted[at].bin] += counted[at].weight * slope(follow.win()[counted[at].bin]);
        all[row] = follow.gradient(std::move(mass));
    }
    return all;
}

std::vector<Gradient> gradients(const Kernel& kernel, std::span<const CountedBin> counted,
                                std::size_t n_rows) {
    return kernel.n_steps > 0 ? gradients<ToTheHorizon>(kernel, counted, n_rows)
                              : gradients<ToTheEnd>(kernel, counted, n_rows);
}

/// Covariances of the rows, and their third moments about the mean.
struct Moments {
    std::vector<double> second, third;
};

Moments moments_of(const ExitBins& exits, const Kernel& kernel, const std::vector<Gradient>& gradients) {
    const std::size_t n_rows = gradients.size(), n_next = kernel.n_next;
    Moments moments{std::vector<double>(n_rows * n_rows, 0.0), std::vector<double>(n_rows, 0.0)};
    std::vector<std::size_t> rows;  // that change with a bin
    std::vector<double> apart;      // by row and what follows: from the mean of the bin; staying comes last
    for (std::size_t bin = 0; bin < kernel.stays.size(); ++bin) {
        const double weight = exits.weight[bin], stays = kernel.stays[bin];
        if (!(weight > 0) || stays >= 1 - kRounding) continue;
        const auto exit = kernel.of(bin);
        rows.clear();
        apart.clear();
        for (std::size_t row = 0; row < n_rows; ++row) {
            if (gradients[row].empty()) continue;
            const auto own = std::span(gradients[row]).subspan(bin * n_next, n_next);
            const double mean = std::inner_product(own.begin(), own.end(), exit.begin(), 0.0);
            double third = stays * -mean * mean * mean;
            for (std::size_t k = 0; k < n_next; ++k) {
                apart.push_back(own[k] - mean);
                third += exit[k] * apart.back() * apart.back() * apart.back();
            }
            apart.push_back(-mean);
            rows.push_back(row);
            moments.third[row] += 2 * third / ((weight + 1) * (weight + 2));
        }
        for (std::size_t a = 0; a < rows.size(); ++a)
            for (std::size_t b = 0; b <= a; ++b) {
                const double* one = apart.data() + a * (n_next + 1);
                const double* other = apart.data() + b * (n_next + 1);
                double sum = stays * one[n_next] * other[n_next];
                for (std::size_t k = 0; k < n_next; ++k) sum += exit[k] * one[k] * other[k];
                moments.second[rows[a] * n_rows + rows[b]] += sum / (weight + 1);
            }
    }
    return moments;
}

/// Takes the root of covariances (A.-L. Cholesky); a row that the rows before it say adds nothing.
std::vector<double> root_of(const std::vector<double>& second, std::size_t n) {
    std::vector<double> root(n * n, 0.0);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j <= i; ++j) {
            const double* a = root.data() + i * n;
            const double* b = root.data() + j * n;
            const double rest = second[i * n + j] - std::inner_product(a, a + j, b, 0.0);
            if (j == i)
                root[i * n + i] = rest > kRounding * second[i * n + i] ? std::sqrt(rest) : 0.0;
            else
                root[i * n + j] = b[j] > 0 ? rest / b[j] : 0.0;
        }
    return root;
}

}  // namespace

void SumLaw::move(std::span<const double> normal, std::span<double> moved) const {
    for (std::size_t row = 0; row < n_rows; ++row) {
        const double* own = root.data() + row * n_rows;
        const double move = std::inner_product(own, own + row + 1, normal.begin(), 0.0);
        const double spread = std::sqrt(variance[row]);
        if (!(spread > 0)) continue;
        const double skew = std::clamp(third[row] / (variance[row] * spread), -kMostSkewed, kMostSkewed);
        const double at = move / spread;
        moved[row] = spread * (at + skew / 6 * (at * at - 1));
    }
}

SumLaw law_of_sums(const ExitBins& exits, std::span<const CountedBin> counted, std::size_t n_rows,
                   Kind kind) {
    const Kernel kernel(exits);
    std::vector<Gradient> changes;
    if (kind == Kind::all) {
        changes = gradients(kernel, counted, n_rows);
    } else {
        const std::vector<double> leaving = ever_leaving(kernel);
        changes = gradients(of_leaving(kernel, leaving), counted, n_rows);
        for (Gradient& one : changes)
            if (!one.empty()) one = of_all(kernel, leaving, one);
    }
    const Moments moments = moments_of(exits, kernel, changes);
    SumLaw law{.n_rows = n_rows,
               .root = root_of(moments.second, n_rows),
               .variance = std::vector<double>(n_rows),
               .third = moments.third};
    for (std::size_t row = 0; row < n_rows; ++row) law.variance[row] = moments.second[row * n_rows + row];
    return law;
}

}  // namespace stagefunnel::stats::inline internal
