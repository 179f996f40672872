#pragma once

// Which steps some rows can fill, where a row fills one step at most. Internal to the core.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "questions/sequence/rules/points.hpp"

namespace stagefunnel::sequence::inline internal {

/// A maximum bipartite matching of steps and rows by augmenting paths.
///
/// C. Berge, "Two theorems in graph theory", 1957: a matching is maximum if and only if no augmenting path
/// is left. H. W. Kuhn, "The Hungarian method for the assignment problem", 1955: searching such a path from
/// each step in turn is enough, because a step without one gets none by later augmentations.
///
/// Rows that fill the same steps are one source with a capacity. A quota limits how many rows of a group of
/// sources are used; augmenting paths lead through groups as through sources.
class RowMatching {
  public:
    static constexpr std::size_t kNoGroup = ~std::size_t{0};

    explicit RowMatching(std::size_t n_steps) : n_steps_(n_steps) { source_of_.fill(kNone); }
    explicit RowMatching(std::span<const RowKind> kinds) : RowMatching(std::size_t{64}) {
        for (const RowKind& kind : kinds) add(kind.steps, kind.n_rows);
    }

    /// Forgets all rows.
    void clear() {
        sources_.clear();
        groups_.clear();
        source_of_.fill(kNone);
    }
    /// Adds a group of which at most `quota` rows are used; returns its number.
    std::size_t add_group(std::size_t quota) {
        groups_.push_back({quota, 0, false});
        return groups_.size() - 1;
    }
    /// Adds rows each of which may fill any one of the steps.
    void add(std::uint64_t steps, std::size_t n_rows, std::size_t group = kNoGroup) {
        if (n_rows > 0) sources_.push_back({steps, n_rows, 0, group, false});
    }
    /// Adds rows of a kind that is not in a group; returns how many rows the kind had before.
    std::size_t supply(std::uint64_t steps, std::size_t n_rows) {
        const auto found = kind_of(steps);
        if (found != sources_.end()) return std::exchange(found->n_rows, found->n_rows + n_rows);
        add(steps, n_rows);
        return 0;
    }
    /// Removes rows of a kind; returns how many steps lose their row.
    std::size_t withdraw(std::uint64_t steps, std::size_t n_rows) {
        const auto found = kind_of(steps);
        const auto k = static_cast<std::size_t>(found - sources_.begin());
        found->n_rows -= n_rows;
        std::size_t n_lost = 0;
        for (std::size_t step = 0; step < n_steps_ && found->n_used > found->n_rows; ++step) {
            if (source_of_[step] != k) continue;
            release(step + 1);
            ++n_lost;
        }
        return n_lost;
    }

    /// Finds a row for a step that has none; other steps may change their rows, but keep one.
    bool fill(std::size_t step) {
        seen_ = 0;
        for (Source& source : sources_) source.seen = false;
        for (Group& group : groups_) group.seen = false;
        return augment(step - 1);
    }
    /// Takes the row of a step away from it.
    void release(std::size_t step) {
        Source& source = sources_[std::exchange(source_of_[step - 1], kNone)];
        --source.n_used;
        if (source.group != kNoGroup) --groups_[source.group].n_used;
    }
    /// Makes the matching maximum; steps that are filled stay so. Returns how many are filled in addition.
    std::size_t fill_more() {
        std::size_t n_filled = 0;
        for (std::size_t step = 1; step <= n_steps_; ++step) {
            n_filled += static_cast<std::size_t>(source_of_[step - 1] == kNone && fill(step));
        }
        return n_filled;
    }
    /// Matches anew; returns the most steps that the rows can fill at once.
    [[nodiscard]] std::size_t most() {
        source_of_.fill(kNone);
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

    // A depth-first search of an augmenting path: from a step to a free row, through steps that change their
    // rows. No step, source or group is visited twice.

    bool augment(std::size_t step) {
        if ((seen_ >> step & 1) != 0) return false;
        seen_ |= std::uint64_t{1} << step;
        for (std::size_t k = 0; k < sources_.size(); ++k) {
            if ((sources_[k].steps >> step & 1) == 0 || !claim(k)) continue;
            source_of_[step] = k;
            return true;
        }
        return false;
    }
    /// Claims a row of the source for one more step: a free one, or that of a step which takes another.
    bool claim(std::size_t k) {
        Source& source = sources_[k];
        if (std::exchange(source.seen, true)) return false;
        if (source.n_used < source.n_rows && claim_quota(source.group)) {
            ++source.n_used;
            return true;
        }
        return reassign(k);
    }
    /// Claims a part of the group's quota: a free one, or that of another row of the group.
    bool claim_quota(std::size_t g) {
        if (g == kNoGroup) return true;
        Group& group = groups_[g];
        if (group.n_used < group.quota) {
            ++group.n_used;
            return true;
        }
        if (std::exchange(group.seen, true)) return false;
        for (std::size_t k = 0; k < sources_.size(); ++k) {
            if (sources_[k].group != g || std::exchange(sources_[k].seen, true) || !reassign(k)) continue;
            --sources_[k].n_used;
            return true;
        }
        return false;
    }
    /// Moves a step that uses a row of the source to another row.
    bool reassign(std::size_t k) {
        for (std::size_t step = 0; step < n_steps_; ++step) {
            if (source_of_[step] == k && augment(step)) return true;
        }
        return false;
    }

    std::size_t n_steps_;
    std::vector<Source> sources_;
    std::vector<Group> groups_;
    std::array<std::size_t, 64> source_of_{};  // each step
    std::uint64_t seen_ = 0;                   // steps of the current search
};

}  // namespace stagefunnel::sequence::inline internal
