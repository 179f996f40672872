#pragma once

// What a question about sequences tells of each item. Internal to the core.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "sequence_any_order.hpp"
#include "sequence_finder.hpp"
#include "sequence_points.hpp"
#include "sequence_rules.hpp"

namespace stagefunnel {

template <class Code>
class SequenceTeller {
  public:
    SequenceTeller(const SequenceRules& rules, const Journeys& journeys, const Code* codes)
        : rules_(rules), journeys_(journeys), codes_(codes), finder_(rules) {}

    [[nodiscard]] Told tell(std::size_t item) {
        if (!read(item)) return {};
        switch (rules_.mode) {
            case SequenceMode::unordered:
                return find_unordered(rules_, points_);
            case SequenceMode::hybrid:
                return find_hybrid(rules_, points_);
            case SequenceMode::open:
                return find_open(rules_, points_);
            case SequenceMode::first_entry:
                return finder_.find(points_, entry_at(first_entry(0)));
            case SequenceMode::ordered:
            case SequenceMode::increase:
            case SequenceMode::strict:
                break;
        }
        return finder_.find(points_, {});
    }

    /// Calls `at(told)` for the chain of every entry.
    template <class At>
    void tell_entries(std::size_t item, At at) {
        if (!read(item)) return;
        for (std::size_t p = first_entry(0); p < points_.points.size();) {
            const Told told = finder_.find(points_, entry_at(p));
            at(told);
            const bool completed = told.stop == SequenceStop::completed;
            const std::int64_t end = completed ? told.chain.last_time()
                                               : rules_.deadline.of(points_.points[p].time);
            while (p < points_.points.size() && points_.points[p].time <= end) ++p;
            p = first_entry(p);
        }
    }

  private:
    /// Returns whether a row of the first step is among the item's rows.
    bool read(std::size_t item) {
        points_.clear();
        std::uint64_t had = 0, seen = 0;
        const std::size_t begin = journeys_.offsets[item];
        for (std::size_t i = begin; i < journeys_.offsets[item + 1]; ++i) {
            const std::int64_t time = journeys_.time[i];
            if (rules_.as_of && time >= *rules_.as_of) break;
            const std::uint64_t matched = rules_.steps_of_code[codes_[i]];
            const std::uint64_t steps = matched & ~(had & rules_.first_time);
            const std::uint64_t exclusions = rules_.exclusions_of_code[codes_[i]];
            had |= matched;
            if ((steps | exclusions) == 0) continue;
            seen |= steps;
            points_.add(time, steps, exclusions, i - begin, rules_.lattice.adjacent);
        }
        const bool any_step = rules_.mode == SequenceMode::unordered || rules_.mode == SequenceMode::open;
        return any_step ? seen != 0 : (seen & 1) != 0;
    }

    [[nodiscard]] std::size_t first_entry(std::size_t from) const {
        const auto& points = points_.points;
        const auto entry = std::find_if(points.begin() + static_cast<std::ptrdiff_t>(from), points.end(),
                                        [](const Point& point) { return (point.steps & 1) != 0; });
        return static_cast<std::size_t>(entry - points.begin());
    }

    [[nodiscard]] SweepRange entry_at(std::size_t p) const {
        const std::int64_t start = points_.points[p].time;
        return {.first_point = p,
                .first_start = start,
                .last_start = start,
                .limit = rules_.deadline.of(start),
                .watched = 0};
    }

    const SequenceRules& rules_;
    const Journeys& journeys_;
    const Code* codes_;
    Points points_;
    ChainFinder finder_;
};

}  // namespace stagefunnel
