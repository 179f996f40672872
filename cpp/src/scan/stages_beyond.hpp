#pragma once

// Beyond which stages an item went, where stages are optional or come and go. Internal to the core.

#include <cstddef>
#include <cstdint>
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
    }

    void clear() {
        beyond_.clear();
        absent_.clear();
    }

    /// Adds a visit that begins at a time, and returns the epoch of this time.
    std::size_t visit(std::int32_t row, std::int64_t time) {
        const std::size_t limit = limits_[static_cast<std::size_t>(row)];
        if (epochs_.size() == 1) {
            for (std::size_t w = 0; w < beyond_.n_words(); ++w)
                beyond_.add(w, bits_below(limit, w) & epochs_.implied(0, w));
            return 0;
        }
        const std::size_t epoch = epochs_.at(time);
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
    StageEpochs epochs_;
    std::vector<std::size_t> limits_;  // of each row: a visit of it is beyond the open stages below
    Set beyond_;
    Set absent_;
};

}  // namespace stagefunnel::scan::inline internal
