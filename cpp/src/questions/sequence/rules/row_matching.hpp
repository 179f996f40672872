#pragma once

// How many steps some rows can fill. Internal to the core.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "questions/sequence/rules/points.hpp"

namespace stagefunnel::sequence::inline internal {

/// Rows given to steps, no row to two; of some groups of rows only so many are given.
class RowMatching {
  public:
    static constexpr std::size_t kNoGroup = ~std::size_t{0};

    explicit RowMatching(std::size_t n_steps) : n_steps_(n_steps) { filled_by_.fill(kNone); }
    explicit RowMatching(std::span<const RowKind> kinds) : RowMatching(std::size_t{64}) {
        for (const RowKind& kind : kinds) add(kind.steps, kind.n_rows);
    }

    /// Forgets all rows.
    void clear() {
        sources_.clear();
        groups_.clear();
        filled_by_.fill(kNone);
    }
    /// A group of which so many rows are given at most.
    std::size_t add_group(std::size_t quota) {
        groups_.push_back({quota, 0, false});
        return groups_.size() - 1;
    }
    /// Rows that fill any of the same steps.
    void add(std::uint64_t steps, std::size_t n_rows, std::size_t group = kNoGroup) {
        if (n_rows > 0) sources_.push_back({steps, n_rows, 0, group, false});
    }
    /// More rows of a kind that is in no group; returns how many it had.
    std::size_t supply(std::uint64_t steps, std::size_t n_rows) {
        const auto found = kind_of(steps);
        if (found != sources_.end()) return std::exchange(found->n_rows, found->n_rows + n_rows);
        add(steps, n_rows);
        return 0;
    }
    /// Takes rows of a kind away; returns how many steps lose theirs.
    std::size_t withdraw(std::uint64_t steps, std::size_t n_rows) {
        const auto found = kind_of(steps);
        const auto k = static_cast<std::size_t>(found - sources_.begin());
        found->n_rows -= n_rows;
        std::size_t n_lost = 0;
        for (std::size_t step = 0; step < n_steps_ && found->n_used > found->n_rows; ++step) {
            if (filled_by_[step] != k) continue;
            release(step + 1);
            ++n_lost;
        }
        return n_lost;
    }

    /// Finds a row for the step; others may change theirs.
    bool fill(std::size_t step) {
        seen_ = 0;
        for (Source& source : sources_) source.seen = false;
        for (Group& group : groups_) group.seen = false;
        return find(step - 1);
    }
    void release(std::size_t step) {
        Source& source = sources_[std::exchange(filled_by_[step - 1], kNone)];
        --source.n_used;
        if (source.group != kNoGroup) --groups_[source.group].n_used;
    }
    /// Fills every step that can be beside those that are filled; returns how many.
    std::size_t fill_more() {
        std::size_t n_filled = 0;
        for (std::size_t step = 1; step <= n_steps_; ++step) {
            n_filled += static_cast<std::size_t>(filled_by_[step - 1] == kNone && fill(step));
        }
        return n_filled;
    }
    /// The most steps that can be filled at once.
    [[nodiscard]] std::size_t most() {
        filled_by_.fill(kNone);
        for (Source& source : sources_) source.n_used = 0;
        for (Group& group : groups_) group.n_used = 0;
        return fill_more();
    }

  private:
    static constexpr std::size_t kNone = ~std::size_t{0};
    struct Source {
        std::uint64_t steps;
        std::size_t n_rows;
        std::size_t n_used;
        std::size_t group;
        bool seen;
    };
    struct Group {
        std::size_t quota;
        std::size_t n_used;
        bool seen;
    };

    [[nodiscard]] std::vector<Source>::iterator kind_of(std::uint64_t steps) {
        return std::find_if(sources_.begin(), sources_.end(),
                            [&](const Source& source) { return source.steps == steps; });
    }

    // A path from a step to a row that is free, by steps that change their rows; no place is seen twice.

    bool find(std::size_t step) {
        if ((seen_ >> step & 1) != 0) return false;
        seen_ |= std::uint64_t{1} << step;
        for (std::size_t k = 0; k < sources_.size(); ++k) {
            if ((sources_[k].steps >> step & 1) == 0 || !use(k)) continue;
            filled_by_[step] = k;
            return true;
        }
        return false;
    }
    /// Gives one more row of the source, or one that another step gives back.
    bool use(std::size_t k) {
        Source& source = sources_[k];
        if (std::exchange(source.seen, true)) return false;
        if (source.n_used < source.n_rows && use_group(source.group)) {
            ++source.n_used;
            return true;
        }
        return give_back(k);
    }
    bool use_group(std::size_t g) {
        if (g == kNoGroup) return true;
        Group& group = groups_[g];
        if (group.n_used < group.quota) {
            ++group.n_used;
            return true;
        }
        if (std::exchange(group.seen, true)) return false;
        for (std::size_t k = 0; k < sources_.size(); ++k) {
            if (sources_[k].group != g || std::exchange(sources_[k].seen, true) || !give_back(k)) continue;
            --sources_[k].n_used;
            return true;
        }
        return false;
    }
    bool give_back(std::size_t k) {
        for (std::size_t step = 0; step < n_steps_; ++step) {
            if (filled_by_[step] == k && find(step)) return true;
        }
        return false;
    }

    std::size_t n_steps_;
    std::vector<Source> sources_;
    std::vector<Group> groups_;
    std::array<std::size_t, 64> filled_by_{};
    std::uint64_t seen_ = 0;  // steps
};

}  // namespace stagefunnel::sequence::inline internal
