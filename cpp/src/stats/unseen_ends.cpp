#include "stats/unseen_ends.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "stats/random.hpp"

namespace stagefunnel::stats::inline internal {
namespace {

constexpr std::uint64_t kUnseen = 1ULL << 43U;  // uses of random numbers that are not a stage
constexpr std::uint64_t kUnseenSums = 1ULL << 44U;

double each_of(std::span<const double> visits, std::size_t i) {
    return !visits.empty() && visits[i] > 0 ? 1 / visits[i] : 0.0;
}

/// The chance of what was not seen, of the logarithm of a number between 0 and 1.
double chance_of(double log_luck, double each) { return each > 0 ? -std::expm1(log_luck * each) : 0.0; }

}  // namespace

UnseenEnds::UnseenEnds(const ExitBins& exits, const OpenItems& items, std::size_t n_rows,
                       std::size_t most_items) {
    std::vector<std::size_t> n_of_row(n_rows, 0);
    std::vector<std::pair<std::uint64_t, std::size_t>> order;
    for (std::size_t i = 0; i < items.bin.size(); ++i) {
        if (std::isnan(items.chance[i])) continue;
        ++n_of_row[static_cast<std::size_t>(items.row[i])];
        const bool all = each_of(items.behind, i) > 0, closed = each_of(items.behind_if, i) > 0;
        if (!all && !closed) continue;
        const bool is_won = all ? items.chance[i] > 0.5 : items.chance_if[i] > 0.5;
        const std::uint64_t kind = (is_won ? 4U : 0U) + (all ? 2U : 0U) + (closed ? 1U : 0U);
        const auto cell = static_cast<std::uint64_t>(items.row[i]) * exits.weight.size() +
                          static_cast<std::uint64_t>(items.bin[i]);
        order.emplace_back(cell * 8 + kind, i);
    }
    std::sort(order.begin(), order.end());
    items_.reserve(order.size());
    std::uint64_t before = 0;
    for (const auto& [key, i] : order) {
        if (cells_.empty() || key != before) {
            const auto next = std::upper_bound(exits.bounds.begin(), exits.bounds.end(), items.bin[i]);
            const auto row = static_cast<std::size_t>(items.row[i]);
            cells_.push_back({.row = row,
                              .stage = static_cast<std::size_t>(next - exits.bounds.begin()) - 1,
                              .first = items_.size(),
                              .sign = (key & 4U) != 0 ? -1.0 : 1.0,
                              .is_drawn = n_of_row[row] <= most_items});
            before = key;
        }
        Cell& cell = cells_.back();
        const double amount = items.amount.empty() ? 0.0 : items.amount[i];
        ++cell.n;
        cell.each += each_of(items.behind, i);
        cell.each_if += each_of(items.behind_if, i);
        cell.amount += amount;
        cell.squared += amount * amount;
        items_.push_back({amount, OpenItems::use_of(items.number[i])});
    }
    for (Cell& cell : cells_) {
        cell.each /= static_cast<double>(cell.n);
        cell.each_if /= static_cast<double>(cell.n);
    }
}

void UnseenEnds::draw(std::uint64_t seed, std::uint64_t draw, const DrawnRows& to) const {
    const std::uint64_t of_draw = RandomStream::of_draw(seed, draw);
    for (std::size_t at = 0; at < cells_.size(); ++at) {
        const Cell& cell = cells_[at];
        RandomStream of_stage(seed, draw, kUnseen + cell.stage);
        if (of_stage.uniform() < 0.5) continue;
        const double log_luck = std::log(of_stage.uniform());
        const double chance = chance_of(log_luck, cell.each), chance_if = chance_of(log_luck, cell.each_if);
        double n = 0, n_if = 0, amount = 0;
        if (cell.is_drawn) {
            for (std::size_t i = cell.first; i < cell.first + cell.n; ++i) {
                const double luck = RandomStream(of_draw, items_[i].use).uniform();
                n += luck < chance ? 1 : 0;
                n_if += luck < chance_if ? 1 : 0;
                amount += luck < chance ? items_[i].amount : 0;
            }
        } else {
            const auto size = static_cast<double>(cell.n);
            const double luck = RandomStream(seed, draw, kUnseenSums + at).normal();
            const auto count = [&](double p) {
                return std::clamp(std::round(size * p + std::sqrt(size * p * (1 - p)) * luck), 0.0, size);
            };
            n = count(chance);
            n_if = count(chance_if);
            amount = cell.amount * chance + std::sqrt(cell.squared * chance * (1 - chance)) * luck;
        }
        const auto put = [&](std::span<double> rows, double value) {
            if (!rows.empty()) rows[cell.row] = std::max(rows[cell.row] + cell.sign * value, 0.0);
        };
        put(to.wins, n);
        put(to.wins_if, n_if);
        if (!to.amount.empty()) to.amount[cell.row] += cell.sign * amount;
    }
}

}  // namespace stagefunnel::stats::inline internal
