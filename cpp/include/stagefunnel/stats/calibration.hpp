#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stagefunnel::stats {

/// Items by the class of the chance that they had: 0 to 1 / n, and so on; a chance of 1 is in the last one.
struct Calibrated {
    std::vector<std::int64_t> n, won;  // by class
    std::vector<double> expected;      // the sum of their chances
    double squared = 0;                // the sum of the squared errors of all chances
};

/// Counts the items that had a chance, by its class, and how many of them were won.
///
/// @param chance NaN: it had none, and is passed over.
/// @param seen by item the classes that it was seen in, a bit for each; those of these items are added.
/// @throws std::invalid_argument if the columns differ in length, there are no classes or more than 16, an
///     item is out of range, or a chance is not between 0 and 1.
[[nodiscard]] Calibrated calibrate(std::span<const double> chance, std::span<const std::uint8_t> is_won,
                                   std::span<const std::uint32_t> item, std::size_t n_classes,
                                   std::span<std::uint16_t> seen);

}  // namespace stagefunnel::stats
