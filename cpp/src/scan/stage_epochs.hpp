#pragma once

// Which stages are there at a time. Internal to the core.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "scan/stage_set.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::scan::inline internal {

/// The stretches of time between the moments at which stages of a pipeline come or go. A pipeline without
/// dates has one.
class StageEpochs {
  public:
    StageEpochs() = default;
    explicit StageEpochs(const Pipeline& pipeline)
        : n_words_(std::max<std::size_t>(
              (static_cast<std::size_t>(pipeline.n_rows()) + kWordBits - 1) / kWordBits, 1)) {
        const StageRules& rules = pipeline.rules();
        for (const std::int64_t time : rules.since) {
            if (time != StageRules::kAlways) changes_.push_back(time);
        }
        for (const std::int64_t time : rules.until) {
            if (time != StageRules::kForever) changes_.push_back(time);
        }
        std::sort(changes_.begin(), changes_.end());
        changes_.erase(std::unique(changes_.begin(), changes_.end()), changes_.end());
        std::transform(changes_.begin(),
                       changes_.begin() + static_cast<std::ptrdiff_t>(std::min(changes_.size(), kFew)),
                       few_.begin(), [](std::int64_t change) { return change - 1; });
        for (const std::int64_t change : changes_) last_ticks_.push_back(change - 1);
        last_ticks_.push_back(StageRules::kForever);
        implied_.assign(size() * n_words_, 0);
        absent_.assign(size() * n_words_, 0);
        for (std::size_t epoch = 0; epoch < size(); ++epoch) {
            const std::int64_t begin = epoch == 0 ? StageRules::kAlways : changes_[epoch - 1];
            for (std::size_t row = 0; row < static_cast<std::size_t>(pipeline.n_open()); ++row) {
                const std::uint64_t bit = std::uint64_t{1} << (row % kWordBits);
                const std::size_t at = epoch * n_words_ + row / kWordBits;
                if (!pipeline.is_there(row, begin)) {
                    absent_[at] |= bit;
                } else if (!pipeline.is_optional(row)) {
                    implied_[at] |= bit;
                }
            }
        }
    }

    [[nodiscard]] std::size_t size() const { return changes_.size() + 1; }

    /// Returns the epoch of a time.
    [[nodiscard, gnu::always_inline]] std::size_t at(std::int64_t time) const {
        // No processor predicts on which side of a change the rows of an item lie.
        std::size_t epoch = 0;
        for (const std::int64_t change : few_) epoch += static_cast<std::size_t>(time > change);
        if (epoch == kFew && changes_.size() > kFew) {
            const auto after = std::upper_bound(changes_.begin() + kFew, changes_.end(), time);
            return static_cast<std::size_t>(after - changes_.begin());
        }
        return epoch;
    }

    /// Returns the last time of each epoch.
    [[nodiscard]] const std::vector<std::int64_t>& last_ticks() const { return last_ticks_; }

    /// Returns word `w` of the open stages that a move of an epoch can skip or fill in: those that are there
    /// and not optional.
    [[nodiscard]] std::uint64_t implied(std::size_t epoch, std::size_t w) const {
        return implied_[epoch * n_words_ + w];
    }
    /// Returns word `w` of the open stages that are not there in an epoch.
    [[nodiscard]] std::uint64_t absent(std::size_t epoch, std::size_t w) const {
        return absent_[epoch * n_words_ + w];
    }

  private:
    static constexpr std::size_t kFew = 4;

    static constexpr std::array<std::int64_t, kFew> never() {
        std::array<std::int64_t, kFew> times{};
        times.fill(StageRules::kForever);
        return times;
    }

    std::size_t n_words_ = 0;
    // The last moment before each of the first changes; no time is later than those that are not there.
    std::array<std::int64_t, kFew> few_ = never();
    std::vector<std::int64_t> changes_, last_ticks_;
    std::vector<std::uint64_t> implied_, absent_;  // words of one epoch after the other
};

}  // namespace stagefunnel::scan::inline internal
