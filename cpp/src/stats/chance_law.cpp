#include "stats/chance_law.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "stagefunnel/stats/chain.hpp"

namespace stagefunnel::stats::inline internal {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;
using Index = Eigen::Index;

constexpr double kRounding = 1e-12;
constexpr double kMostSkewed = 1;  // of a sum that is made of a normal number, which has to keep its order

/// The chances of exits, and of staying, bin by bin.
struct Kernel {
    explicit Kernel(const ExitBins& exits)
        : n(exits.n_stages()), n_next(n + 2), bounds(exits.bounds), n_steps(exits.n_steps),
          exit(exits.chance.begin(), exits.chance.end()) {
        find_stays();
    }

    void find_stays() {
        stays.resize(exit.size() / n_next);
        for (std::size_t bin = 0; bin < stays.size(); ++bin) {
            const auto own = of(bin);
            stays[bin] = std::max(1 - std::accumulate(own.begin(), own.end(), 0.0), 0.0);
        }
    }
    [[nodiscard]] std::span<const double> of(std::size_t bin) const {
        return std::span(exit).subspan(bin * n_next, n_next);
    }
    [[nodiscard]] std::size_t first(std::size_t stage) const {
        return static_cast<std::size_t>(bounds[stage]);
    }
    [[nodiscard]] std::size_t last(std::size_t stage) const {
        return static_cast<std::size_t>(bounds[stage + 1]);
    }

    std::size_t n, n_next;
    std::span<const std::int64_t> bounds;
    std::size_t n_steps;
    std::vector<double> exit;   // as `ExitBins::chance`
    std::vector<double> stays;  // by bin
};

/// By bin and what follows, how much a sum changes with the chance of that exit.
using Gradient = std::vector<double>;

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

/// Follows items to the end, whenever it comes.
class ToTheEnd {
  public:
    explicit ToTheEnd(const Kernel& kernel)
        : kernel_(kernel), later_(kernel.stays.size() + 1, 0.0), values_(kernel.n_next, 0.0) {
        const std::size_t n = kernel.n;
        std::vector<double> total(n * kernel.n_next, 0.0);
        for (std::size_t s = 0; s < n; ++s) {
            double left = 1;
            for (std::size_t bin = kernel.first(s); bin < kernel.last(s); ++bin) {
                for (std::size_t k = 0; k < kernel.n_next; ++k)
                    total[s * kernel.n_next + k] += left * kernel.of(bin)[k];
                left *= kernel.stays[bin];
            }
        }
        for (double& share : total) share = std::min(share, 1.0);
        ends_ = solve_chain({n, 2, total});
        for (std::size_t s = 0; s < n; ++s) values_[s] = ends_.absorbed[s * 3];
        values_[n] = 1;
        win_.resize(kernel.stays.size());
        for (std::size_t s = 0; s < n; ++s) {
            double win = 0;
            for (std::size_t bin = kernel.last(s); bin-- > kernel.first(s);) {
                later_[bin] = win;
                win = win_[bin] = product(kernel.of(bin)) + kernel.stays[bin] * win;
            }
        }
    }

    [[nodiscard]] std::span<const double> win() const { return win_; }

    /// @param mass by bin: how much a sum changes with its chance.
    [[nodiscard]] Gradient gradient(std::vector<double> mass) const {
        const std::size_t n = kernel_.n;
        std::vector<double> come(n, 0.0);
        for_each_bin(mass, [&](std::size_t bin, double here) {
            for (std::size_t k = 0; k < n; ++k) come[k] += here * kernel_.of(bin)[k];
        });
        for (std::size_t s = 0; s < n; ++s) {
            if (kernel_.first(s) == kernel_.last(s)) continue;
            for (std::size_t from = 0; from < n; ++from)
                mass[kernel_.first(s)] += come[from] * ends_.visits[from * n + s];
        }
        Gradient gradient(kernel_.exit.size(), 0.0);
        for_each_bin(mass, [&](std::size_t bin, double here) {
            for (std::size_t k = 0; k < kernel_.n_next; ++k)
                gradient[bin * kernel_.n_next + k] = here * (values_[k] - later_[bin]);
        });
        return gradient;
    }

  private:
    [[nodiscard]] double product(std::span<const double> exit) const {
        return std::inner_product(exit.begin(), exit.end(), values_.begin(), 0.0);
    }

    /// Visits the bins with all that comes to each.
    template <class Visit>
    void for_each_bin(const std::vector<double>& mass, Visit visit) const {
        for (std::size_t s = 0; s < kernel_.n; ++s) {
            double here = 0;
            for (std::size_t bin = kernel_.first(s); bin < kernel_.last(s); ++bin) {
                here += mass[bin];
                visit(bin, here);
                here *= kernel_.stays[bin];
            }
        }
    }

