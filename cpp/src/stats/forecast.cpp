#include "stagefunnel/stats/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "base/parallel.hpp"
#include "stats/bin_chances.hpp"
#include "stats/chance_law.hpp"
#include "stats/open_cells.hpp"
#include "stats/random.hpp"
#include "stats/unseen_ends.hpp"

namespace stagefunnel::stats {
namespace {

// Uses of random numbers that are not a stage.
constexpr std::uint64_t kLaw = 1ULL << 42U, kBin = 1ULL << 43U;
constexpr double kNearEnds = 1e-12;
// What the law of many visits takes: exits of each stage, rows, and wins that are not very skewed.
constexpr double kLeastExits = 1000;
constexpr std::size_t kMostRows = 256;
constexpr double kMostSkewed = 0.5;
constexpr double kMostMoved = 0.3;       // of the log-odds, by a standard error
constexpr double kMostBesideLuck = 0.1;  // of the variance

/// Draws the chances of each bin; bins of one stage share a stream, unless they have numbers.
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
            if (!exits.number.empty())
                random = RandomStream(seed, draw, kBin + static_cast<std::uint64_t>(exits.number[bin]));
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

/// Whether every stage has been left so often that the law of many visits may hold.
bool has_many_exits(const ExitBins& exits) {
    const std::size_t n_next = exits.n_stages() + 2;
    for (std::size_t s = 0; s < exits.n_stages(); ++s) {
        double n_exits = 0;
        for (auto bin = static_cast<std::size_t>(exits.bounds[s]);
             bin < static_cast<std::size_t>(exits.bounds[s + 1]); ++bin)
            for (const double share : exits.chance.subspan(bin * n_next, n_next))
                n_exits += exits.weight[bin] * share;
        if (n_exits < kLeastExits) return false;
    }
    return true;
}

/// The laws of the sums that are wanted, where they hold.
struct Laws {
    std::optional<SumLaw> win, win_if, amount;

