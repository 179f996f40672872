#include "stagefunnel/questions/funnel/outcome_amounts.hpp"

#include <cmath>
#include <stdexcept>

#include "base/fixed_sums.hpp"
#include "questions/funnel/funnel_counter.hpp"
#include "questions/funnel/kind_rules.hpp"
#include "scan/scan.hpp"
#include "scan/visits.hpp"

namespace stagefunnel::funnel {
namespace {

ItemOutcome outcome_of(const scan::JourneyEnd& end, LostThenWon lost_then_won) {
    if (end.empty()) return ItemOutcome::none;
    if (is_left_out(end, lost_then_won)) return ItemOutcome::left_out;
    switch (end.outcome()) {
        case Outcome::won:
            return ItemOutcome::won;
        case Outcome::lost:
            return ItemOutcome::lost;
        case Outcome::open:
            break;
    }
    return ItemOutcome::open;
}

}  // namespace

LargeVector<std::uint8_t> outcomes_of_items(const Journeys& journeys, const Pipeline& pipeline,
                                            LostThenWon lost_then_won, unsigned threads) {
    pipeline.check(journeys);
    LargeVector<std::uint8_t> outcomes(journeys.n_items());
    scan::for_each_item(journeys, threads, [&](const auto* codes, std::size_t item) {
        scan::JourneyEnd end(pipeline);
        scan::for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1],
                             pipeline.row_of_code(), [&](std::int32_t row, std::size_t) { end.visit(row); });
        outcomes[item] = static_cast<std::uint8_t>(outcome_of(end, lost_then_won));
    });
    return outcomes;
}

CellSums sums_of_cells(std::span<const double> amount, std::span<const std::int64_t> cell,
                       std::size_t n_cells, int scale) {
    if (amount.size() != cell.size()) throw std::invalid_argument("there must be one cell per amount");
    const RoundedSum round(scale);
    std::vector<int128> sums(n_cells, 0);
    CellSums found{std::vector<double>(n_cells), std::vector<std::int64_t>(n_cells, 0),
                   std::vector<std::int64_t>(n_cells, 0), std::vector<ExactSum>(n_cells)};
    double total = 0;
    for (std::size_t i = 0; i < amount.size(); ++i) {
        if (cell[i] < 0) continue;
        const auto at = static_cast<std::size_t>(cell[i]);
        if (at >= n_cells) throw std::invalid_argument("a cell lies out of range");
        if (std::isnan(amount[i])) {
            ++found.missing[at];
            continue;
        }
        total += std::abs(amount[i]);
        check_total(total);
        ++found.present[at];
        sums[at] += to_fixed(amount[i]);
    }
    for (std::size_t at = 0; at < n_cells; ++at) {
        found.sum[at] = round(sums[at]);
        found.exact[at] = exact_sum(sums[at]);
    }
    return found;
}

std::vector<double> rounded(std::span<const std::int64_t> whole, std::span<const std::uint64_t> fraction,
                            int scale) {
    if (whole.size() != fraction.size()) throw std::invalid_argument("a sum has a whole and a fraction");
    const RoundedSum round(scale);
    std::vector<double> sums(whole.size());
    for (std::size_t at = 0; at < sums.size(); ++at) sums[at] = round(fixed_of({whole[at], fraction[at]}));
    return sums;
}

}  // namespace stagefunnel::funnel
