#include <algorithm>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/counting_sort.hpp"
#include "base/parallel.hpp"
#include "questions/funnel/folded_units.hpp"
#include "questions/funnel/unit_counter.hpp"
#include "scan/scan.hpp"
#include "stagefunnel/questions/funnel/units.hpp"

namespace stagefunnel::funnel {
namespace {

/// Gathers what units take over from each item, in the order of the journeys: a unit reads one line of memory
/// for each of its items then, in place of five.
LargeVector<FoldedUnits::Item> items_as_folded(const Journeys& journeys, const Pipeline& pipeline,
                                               const ItemStates& item_states, unsigned threads) {
    LargeVector<FoldedUnits::Item> items(journeys.n_items());
    scan::for_each_item(journeys, threads, [&](const auto* codes, std::size_t item) {
        std::size_t row = journeys.offsets[item];
        const std::uint32_t state = item_states.of_item[item];
        if (state != ItemStates::kNoState) {
            while (pipeline.row_of_code()[codes[row]] == Pipeline::kUnlisted) ++row;
        }
        // An item without a state is passed over, whatever its time.
        const std::int64_t time = row < journeys.time.size() ? journeys.time[row] : 0;
        items[item] = {time, journeys.first_row[item], state};
    });
    return items;
}

/// The words of the units of each group, group after group.
struct WordsByGroup {
    std::vector<std::size_t> bounds;
    LargeVector<FoldedUnits::Words> words;
};

WordsByGroup words_by_group(const UnitWords& units, const Options& options) {
    const std::size_t n_ranges = std::max(options.threads, 1U), n = units.first_item.size();
    const auto for_each_unit = [&](std::size_t t, auto at) {
        for (std::size_t unit = n * t / n_ranges; unit < n * (t + 1) / n_ranges; ++unit) {
            const std::uint32_t item = units.first_item[unit];
            if (item == UnitWords::kNoItem) continue;
            at(unit, options.group.empty() ? 0U : static_cast<std::size_t>(options.group[item]));
        }
    };
    std::vector<std::vector<std::size_t>> next(
        n_ranges, std::vector<std::size_t>(static_cast<std::size_t>(options.n_groups), 0));
    parallel_tasks(n_ranges, options.threads, [&](std::size_t t) {
        for_each_unit(t, [&](std::size_t, std::size_t group) { ++next[t][group]; });
    });
    WordsByGroup sorted;
    sorted.bounds = replace_counts_by_places(next);
    sorted.words.resize(sorted.bounds.back());
    parallel_tasks(n_ranges, options.threads, [&](std::size_t t) {
        for_each_unit(t, [&](std::size_t unit, std::size_t group) {
            sorted.words[next[t][group]++] = {units.sets[unit], units.ends[unit]};
        });
    });
    return sorted;
}

}  // namespace

UnitWords unite_items(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
                      const ByKey& items, std::span<const std::uint8_t> in_report,
                      const ItemStates& item_states) {
    pipeline.check(journeys);
    check_units(journeys, options, items, in_report, &item_states);
    if (pipeline.n_rows() > FoldedUnits::kMostRows)
        throw std::invalid_argument("a pipeline of more than twelve stages has no states");
    const LargeVector<FoldedUnits::Item> of_item =
        items_as_folded(journeys, pipeline, item_states, options.threads);
    UnitWords units;
    units.sets.resize(items.n_keys());
    units.ends.resize(items.n_keys());
    units.first_item.resize(items.n_keys());
    scan::with_stage_set(pipeline, [&]<class Mask>() {
        scan::with_codes(item_states.examples, [&](const auto* codes) {
            using Code = std::decay_t<decltype(*codes)>;
            ItemReader<Mask, Code> reader(item_states.examples, pipeline, codes, options);
            FoldedUnits folded;
            for (std::size_t state = 0; state < item_states.states.size(); ++state) {
                const bool is_counted = reader.read(state);
                folded.add_state(reader, is_counted);
            }
            parallel_for(items.n_keys(), options.threads, [&](std::size_t first, std::size_t last) {
                const auto all = std::span(items.values).first(items.offsets[last]);
                for (std::size_t unit = first; unit < last; ++unit) {
                    std::uint32_t first_item = UnitWords::kNoItem;
                    FoldedUnits::Words words;
                    if (in_report.empty() || in_report[unit] != 0)
                        words = folded.words_of(all, items.offsets[unit], items.offsets[unit + 1], of_item,
                                                first_item);
                    units.sets[unit] = words.sets;
                    units.ends[unit] = words.ends;
                    units.first_item[unit] = first_item;
                }
            });
        });
        return 0;
    });
    return units;
}

UnitCounts count_united(const Pipeline& pipeline, const Options& options, const UnitWords& units) {
    check_group_range(options.group, options.n_groups);
    for (const std::uint32_t item : units.first_item) {
        if (item != UnitWords::kNoItem && !options.group.empty() && item >= options.group.size())
            throw std::invalid_argument("groups must be one per item");
    }
    const WordsByGroup sorted = words_by_group(units, options);
    PartialUnits counted{PartialCounts(options.n_groups, pipeline, Amounts::absent),
                         CountVector::Zero(options.n_groups)};
    FoldedUnits folded;
    for (Eigen::Index group = 0; group < options.n_groups; ++group) {
        const auto g = static_cast<std::size_t>(group);
        if (sorted.bounds[g] == sorted.bounds[g + 1]) continue;
        for (std::size_t i = sorted.bounds[g]; i < sorted.bounds[g + 1]; ++i) folded.add(sorted.words[i]);
        folded.finish(counted.counted.counts, group);
    }
    return std::move(counted).finish();
}

}  // namespace stagefunnel::funnel
