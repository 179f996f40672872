#include "stagefunnel/stats/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace stagefunnel::stats {

Calibrated calibrate(std::span<const double> chance, std::span<const std::uint8_t> is_won,
                     std::span<const std::uint32_t> item, std::size_t n_classes,
                     std::span<std::uint16_t> seen) {
    if (is_won.size() != chance.size() || item.size() != chance.size())
        throw std::invalid_argument("the columns of chances differ in length");
    if (n_classes < 1 || n_classes > 16) throw std::invalid_argument("there are 1 to 16 classes of chances");
    Calibrated found{.n = std::vector<std::int64_t>(n_classes, 0),
                     .won = std::vector<std::int64_t>(n_classes, 0),
                     .expected = std::vector<double>(n_classes, 0.0)};
    for (std::size_t i = 0; i < chance.size(); ++i) {
        if (std::isnan(chance[i])) continue;
        if (item[i] >= seen.size()) throw std::invalid_argument("an item is out of range");
        if (!(chance[i] >= 0 && chance[i] <= 1)) throw std::invalid_argument("a chance is not from 0 to 1");
        const auto at =
            std::min(static_cast<std::size_t>(chance[i] * static_cast<double>(n_classes)), n_classes - 1);
        const std::uint8_t won = is_won[i] != 0 ? 1 : 0;
        ++found.n[at];
        found.won[at] += won;
        found.expected[at] += chance[i];
        found.squared += (chance[i] - won) * (chance[i] - won);
        seen[item[i]] = static_cast<std::uint16_t>(seen[item[i]] | (1U << at));
    }
    return found;
}

}  // namespace stagefunnel::stats
