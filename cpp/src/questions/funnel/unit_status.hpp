#pragma once

// How the items of a unit stand together, and since when. Internal to the core.

#include <cstddef>
#include <cstdint>

#include "questions/funnel/united_items.hpp"
#include "scan/code_meaning.hpp"
#include "scan/visits.hpp"
#include "stagefunnel/questions/funnel/units.hpp"

namespace stagefunnel::funnel::inline internal {

/// How one item stands, and since when.
struct ItemStanding {
    std::int64_t created = 0;
    std::int64_t gone_at = 0;     // time at which it closed or moved out
    std::uint32_t first_row = 0;  // its first row in the input
    std::int32_t distance = -1;   // see `distance_of`
    Standing standing = Standing::none;
    bool is_left = false;  // whether a rule leaves the item in

    ItemStanding() = default;
    ItemStanding(const scan::JourneyTimes& times, const scan::JourneyEnd& end, std::uint32_t row, bool left)
        : created(times.created),
          gone_at(times.moved ? times.moved_at : times.closed_at),
          first_row(row),
          distance(distance_of(end)),
          standing(times.moved ? Standing::moved_out : standing_of(end.outcome())),
          is_left(left) {}
};

/// The facts of one unit, whose items are seen one after another; see `facts_of_units`.
class UnitStatus {
  public:
    /// Adds an item with a listed row; those that a rule leaves out are seen only while there is no other.
    void see(const ItemStanding& own, std::size_t item) {
        if (has_left_ && !own.is_left) return;
        if (!has_left_ && own.is_left) *this = UnitStatus();
        has_left_ = own.is_left;
        if (first_item_ < 0 || own.created < first_time_ ||
            (own.created == first_time_ && own.first_row < first_row_)) {
            first_item_ = static_cast<std::int64_t>(item);
            first_time_ = own.created;
            first_row_ = own.first_row;
        }
        if (own.standing < standing_) return;
        const Gone gone{own.gone_at, own.distance, own.first_row};
        if (own.standing == standing_ && !decides(own.standing, gone)) return;
        standing_ = own.standing;
        gone_ = gone;
        deciding_item_ = standing_ == Standing::open ? -1 : static_cast<std::int64_t>(item);
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
