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

/// Reads the end of an item's listed rows [begin, end).
template <class Code>
scan::JourneyEnd end_of_rows(const Code* codes, std::size_t begin, std::size_t end,
                             const Pipeline& pipeline) {
    scan::JourneyEnd journey_end(pipeline);
    scan::for_each_visit(codes, begin, end, pipeline.row_of_code(),
                         [&](std::int32_t row, std::size_t) { journey_end.visit(row); });
    return journey_end;
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
    const std::vector<scan::CodeMeaning> meaning = scan::meanings(journeys, pipeline, elsewhere);
    UnitFacts facts;
    facts.standing.resize(items.n_keys());
    for (auto* column : {&facts.first_time, &facts.first_item, &facts.gone_at, &facts.deciding_item})
        column->resize(items.n_keys());
    scan::with_codes(journeys, [&](const auto* codes) {
        parallel_for(items.n_keys(), threads, [&](std::size_t first, std::size_t last) {
            const scan::LookAhead ahead(journeys, codes, std::span(items.values).first(items.offsets[last]));
            std::size_t place = items.offsets[first];
            for (std::size_t unit = first; unit < last; ++unit) {
                UnitStatus status;
                for (const std::uint32_t item : items.of(unit)) {
                    ahead.at(place++);
                    const std::size_t begin = journeys.offsets[item], end = journeys.offsets[item + 1];
                    const scan::JourneyTimes times =
                        scan::times_of_journey(journeys, codes, meaning.data(), begin, end);
                    if (!times.seen) continue;
                    const scan::JourneyEnd ends = end_of_rows(codes, begin, end, pipeline);
                    status.see(times, ends, item, journeys.first_row[item],
                               !is_left_out(ends, lost_then_won));
                }
                write(status, unit, facts);
            }
        });
    });
    return facts;
}

UnitCounts count_units(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
                       const ByKey& items, std::span<const std::uint8_t> in_report,
                       std::span<const std::uint8_t> moved) {
    pipeline.check(journeys);
    check_options(journeys, options);
    check_items(journeys, items);
    if (!in_report.empty() && in_report.size() != items.n_keys())
        throw std::invalid_argument("in_report must be one per unit");
    if (!moved.empty() && moved.size() != journeys.n_items())
        throw std::invalid_argument("moved must be one per item");
    const std::int32_t* const row_of_code = pipeline.row_of_code();
    const auto count = [&]<class Mask>(const auto* codes, std::size_t first, std::size_t last) {
        using Code = std::decay_t<decltype(*codes)>;
        ItemReader<Mask, Code> reader(journeys, pipeline, codes, options);
        UnitCounter<Mask> counter(pipeline, options, options.n_groups);
        const scan::LookAhead ahead(journeys, codes, std::span(items.values).first(items.offsets[last]));
        std::size_t place = items.offsets[first];
        for (std::size_t unit = first; unit < last; ++unit) {
            if (!in_report.empty() && in_report[unit] == 0) {
                place += items.of(unit).size();
                continue;
            }
            counter.clear();
            FirstItem first_item;
            bool is_seen = false;
            for (const std::uint32_t item : items.of(unit)) {
                ahead.at(place++);
                const bool is_counted = reader.read(item);
                if (reader.end().empty()) continue;
                is_seen = true;
                const std::uint32_t first_row = journeys.first_row[item];
                if (!options.group.empty()) {
                    std::size_t row = journeys.offsets[item];
                    while (row_of_code[codes[row]] == Pipeline::kUnlisted) ++row;
                    first_item.see(item, journeys.time[row], first_row, is_counted);
                }
                if (is_counted) counter.see(reader, item, first_row, !moved.empty() && moved[item] != 0);
            }
            if (is_seen) counter.count(options.group.empty() ? 0 : options.group[first_item.item()], 1);
        }
        return counter.take();
    };
    return count_all_units(journeys, pipeline, items, options.threads, count).finish();
}

}  // namespace stagefunnel::funnel
