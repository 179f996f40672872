#pragma once

// In which stages one item counts if some stages are optional or come and go. Internal to the core.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "questions/funnel/kind_rules.hpp"
#include "scan/stage_set.hpp"
#include "scan/stages_beyond.hpp"

namespace stagefunnel::funnel::inline internal {

/// What `ItemStages` is for a pipeline with rules of single stages.
///
/// A visit acts on a stage as the stage was when the visit began: on an optional stage never, and on a stage
/// with dates only while it was there.
template <class Mask>
class RuledStages {
  public:
    explicit RuledStages(const Pipeline& pipeline)
        : seen(n_rows(pipeline)),
          filled(n_rows(pipeline)),
          pipeline_(pipeline),
          n_open_(static_cast<std::size_t>(pipeline.n_open())),
          beyond_(pipeline),
          asked_(n_rows(pipeline)),
          in_order_(n_rows(pipeline)),
          second_order_(n_rows(pipeline)) {
        for (std::size_t row = 0; row < n_open_; ++row) {
            if (!pipeline.is_optional(row)) asked_.set(row);
        }
        first_asked_ = next_asked(0, [](std::size_t) { return std::uint64_t{0}; });
        next_in_order_ = first_asked_;
    }

    void clear() {
        seen.clear();
        filled.clear();
        beyond_.clear();
        in_order_.clear();
        path_.clear();
        next_in_order_ = first_asked_;
        has_second_order_ = false;
    }

    /// Adds the visit that follows those of `end`.
    void visit(Kind kind, const scan::JourneyEnd& end, std::int32_t row, Outcome outcome, std::int64_t time) {
        seen.set(static_cast<std::size_t>(row));
        const std::size_t epoch = beyond_.visit(row, time);
        if (kind == Kind::conversions_won && outcome == Outcome::won &&
            (end.empty() || end.outcome() == Outcome::open))
            fill({0, n_open_}, epoch);
        if (kind == Kind::conversions_moves) {
            if (end.empty() && outcome == Outcome::lost) {
                fill_first(epoch);
            } else {
                fill(passed_over(n_open_, end.last(), end.outcome(), row, outcome), epoch);
            }
        }
        if (kind == Kind::strict) {
            if (pipeline_.has_dates()) path_.push_back(row);
            visit_in_order(row, [](std::size_t) { return std::uint64_t{0}; }, in_order_);
        }
    }

    /// Fills in the stages that the journey as a whole implies, and looks which stages it is asked for.
    void fill_end(Kind kind, const scan::JourneyEnd& /*end*/) {
        if (kind == Kind::furthest) {
            for (std::size_t w = 0; w < seen.n_words(); ++w) filled.add(w, beyond_.beyond(w));
        }
        if (kind == Kind::strict && pipeline_.has_dates()) walk_again();
    }

    [[nodiscard]] const Mask& own(Kind kind) const {
        if (kind != Kind::strict) return seen;
        return has_second_order_ ? second_order_ : in_order_;
    }
    [[nodiscard]] std::uint64_t beyond(const scan::JourneyEnd& /*end*/, std::size_t w) const {
        return beyond_.beyond(w);
    }
    [[nodiscard]] std::uint64_t began_beyond(const scan::JourneyEnd& end, std::size_t w) const {
        return beyond_.beyond(w) & scan::bits_below(static_cast<std::size_t>(end.began_limit()), w);
    }
    [[nodiscard]] std::uint64_t beyond_absent(std::size_t w) const { return beyond_.absent(w); }
    [[nodiscard]] const scan::StageEpochs& epochs() const { return beyond_.epochs(); }

    Mask seen;
    Mask filled;

  private:
    static std::size_t n_rows(const Pipeline& pipeline) {
        return static_cast<std::size_t>(pipeline.n_rows());
    }

    void fill(StageRange range, std::size_t epoch) {
        if (range.begin >= range.end) return;
        for (std::size_t w = 0; w < filled.n_words(); ++w) {
            const std::uint64_t inside = scan::bits_below(range.end, w) & ~scan::bits_below(range.begin, w);
            filled.add(w, inside & epochs().implied(epoch, w));
        }
    }

