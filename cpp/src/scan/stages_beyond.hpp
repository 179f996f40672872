#pragma once

// Beyond which stages an item went, where stages are optional or come and go. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "scan/stage_epochs.hpp"
#include "scan/stage_set.hpp"
#include "scan/visits.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::scan::inline internal {

/// The open stages beyond which the visits of one item are, under the rules of a pipeline.
template <class Set>
class StagesBeyond {
  public:
    explicit StagesBeyond(const Pipeline& pipeline)
        : epochs_(pipeline),
          beyond_(static_cast<std::size_t>(pipeline.n_rows())),
          absent_(static_cast<std::size_t>(pipeline.n_rows())) {
        for (std::int32_t row = 0; row < pipeline.n_rows(); ++row)
            limits_.push_back(static_cast<std::size_t>(JourneyEnd::began_limit_of(pipeline, row)));
        if constexpr (kHasSteps) {
            for (std::size_t epoch = 0; epoch < epochs_.size(); ++epoch) {
                for (const std::size_t limit : limits_) {
                    const std::uint64_t passed = bits_below(limit, 0);
                    steps_.push_back({passed & epochs_.implied(epoch, 0), passed & epochs_.absent(epoch, 0)});
                }
            }
        }
    }

    void clear() {
        beyond_.clear();
        absent_.clear();
    }

    /// Adds a visit that begins at a time, and returns the epoch of this time.
    std::size_t visit(std::int32_t row, std::int64_t time) {
        const std::size_t epoch = epochs_.size() == 1 ? 0 : epochs_.at(time);
        if constexpr (kHasSteps) {
            const Step& step = steps_[epoch * limits_.size() + static_cast<std::size_t>(row)];
            beyond_.add(0, step.beyond);
            absent_.add(0, step.absent);
            return epoch;
        }
        const std::size_t limit = limits_[static_cast<std::size_t>(row)];
        for (std::size_t w = 0; w < beyond_.n_words(); ++w) {
            const std::uint64_t passed = bits_below(limit, w);
            beyond_.add(w, passed & epochs_.implied(epoch, w));
            absent_.add(w, passed & epochs_.absent(epoch, w));
        }
        return epoch;
    }

    /// Word `w` of the stages beyond which a visit is that began while they were there; none is optional.
    [[nodiscard]] std::uint64_t beyond(std::size_t w) const { return beyond_.word(w); }
    /// Word `w` of the stages beyond which a visit is that began while they were not there.
    [[nodiscard]] std::uint64_t absent(std::size_t w) const { return absent_.word(w); }
    [[nodiscard]] const StageEpochs& epochs() const { return epochs_; }

  private:
    /// What a visit of one row adds in one epoch.
    struct Step {
        std::uint64_t beyond = 0;
        std::uint64_t absent = 0;
    };
    // Of few stages there are few rows and epochs.
    static constexpr bool kHasSteps = std::is_base_of_v<OneWordSet, Set>;

    StageEpochs epochs_;
    std::vector<Step> steps_;          // of each epoch the rows, where a set is one word
    std::vector<std::size_t> limits_;  // of each row: a visit of it is beyond the open stages below
    Set beyond_;
    Set absent_;
};

}  // namespace stagefunnel::scan::inline internal