    /// Puts the moves of a draw in the place of those of its bins.
    void move(std::uint64_t seed, std::uint64_t draw, std::size_t n_rows, Moves& moves) const {
        std::vector<double> normal(n_rows);
        for (std::size_t row = 0; row < n_rows; ++row)
            normal[row] = RandomStream(seed, draw, kLaw + row).normal();
        const auto put = [&](const std::optional<SumLaw>& law, Shift& to) {
            if (!law) return;
            to = {.by_row = true, .values = std::vector<double>(n_rows)};
            law->move(normal, to.values);
        };
        put(win, moves.win);
        put(win_if, moves.win_if);
        put(amount, moves.amount);
    }
};

/// Whether sums are so near to their law that their wins are: they are not very skewed beside the luck of the
/// items, and either move chances little or move less than luck does.
bool holds(const SumLaw& law, const OpenCells& cells, Kind kind) {
    for (std::size_t row = 0; row < law.n_rows; ++row) {
        const double luck = cells.luck_of(row, kind), variance = law.variance[row];
        if (!(variance > 0)) continue;
        if (std::abs(law.third[row]) > kMostSkewed * std::pow(variance + luck, 1.5)) return false;
        if (std::sqrt(variance) > kMostMoved * luck && variance > kMostBesideLuck * luck) return false;
    }
    return true;
}

/// Finds the laws. Whether that of the wins holds depends on them alone, so that they are drawn alike
/// whatever else is wanted.
Laws laws_of(const ExitBins& exits, const OpenItems& items, const OpenCells& cells, std::size_t n_rows) {
    Laws laws;
    if (n_rows > kMostRows || !has_many_exits(exits)) return laws;
    const auto find = [&](const std::vector<CountedBin>& counted, Kind kind) -> std::optional<SumLaw> {
        SumLaw law = law_of_sums(exits, counted, n_rows, kind);
        if (!holds(law, cells, kind)) return {};
        return law;
    };
    laws.win = find(cells.counted_wins(), Kind::all);
    if (laws.win && !items.amount.empty())
        laws.amount = law_of_sums(exits, cells.counted_amounts(), n_rows, Kind::all);
    if (!items.chance_if.empty()) laws.win_if = find(cells.counted_wins_if(), Kind::closed);
    return laws;
}

}  // namespace

void ExitBins::check() const {
    const std::size_t n_bins = bounds.empty() ? 0 : static_cast<std::size_t>(bounds.back());
    if (bounds.empty() || !std::is_sorted(bounds.begin(), bounds.end()) || bounds.front() != 0 ||
        weight.size() != n_bins || chance.size() != n_bins * (n_stages() + 2) ||
        (!number.empty() && number.size() != n_bins))
        throw std::invalid_argument("the sizes of bins of exits do not fit");
    const auto is_bad = [](double value) { return !(value >= 0); };
    if (std::any_of(chance.begin(), chance.end(), is_bad) ||
        std::any_of(weight.begin(), weight.end(), is_bad))
        throw std::invalid_argument("a chance or a weight of a bin is negative or not a number");
}

void OpenItems::check(std::size_t n_bins, std::size_t n_rows) const {
    const std::size_t n = bin.size();
    if (row.size() != n || chance.size() != n || number.size() != n ||
        (!chance_if.empty() && chance_if.size() != n) || (!amount.empty() && amount.size() != n) ||
        (!behind.empty() && behind.size() != n) ||
        (!behind_if.empty() && behind_if.size() != chance_if.size()))
        throw std::invalid_argument("the columns of open items differ in length");
    const auto outside = [](std::int64_t at, std::size_t end) {
        return at < 0 || static_cast<std::uint64_t>(at) >= end;
    };
    for (std::size_t i = 0; i < n; ++i)
        if (!std::isnan(chance[i]) && (outside(bin[i], n_bins) || outside(row[i], n_rows)))
            throw std::invalid_argument("a bin or a row of an open item is out of range");
}

WinDraws draw_wins(const ExitBins& exits, const OpenItems& items, std::size_t n_rows,
                   const DrawOptions& options, unsigned threads) {
    exits.check();
    items.check(exits.weight.size(), n_rows);
    const OpenCells cells(items, n_rows, options.most_items);
    std::optional<UnseenEnds> unseen;
    if (options.draws_chances && (!items.behind.empty() || !items.behind_if.empty()))
        unseen.emplace(exits, items, n_rows, options.most_items);
    const IfClosed if_closed = items.chance_if.empty() ? IfClosed::leave : IfClosed::find;
    const Laws laws = options.draws_chances ? laws_of(exits, items, cells, n_rows) : Laws{};
    const bool draws_bins =
        options.draws_chances && (!laws.win || (if_closed == IfClosed::find && !laws.win_if));
    BinChances known;
    if (draws_bins) known = chances_of_bins(exits, exits.chance, if_closed);
    const std::size_t size = options.n_draws * n_rows;
    WinDraws draws{std::vector<double>(size, 0.0),
                   std::vector<double>(items.chance_if.empty() ? 0 : size, 0.0),
                   std::vector<double>(items.amount.empty() ? 0 : size, 0.0)};
    const auto of_draw = [&](std::vector<double>& values, std::size_t draw) {
        return values.empty() ? std::span<double>() : std::span(values).subspan(draw * n_rows, n_rows);
    };
    parallel_tasks(options.n_draws, threads, [&](std::size_t draw) {
        Moves moves;
        if (draws_bins) {
            const BinChances drawn =
                chances_of_bins(exits, drawn_chances(exits, options.seed, draw), if_closed);
            moves.win.values = shifts(drawn.win, known.win);
            if (if_closed == IfClosed::find) moves.win_if.values = shifts(drawn.win_if, known.win_if);
        }
        laws.move(options.seed, draw, n_rows, moves);
        const DrawnRows rows{of_draw(draws.wins, draw), of_draw(draws.wins_if, draw),
                             of_draw(draws.amount, draw)};
        cells.draw(moves, options.seed, draw, rows);
        if (unseen) unseen->draw(options.seed, draw, rows);
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
