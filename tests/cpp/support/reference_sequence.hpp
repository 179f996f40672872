#pragma once

// Sequences the slow way: every match of an item is listed, then the rules choose among them.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "stagefunnel/questions/sequence/sequence.hpp"

namespace stagefunnel::testing {

struct ReferenceRow {
    std::int64_t time;
    std::size_t code;
};

struct ReferenceMatch {
    std::vector<std::optional<std::size_t>> row;  // of each step
    std::size_t level = 0;
};

struct ReferenceAnswer {
    std::size_t level = 0;
    sequence::Stop stop = sequence::Stop::no_event;
    std::vector<std::int64_t> time;
    bool operator==(const ReferenceAnswer&) const = default;
};

/// The answer of one period, in which only the matches exist whose row of one step lies in it.
struct ReferencePeriod {
    ReferenceAnswer answer;
    std::int64_t latest_entry = 0;     // of these matches, whatever exclusions do to them
    std::vector<std::size_t> touches;  // their rows, in order
};

/// The answer for the rows of one item, in the order of the log, in a mode in which the steps have an order.
class ReferenceSequence {
  public:
    ReferenceSequence(const sequence::Options& options, std::vector<ReferenceRow> rows)
        : options_(options), rows_(std::move(rows)) {
        if (options_.as_of) {
            std::erase_if(rows_, [&](const ReferenceRow& row) { return row.time >= *options_.as_of; });
        }
    }

    [[nodiscard]] ReferenceAnswer answer() {
        const auto all = matches(Stops::apply);
        const std::vector<ReferenceMatch> counted = without(all, sequence::ExclusionEffect::reset);
        std::size_t level = deepest(counted);
        std::vector<ReferenceMatch> best = of_level(counted, level);
        if (level > 0) {
            best = without(best, sequence::ExclusionEffect::drop);
            if (best.empty()) return {0, sequence::Stop::left_out, times({})};
        }
        const std::vector<ReferenceMatch> chosen = level > 0 ? choose(best, level) : best;
        return {level, why(chosen, level), times(chosen)};
    }

    /// The answer of the period [begin, end), in which a match must do `step`; nothing if it has no match.
    [[nodiscard]] std::optional<ReferencePeriod> answer_in(std::size_t step, std::int64_t begin,
                                                           std::int64_t end) const {
        const auto among = [&](std::vector<ReferenceMatch> all) {
            std::erase_if(all, [&](const ReferenceMatch& match) {
                return !match.row[step - 1] || time_of(match, step) < begin || time_of(match, step) >= end;
            });
            return all;
        };
        const auto all = among(matches(Stops::ignore));
        if (all.empty()) return std::nullopt;
        ReferencePeriod period{.answer = {}, .latest_entry = time_of(all.front(), 1), .touches = {}};
        for (const ReferenceMatch& match : all) {
            period.latest_entry = std::max(period.latest_entry, time_of(match, 1));
            for (const auto& row : match.row) {
                if (row) period.touches.push_back(*row);
            }
        }
        std::sort(period.touches.begin(), period.touches.end());
        const auto counted = without(among(matches(Stops::apply)), sequence::ExclusionEffect::reset);
        const std::size_t level = deepest(counted);
        const auto best = without(of_level(counted, level), sequence::ExclusionEffect::drop);
        if (level == 0 || best.empty()) return period;
        period.answer = {level, sequence::Stop::completed, times(choose(best, level))};
        return period;
    }
    [[nodiscard]] bool is_over(std::int64_t entry) const {
        return options_.window && deadline(entry) < options_.observed_until;
    }

  private:
    /// Which excluded rows count: all that hit the match, or those before its last step only.
    enum class HitBy : std::uint8_t { any_row, row_before_last_step };
    /// Whether exclusions with the effect `stop` cut matches off.
    enum class Stops : std::uint8_t { apply, ignore };
    enum class Keep : std::uint8_t { earliest, latest };

    using Rows = std::vector<std::optional<std::size_t>>;

