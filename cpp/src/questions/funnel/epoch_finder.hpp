#pragma once

// Finds the epochs of many times. Internal to the core.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "scan/stage_epochs.hpp"

namespace stagefunnel::funnel::inline internal {

/// The epochs of a pipeline that has at most `kMost` changes, or any number if that is 0.
///
/// It holds the changes themselves, which a loop over items keeps in registers.
template <std::size_t kMost>
class EpochFinder {
  public:
    explicit EpochFinder(const scan::StageEpochs& epochs)
        : epochs_(epochs), last_ticks_(epochs.last_ticks().data()) {
        // No time is later than the changes that are not there.
        last_.fill(StageRules::kForever);
        std::copy_n(last_ticks_, std::min(kMost, epochs.size()), last_.begin());
    }

    [[nodiscard, gnu::always_inline]] std::size_t at(std::int64_t time) const {
        if constexpr (kMost == 0) return epochs_.at(time);
        std::size_t epoch = 0;
        for (const std::int64_t last : last_) epoch += static_cast<std::size_t>(time > last);
        return epoch;
    }

    /// Whether a time is later than an epoch.
    [[nodiscard, gnu::always_inline]] bool is_after(std::int64_t time, std::size_t epoch) const {
        return time > last_ticks_[epoch];
    }

  private:
    const scan::StageEpochs& epochs_;
    const std::int64_t* last_ticks_;
    std::array<std::int64_t, kMost> last_;
};

}  // namespace stagefunnel::funnel::inline internal
