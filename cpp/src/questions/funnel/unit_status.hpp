#pragma once

// How the items of a unit stand together, and since when. Internal to the core.

#include <cstddef>
#include <cstdint>

#include "questions/funnel/united_items.hpp"
#include "scan/code_meaning.hpp"
#include "scan/visits.hpp"
#include "stagefunnel/questions/funnel/units.hpp"

namespace stagefunnel::funnel::inline internal {

/// The facts of one unit, whose items are seen one after another; see `facts_of_units`.
class UnitStatus {
  public:
    /// Adds an item with a listed row.
    ///
    /// @param first_row first row of the item in the input.
    /// @param is_left whether a rule leaves the item in; others are seen only while there is none.
    void see(const scan::JourneyTimes& times, const scan::JourneyEnd& end, std::size_t item,
             std::uint32_t first_row, bool is_left) {
        if (has_left_ && !is_left) return;
        if (!has_left_ && is_left) *this = UnitStatus();
        has_left_ = is_left;
        if (first_item_ < 0 || times.created < first_time_ ||
            (times.created == first_time_ && first_row < first_row_)) {
            first_item_ = static_cast<std::int64_t>(item);
            first_time_ = times.created;
            first_row_ = first_row;
        }
        const Standing own = times.moved ? Standing::moved_out : standing_of(end.outcome());
        if (own < standing_) return;
        const Gone gone{times.moved ? times.moved_at : times.closed_at, distance_of(end), first_row};
        if (own == standing_ && !decides(own, gone)) return;
        standing_ = own;
        gone_ = gone;
        deciding_item_ = own == Standing::open ? -1 : static_cast<std::int64_t>(item);
    }

    [[nodiscard]] Standing standing() const { return standing_; }
    [[nodiscard]] std::int64_t first_time() const { return first_time_; }
    [[nodiscard]] std::int64_t first_item() const { return first_item_; }
    [[nodiscard]] std::int64_t gone_at() const { return gone_.at; }
    [[nodiscard]] std::int64_t deciding_item() const { return deciding_item_; }

  private:
    struct Gone {
        std::int64_t at = 0;
        std::int32_t distance = -1;
        std::uint32_t first_row = 0;
    };

    /// Whether another item of the same standing decides when the unit is gone.
    [[nodiscard]] bool decides(Standing standing, const Gone& other) const {
        if (other.at != gone_.at) return (other.at < gone_.at) == (standing == Standing::won);
        if (other.distance != gone_.distance) return other.distance > gone_.distance;
        return other.first_row < gone_.first_row;
    }

    bool has_left_ = false;
    Standing standing_ = Standing::none;
    std::int64_t first_item_ = -1, deciding_item_ = -1, first_time_ = 0;
    std::uint32_t first_row_ = 0;
    Gone gone_;
};

}  // namespace stagefunnel::funnel::inline internal
