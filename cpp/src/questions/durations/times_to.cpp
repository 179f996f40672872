#include "stagefunnel/questions/durations/times_to.hpp"

#include <stdexcept>

#include "base/time_distance.hpp"
#include "scan/same_items.hpp"
#include "scan/scan.hpp"
#include "scan/visits.hpp"

namespace stagefunnel::durations {
namespace {

/// Follows one item on its way, visit after visit.
class WayOfItem {
  public:
    WayOfItem(std::int32_t from, std::int32_t to) : from_(from), to_(to) {}

    /// @param is_unknown says whether the start of a visit is not known; it is called at the two ends alone.
    template <class IsUnknown>
    void visit(std::int32_t row, std::int64_t time, IsUnknown is_unknown) {
        last_ = row;
        if (way_ == Way::none && (from_ == Pipeline::kUnlisted || row == from_)) {
            way_ = is_unknown() ? Way::start_unknown : Way::open;
            set_out_ = time;
        }
        if (way_ == Way::open && row == to_) {
            way_ = is_unknown() ? Way::start_unknown : Way::there;
            duration_ = way_ == Way::there ? distance(set_out_, time) : 0;
        }
    }

    /// Returns how far the item has come by the end of its journey.
    [[nodiscard]] Way way(const Pipeline& pipeline) const {
        const bool is_closed = way_ == Way::open && pipeline.outcome_of(last_) != Outcome::open;
        return is_closed ? Way::closed : way_;
    }
    [[nodiscard]] std::uint64_t duration() const { return duration_; }

  private:
    std::int32_t from_, to_;
    Way way_ = Way::none;
    std::int32_t last_ = Pipeline::kUnlisted;
    std::int64_t set_out_ = 0;
    std::uint64_t duration_ = 0;
};

}  // namespace

TimesTo times_to(const Journeys& journeys, const Pipeline& pipeline, std::int32_t from, std::int32_t to,
                 unsigned threads, const scan::Marks* marks) {
    pipeline.check(journeys);
    const auto is_row = [&](std::int32_t row) { return row >= 0 && row < pipeline.n_rows(); };
    if (!is_row(to) || (from != Pipeline::kUnlisted && !is_row(from)))
        throw std::invalid_argument("a stage is not a row of the pipeline");
    if (marks != nullptr) marks->check(journeys);
    const bool has_flags = marks != nullptr && !marks->start_unknown.empty();
    TimesTo times;
    times.way.resize(journeys.n_items());
    times.duration.resize(journeys.n_items());
    scan::for_each_item(journeys, threads, [&](const auto* codes, std::size_t item) {
        WayOfItem way(from, to);
        scan::for_each_visit(
            codes, journeys.offsets[item], journeys.offsets[item + 1], pipeline.row_of_code(),
            [&](std::int32_t row, std::size_t i) {
                way.visit(row, journeys.time[i], [&] {
                    return has_flags &&
                           marks->start_unknown[scan::place_in_whole(journeys, marks->whole, item, i)] != 0;
                });
            });
        times.way[item] = static_cast<std::uint8_t>(way.way(pipeline));
        times.duration[item] = way.duration();
    });
    return times;
}

}  // namespace stagefunnel::durations
