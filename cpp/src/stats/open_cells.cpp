#include "stats/open_cells.hpp"

#include <algorithm>
#include <cmath>

#include "stats/random.hpp"

namespace stagefunnel::stats::inline internal {
namespace {

constexpr std::uint64_t kSums = 1ULL << 41U;   // uses of random numbers that are not a stage
constexpr std::size_t kMostCells = 1U << 18U;  // of a table of all

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0.0; }

}  // namespace

void OpenCells::Cell::add(double p, double p_if, double value) {
    const double spread = p * (1 - p);
    ++n;
    win += p;
    win_spread += spread;
    win_if += p_if;
    win_if_spread += p_if * (1 - p_if);
    amount += value * p;
    amount_slope += value * spread;
    amount_size += std::abs(value) * spread;
    amount_spread += value * value * spread;
}

void OpenCells::Cell::add(const Cell& other) {
    n += other.n;
    win += other.win;
    win_spread += other.win_spread;
    win_if += other.win_if;
    win_if_spread += other.win_if_spread;
    amount += other.amount;
    amount_slope += other.amount_slope;
    amount_size += other.amount_size;
    amount_spread += other.amount_spread;
}

OpenCells::OpenCells(const OpenItems& items, std::size_t n_rows, std::size_t most_items)
    : n_of_row_(n_rows, 0), sums_(n_rows) {
    std::size_t n_bins = 0;
    for (std::size_t i = 0; i < items.bin.size(); ++i) {
        if (std::isnan(items.chance[i])) continue;
        n_bins = std::max(n_bins, static_cast<std::size_t>(items.bin[i]) + 1);
        ++n_of_row_[static_cast<std::size_t>(items.row[i])];
    }
    for (const std::size_t n : n_of_row_) is_drawn_.push_back(n <= most_items ? 1 : 0);
    n_rows* n_bins <= kMostCells ? add_up(items, n_bins) : put_in_order(items, n_bins);
    for (const Cell& cell : cells_) sums_[cell.row].add(cell);
}

/// Adds the items to a table of all cells, each in its order, and brings together those that are drawn.
void OpenCells::add_up(const OpenItems& items, std::size_t n_bins) {
    std::vector<Cell> table(n_of_row_.size() * n_bins);
    const auto cell_of = [&](std::size_t i) {
        return static_cast<std::size_t>(items.row[i]) * n_bins + static_cast<std::size_t>(items.bin[i]);
    };
    for (std::size_t i = 0; i < items.bin.size(); ++i)
        if (!std::isnan(items.chance[i])) add_item(items, i, table[cell_of(i)]);
    std::vector<std::size_t> place(table.size(), 0);  // of the items of cells that are drawn
    std::size_t n_drawn = 0;
    for (std::size_t at = 0; at < table.size(); ++at) {
        if (table[at].n == 0) continue;
        table[at].row = at / n_bins;
        table[at].bin = at % n_bins;
        cells_.push_back(table[at]);
        place[at] = n_drawn;
        if (is_drawn_[table[at].row] != 0) n_drawn += table[at].n;
    }
    drawn_.resize(n_drawn);
    if (n_drawn == 0) return;
    for (std::size_t i = 0; i < items.bin.size(); ++i)
        if (!std::isnan(items.chance[i]) && is_drawn_[static_cast<std::size_t>(items.row[i])] != 0)
            drawn_[place[cell_of(i)]++] = item_of(items, i);
}

/// Sorts the items by row and bin, where a table of all would be large; those of one cell stay in their
/// order.
void OpenCells::put_in_order(const OpenItems& items, std::size_t n_bins) {
    const auto cell_of = [&](std::size_t i) {
        return static_cast<std::size_t>(items.row[i]) * n_bins + static_cast<std::size_t>(items.bin[i]);
    };
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < items.bin.size(); ++i)
        if (!std::isnan(items.chance[i])) order.push_back(i);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return cell_of(a) < cell_of(b); });
    for (const std::size_t i : order) {
        const auto row = static_cast<std::size_t>(items.row[i]);
        const auto bin = static_cast<std::size_t>(items.bin[i]);
        if (cells_.empty() || cells_.back().row != row || cells_.back().bin != bin)
            cells_.push_back({.row = row, .bin = bin});
        add_item(items, i, cells_.back());
        if (is_drawn_[row] != 0) drawn_.push_back(item_of(items, i));
    }
}

void OpenCells::add_item(const OpenItems& items, std::size_t i, Cell& to) {
    const Item one = item_of(items, i);
    to.add(one.chance, one.chance_if, one.amount);
}

OpenCells::Item OpenCells::item_of(const OpenItems& items, std::size_t i) {
    return {items.chance[i], items.chance_if.empty() ? 0.0 : items.chance_if[i],
            items.amount.empty() ? 0.0 : items.amount[i], OpenItems::use_of(items.number[i])};
}

template <class WeightOf>
std::vector<CountedBin> OpenCells::counted(WeightOf weight_of) const {
    std::vector<CountedBin> counted;
    counted.reserve(cells_.size());
    for (const Cell& cell : cells_) counted.push_back({cell.row, cell.bin, weight_of(cell)});
    return counted;
}

std::vector<CountedBin> OpenCells::counted_wins() const {
    return counted([](const Cell& cell) { return cell.win_spread; });
}
std::vector<CountedBin> OpenCells::counted_wins_if() const {
    return counted([](const Cell& cell) { return cell.win_if_spread; });
}
std::vector<CountedBin> OpenCells::counted_amounts() const {
    return counted([](const Cell& cell) { return cell.amount_slope; });
}

