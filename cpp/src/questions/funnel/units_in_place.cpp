#include <algorithm>
#include <stdexcept>

#include "base/parallel.hpp"
#include "questions/funnel/folded_units.hpp"
#include "questions/funnel/unit_bins.hpp"
#include "questions/funnel/unit_counter.hpp"
#include "scan/scan.hpp"
#include "stagefunnel/questions/funnel/units.hpp"

namespace stagefunnel::funnel {
namespace {

UnitBins::States states_of_bins(const Pipeline& pipeline, const Options& options,
                                const ItemStates& item_states) {
    UnitBins::States states;
    scan::with_stage_set(pipeline, [&]<class Mask>() {
        scan::with_codes(item_states.examples, [&]<class Code>(const Code* codes) {
            ItemReader<Mask, Code> reader(item_states.examples, pipeline, codes, options);
            for (std::size_t state = 0; state < item_states.states.size(); ++state) {
                const bool is_counted = reader.read(state);
                states.add(reader, is_counted);
            }
        });
        return 0;
    });
    return states;
}

/// Returns how many threads unite items: each has bins of its own, which are no more than the items.
unsigned n_readers(std::size_t n_items, std::size_t n_units, unsigned threads) {
    const std::size_t n = n_items / std::max<std::size_t>(n_units, 1);
    return static_cast<unsigned>(std::clamp<std::size_t>(n, 1, std::max(threads, 1U)));
}

}  // namespace

UnitCounts count_units_in_place(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
                                std::span<const std::uint32_t> unit_of_item, std::size_t n_units,
                                std::span<const std::uint8_t> in_report, const ItemStates& item_states) {
    pipeline.check(journeys);
    check_unit_states(journeys, options, &item_states);
    if (unit_of_item.size() != journeys.n_items())
        throw std::invalid_argument("each item must be in one unit");
    if (!in_report.empty() && in_report.size() != n_units)
        throw std::invalid_argument("in_report must be one per unit");
    if (pipeline.n_rows() > FoldedUnits::kMostRows)
        throw std::invalid_argument("a pipeline of more than twelve stages has no states");
    const UnitBins::States states = states_of_bins(pipeline, options, item_states);
    const UnitBins bins = parallel_merge(
        journeys.n_items(), n_readers(journeys.n_items(), n_units, options.threads),
        [&](std::size_t first, std::size_t last) {
            UnitBins own(n_units);
            own.read(states, unit_of_item, item_states.of_item, journeys.first_row, first, last);
            return own;
        });
    return parallel_merge(n_units, options.threads,
                          [&](std::size_t first, std::size_t last) {
                              FoldedUnits units;
                              for (std::size_t unit = first; unit < last; ++unit) {
                                  if (in_report.empty() || in_report[unit] != 0) units.add(bins.bits(unit));
                              }
                              PartialUnits counted{PartialCounts(1, pipeline, Amounts::absent),
                                                   CountVector::Zero(1)};
                              units.finish(counted.counted.counts, 0);
                              return counted;
                          })
        .finish();
}

}  // namespace stagefunnel::funnel