    const Kernel& kernel_;
    std::vector<double> later_;   // by bin: the chance of one who stays in it
    std::vector<double> values_;  // by what follows
    std::vector<double> win_;
    ChainEnds ends_;
};

/// Follows items to a horizon, step by step.
class ToTheHorizon {
  public:
    explicit ToTheHorizon(const Kernel& kernel)
        : kernel_(kernel), n_bins_(kernel.stays.size()), new_((kernel.n_steps + 1) * kernel.n_next, 0.0),
          win_((kernel.n_steps + 1) * (n_bins_ + 1), 0.0) {
        const auto size = static_cast<Index>(kernel.n);
        Matrix others = Matrix::Identity(size, size);
        for (std::size_t s = 0; s < kernel.n; ++s)
            if (kernel.first(s) < kernel.last(s))
                for (std::size_t k = 0; k < kernel.n; ++k)
                    others(static_cast<Index>(s), static_cast<Index>(k)) -= kernel.of(kernel.first(s))[k];
        solved_ = others.partialPivLu().inverse();
        for (std::size_t rest = 0; rest <= kernel.n_steps; ++rest) {
            if (rest > 0)
                for (std::size_t s = 0; s < kernel.n; ++s)
                    for (std::size_t bin = kernel.first(s); bin < kernel.last(s); ++bin)
                        win_[rest * (n_bins_ + 1) + bin] =
                            std::inner_product(kernel.of(bin).begin(), kernel.of(bin).end(), new_at(rest - 1),
                                               kernel.stays[bin] * later(s, bin, rest - 1));
            Vector known = Vector::Zero(size);
            for (std::size_t s = 0; s < kernel.n; ++s) {
                const std::size_t bin = kernel.first(s);
                if (bin == kernel.last(s)) continue;
                known(static_cast<Index>(s)) =
                    kernel.of(bin)[kernel.n] + kernel.stays[bin] * later(s, bin, rest);
            }
            const Vector won = solved_ * known;
            std::copy(won.begin(), won.end(), new_.begin() + static_cast<std::ptrdiff_t>(rest * kernel.n_next));
            new_[rest * kernel.n_next + kernel.n] = 1;
        }
    }

    [[nodiscard]] std::span<const double> win() const {
        return std::span(win_).subspan(kernel_.n_steps * (n_bins_ + 1), n_bins_);
    }

    /// @param mass by bin: how much a sum changes with its chance.
    [[nodiscard]] Gradient gradient(std::vector<double> mass) const {
        const std::size_t n = kernel_.n;
        Gradient gradient(kernel_.exit.size(), 0.0);
        Vector come = Vector::Zero(static_cast<Index>(n));
        std::vector<double> next(mass.size(), 0.0);
        const auto add = [&](std::size_t s, std::size_t bin, double here, std::size_t rest) {
            const double* value = new_at(rest);
            const double stay = later(s, bin, rest);
            for (std::size_t k = 0; k < kernel_.n_next; ++k)
                gradient[bin * kernel_.n_next + k] += here * (value[k] - stay);
        };
        for (std::size_t rest = kernel_.n_steps;; --rest) {
            // What comes to a stage may leave it at once.
            const Vector begun = solved_.transpose() * come;
            come.setZero();
            for (std::size_t s = 0; s < n; ++s) {
                const std::size_t bin = kernel_.first(s);
                const double here = begun(static_cast<Index>(s));
                if (bin == kernel_.last(s) || here == 0) continue;
                add(s, bin, here, rest);
                if (bin + 1 < kernel_.last(s)) mass[bin + 1] += here * kernel_.stays[bin];
            }
            if (rest == 0) return gradient;
            std::fill(next.begin(), next.end(), 0.0);
            for (std::size_t s = 0; s < n; ++s)
                for (std::size_t bin = kernel_.first(s); bin < kernel_.last(s); ++bin) {
                    const double here = mass[bin];
                    if (here == 0) continue;
                    add(s, bin, here, rest - 1);
                    for (std::size_t k = 0; k < n; ++k)
                        come(static_cast<Index>(k)) += here * kernel_.of(bin)[k];
                    if (bin + 1 < kernel_.last(s)) next[bin + 1] += here * kernel_.stays[bin];
                }
            std::swap(mass, next);
        }
    }

  private:
    /// The chances of what follows an exit, with so many steps left.
    [[nodiscard]] const double* new_at(std::size_t rest) const { return new_.data() + rest * kernel_.n_next; }
    /// The chance of one who stays in a bin, with so many steps left after it.
    [[nodiscard]] double later(std::size_t stage, std::size_t bin, std::size_t rest) const {
        return bin + 1 < kernel_.last(stage) ? win_[rest * (n_bins_ + 1) + bin + 1] : 0.0;
    }

    const Kernel& kernel_;
    std::size_t n_bins_;
    Matrix solved_;            // what comes to each stage in the end, of what comes to one
    std::vector<double> new_;  // by steps left and what follows
    std::vector<double> win_;  // by steps left and bin
};

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
