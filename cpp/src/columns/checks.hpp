#pragma once

#include <stdexcept>
#include <string>

#include "stagefunnel/columns/encode.hpp"

namespace stagefunnel::columns::inline internal {

/// Throws std::invalid_argument if the encoded columns differ in length.
inline void check_lengths(const ItemKeys& items, const StageCodes& stages, const Times& times) {
    if (stages.code.size() == items.size() && times.time.size() == items.size()) return;
    throw std::invalid_argument("the columns differ in length: item " + std::to_string(items.size()) +
                                ", stage " + std::to_string(stages.code.size()) + ", time " +
                                std::to_string(times.time.size()));
}

/// Throws std::invalid_argument if a log with `n_stages` distinct stages cannot take another stage.
inline void refuse_more_stages(std::size_t n_stages) {
    if (n_stages < kMaxStages) return;
    throw std::invalid_argument(
        "the stage column has more than 65,535 distinct stages; is it the item column?");
}

}  // namespace stagefunnel::columns::inline internal
