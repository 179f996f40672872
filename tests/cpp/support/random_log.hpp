#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

#include "support/log_builder.hpp"

namespace stagefunnel::testing {

/// Draws rows with times below 1,000, always the same ones.
inline CodedRows random_log(std::size_t n_rows, std::uint64_t n_items, std::size_t n_labels) {
    std::mt19937_64 random(20'261'124);
    CodedRows log;
    log.n_labels = n_labels;
    for (std::size_t row = 0; row < n_rows; ++row) {
        log.add(random() % n_items, random() % n_labels, static_cast<std::int64_t>(random() % 1'000));
    }
    return log;
}

}  // namespace stagefunnel::testing
