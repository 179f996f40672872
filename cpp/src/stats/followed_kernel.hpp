#pragma once

// What an exit of a kernel is worth to those who come to it, followed to the end or to a horizon. Internal to
// the core.

#include <Eigen/LU>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "stagefunnel/stats/chain.hpp"
#include "stagefunnel/stats/forecast.hpp"

namespace stagefunnel::stats::inline internal {

/// The chances of exits, and of staying, bin by bin.
struct Kernel {
    explicit Kernel(const ExitBins& exits)
        : n(exits.n_stages()),
          n_next(n + 2),
          bounds(exits.bounds),
          n_steps(exits.n_steps),
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
        : kernel_(kernel),
          n_bins_(kernel.stays.size()),
          new_((kernel.n_steps + 1) * kernel.n_next, 0.0),
          win_((kernel.n_steps + 1) * (n_bins_ + 1), 0.0) {
        const auto size = static_cast<Eigen::Index>(kernel.n);
        Rows others = Rows::Identity(size, size);
        for (std::size_t s = 0; s < kernel.n; ++s)
            if (kernel.first(s) < kernel.last(s))
                for (std::size_t k = 0; k < kernel.n; ++k)
                    others(static_cast<Eigen::Index>(s), static_cast<Eigen::Index>(k)) -=
                        kernel.of(kernel.first(s))[k];
        solved_ = others.partialPivLu().inverse();
        for (std::size_t rest = 0; rest <= kernel.n_steps; ++rest) {
            if (rest > 0)
                for (std::size_t s = 0; s < kernel.n; ++s)
                    for (std::size_t bin = kernel.first(s); bin < kernel.last(s); ++bin)
                        win_[rest * (n_bins_ + 1) + bin] =
                            std::inner_product(kernel.of(bin).begin(), kernel.of(bin).end(), new_at(rest - 1),
                                               kernel.stays[bin] * later(s, bin, rest - 1));
            Eigen::VectorXd known = Eigen::VectorXd::Zero(size);
            for (std::size_t s = 0; s < kernel.n; ++s) {
                const std::size_t bin = kernel.first(s);
                if (bin == kernel.last(s)) continue;
                known(static_cast<Eigen::Index>(s)) =
                    kernel.of(bin)[kernel.n] + kernel.stays[bin] * later(s, bin, rest);
            }
            const Eigen::VectorXd won = solved_ * known;
            std::copy(won.begin(), won.end(),
                      new_.begin() + static_cast<std::ptrdiff_t>(rest * kernel.n_next));
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
        Eigen::VectorXd come = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(n));
        std::vector<double> next(mass.size(), 0.0);
        const auto add = [&](std::size_t s, std::size_t bin, double here, std::size_t rest) {
            const double* value = new_at(rest);
            const double stay = later(s, bin, rest);
            for (std::size_t k = 0; k < kernel_.n_next; ++k)
                gradient[bin * kernel_.n_next + k] += here * (value[k] - stay);
        };
        for (std::size_t rest = kernel_.n_steps;; --rest) {
            // What comes to a stage may leave it at once.
            const Eigen::VectorXd begun = solved_.transpose() * come;
            come.setZero();
            for (std::size_t s = 0; s < n; ++s) {
                const std::size_t bin = kernel_.first(s);
                const double here = begun(static_cast<Eigen::Index>(s));
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
                        come(static_cast<Eigen::Index>(k)) += here * kernel_.of(bin)[k];
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

    using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

    const Kernel& kernel_;
    std::size_t n_bins_;
    Rows solved_;              // what comes to each stage in the end, of what comes to one
    std::vector<double> new_;  // by steps left and what follows
    std::vector<double> win_;  // by steps left and bin
};

}  // namespace stagefunnel::stats::inline internal
