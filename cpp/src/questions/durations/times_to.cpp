#include "stagefunnel/questions/durations/times_to.hpp"

#include <stdexcept>

#include "base/time_distance.hpp"
#include "scan/scan.hpp"
#include "scan/visits.hpp"

namespace stagefunnel::durations {

TimesTo times_to(const Journeys& journeys, const Pipeline& pipeline, std::int32_t from, std::int32_t to,
                 unsigned threads) {
    pipeline.check(journeys);
    const auto is_row = [&](std::int32_t row) { return row >= 0 && row < pipeline.n_rows(); };
    if (!is_row(to) || (from != Pipeline::kUnlisted && !is_row(from)))
        throw std::invalid_argument("a stage is no row of the pipeline");
    TimesTo times;
    times.way.resize(journeys.n_items());
    times.duration.resize(journeys.n_items());
    scan::for_each_item(journeys, threads, [&](const auto* codes, std::size_t item) {
        Way way = Way::none;
        std::int64_t set_out = 0;
        std::int32_t last = Pipeline::kUnlisted;
        std::uint64_t duration = 0;
        scan::for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1],
                             pipeline.row_of_code(), [&](std::int32_t row, std::size_t i) {
                                 last = row;
                                 if (way == Way::none && (from == Pipeline::kUnlisted || row == from)) {
                                     way = Way::open;
                                     set_out = journeys.time[i];
                                 }
                                 if (way == Way::open && row == to) {
                                     way = Way::there;
                                     duration = distance(set_out, journeys.time[i]);
                                 }
                             });
        if (way == Way::open && pipeline.outcome_of(last) != Outcome::open) way = Way::closed;
        times.way[item] = static_cast<std::uint8_t>(way);
        times.duration[item] = duration;
    });
    return times;
}

}  // namespace stagefunnel::durations
