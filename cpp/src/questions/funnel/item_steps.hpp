#pragma once

// How items stand from one period to the next, for trends of units. Internal to the core.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "base/checkpoint.hpp"
#include "base/parallel.hpp"
#include "questions/funnel/period_sums.hpp"
#include "questions/funnel/unit_bits.hpp"
#include "questions/funnel/united_items.hpp"
#include "scan/code_meaning.hpp"
#include "scan/scan.hpp"
#include "stagefunnel/questions/funnel/trend.hpp"

namespace stagefunnel::funnel::inline internal {

/// What a unit has of some of its items. Two parts are joined without regard to their order: each bit is set
/// that one of them has, and of each number the greater stands.
struct JointItems {
    std::uint64_t sets = 0;   // as in `UnitState`
    std::uint64_t place = 0;  // the best rank, then the first row of its items, then where that item stands
    std::uint64_t gone = 0;   // how items stand that are counted, or all where none is, and when they went
    std::uint32_t more = 0;   // as in `UnitState`
    std::uint32_t first = 0;  // the first item, of those that are counted if any is

    void join(const JointItems& other) {
        sets |= other.sets;
        more |= other.more;
        place = std::max(place, other.place);
        gone = std::max(gone, other.gone);
        first = std::max(first, other.first);
    }

    [[nodiscard]] Standing standing() const { return static_cast<Standing>(gone >> kStandingAt & 7U); }
    /// Returns the period in which the unit closed or moved out, or -1 before the first; it is not open.
    [[nodiscard]] std::int64_t gone_in() const {
        const auto low = static_cast<std::uint32_t>(gone);
        return static_cast<std::int64_t>(standing() == Standing::won ? ~low : low) - 1;
    }
    [[nodiscard]] std::size_t first_item() const { return kCountedFirst - 1 - (first & (kCountedFirst - 1)); }
    [[nodiscard]] UnitBits bits() const {
        return UnitState{sets, more, static_cast<std::int32_t>(place >> kRankAt),
                         static_cast<std::int32_t>(place & 0xFFU) - 1}
            .bits();
    }

    static constexpr unsigned kFirstRowAt = 8, kRankAt = 40, kStandingAt = 32, kCountedAt = 35;
    static constexpr std::uint32_t kCountedFirst = 1U << 31U;
};

/// How an item stands from a period on, until its next step: all numbers are 0 where it does not count.
struct ItemStep {
    std::uint64_t sets = 0;
    std::uint64_t place = 0;  // as in `JointItems`, but for the first row
    std::uint64_t gone = 0;
    std::uint32_t more = 0;
    std::int32_t period = 0;

    ItemStep() = default;
    /// @param gone_in the period in which the item closed or moved out, or -1 before the first.
    ItemStep(std::int32_t since, const UnitState& state, Standing standing, bool is_counted,
             std::int32_t gone_in)
        : sets(state.sets),
          place(static_cast<std::uint64_t>(state.rank) << JointItems::kRankAt |
                static_cast<std::uint64_t>(state.row + 1)),
          more(state.more),
          period(since) {
        // Of won items the first closes the unit, of lost ones, and of those that moved out, the last.
        const auto from_one = static_cast<std::uint32_t>(gone_in + 1);
        const std::uint32_t key = standing == Standing::won    ? ~from_one
                                  : standing == Standing::open ? 0
                                                               : from_one;
        gone = static_cast<std::uint64_t>(is_counted) << JointItems::kCountedAt |
               static_cast<std::uint64_t>(standing) << JointItems::kStandingAt | key;
    }

    /// Returns what the unit has of the item.
    ///
    /// @param number the place of the item among those of its unit, in the order in which they came first.
    [[nodiscard]] JointItems joint(std::uint32_t first_row, std::uint32_t number) const {
        const std::uint32_t counted = gone >> JointItems::kCountedAt != 0 ? JointItems::kCountedFirst : 0;
        const std::uint32_t first = counted | (JointItems::kCountedFirst - 1 - number);
        return {sets, place | std::uint64_t{~first_row} << JointItems::kFirstRowAt, gone, more,
                gone != 0 ? first : 0};
    }
};

/// All steps of a log's items, and where those of each item lie.
class ItemSteps {
  public:
    /// What is the same in all steps of an item: the time of its first listed row, and its place in the
    /// input.
    struct Item {
        std::int64_t created = 0;
        std::uint32_t first_row = 0;
        std::uint32_t first_step = 0;  // in the part of its thread
    };

    /// Reads the steps of all items, in the order of the journeys: those of a unit do not lie together there.
    static ItemSteps of(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
                        const Periods& periods, const scan::CodeMeaning* meaning);

    [[nodiscard]] const Item& item(std::size_t item) const { return items_[item]; }
    [[nodiscard]] std::span<const ItemStep> of_item(std::size_t item) const {
        const Part& part = parts_[part_of(item)];
        const std::size_t end = item + 1 < part.end ? items_[item + 1].first_step : part.steps.size();
        return std::span(part.steps).subspan(items_[item].first_step, end - items_[item].first_step);
    }
    /// Where an item stands in memory, and where its steps do, which an item that is read says.
    [[nodiscard]] const Item* place_of_item(std::size_t item) const { return items_.data() + item; }
    [[nodiscard]] const ItemStep* place_of_steps(std::size_t item) const {
        return parts_[part_of(item)].steps.data() + items_[item].first_step;
    }