void OpenCells::draw(const Moves& moves, std::uint64_t seed, std::uint64_t draw, const DrawnRows& to) const {
    const std::uint64_t of_draw = RandomStream::of_draw(seed, draw);
    const bool all_by_row = moves.win.by_row && (moves.win_if.by_row || to.wins_if.empty());
    std::vector<Cell> sums = all_by_row ? sums_ : std::vector<Cell>(n_of_row_.size());
    std::size_t first = 0;
    for (const Cell& cell : cells_) {
        if (is_drawn_[cell.row] != 0) {
            draw_cell(std::span(drawn_).subspan(first, cell.n), of_draw, odds_of(moves, cell), cell.row, to);
            first += cell.n;
        } else if (!all_by_row) {
            sums[cell.row].add(moved(cell, moves));
        }
    }
    for (std::size_t row = 0; row < n_of_row_.size(); ++row) {
        if (is_drawn_[row] != 0) continue;
        Cell& sum = sums[row];
        if (moves.win.by_row) sum.win += moves.win.values[row];
        if (moves.win_if.by_row) sum.win_if += moves.win_if.values[row];
        if (moves.amount.by_row) sum.amount += moves.amount.values[row];
        draw_sum(sum, row, RandomStream(seed, draw, kSums + row).normal(), to);
    }
}

/// Moves what a cell adds to the sums of its row by the shifts of its bin.
OpenCells::Cell OpenCells::moved(const Cell& cell, const Moves& moves) {
    const auto n = static_cast<double>(cell.n);
    Cell sum = cell;
    if (!moves.win.by_row && !moves.win.values.empty()) {
        const double move = moves.win.values[cell.bin];
        sum.win = std::clamp(cell.win + move * cell.win_spread, 0.0, n);
        sum.amount = cell.amount + move * cell.amount_slope;
    }
    if (!moves.win_if.by_row && !moves.win_if.values.empty())
        sum.win_if = std::clamp(cell.win_if + moves.win_if.values[cell.bin] * cell.win_if_spread, 0.0, n);
    return sum;
}

/// Returns how odds change: those of a row that moves as a whole move alike, so far that its sum does.
OpenCells::Odds OpenCells::odds_of(const Moves& moves, const Cell& cell) const {
    const Cell& row = sums_[cell.row];
    const auto move = [&](const Shift& shift, double size) {
        if (shift.values.empty()) return 0.0;
        return shift.by_row ? ratio(shift.values[cell.row], size) : shift.values[cell.bin];
    };
    const double win = std::exp(-move(moves.win, row.win_spread));
    const double win_if = std::exp(-move(moves.win_if, row.win_if_spread));
    if (!moves.amount.by_row) return {win, win_if, win, win};
    const double amount = move(moves.amount, row.amount_size);
    return {win, win_if, std::exp(-amount), std::exp(amount)};
}

void OpenCells::draw_sum(const Cell& sum, std::size_t row, double luck, const DrawnRows& to) const {
    const auto n = static_cast<double>(n_of_row_[row]);
    to.wins[row] = std::clamp(std::round(sum.win + std::sqrt(sum.win_spread) * luck), 0.0, n);
    if (!to.wins_if.empty())
        to.wins_if[row] = std::clamp(std::round(sum.win_if + std::sqrt(sum.win_if_spread) * luck), 0.0, n);
    if (!to.amount.empty()) to.amount[row] = sum.amount + std::sqrt(sum.amount_spread) * luck;
}

void OpenCells::draw_cell(std::span<const Item> items, std::uint64_t of_draw, const Odds& odds,
                          std::size_t row, const DrawnRows& to) const {
    if (to.wins_if.empty())
        to.amount.empty() ? draw_items<false, false>(items, of_draw, odds, row, to)
                          : draw_items<false, true>(items, of_draw, odds, row, to);
    else
        to.amount.empty() ? draw_items<true, false>(items, of_draw, odds, row, to)
                          : draw_items<true, true>(items, of_draw, odds, row, to);
}

/// Draws the outcome of each item; nobody can guess it, so there are no branches.
template <bool has_if, bool has_amount>
void OpenCells::draw_items(std::span<const Item> items, std::uint64_t of_draw, const Odds& odds,
                           std::size_t row, const DrawnRows& to) {
    std::size_t n = 0, n_if = 0;
    double sum = has_amount ? to.amount[row] : 0.0;
    const auto is_won = [](double luck, double chance, double against) {
        return luck * (chance + (1 - chance) * against) < chance;
    };
    for (const Item& item : items) {
        const double luck = RandomStream(of_draw, item.use).uniform();
        n += is_won(luck, item.chance, odds.win) ? 1U : 0U;
        if constexpr (has_if) n_if += is_won(luck, item.chance_if, odds.win_if) ? 1U : 0U;
        if constexpr (has_amount) {
            const double against = item.amount < 0 ? odds.amount_below : odds.amount;
            sum += is_won(luck, item.chance, against) ? item.amount : 0.0;
        }
    }
    to.wins[row] += static_cast<double>(n);
    if constexpr (has_if) to.wins_if[row] += static_cast<double>(n_if);
    if constexpr (has_amount) to.amount[row] = sum;
}

}  // namespace stagefunnel::stats::inline internal