    [[nodiscard]] std::size_t n() const { return options_.steps.size(); }
    [[nodiscard]] std::int64_t time_of(const ReferenceMatch& match, std::size_t step) const {
        return rows_[*match.row[step - 1]].time;
    }
    [[nodiscard]] std::int64_t deadline(std::int64_t start) const {
        if (!options_.window) return std::numeric_limits<std::int64_t>::max();
        std::size_t piece = 0;
        while (piece + 1 < options_.window->from.size() && options_.window->from[piece + 1] <= start) ++piece;
        return std::max(start + options_.window->shift[piece], options_.window->least[piece]);
    }
    [[nodiscard]] bool fills(std::size_t row, std::size_t step) const {
        const sequence::Step& wanted = options_.steps[step - 1];
        if (wanted.stages[rows_[row].code] == 0) return false;
        for (std::size_t earlier = 0; wanted.first_time && earlier < row; ++earlier) {
            const bool is_earlier = rows_[earlier].time < rows_[row].time;
            if (is_earlier && wanted.stages[rows_[earlier].code] != 0) return false;
        }
        return true;
    }
    [[nodiscard]] bool follows(const ReferenceMatch& match, std::size_t row, std::size_t step) const {
        const std::size_t before = *match.row[match.level - 1];
        for (const auto& used : match.row) {
            if (used == row) return false;
        }
        const std::int64_t gap = rows_[row].time - rows_[before].time;
        if (gap < (options_.mode == sequence::Mode::increase ? 1 : 0)) return false;
        if (options_.mode == sequence::Mode::strict && row != before + 1) return false;
        const sequence::Step& wanted = options_.steps[step - 1];
        return (!wanted.min_gap || gap >= wanted.min_gap->shift[0]) &&
               (!wanted.max_gap || gap <= wanted.max_gap->shift[0]) &&
               rows_[row].time <= deadline(time_of(match, 1));
    }

    /// Whether a row of the exclusion hits the match.
    [[nodiscard]] bool is_hit(const ReferenceMatch& match, const sequence::Exclusion& exclusion,
                              HitBy hit_by) const {
        if (match.level < exclusion.after) return false;
        const bool inside = hit_by == HitBy::row_before_last_step;
        std::size_t after = exclusion.after;
        while (!match.row[after - 1]) --after;
        std::size_t before = exclusion.before;
        while (before <= match.level && !match.row[before - 1]) ++before;
        if (before > match.level && inside && after == match.level) return false;
        for (const ReferenceRow& row : rows_) {
            if (exclusion.stages[row.code] == 0 || row.time <= time_of(match, after)) continue;
            const std::int64_t end =
                before <= match.level ? time_of(match, before) - 1 : deadline(time_of(match, 1));
            if (row.time > end || (inside && row.time > time_of(match, match.level))) continue;
            const bool tied = std::any_of(match.row.begin(), match.row.end(), [&](const auto& step) {
                return step && rows_[*step].time == row.time;
            });
            if (!tied) return true;
        }
        return false;
    }

    [[nodiscard]] std::vector<ReferenceMatch> matches(Stops stops) const {
        std::vector<ReferenceMatch> found;
        for (std::size_t row = 0; row < rows_.size(); ++row) {
            if (!fills(row, 1)) continue;
            ReferenceMatch match{Rows(n()), 1};
            match.row[0] = row;
            extend(match, found, stops);
        }
        if (options_.mode == sequence::Mode::first_entry && !found.empty()) {
            const std::int64_t first = time_of(found.front(), 1);
            std::erase_if(found, [&](const ReferenceMatch& match) { return time_of(match, 1) != first; });
        }
        return found;
    }
    void extend(const ReferenceMatch& match, std::vector<ReferenceMatch>& found, Stops stops) const {
        for (const sequence::Exclusion& exclusion : options_.exclusions) {
            if (stops == Stops::apply && exclusion.effect == sequence::ExclusionEffect::stop &&
                is_hit(match, exclusion, HitBy::row_before_last_step))
                return;
        }
        found.push_back(match);
        for (std::size_t step = match.level + 1; step <= n(); ++step) {
            for (std::size_t row = 0; row < rows_.size(); ++row) {
                if (!fills(row, step) || !follows(match, row, step)) continue;
                ReferenceMatch longer = match;
                longer.row[step - 1] = row;
                longer.level = step;
                extend(longer, found, stops);
            }
            if (!options_.steps[step - 1].optional) break;
        }
    }
    [[nodiscard]] std::vector<ReferenceMatch> without(std::vector<ReferenceMatch> from,
                                                      sequence::ExclusionEffect effect) const {
        for (const sequence::Exclusion& exclusion : options_.exclusions) {
            if (exclusion.effect != effect) continue;
            std::erase_if(
                from, [&](const ReferenceMatch& match) { return is_hit(match, exclusion, HitBy::any_row); });
        }
        return from;
    }
    static std::size_t deepest(const std::vector<ReferenceMatch>& matches) {
        std::size_t level = 0;
        for (const ReferenceMatch& match : matches) level = std::max(level, match.level);
        return level;
    }
    static std::vector<ReferenceMatch> of_level(std::vector<ReferenceMatch> matches, std::size_t level) {
        std::erase_if(matches, [&](const ReferenceMatch& match) { return match.level != level; });
        return matches;
    }

