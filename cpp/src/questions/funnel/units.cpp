#include "stagefunnel/questions/funnel/units.hpp"

#include <algorithm>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "base/parallel.hpp"
#include "questions/funnel/unit_counter.hpp"
#include "questions/funnel/unit_status.hpp"
#include "scan/code_meaning.hpp"
#include "scan/look_ahead.hpp"
#include "scan/scan.hpp"

namespace stagefunnel::funnel {
namespace {

constexpr std::size_t kAhead = 16;  // items of a unit that are prefetched: they do not lie together

/// Reads how each item stands, in the order of the journeys; a unit reads one line of memory for each of its
/// items then, in place of three.
LargeVector<ItemStanding> standings_of_items(const Journeys& journeys, const Pipeline& pipeline,
                                             std::span<const std::uint8_t> elsewhere,
                                             LostThenWon lost_then_won, unsigned threads) {
    const std::vector<scan::CodeMeaning> meaning = scan::meanings(journeys, pipeline, elsewhere);
    LargeVector<ItemStanding> standings(journeys.n_items());
    scan::with_codes(journeys, [&](const auto* codes) {
        parallel_for(journeys.n_items(), threads, [&](std::size_t first, std::size_t last) {
            for (std::size_t item = first; item < last; ++item) {
                const std::size_t begin = journeys.offsets[item], end = journeys.offsets[item + 1];
                scan::JourneyEnd ends(pipeline);
                const scan::JourneyTimes times = scan::times_of_journey(journeys, codes, meaning.data(),
                                                                        begin, end, [&](std::int32_t row) {
                                                                            if (row != ends.last())
                                                                                ends.visit(row);
                                                                        });
                standings[item] = !times.seen ? ItemStanding()
                                              : ItemStanding(times, ends, journeys.first_row[item],
                                                             !is_left_out(ends, lost_then_won));
            }
        });
    });
    return standings;
}

void write(const UnitStatus& status, std::size_t unit, UnitFacts& facts) {
    facts.standing[unit] = static_cast<std::uint8_t>(status.standing());
    facts.first_time[unit] = status.first_time();
    facts.first_item[unit] = status.first_item();
    facts.gone_at[unit] = status.gone_at();
    facts.deciding_item[unit] = status.deciding_item();
}

/// Finds the item of a unit whose first listed row comes first, of those that a rule leaves in, if any.
class FirstItem {
  public:
    void see(std::size_t item, std::int64_t time, std::uint32_t first_row, bool is_left) {
        if (seen_ && has_left_ != is_left && has_left_) return;
        const bool replaces = is_left && !has_left_;
        if (seen_ && !replaces && std::pair(time_, first_row_) <= std::pair(time, first_row)) return;
        has_left_ = is_left;
        seen_ = true;
        item_ = item;
        time_ = time;
        first_row_ = first_row;
    }
    [[nodiscard]] std::size_t item() const { return item_; }

  private:
    bool seen_ = false, has_left_ = false;
    std::size_t item_ = 0;
    std::int64_t time_ = 0;
    std::uint32_t first_row_ = 0;
};

/// Reads items by their states, each of which it reads once: items of a unit do not lie together in the
/// journeys, and their rows are far slower to reach than the few states.
template <class Mask, class Code>
class ReadStates {
  public:
    ReadStates(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
               const ItemStates& item_states, std::span<const std::uint32_t> items)
        : first_row_(journeys.first_row), of_item_(item_states.of_item), items_(items) {
        const auto& codes = std::get<LargeVector<Code>>(item_states.examples.stage);
        ItemReader<Mask, Code> reader(item_states.examples, pipeline, codes.data(), options);
        states_.reserve(item_states.states.size());
        for (std::size_t state = 0; state < item_states.states.size(); ++state) {
            is_counted_.push_back(reader.read(state) ? 1 : 0);
            states_.emplace_back(reader, static_cast<std::size_t>(pipeline.n_rows()));
        }
    }

    /// Calls `at(item as it was read, whether a count has it)` unless the item has no listed row.
    ///
    /// @param place where the item stands among those of all units.
    template <class At>
    void with_item(std::size_t place, At at) const {
        if (place + kAhead < items_.size()) {
            __builtin_prefetch(&of_item_[items_[place + kAhead]]);
            __builtin_prefetch(&first_row_[items_[place + kAhead]]);
        }
        const std::uint32_t number = of_item_[items_[place]];
        if (number != ItemStates::kNoState) at(states_[number], is_counted_[number] != 0);
    }

  private:
    std::span<const std::uint32_t> first_row_, of_item_, items_;
    std::vector<ReadItem<Mask>> states_;
    std::vector<std::uint8_t> is_counted_;  // whether a count has the items of each state
};

/// Reads items row by row; see `ReadStates`.
template <class Mask, class Code>
class ReadRows {
  public:
    ReadRows(const Journeys& journeys, const Pipeline& pipeline, const Code* codes, const Options& options,
             std::span<const std::uint32_t> items)
        : reader_(journeys, pipeline, codes, options), ahead_(journeys, codes, items), items_(items) {}

