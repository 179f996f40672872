#include <algorithm>
#include <cstddef>

#include "questions/sequence/any_order/modes.hpp"
#include "scan/stage_set.hpp"

namespace stagefunnel::sequence::inline internal {

ItemMatch find_open(const Rules& rules, const Points& points) {
    ItemMatch found;
    for (const Point& point : points.points) {
        scan::for_each_bit(point.steps & ~found.match.done, 0, [&](std::ptrdiff_t k) {
            const auto step = static_cast<std::size_t>(k) + 1;
            found.match.done |= bit_of(step);
            found.match.time[step - 1] = point.time;
            found.match.level = std::max(found.match.level, step);
        });
    }
    if (found.match.level == rules.n_steps()) found.stop = Stop::completed;
    found.level = found.uncut_level = found.match.level;
    return found;
}

}  // namespace stagefunnel::sequence::inline internal
