#include "stagefunnel/stats/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "base/counting_sort.hpp"
#include "base/parallel.hpp"
#include "stats/bin_chances.hpp"
#include "stats/random.hpp"

namespace stagefunnel::stats {
namespace {

constexpr std::uint64_t kOutcomes = 1ULL << 40U;  // the uses of random numbers that are not a stage
constexpr std::uint64_t kSums = 1ULL << 41U;
constexpr double kNearEnds = 1e-12;
constexpr std::size_t kMostCounts = 1U << 24U;  // of a sort by counting

/// Draws the chances of each bin; bins of one stage share a stream.
std::vector<double> drawn_chances(const ExitBins& exits, std::uint64_t seed, std::uint64_t draw) {
    const std::size_t n = exits.n_stages(), n_next = n + 2;
    std::vector<double> chance(exits.chance.begin(), exits.chance.end());
    for (std::size_t s = 0; s < n; ++s) {
        RandomStream random(seed, draw, s);
        for (auto bin = static_cast<std::size_t>(exits.bounds[s]);
             bin < static_cast<std::size_t>(exits.bounds[s + 1]); ++bin) {
            const auto row = std::span(chance).subspan(bin * n_next, n_next);
            double stays = 1;
            for (const double share : row) stays -= share;
            const double weight = exits.weight[bin];
            if (!(weight > 0) || stays >= 1 - kNearEnds) continue;
            double sum = stays > kNearEnds ? random.gamma(weight * stays) : 0.0;
            for (double& share : row) {
                if (share > 0) share = random.gamma(weight * share);
                sum += share;
            }
            for (double& share : row) share = sum > 0 ? share / sum : 0.0;
        }
    }
    return chance;
}

double log_odds(double chance) {
    const double inside = std::clamp(chance, kNearEnds, 1 - kNearEnds);
    return std::log(inside) - std::log1p(-inside);
}

/// How far the log-odds of each bin have moved.
std::vector<double> shifts(std::span<const double> drawn, std::span<const double> known) {
    std::vector<double> shift(known.size(), 0.0);
    for (std::size_t bin = 0; bin < known.size(); ++bin)
        if (known[bin] > 0 && known[bin] < 1) shift[bin] = log_odds(drawn[bin]) - log_odds(known[bin]);
    return shift;
}

/// The items of one row in one bin, added up.
struct Cell {
    std::size_t row = 0, bin = 0, n = 0;
    double win = 0, win_spread = 0, win_if = 0, win_if_spread = 0;
    double amount = 0, amount_slope = 0, amount_spread = 0;

    void add(double p, double p_if, double value) {
        const double spread = p * (1 - p);
        ++n;
        win += p;
        win_spread += spread;
        win_if += p_if;
        win_if_spread += p_if * (1 - p_if);
        amount += value * p;
        amount_slope += value * spread;
        amount_spread += value * value * spread;
    }
};

/// The items in the order of rows and bins, and their cells.
class Cells {
  public:
    Cells(const OpenItems& items, std::size_t n_rows, std::size_t most_items)
        : items_(items), n_of_row_(n_rows, 0), order_(items.bin.size()) {
        put_in_order(items, n_rows);
        for (const std::size_t i : order_) {
            const auto row = static_cast<std::size_t>(items.row[i]);
            const auto bin = static_cast<std::size_t>(items.bin[i]);
            if (cells_.empty() || cells_.back().row != row || cells_.back().bin != bin)
                cells_.push_back({.row = row, .bin = bin});
            cells_.back().add(items.chance[i], chance_if_of(i), amount_of(i));
            drawn_.push_back({items.chance[i], chance_if_of(i), amount_of(i),
                              kOutcomes + static_cast<std::uint64_t>(items.number[i])});
            ++n_of_row_[row];
        }
        for (const std::size_t n : n_of_row_) is_drawn_.push_back(n <= most_items ? 1 : 0);
    }