    /// Fills in the first stage that is there and not optional.
    void fill_first(std::size_t epoch) {
        for (std::size_t w = 0; w < filled.n_words(); ++w) {
            const std::uint64_t implied = epochs().implied(epoch, w);
            if (implied == 0) continue;
            filled.add(w, implied & (~implied + 1));
            return;
        }
    }

    /// Returns the first stage from `from` on that the strict funnel asks for, or `n_open_`.
    ///
    /// @param spared returns a word of the stages for which it does not ask this item.
    template <class Spared>
    [[nodiscard]] std::size_t next_asked(std::size_t from, Spared spared) const {
        for (std::size_t w = from / scan::kWordBits; w < asked_.n_words(); ++w) {
            const std::uint64_t left = asked_.word(w) & ~spared(w) & ~scan::bits_below(from, w);
            if (left != 0) return w * scan::kWordBits + static_cast<std::size_t>(std::countr_zero(left));
        }
        return n_open_;
    }

    /// Adds a visit to the strict funnel. A stage for which it does not ask counts whenever it is visited.
    template <class Spared>
    void visit_in_order(std::int32_t row, Spared spared, Mask& in_order) {
        const auto stage = static_cast<std::size_t>(row);
        switch (pipeline_.outcome_of(row)) {
            case Outcome::lost:
                in_order.set(stage);
                return;
            case Outcome::won:
                if (next_in_order_ == n_open_) in_order.set(stage);
                return;
            case Outcome::open:
                if (stage == next_in_order_) {
                    in_order.set(stage);
                    next_in_order_ = next_asked(stage + 1, spared);
                } else {
                    const std::size_t w = stage / scan::kWordBits;
                    const std::uint64_t bit = std::uint64_t{1} << (stage % scan::kWordBits);
                    in_order.add(w, bit & ~(asked_.word(w) & ~spared(w)));
                }
        }
    }

    /// Walks the visits again where the item went beyond a stage only while that was not there: the strict
    /// funnel does not ask it for this stage, which no one knows before its last visit.
    void walk_again() {
        const auto spared = [this](std::size_t w) { return beyond_.absent(w) & ~beyond_.beyond(w); };
        bool differs = false;
        for (std::size_t w = 0; w < asked_.n_words(); ++w) differs |= (spared(w) & asked_.word(w)) != 0;
        has_second_order_ = differs;
        if (!differs) return;
        // A trend asks in the midst of a journey, which goes on.
        const std::size_t next = next_in_order_;
        next_in_order_ = next_asked(0, spared);
        second_order_.clear();
        for (const std::int32_t row : path_) visit_in_order(row, spared, second_order_);
        next_in_order_ = next;
    }

    const Pipeline& pipeline_;
    std::size_t n_open_;
    scan::StagesBeyond<Mask> beyond_;
    Mask asked_;         // stages for which the strict funnel asks
    Mask in_order_;      // stages that count in the strict funnel
    Mask second_order_;  // the same, where the item is not asked for all of these stages
    bool has_second_order_ = false;
    std::vector<std::int32_t> path_;  // the visited stages, where a second walk may be needed
    std::size_t first_asked_ = 0;
    std::size_t next_in_order_ = 0;
};

/// The rules that say in which stages an item counts, for the kind of set that holds these.
template <class Mask>
using StagesOf = std::conditional_t<Mask::kHasRules, RuledStages<Mask>, ItemStages<Mask>>;

/// The time of a row where a rule may ask for it; a pipeline without dates does not read times.
template <class Mask>
std::int64_t time_for_rules(const Pipeline& pipeline, const Journeys& journeys, std::size_t i) {
    if constexpr (Mask::kHasRules) {
        if (pipeline.has_dates()) return journeys.time[i];
    }
    return 0;
}

}  // namespace stagefunnel::funnel::inline internal
