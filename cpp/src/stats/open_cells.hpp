#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/stats/forecast.hpp"
#include "stats/chance_law.hpp"

namespace stagefunnel::stats::inline internal {

/// How chances of a draw differ from those that are known: on the scale of log-odds by bin, or in the sums by
/// row. Without values they are the same.
struct Shift {
    bool by_row = false;
    std::vector<double> values{};
};

/// The shifts of wins, of those if closed, and of amounts; amounts without one of their own by row go with
/// the wins.
struct Moves {
    Shift win{}, win_if{}, amount{};
};

/// The wins of each row in one draw; what is not wanted is empty.
struct DrawnRows {
    std::span<double> wins, wins_if, amount;
};

/// The open items in the order of rows and bins, added up by both.
class OpenCells {
  public:
    OpenCells(const OpenItems& items, std::size_t n_rows, std::size_t most_items);

    /// How much each row counts the log-odds of each bin: of its wins, of those if closed, of its amount.
    [[nodiscard]] std::vector<CountedBin> counted_wins() const;
    [[nodiscard]] std::vector<CountedBin> counted_wins_if() const;
    [[nodiscard]] std::vector<CountedBin> counted_amounts() const;
    /// The variance of the wins of a row, or of those if closed, by the luck of its items: Σ p (1 − p).
    [[nodiscard]] double luck_of(std::size_t row, Kind kind) const {
        return kind == Kind::all ? sums_[row].win_spread : sums_[row].win_if_spread;
    }

    /// Draws the outcomes of all rows once.
    void draw(const Moves& moves, std::uint64_t seed, std::uint64_t draw, const DrawnRows& to) const;

  private:
    /// The items of one row in one bin.
    struct Cell {
        std::size_t row = 0, bin = 0, n = 0;
        double win = 0, win_spread = 0, win_if = 0, win_if_spread = 0;
        double amount = 0, amount_slope = 0, amount_size = 0, amount_spread = 0;

        void add(double p, double p_if, double value);
        void add(const Cell& other);
    };
    /// An item as it is drawn.
    struct Item {
        double chance, chance_if, amount;
        std::uint64_t use;  // of random numbers
    };
    /// How the odds against a win change in a draw; those of amounts have a sign.
    struct Odds {
        double win, win_if, amount, amount_below;
    };

    static Cell moved(const Cell& cell, const Moves& moves);
    [[nodiscard]] Odds odds_of(const Moves& moves, const Cell& cell) const;
    template <bool has_if, bool has_amount>
    static void draw_items(std::span<const Item> items, std::uint64_t of_draw, const Odds& odds,
                           std::size_t row, const DrawnRows& to);
    void draw_cell(std::span<const Item> items, std::uint64_t of_draw, const Odds& odds, std::size_t row,
                   const DrawnRows& to) const;
    void draw_sum(const Cell& sum, std::size_t row, double luck, const DrawnRows& to) const;
    void add_up(const OpenItems& items, std::size_t n_bins);
    void put_in_order(const OpenItems& items, std::size_t n_bins);
    static void add_item(const OpenItems& items, std::size_t i, Cell& to);
    [[nodiscard]] static Item item_of(const OpenItems& items, std::size_t i);
    template <class WeightOf>
    [[nodiscard]] std::vector<CountedBin> counted(WeightOf weight_of) const;

    std::vector<std::size_t> n_of_row_;
    std::vector<Cell> cells_;
    std::vector<Cell> sums_;   // by row
    std::vector<Item> drawn_;  // of the rows that are drawn, cell after cell
    std::vector<std::uint8_t> is_drawn_;
};

}  // namespace stagefunnel::stats::inline internal