    template <class At>
    void with_item(std::size_t place, At at) {
        ahead_.at(place);
        const bool is_counted = reader_.read(items_[place]);
        if (!reader_.end().empty()) at(reader_, is_counted);
    }

  private:
    ItemReader<Mask, Code> reader_;
    scan::LookAhead<Code> ahead_;
    std::span<const std::uint32_t> items_;
};

/// Counts ranges of units whose items something reads.
struct UnitsToCount {
    const Journeys& journeys;
    const Pipeline& pipeline;
    const Options& options;
    const ByKey& items;
    std::span<const std::uint8_t> in_report;
    std::span<const std::uint8_t> moved;

    /// @param read reads items, as `ReadStates` and `ReadRows` do.
    template <class Mask, class Code, class Read>
    PartialUnits count(const Code* codes, Read read, std::size_t first, std::size_t last) const {
        UnitCounter<Mask> counter(pipeline, options, options.n_groups);
        for (std::size_t unit = first; unit < last; ++unit) {
            if (!in_report.empty() && in_report[unit] == 0) continue;
            counter.clear();
            FirstItem first_item;
            bool is_seen = false;
            // The item of a unit of one is its first, whenever it came.
            const bool has_several = items.offsets[unit + 1] > items.offsets[unit] + 1;
            for (std::size_t place = items.offsets[unit]; place < items.offsets[unit + 1]; ++place) {
                const std::uint32_t item = items.values[place];
                read.with_item(place, [&](const auto& found, bool is_counted) {
                    is_seen = true;
                    const std::uint32_t first_row = journeys.first_row[item];
                    if (!options.group.empty()) {
                        const std::int64_t time = has_several ? first_time(codes, item) : 0;
                        first_item.see(item, time, first_row, is_counted);
                    }
                    if (is_counted) counter.see(found, item, first_row, !moved.empty() && moved[item] != 0);
                });
            }
            if (is_seen) counter.count(options.group.empty() ? 0 : options.group[first_item.item()], 1);
        }
        return counter.take();
    }

  private:
    /// Returns the time of an item's first listed row, of which it has one.
    template <class Code>
    [[nodiscard]] std::int64_t first_time(const Code* codes, std::size_t item) const {
        std::size_t row = journeys.offsets[item];
        while (pipeline.row_of_code()[codes[row]] == Pipeline::kUnlisted) ++row;
        return journeys.time[row];
    }
};

}  // namespace

ByKey items_of_units(std::span<const std::uint32_t> unit_of_item, std::size_t n_units) {
    const auto highest = std::max_element(unit_of_item.begin(), unit_of_item.end());
    if (highest != unit_of_item.end() && *highest >= n_units)
        throw std::invalid_argument("a unit lies out of range");
    return by_key(unit_of_item, n_units, [](std::size_t item) { return static_cast<std::uint32_t>(item); });
}

UnitFacts facts_of_units(const Journeys& journeys, const Pipeline& pipeline,
                         std::span<const std::uint8_t> elsewhere, LostThenWon lost_then_won,
                         const ByKey& items, unsigned threads) {
    check_items(journeys, items);
    const LargeVector<ItemStanding> standings =
        standings_of_items(journeys, pipeline, elsewhere, lost_then_won, threads);
    UnitFacts facts;
    facts.standing.resize(items.n_keys());
    for (auto* column : {&facts.first_time, &facts.first_item, &facts.gone_at, &facts.deciding_item})
        column->resize(items.n_keys());
    parallel_for(items.n_keys(), threads, [&](std::size_t first, std::size_t last) {
        for (std::size_t unit = first; unit < last; ++unit) {
            UnitStatus status;
            for (std::size_t place = items.offsets[unit]; place < items.offsets[unit + 1]; ++place) {
                if (place + kAhead < items.values.size())
                    __builtin_prefetch(&standings[items.values[place + kAhead]]);
                const ItemStanding& own = standings[items.values[place]];
                if (own.standing != Standing::none) status.see(own, items.values[place]);
            }
            write(status, unit, facts);
        }
    });
    return facts;
}

UnitCounts count_units(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
                       const ByKey& items, std::span<const std::uint8_t> in_report,
                       std::span<const std::uint8_t> moved, const ItemStates* item_states) {
    pipeline.check(journeys);
    check_options(journeys, options);
    check_units(journeys, options, items, in_report, item_states);
    if (!moved.empty() && moved.size() != journeys.n_items())
        throw std::invalid_argument("moved must be one per item");
    const UnitsToCount units{journeys, pipeline, options, items, in_report, moved};
    const auto count = [&]<class Mask>(const auto* codes, std::size_t first, std::size_t last) {
        using Code = std::decay_t<decltype(*codes)>;
        const auto all = std::span(items.values).first(items.offsets[last]);
        if (item_states != nullptr) {
            ReadStates<Mask, Code> states(journeys, pipeline, options, *item_states, all);
            return units.count<Mask>(codes, std::move(states), first, last);
        }
        ReadRows<Mask, Code> rows(journeys, pipeline, codes, options, all);
        return units.count<Mask>(codes, std::move(rows), first, last);
    };
    return count_all_units(journeys, pipeline, items, options.threads, count).finish();
}

}  // namespace stagefunnel::funnel
