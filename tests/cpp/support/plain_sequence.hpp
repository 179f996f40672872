#pragma once

// Sequences the slow way: every chain of an item is written down, then the rules choose among them.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "stagefunnel/questions/sequence/sequence.hpp"

namespace stagefunnel::testing {

struct PlainRow {
    std::int64_t time;
    std::size_t code;
};

struct PlainChain {
    std::vector<std::optional<std::size_t>> row;  // of each step
    std::size_t level = 0;
};

struct PlainAnswer {
    std::size_t level = 0;
    sequence::Stop stop = sequence::Stop::no_event;
    std::vector<std::int64_t> time;
    bool operator==(const PlainAnswer&) const = default;
};

/// One item's rows in the order of the log, asked in a mode in which the steps have an order.
class PlainSequence {
  public:
    PlainSequence(const sequence::Options& options, std::vector<PlainRow> rows)
        : options_(options), rows_(std::move(rows)) {
        if (options_.as_of) {
            std::erase_if(rows_, [&](const PlainRow& row) { return row.time >= *options_.as_of; });
        }
    }

    [[nodiscard]] PlainAnswer answer() {
        const auto all = chains(true);
        const std::vector<PlainChain> counted = without(all, sequence::ExclusionEffect::reset);
        std::size_t level = deepest(counted);
        std::vector<PlainChain> best = of_level(counted, level);
        if (level > 0) {
            best = without(best, sequence::ExclusionEffect::drop);
            if (best.empty()) return {0, sequence::Stop::left_out, times({})};
        }
        const std::vector<PlainChain> told = level > 0 ? choose(best, level) : best;
        return {level, why(told, level), times(told)};
    }

  private:
    using Rows = std::vector<std::optional<std::size_t>>;

    [[nodiscard]] std::size_t n() const { return options_.steps.size(); }
    [[nodiscard]] std::int64_t time_of(const PlainChain& chain, std::size_t step) const {
        return rows_[*chain.row[step - 1]].time;
    }
    [[nodiscard]] std::int64_t deadline(std::int64_t start) const {
        if (!options_.window) return std::numeric_limits<std::int64_t>::max();
        std::size_t piece = 0;
        while (piece + 1 < options_.window->from.size() && options_.window->from[piece + 1] <= start) ++piece;
        return std::max(start + options_.window->shift[piece], options_.window->least[piece]);
    }
    [[nodiscard]] bool fills(std::size_t row, std::size_t step) const {
        const sequence::Step& asked = options_.steps[step - 1];
        if (asked.matches[rows_[row].code] == 0) return false;
        for (std::size_t earlier = 0; asked.first_time && earlier < row; ++earlier) {
            const bool is_earlier = rows_[earlier].time < rows_[row].time;
            if (is_earlier && asked.matches[rows_[earlier].code] != 0) return false;
        }
        return true;
    }
    [[nodiscard]] bool follows(const PlainChain& chain, std::size_t row, std::size_t step) const {
        const std::size_t before = *chain.row[chain.level - 1];
        for (const auto& used : chain.row) {
            if (used == row) return false;
        }
        const std::int64_t gap = rows_[row].time - rows_[before].time;
        if (gap < (options_.mode == sequence::Mode::increase ? 1 : 0)) return false;
        if (options_.mode == sequence::Mode::strict && row != before + 1) return false;
        const sequence::Step& asked = options_.steps[step - 1];
        return (!asked.min_gap || gap >= asked.min_gap->shift[0]) &&
               (!asked.max_gap || gap <= asked.max_gap->shift[0]) &&
               rows_[row].time <= deadline(time_of(chain, 1));
    }

    /// Whether a row of the exclusion hits the chain; if asked for, only one before its last step.
    [[nodiscard]] bool is_hit(const PlainChain& chain, const sequence::Exclusion& exclusion,
                              bool inside) const {
        if (chain.level < exclusion.after) return false;
        std::size_t after = exclusion.after;
        while (!chain.row[after - 1]) --after;
        std::size_t before = exclusion.before;
        while (before <= chain.level && !chain.row[before - 1]) ++before;
        if (before > chain.level && inside && after == chain.level) return false;
        for (const PlainRow& row : rows_) {
            if (exclusion.matches[row.code] == 0 || row.time <= time_of(chain, after)) continue;
            const std::int64_t end =
                before <= chain.level ? time_of(chain, before) - 1 : deadline(time_of(chain, 1));
            if (row.time > end || (inside && row.time > time_of(chain, chain.level))) continue;
            const bool tied = std::any_of(chain.row.begin(), chain.row.end(), [&](const auto& step) {
                return step && rows_[*step].time == row.time;
            });
            if (!tied) return true;
        }
        return false;
    }