    /// Draws the outcomes of all rows once.
    void draw(std::span<const double> shift, std::span<const double> shift_if, std::uint64_t seed,
              std::uint64_t draw, double* wins, double* wins_if, double* amount) const {
        const std::uint64_t of_draw = RandomStream::of_draw(seed, draw);
        std::size_t first = 0;
        std::vector<Cell> sums(n_of_row_.size());
        for (const Cell& cell : cells_) {
            const double move = shift[cell.bin], move_if = shift_if[cell.bin];
            if (is_drawn_[cell.row] != 0) {
                const auto own = std::span(drawn_).subspan(first, cell.n);
                draw_items(own, of_draw, std::exp(-move), std::exp(-move_if), wins[cell.row],
                           wins_if[cell.row], amount[cell.row]);
            } else {
                Cell& sum = sums[cell.row];
                const auto n = static_cast<double>(cell.n);
                sum.win += std::clamp(cell.win + move * cell.win_spread, 0.0, n);
                sum.win_if += std::clamp(cell.win_if + move_if * cell.win_if_spread, 0.0, n);
                sum.amount += cell.amount + move * cell.amount_slope;
                sum.win_spread += cell.win_spread;
                sum.win_if_spread += cell.win_if_spread;
                sum.amount_spread += cell.amount_spread;
            }
            first += cell.n;
        }
        for (std::size_t row = 0; row < sums.size(); ++row) {
            if (is_drawn_[row] != 0) continue;
            const double luck = RandomStream(seed, draw, kSums + row).normal();
            const auto n = static_cast<double>(n_of_row_[row]);
            const Cell& sum = sums[row];
            wins[row] = std::clamp(std::round(sum.win + std::sqrt(sum.win_spread) * luck), 0.0, n);
            wins_if[row] = std::clamp(std::round(sum.win_if + std::sqrt(sum.win_if_spread) * luck), 0.0, n);
            amount[row] = sum.amount + std::sqrt(sum.amount_spread) * luck;
        }
    }

  private:
    /// An item as it is drawn.
    struct Item {
        double chance, chance_if, amount;
        std::uint64_t use;  // of random numbers
    };

    /// Draws the outcome of each item; nobody can guess it, so there are no branches.
    static void draw_items(std::span<const Item> items, std::uint64_t of_draw, double odds, double odds_if,
                           double& wins, double& wins_if, double& amount) {
        std::size_t n = 0, n_if = 0;
        double sum = amount;
        for (const Item& item : items) {
            const double p = item.chance, p_if = item.chance_if;
            const double luck = RandomStream(of_draw, item.use).uniform();
            const bool is_won = luck * (p + (1 - p) * odds) < p;
            n += is_won ? 1U : 0U;
            n_if += luck * (p_if + (1 - p_if) * odds_if) < p_if ? 1U : 0U;
            sum += is_won ? item.amount : 0.0;
        }
        wins += static_cast<double>(n);
        wins_if += static_cast<double>(n_if);
        amount = sum;
    }

    /// Sorts the items by row and bin; those of one cell stay in their order.
    void put_in_order(const OpenItems& items, std::size_t n_rows) {
        std::size_t n_bins = 0;
        for (const std::int64_t bin : items.bin) n_bins = std::max(n_bins, static_cast<std::size_t>(bin) + 1);
        const auto cell_of = [&](std::size_t i) {
            return static_cast<std::size_t>(items.row[i]) * n_bins + static_cast<std::size_t>(items.bin[i]);
        };
        if (n_rows * n_bins <= kMostCounts) {
            std::vector<std::vector<std::size_t>> counts(1, std::vector<std::size_t>(n_rows * n_bins, 0));
            for (std::size_t i = 0; i < order_.size(); ++i) ++counts[0][cell_of(i)];
            if (!counts[0].empty()) replace_counts_by_places(counts);
            for (std::size_t i = 0; i < order_.size(); ++i) order_[counts[0][cell_of(i)]++] = i;
            return;
        }
        for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = i;
        std::stable_sort(order_.begin(), order_.end(),
                         [&](std::size_t a, std::size_t b) { return cell_of(a) < cell_of(b); });
    }

    [[nodiscard]] double chance_if_of(std::size_t i) const {
        return items_.chance_if.empty() ? 0.0 : items_.chance_if[i];
    }
    [[nodiscard]] double amount_of(std::size_t i) const {
        return items_.amount.empty() ? 0.0 : items_.amount[i];
    }

