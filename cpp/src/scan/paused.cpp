#include "stagefunnel/scan/paused.hpp"

#include <stdexcept>

#include "scan/scan.hpp"
#include "stagefunnel/journeys/working_time.hpp"

namespace stagefunnel::scan {

Journeys with_pauses(const Journeys& journeys, const Pipeline& pipeline, std::span<const std::uint8_t> paused,
                     unsigned threads) {
    pipeline.check(journeys);
    if (paused.size() != static_cast<std::size_t>(pipeline.n_rows()))
        throw std::invalid_argument("paused must have one value per stage of the pipeline");
    Journeys stopped = journeys::with_times(journeys, journeys.time);
    for_each_item(journeys, threads, [&](const auto* codes, std::size_t item) {
        std::int64_t lost = 0;        // by how much rows are earlier
        std::int64_t stopped_at = 0;  // when the visit began in which the clock stands still
        bool stands = false;
        for (std::size_t i = journeys.offsets[item]; i < journeys.offsets[item + 1]; ++i) {
            const std::int32_t row = pipeline.row_of_code()[codes[i]];
            const std::int64_t time = journeys.time[i];
            if (row != Pipeline::kUnlisted) {
                const bool stops = paused[static_cast<std::size_t>(row)] != 0;
                if (stands && !stops) lost += time - stopped_at;
                if (stops && !stands) stopped_at = time;
                stands = stops;
            }
            stopped.time[i] = (stands ? stopped_at : time) - lost;
        }
    });
    return stopped;
}

}  // namespace stagefunnel::scan
