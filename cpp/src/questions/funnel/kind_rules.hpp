#pragma once

// The rules that say in which stages one item counts. Internal to the core.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "scan/stage_set.hpp"
#include "scan/visits.hpp"
#include "stagefunnel/questions/funnel/funnel.hpp"

namespace stagefunnel::funnel::inline internal {

/// In-progress stages [begin, end); there are none where `end` is not greater than `begin`.
struct StageRange {
    std::size_t begin = 0;
    std::size_t end = 0;
};

/// Returns the stages that a transition passes over. The creation of an item counts as a transition from
/// before the first stage: then `from` is negative.
inline StageRange passed_over(std::size_t n_open, std::int32_t from, Outcome from_outcome, std::int32_t to,
                              Outcome to_outcome) {
    const auto at = static_cast<std::size_t>(to);
    if (from < 0) {
        if (to_outcome == Outcome::open) return {0, at};
        if (to_outcome == Outcome::won) return {0, n_open};
        return {0, std::min<std::size_t>(1, n_open)};
    }
    if (from_outcome != Outcome::open || to_outcome == Outcome::lost) return {};
    const auto was = static_cast<std::size_t>(from);
    if (to_outcome == Outcome::won) return {was + 1, n_open};
    return {std::min(was, at) + 1, std::max(was, at)};
}

/// Whether a visit counts in the strict funnel, where earlier visits passed the stages before `next`.
///
/// Advances `next` if the visit is one of that stage.
inline bool counts_in_order(std::int32_t row, Outcome outcome, std::size_t n_open, std::size_t& next) {
    const bool is_next = outcome == Outcome::open && static_cast<std::size_t>(row) == next;
    if (is_next) ++next;
    return is_next || outcome == Outcome::lost || (outcome == Outcome::won && next == n_open);
}

/// The sets of stages that follow from one item's visits.
template <class Mask>
struct ItemStages {
    explicit ItemStages(const Pipeline& pipeline)
        : n_open(static_cast<std::size_t>(pipeline.n_open())),
          seen(static_cast<std::size_t>(pipeline.n_rows())),
          filled(static_cast<std::size_t>(pipeline.n_rows())),
          in_order(static_cast<std::size_t>(pipeline.n_rows())) {}

    void clear() {
        seen.clear();
        filled.clear();
        in_order.clear();
        next_in_order = 0;
    }

    void fill_transition(std::int32_t from, Outcome from_outcome, std::int32_t to, Outcome to_outcome) {
        const StageRange filling = passed_over(n_open, from, from_outcome, to, to_outcome);
        filled.set_range(filling.begin, filling.end);
    }

    void visit_in_order(std::int32_t row, Outcome outcome) {
        if (counts_in_order(row, outcome, n_open, next_in_order)) in_order.set(static_cast<std::size_t>(row));
    }

    /// Adds the visit that follows those of `end`; without rules its time does not matter.
    void visit(Kind kind, const scan::JourneyEnd& end, std::int32_t row, Outcome outcome,
               std::int64_t /*time*/) {
        seen.set(static_cast<std::size_t>(row));
        if (kind == Kind::conversions_moves) fill_transition(end.last(), end.outcome(), row, outcome);
        if (kind == Kind::strict) visit_in_order(row, outcome);
    }

    /// Fills in the stages that the journey as a whole implies.
    void fill_end(Kind kind, const scan::JourneyEnd& end) {
        if (kind == Kind::conversions_won && end.won_entry()) filled.set_range(0, n_open);
        if (kind == Kind::furthest) {
            filled.set_range(0, end.any_won() ? n_open : static_cast<std::size_t>(end.furthest() + 1));
        }
    }

    /// The stages in which the item counts for its own visits.
    [[nodiscard]] const Mask& own(Kind kind) const { return kind == Kind::strict ? in_order : seen; }
    /// Word `w` of the stages beyond which the item went, of those beyond which it began, and of those beyond
    /// which it went while they were not there.
    [[nodiscard]] std::uint64_t beyond(const scan::JourneyEnd& end, std::size_t w) const {
        return scan::bits_below(static_cast<std::size_t>(end.beyond_limit()), w);
    }
    [[nodiscard]] std::uint64_t began_beyond(const scan::JourneyEnd& end, std::size_t w) const {
        return scan::bits_below(static_cast<std::size_t>(end.began_limit()), w);
    }
    [[nodiscard]] static constexpr std::uint64_t beyond_absent(std::size_t /*w*/) { return 0; }

    std::size_t n_open;
    Mask seen;
    Mask filled;
    Mask in_order;
    std::size_t next_in_order = 0;
};

/// Whether the rule for items that were lost and are won now leaves an item out.
inline bool is_left_out(const scan::JourneyEnd& end, LostThenWon rule) {
    switch (rule) {
        case LostThenWon::include:
            return false;
        case LostThenWon::exclude:
            return end.flipped_to_won();
        case LostThenWon::exclude_reopened:
            return end.outcome() == Outcome::won && end.any_lost();
    }
    return false;
}

}  // namespace stagefunnel::funnel::inline internal
