#pragma once

// The match of each item or of each entry, in any mode. Internal to the core.

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "questions/sequence/any_order/modes.hpp"
#include "questions/sequence/in_order/match_finder.hpp"
#include "questions/sequence/item_points.hpp"
#include "questions/sequence/rules/match.hpp"
#include "questions/sequence/rules/points.hpp"
#include "questions/sequence/rules/rules.hpp"

namespace stagefunnel::sequence::inline internal {

/// The best of an item's matches, each of which is the best of the rows that hold one value.
///
/// It is chosen as among matches that hold the same: by the deepest level, then by the optional steps, then
/// by the times.
class BestMatch {
  public:
    explicit BestMatch(const Rules& rules) : rules_(rules) {}

    void add(const ItemMatch& candidate) {
        best_.uncut_level = std::max(best_.uncut_level, candidate.uncut_level);
        if (candidate.level == 0 || candidate.level < best_.level) return;
        if (candidate.level > best_.level) {
            const std::size_t uncut_level = best_.uncut_level;
            best_ = candidate;
            best_.uncut_level = uncut_level;
            return;
        }
        if (candidate.match.level == 0) return;
        const auto order =
            best_.match.level == 0 ? std::strong_ordering::less : compare(best_.match, candidate.match);
        if (order > 0) return;
        if (order < 0) {
            best_.match = candidate.match;
            best_.stop = candidate.stop;
        } else if (rank(candidate.stop) < rank(best_.stop)) {
            best_.stop = candidate.stop;
        }
    }

    /// Returns the best match with its final reason: exclusions may have cut off deeper matches.
    [[nodiscard]] ItemMatch take() const {
        ItemMatch best = best_;
        if (best.level == 0) {
            best.stop = best.uncut_level > 0 ? Stop::excluded : Stop::no_event;
        } else if (best.match.level == 0) {
            best.stop = Stop::left_out;
        } else if (best.stop != Stop::completed && best.uncut_level > best.level) {
            best.stop = Stop::excluded;
        }
        return best;
    }

  private:
    /// Greater if `one` is the better match, equal if they do the same steps at the same times.
    [[nodiscard]] std::strong_ordering compare(const Match& one, const Match& other) const {
        for (std::size_t step = 2; step <= one.level; ++step) {
            const bool done = (one.done & bit_of(step)) != 0;
            if (done != ((other.done & bit_of(step)) != 0)) {
                return done ? std::strong_ordering::greater : std::strong_ordering::less;
            }
        }
        const bool from_end = rules_.timing == Timing::last_entry && rules_.mode != Mode::hybrid;
        for (std::size_t i = 0; i < one.level; ++i) {
            const std::size_t step = from_end ? one.level - i : i + 1;
            if ((one.done & bit_of(step)) == 0) continue;
            const std::int64_t a = one.time[step - 1], b = other.time[step - 1];
            if (a == b) continue;
            // The end should be early, but what comes before it as late as possible.
            const bool wants_late = from_end && i > 0;
            return (a < b) != wants_late ? std::strong_ordering::greater : std::strong_ordering::less;
        }
        return std::strong_ordering::equal;
    }

    /// The place of a reason in the order in which the definitions list them: the first that holds counts.
    static int rank(Stop stop) {
        switch (stop) {
            case Stop::completed:
                return 0;
            case Stop::left_out:
            case Stop::excluded:
                return 1;
            case Stop::immature:
                return 2;
            case Stop::interrupted:
                return 3;
            case Stop::gap:
                return 4;
            case Stop::window:
                return 5;
            case Stop::no_event:
                return 6;
        }
        return 7;
    }

    const Rules& rules_;
    ItemMatch best_;
};

template <class Code>
class ItemMatcher {
  public:
    ItemMatcher(const Rules& rules, const Journeys& journeys, const Code* codes)
        : rules_(rules), rows_(rules, journeys, codes), finder_(rules) {}

    /// Returns the best match of an item.
    [[nodiscard]] ItemMatch find(std::size_t item) {
        read(item);
        const bool opens_at_first = rules_.mode == Mode::first_entry || rules_.mode == Mode::hybrid;
        const std::int64_t first = opens_at_first ? rows_.first_entry() : kEarliest;
        BestMatch best(rules_);
        for (const Points& points : rows_.held()) {
            if (opens_at_first && entry_at(points, first) == points.points.size()) continue;
            best.add(match_of(points, first));
        }
        return best.take();
    }

    /// Calls `at(match)` for every entry of an item in order of time, or once if the item never entered.
    template <class At>
    void for_each_entry(std::size_t item, At at) {
        read(item);
        list_entries();
        if (entries_.empty()) at(ItemMatch{});
        for (std::size_t e = 0; e < entries_.size();) {
            const std::int64_t time = entries_[e].time;
            BestMatch best(rules_);
            for (std::size_t first = e; e < entries_.size() && entries_[e].time == time; ++e) {
                // Where rows must be adjacent, several points have the same time.
                if (e > first && entries_[e].held == entries_[e - 1].held) continue;
                const Points& points = rows_.held()[entries_[e].held];
                best.add(finder_.find(points, starting_at(rules_, points, entries_[e].point)));
            }
            const ItemMatch found = best.take();
            at(found);
            const bool completed = found.stop == Stop::completed;
            const std::int64_t end = completed ? found.match.last_time() : rules_.deadline.of(time);
            while (e < entries_.size() && entries_[e].time <= end) ++e;
        }
    }

  private:
    void read(std::size_t item) {
        finder_.begin_item();
        rows_.read(item);
    }

    [[nodiscard]] ItemMatch match_of(const Points& points, std::int64_t first) {
        switch (rules_.mode) {
            case Mode::unordered:
                return find_unordered(rules_, points);
            case Mode::hybrid:
                return find_hybrid(rules_, points);
            case Mode::open:
                return find_open(rules_, points);
            case Mode::first_entry:
                return finder_.find(points, starting_at(rules_, points, entry_at(points, first)));
            case Mode::ordered:
            case Mode::increase:
            case Mode::strict:
                break;
        }
        return finder_.find(points, {});
    }

    void list_entries() {
        entries_.clear();
        for (std::size_t held = 0; held < rows_.held().size(); ++held) {
            const auto& points = rows_.held()[held].points;
            for (std::size_t p = 0; p < points.size(); ++p) {
                if ((points[p].steps & 1) != 0) entries_.push_back({points[p].time, held, p});
            }
        }
        std::sort(entries_.begin(), entries_.end());
    }

    struct EntryPoint {
        std::int64_t time;
        std::size_t held;   // index in `rows_.held()`
        std::size_t point;  // index in these points
        auto operator<=>(const EntryPoint&) const = default;
    };

    const Rules& rules_;
    ItemPoints<Code> rows_;
    std::vector<EntryPoint> entries_;
    MatchFinder finder_;
};

}  // namespace stagefunnel::sequence::inline internal
