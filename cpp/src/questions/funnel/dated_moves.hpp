#pragma once

// What the moves of an item say of stages that come and go. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "questions/funnel/epoch_finder.hpp"
#include "scan/stage_epochs.hpp"
#include "scan/stage_set.hpp"
#include "scan/visits.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::funnel::inline internal {

/// All that funnels ask of the times of an item's moves, in one word of three parts: beyond which stages a
/// move goes that are there, beyond which ones that are not, and which ones a win fills in that follows work
/// in progress.
class DatedMoves {
  public:
    // With at most twelve stages the parts fit into one word, and leave room for what does not depend on
    // times.
    static constexpr unsigned kPartBits = 12, kBits = 3 * kPartBits;

    DatedMoves() = default;
    DatedMoves(const Pipeline& pipeline, const scan::StageEpochs& epochs)
        : n_rows_(static_cast<std::size_t>(pipeline.n_rows())), n_codes_(pipeline.rows().size()) {
        for (std::size_t epoch = 0; epoch < epochs.size(); ++epoch) {
            implied_.push_back(epochs.implied(epoch, 0));
            for (std::int32_t row = 0; row < pipeline.n_rows(); ++row) {
                const auto limit = static_cast<std::size_t>(scan::JourneyEnd::began_limit_of(pipeline, row));
                const std::uint64_t passed = scan::bits_below(limit, 0);
                passed_.push_back(
                    ((passed & implied_[epoch]) << kPartBits | (passed & epochs.absent(epoch, 0)))
                    << kPartBits);
            }
        }
        for (std::size_t epoch = 0; epoch < epochs.size(); ++epoch) {
            for (std::size_t last = 0; last <= n_rows_; ++last) add_steps(pipeline, epoch, last);
        }
    }

    /// Returns what the rows from `i` to before `end` say, which are those of one item.
    template <std::size_t kMost, class Code>
    [[nodiscard]] std::uint64_t of_rows(const EpochFinder<kMost>& epochs, const Code* codes,
                                        const std::int64_t* time, std::size_t i, std::size_t end) const {
        const std::size_t n_steps = after_.size();
        std::uint64_t moves = 0;
        std::size_t last = n_rows_ * n_codes_;
        // Without branches: no processor foresees where an epoch ends.
        for (; i < end; ++i) {
            const std::size_t step = last + codes[i];
            moves |= moves_[epochs.at(time[i]) * n_steps + step];
            last = after_[step];
        }
        return moves;
    }

    /// Returns what the rows of an item say that are all of one epoch.
    ///
    /// @param visited the stages of the rows, as bits.
    /// @param is_won_entry whether a win follows work in progress, or comes first.
    [[nodiscard]] std::uint64_t of_stages(std::size_t visited, bool is_won_entry, std::size_t epoch) const {
        std::uint64_t moves = is_won_entry ? implied_[epoch] : 0;
        for (std::size_t row = 0; row < n_rows_; ++row) {
            if ((visited >> row & 1U) != 0) moves |= passed_[epoch * n_rows_ + row];
        }
        return moves;
    }

    /// Returns the stages beyond which moves go that are there, as bits.
    static std::size_t beyond(std::uint64_t moves) { return moves >> (2 * kPartBits); }

  private:
    /// Adds what each code says after a stage, or at the beginning where `last` is no stage.
    void add_steps(const Pipeline& pipeline, std::size_t epoch, std::size_t last) {
        const bool is_after_work = last == n_rows_ || last < static_cast<std::size_t>(pipeline.n_open());
        for (const std::int32_t row : pipeline.rows()) {
            const auto next = row == Pipeline::kUnlisted ? last : static_cast<std::size_t>(row);
            std::uint64_t moves = 0;
            if (next != last) {
                const bool is_entry = is_after_work && pipeline.outcome_of(row) == Outcome::won;
                moves = passed_[epoch * n_rows_ + next] | (is_entry ? implied_[epoch] : 0);
            }
            moves_.push_back(moves);
            if (epoch == 0) after_.push_back(static_cast<std::uint32_t>(next * n_codes_));
        }
    }

    std::size_t n_rows_ = 0;
    std::size_t n_codes_ = 0;
    std::vector<std::uint64_t> implied_;  // of each epoch
    std::vector<std::uint64_t> passed_;   // of a visit of each row, epoch after epoch
    // Of each code after each stage, and then at the beginning: what a row says in each epoch, and where the
    // codes after its own stage begin.
    std::vector<std::uint64_t> moves_;
    std::vector<std::uint32_t> after_;
};

}  // namespace stagefunnel::funnel::inline internal