    [[nodiscard]] std::vector<PlainChain> chains(bool stopped) const {
        std::vector<PlainChain> found;
        for (std::size_t row = 0; row < rows_.size(); ++row) {
            if (!fills(row, 1)) continue;
            PlainChain chain{Rows(n()), 1};
            chain.row[0] = row;
            extend(chain, found, stopped);
        }
        if (options_.mode == sequence::Mode::first_entry && !found.empty()) {
            const std::int64_t first = time_of(found.front(), 1);
            std::erase_if(found, [&](const PlainChain& chain) { return time_of(chain, 1) != first; });
        }
        return found;
    }
    void extend(const PlainChain& chain, std::vector<PlainChain>& found, bool stopped) const {
        for (const sequence::Exclusion& exclusion : options_.exclusions) {
            if (stopped && exclusion.effect == sequence::ExclusionEffect::stop &&
                is_hit(chain, exclusion, true))
                return;
        }
        found.push_back(chain);
        for (std::size_t step = chain.level + 1; step <= n(); ++step) {
            for (std::size_t row = 0; row < rows_.size(); ++row) {
                if (!fills(row, step) || !follows(chain, row, step)) continue;
                PlainChain longer = chain;
                longer.row[step - 1] = row;
                longer.level = step;
                extend(longer, found, stopped);
            }
            if (!options_.steps[step - 1].optional) break;
        }
    }
    [[nodiscard]] std::vector<PlainChain> without(std::vector<PlainChain> from,
                                                  sequence::ExclusionEffect effect) const {
        for (const sequence::Exclusion& exclusion : options_.exclusions) {
            if (exclusion.effect != effect) continue;
            std::erase_if(from, [&](const PlainChain& chain) { return is_hit(chain, exclusion, false); });
        }
        return from;
    }
    static std::size_t deepest(const std::vector<PlainChain>& chains) {
        std::size_t level = 0;
        for (const PlainChain& chain : chains) level = std::max(level, chain.level);
        return level;
    }
    static std::vector<PlainChain> of_level(std::vector<PlainChain> chains, std::size_t level) {
        std::erase_if(chains, [&](const PlainChain& chain) { return chain.level != level; });
        return chains;
    }

    void keep_at(std::vector<PlainChain>& among, std::size_t step, bool latest) const {
        const auto skips = [&](const PlainChain& chain) { return !chain.row[step - 1]; };
        if (std::all_of(among.begin(), among.end(), skips)) return;
        std::erase_if(among, skips);
        std::int64_t best = time_of(among.front(), step);
        for (const PlainChain& chain : among) {
            const std::int64_t time = time_of(chain, step);
            best = latest ? std::max(best, time) : std::min(best, time);
        }
        std::erase_if(among, [&](const PlainChain& chain) { return time_of(chain, step) != best; });
    }
    /// The chains of the times that are told: which of the tied rows they take is open.
    [[nodiscard]] std::vector<PlainChain> choose(std::vector<PlainChain> among, std::size_t level) const {
        for (std::size_t step = 1; step < level; ++step) {
            const auto skips = [&](const PlainChain& chain) { return !chain.row[step - 1]; };
            if (!std::all_of(among.begin(), among.end(), skips)) std::erase_if(among, skips);
        }
        if (options_.timing == sequence::Timing::last_entry) {
            keep_at(among, level, false);
            for (std::size_t step = level - 1; step >= 1; --step) keep_at(among, step, true);
        } else {
            for (std::size_t step = 1; step <= level; ++step) keep_at(among, step, false);
        }
        return among;
    }

    [[nodiscard]] sequence::Stop why(const std::vector<PlainChain>& told, std::size_t level) const {
        if (level == n()) return sequence::Stop::completed;
        for (const sequence::Exclusion& exclusion : options_.exclusions) {
            if (exclusion.effect == sequence::ExclusionEffect::stop && level > 0 &&
                is_hit(told.front(), exclusion, false)) {
                return sequence::Stop::excluded;
            }
        }
        if (deepest(chains(false)) > level && !options_.exclusions.empty()) return sequence::Stop::excluded;
        if (level == 0) return sequence::Stop::no_event;
        const std::int64_t end = deadline(time_of(told.front(), 1));
        if (options_.window && end >= options_.observed_until) return sequence::Stop::immature;
        bool interrupted = false, gap = false, late = false;
        for (const PlainChain& chain : told) {
            const std::size_t last = *chain.row[level - 1];
            for (std::size_t step = level + 1; step <= n(); ++step) {
                for (std::size_t row = 0; row < rows_.size(); ++row) {
                    if (!fills(row, step) || !comes_after(chain, row, last)) continue;
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
    /// Whether the row could have been the chain's next one but for window, gap and adjacency.
    [[nodiscard]] bool comes_after(const PlainChain& chain, std::size_t row, std::size_t last) const {
        if (options_.mode == sequence::Mode::strict) return row > last;
        if (options_.mode == sequence::Mode::increase) return rows_[row].time > rows_[last].time;
        return rows_[row].time >= rows_[last].time &&
               std::find(chain.row.begin(), chain.row.end(), std::optional(row)) == chain.row.end();
    }
    [[nodiscard]] std::vector<std::int64_t> times(const std::vector<PlainChain>& told) const {
        std::vector<std::int64_t> all(n(), sequence::kNoTime);
        for (std::size_t k = 0; !told.empty() && k < n(); ++k) {
            if (told.front().row[k]) all[k] = time_of(told.front(), k + 1);
        }
        return all;
    }

    const sequence::Options& options_;
    std::vector<PlainRow> rows_;
};

}  // namespace stagefunnel::testing
