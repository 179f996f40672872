#pragma once

// Counting for each stage the items that visited it. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "scan/stage_set.hpp"

namespace stagefunnel::durations::inline internal {

/// Sets of up to 64 stages, counted by parts of their word: one step for a part instead of one for a stage.
class SetCounts {
  public:
    explicit SetCounts(std::size_t n_rows)
        : n_rows_(n_rows), counts_((n_rows + kPartBits - 1) / kPartBits * kPart, 0) {}

    void add(std::uint64_t stages) {
        for (std::size_t at = 0; at < counts_.size(); at += kPart, stages >>= kPartBits) {
            ++counts_[at + (stages & (kPart - 1))];
        }
    }

    /// For each stage the number of sets that have it.
    [[nodiscard]] std::vector<std::int64_t> by_stage() const {
        std::vector<std::int64_t> out(n_rows_, 0);
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            scan::for_each_bit(i % kPart, 0, [&](std::ptrdiff_t bit) {
                if (counts_[i] > 0) out[i / kPart * kPartBits + static_cast<std::size_t>(bit)] += counts_[i];
            });
        }
        return out;
    }

  private:
    static constexpr std::size_t kPartBits = 11;  // 8 KiB of counts for a part
    static constexpr std::size_t kPart = std::size_t{1} << kPartBits;

    std::size_t n_rows_;
    std::vector<std::uint32_t> counts_;
};

}  // namespace stagefunnel::durations::inline internal