  private:
    /// The steps that one thread read, of the items before `end`.
    struct Part {
        std::size_t end = 0;
        LargeVector<ItemStep> steps;
    };

    [[nodiscard]] std::size_t part_of(std::size_t item) const {
        std::size_t part = 0;
        while (item >= parts_[part].end) ++part;
        return part;
    }

    LargeVector<Item> items_;
    std::vector<Part> parts_;
};

/// Reads one item after another, and writes down how each stands after the rows of each period.
template <class Mask, class Code>
class StepReader {
  public:
    StepReader(const Journeys& journeys, const Pipeline& pipeline, const Code* codes, const Options& options,
               const Periods& periods, const scan::CodeMeaning* meaning, LargeVector<ItemStep>& steps)
        : journeys_(journeys),
          codes_(codes),
          periods_(periods),
          meaning_(meaning),
          until_(periods.as_of ? std::min(periods.bounds.back(), *periods.as_of) : periods.bounds.back()),
          reader_(journeys, pipeline, codes, options),
          steps_(steps) {}

    /// Returns the time of the item's first listed row.
    std::int64_t read(std::size_t item) {
        reader_.clear();
        now_ = {};
        bool has_news = false;
        std::size_t period = 0;
        for (std::size_t i = journeys_.offsets[item]; i < journeys_.offsets[item + 1]; ++i) {
            const std::int64_t time = journeys_.time[i];
            if (time >= until_) break;
            if (time >= periods_.bounds[period + 1]) {
                if (has_news) add_step(period);
                has_news = false;
                period = last_not_after(periods_.bounds, time);
            }
            has_news |= read_row(meaning_[codes_[i]], time, i);
        }
        if (has_news) add_step(period);
        return now_.created;
    }

  private:
    /// Returns whether the row matters.
    bool read_row(const scan::CodeMeaning& stage, std::int64_t time, std::size_t i) {
        if (stage.where == scan::Where::nowhere) return false;
        if (stage.where == scan::Where::elsewhere) {
            if (!now_.moved) now_.moved_at = time;
            now_.moved = true;
            return now_.seen;
        }
        if (!now_.seen) now_.created = time;
        if (stage.is_final && !now_.closed) now_.closed_at = time;
        now_.seen = true;
        now_.closed = stage.is_final;
        now_.moved = false;
        if (stage.row != reader_.end().last()) reader_.visit(stage.row, i);
        return true;
    }

    void add_step(std::size_t period) {
        const auto since = static_cast<std::int32_t>(period);
        if (now_.moved && periods_.moved_out == scan::MovedOut::exclude) {
            steps_.emplace_back().period = since;
            return;
        }
        const bool is_counted = reader_.finish();
        const Standing standing = now_.moved ? Standing::moved_out : standing_of(reader_.end().outcome());
        const std::int64_t gone_at = now_.moved ? now_.moved_at : now_.closed_at;
        std::int32_t gone_in = -1;
        if (standing != Standing::open && gone_at >= periods_.bounds.front())
            gone_in = static_cast<std::int32_t>(last_not_after(periods_.bounds, gone_at));
        steps_.emplace_back(since, UnitState::of(reader_, is_counted, now_.moved), standing, is_counted,
                            gone_in);
    }

    const Journeys& journeys_;
    const Code* codes_;
    const Periods& periods_;
    const scan::CodeMeaning* meaning_;
    std::int64_t until_;
    ItemReader<Mask, Code> reader_;
    scan::JourneyTimes now_;
    LargeVector<ItemStep>& steps_;
};

inline ItemSteps ItemSteps::of(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
                               const Periods& periods, const scan::CodeMeaning* meaning) {
    ItemSteps all;
    all.items_.resize(journeys.n_items());
    scan::with_stage_set(pipeline, [&]<class Mask>() {
        all.parts_ = scan::with_codes(journeys, [&](const auto* codes) {
            using Code = std::decay_t<decltype(*codes)>;
            return parallel_parts(
                journeys.n_items(), options.threads, [&](std::size_t first, std::size_t last) {
                    Part part{last, {}};
                    part.steps.reserve((last - first) + (last - first) / 2);
                    StepReader<Mask, Code> reader(journeys, pipeline, codes, options, periods, meaning,
                                                  part.steps);
                    in_blocks(first, last, [&](std::size_t begin, std::size_t end) {
                        for (std::size_t item = begin; item < end; ++item) {
                            const auto first_step = static_cast<std::uint32_t>(part.steps.size());
                            const std::int64_t created = reader.read(item);
                            all.items_[item] = {created, journeys.first_row[item], first_step};
                        }
                    });
                    return part;
                });
        });
        return 0;
    });
    return all;
}

}  // namespace stagefunnel::funnel::inline internal