    const OpenItems& items_;
    std::vector<std::size_t> n_of_row_;
    std::vector<std::size_t> order_;
    std::vector<Cell> cells_;
    std::vector<Item> drawn_;  // in this order
    std::vector<std::uint8_t> is_drawn_;
};

}  // namespace

void ExitBins::check() const {
    const std::size_t n_bins = bounds.empty() ? 0 : static_cast<std::size_t>(bounds.back());
    if (bounds.empty() || !std::is_sorted(bounds.begin(), bounds.end()) || bounds.front() != 0 ||
        weight.size() != n_bins || chance.size() != n_bins * (n_stages() + 2))
        throw std::invalid_argument("the sizes of bins of exits do not fit");
    const auto is_bad = [](double value) { return !(value >= 0); };
    if (std::any_of(chance.begin(), chance.end(), is_bad) ||
        std::any_of(weight.begin(), weight.end(), is_bad))
        throw std::invalid_argument("a chance or a weight of a bin is negative or not a number");
}

void OpenItems::check(std::size_t n_bins, std::size_t n_rows) const {
    const std::size_t n = bin.size();
    if (row.size() != n || chance.size() != n || number.size() != n ||
        (!chance_if.empty() && chance_if.size() != n) || (!amount.empty() && amount.size() != n))
        throw std::invalid_argument("the columns of open items differ in length");
    const auto outside = [](std::size_t end) {
        return [end](std::int64_t at) { return at < 0 || static_cast<std::uint64_t>(at) >= end; };
    };
    if (std::any_of(bin.begin(), bin.end(), outside(n_bins)) ||
        std::any_of(row.begin(), row.end(), outside(n_rows)))
        throw std::invalid_argument("a bin or a row of an open item is out of range");
}

WinDraws draw_wins(const ExitBins& exits, const OpenItems& items, std::size_t n_rows,
                   const DrawOptions& options, unsigned threads) {
    exits.check();
    items.check(exits.weight.size(), n_rows);
    const Cells cells(items, n_rows, options.most_items);
    const IfClosed if_closed = items.chance_if.empty() ? IfClosed::leave : IfClosed::find;
    const BinChances known = chances_of_bins(exits, exits.chance, if_closed);
    const std::size_t size = options.n_draws * n_rows;
    WinDraws draws{std::vector<double>(size, 0.0),
                   std::vector<double>(items.chance_if.empty() ? 0 : size, 0.0),
                   std::vector<double>(items.amount.empty() ? 0 : size, 0.0)};
    parallel_tasks(options.n_draws, threads, [&](std::size_t draw) {
        std::vector<double> shift(known.win.size(), 0.0), shift_if = shift;
        std::vector<double> wins(n_rows, 0.0), wins_if = wins, amount = wins;
        if (options.draws_chances) {
            const BinChances drawn =
                chances_of_bins(exits, drawn_chances(exits, options.seed, draw), if_closed);
            shift = shifts(drawn.win, known.win);
            if (if_closed == IfClosed::find) shift_if = shifts(drawn.win_if, known.win_if);
        }
        cells.draw(shift, shift_if, options.seed, draw, wins.data(), wins_if.data(), amount.data());
        const auto put = [&](const std::vector<double>& values, std::vector<double>& to) {
            if (!to.empty())
                std::copy(values.begin(), values.end(),
                          to.begin() + static_cast<std::ptrdiff_t>(draw * n_rows));
        };
        put(wins, draws.wins);
        put(wins_if, draws.wins_if);
        put(amount, draws.amount);
    });
    return draws;
}

std::vector<double> draw_chances(const ExitBins& exits, std::size_t n_draws, std::uint64_t seed,
                                 unsigned threads) {
    exits.check();
    const std::size_t n_bins = exits.weight.size();
    std::vector<double> draws(n_draws * n_bins);
    parallel_tasks(n_draws, threads, [&](std::size_t draw) {
        const BinChances drawn = chances_of_bins(exits, drawn_chances(exits, seed, draw), IfClosed::leave);
        std::copy(drawn.win.begin(), drawn.win.end(),
                  draws.begin() + static_cast<std::ptrdiff_t>(draw * n_bins));
    });
    return draws;
}

}  // namespace stagefunnel::stats
