#include "stagefunnel/questions/stages/flow.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <vector>

#include "questions/stages/flow_counter.hpp"
#include "scan/by_group.hpp"
#include "scan/scan.hpp"

namespace stagefunnel::stages {
namespace {

/// Refuses amounts of which the sums of a table could overflow: an item may enter and leave with its amount
/// at each of its rows.
void check_sums(const Journeys& journeys, const FlowOptions& options) {
    const std::size_t n = options.amount_of_item ? journeys.n_items() : journeys.n_rows();
    if (options.amount.size() != n) {
        throw std::invalid_argument(options.amount_of_item ? "amounts must be one per item"
                                                           : "amounts must be one per row");
    }
    double total = 0;
    for (std::size_t item = 0; item < journeys.n_items(); ++item) {
        const std::size_t begin = journeys.offsets[item], end = journeys.offsets[item + 1];
        double most = 0;
        const auto see = [&](double amount) {
            if (!std::isnan(amount)) most = std::max(most, std::abs(amount));
        };
        if (options.amount_of_item) {
            see(options.amount[item]);
        } else {
            for (std::size_t i = begin; i < end; ++i) see(options.amount[i]);
        }
        total += most * static_cast<double>(end - begin) * 2;
    }
    check_total(total);
}

void resize(Flow& table, std::size_t n_cells, bool has_amounts, FlowSums sums) {
    const auto size = static_cast<Eigen::Index>(n_cells);
    table.at_start.setZero(size);
    table.at_end.setZero(size);
    for (CountVector Flow::* column : kCountsOf) (table.*column).setZero(size);
    if (!has_amounts) return;
    for (const auto& [name, column] : kFlowAmounts) (table.amount.*column).setZero(size);
    table.amount_missing.setZero(size);
    if (sums == FlowSums::rounded) return;
    table.exact_whole.assign(n_cells * kExactFlowSums.size(), 0);
    table.exact_fraction.assign(n_cells * kExactFlowSums.size(), 0);
}

template <class Amounts>
void fill(Flow& table, const Journeys& journeys, const Question& question) {
    const FlowOptions& options = question.options;
    if (options.group.empty() && options.n_groups == 1) {
        scan::scan(journeys, options.threads, [&] {
            return FlowCounter<Amounts>(question);
        }).move_to(table, 0);
        return;
    }
    const scan::ItemsByGroup items(journeys, options.group, options.n_groups);
    scan::for_ranges_of_groups(journeys, items.ranges(options.threads), options.threads,
                               [&](const auto* codes, std::size_t first, std::size_t last, std::size_t) {
                                   FlowCounter<Amounts> counter(question);
                                   for (std::size_t g = first; g < last; ++g) {
                                       for (const std::uint32_t item : items.of(g)) {
                                           counter.count(journeys, codes, item);
                                       }
                                       counter.move_to(table, g);
                                   }
                               });
}

}  // namespace

Flow count_flow(const Journeys& journeys, const Pipeline& pipeline, const FlowOptions& options) {
    const auto starts = options.starts;
    if (starts.empty()) throw std::invalid_argument("there must be a period");
    if (std::adjacent_find(starts.begin(), starts.end(), std::greater_equal<>()) != starts.end())
        throw std::invalid_argument("periods must follow each other");
    const bool has_amounts = !options.amount.empty() || journeys.n_items() == 0;
    if (!options.amount.empty()) check_sums(journeys, options);
    const Question question{pipeline, options, scan::meanings(journeys, pipeline, options.elsewhere)};
    Flow table;
    resize(table, options.n_groups * question.n_cells(), has_amounts, options.sums);
    if (options.amount.empty()) {
        fill<NoMoney>(table, journeys, question);
    } else {
        fill<Money>(table, journeys, question);
    }
    return table;
}

}  // namespace stagefunnel::stages