    /// Keeps the matches that do the step, if any does, and of these those of the earliest or latest time.
    void keep_at(std::vector<ReferenceMatch>& among, std::size_t step, Keep keep) const {
        const auto skips = [&](const ReferenceMatch& match) { return !match.row[step - 1]; };
        if (std::all_of(among.begin(), among.end(), skips)) return;
        std::erase_if(among, skips);
        std::int64_t best = time_of(among.front(), step);
        for (const ReferenceMatch& match : among) {
            const std::int64_t time = time_of(match, step);
            best = keep == Keep::latest ? std::max(best, time) : std::min(best, time);
        }
        std::erase_if(among, [&](const ReferenceMatch& match) { return time_of(match, step) != best; });
    }
    /// The best matches. They have the same times, and differ only in which of the tied rows they take.
    [[nodiscard]] std::vector<ReferenceMatch> choose(std::vector<ReferenceMatch> among,
                                                     std::size_t level) const {
        for (std::size_t step = 1; step < level; ++step) {
            const auto skips = [&](const ReferenceMatch& match) { return !match.row[step - 1]; };
            if (!std::all_of(among.begin(), among.end(), skips)) std::erase_if(among, skips);
        }
        if (options_.timing == sequence::Timing::last_entry) {
            keep_at(among, level, Keep::earliest);
            for (std::size_t step = level - 1; step >= 1; --step) keep_at(among, step, Keep::latest);
        } else {
            for (std::size_t step = 1; step <= level; ++step) keep_at(among, step, Keep::earliest);
        }
        return among;
    }

    [[nodiscard]] sequence::Stop why(const std::vector<ReferenceMatch>& chosen, std::size_t level) const {
        if (level == n()) return sequence::Stop::completed;
        for (const sequence::Exclusion& exclusion : options_.exclusions) {
            if (exclusion.effect == sequence::ExclusionEffect::stop && level > 0 &&
                is_hit(chosen.front(), exclusion, HitBy::any_row)) {
                return sequence::Stop::excluded;
            }
        }
        if (deepest(matches(Stops::ignore)) > level && !options_.exclusions.empty())
            return sequence::Stop::excluded;
        if (level == 0) return sequence::Stop::no_event;
        const std::int64_t end = deadline(time_of(chosen.front(), 1));
        if (options_.window && end >= options_.observed_until) return sequence::Stop::immature;
        bool interrupted = false, gap = false, late = false;
        for (const ReferenceMatch& match : chosen) {
            const std::size_t last = *match.row[level - 1];
            for (std::size_t step = level + 1; step <= n(); ++step) {
                for (std::size_t row = 0; row < rows_.size(); ++row) {
                    if (!fills(row, step) || !comes_after(match, row, last)) continue;
                    const bool inside = rows_[row].time <= end;
                    late |= !inside;
                    const bool apart = options_.mode == sequence::Mode::strict && row != last + 1;
                    interrupted |= inside && apart;
                    gap |= inside && !apart;
                }
                if (!options_.steps[step - 1].optional) break;
            }
        }
        if (interrupted) return sequence::Stop::interrupted;
        if (gap) return sequence::Stop::gap;
        return late ? sequence::Stop::window : sequence::Stop::no_event;
    }
    /// Whether the row could be the next one of the match if window, gap and adjacency did not count.
    [[nodiscard]] bool comes_after(const ReferenceMatch& match, std::size_t row, std::size_t last) const {
        if (options_.mode == sequence::Mode::strict) return row > last;
        if (options_.mode == sequence::Mode::increase) return rows_[row].time > rows_[last].time;
        return rows_[row].time >= rows_[last].time &&
               std::find(match.row.begin(), match.row.end(), std::optional(row)) == match.row.end();
    }
    [[nodiscard]] std::vector<std::int64_t> times(const std::vector<ReferenceMatch>& chosen) const {
        std::vector<std::int64_t> all(n(), sequence::kNoTime);
        for (std::size_t k = 0; !chosen.empty() && k < n(); ++k) {
            if (chosen.front().row[k]) all[k] = time_of(chosen.front(), k + 1);
        }
        return all;
    }

    const sequence::Options& options_;
    std::vector<ReferenceRow> rows_;
};

}  // namespace stagefunnel::testing
