#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "stagefunnel/journeys/journeys.hpp"

namespace stagefunnel::scan {

/// The meaning of a stage for the items in it.
enum class Outcome : std::uint8_t { open, won, lost };

/// What holds for single open stages. Each vector has one value per open stage, or is empty where the rule is
/// not used.
struct StageRules {
    static constexpr std::int64_t kAlways = std::numeric_limits<std::int64_t>::min();   // for `since`
    static constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();  // for `until`

    std::vector<std::uint8_t> optional;  // 1: nothing skips the stage, fills it in or requires it
    std::vector<std::int64_t> since;     // the first time at which the stage is there
    std::vector<std::int64_t> until;     // the first time after it at which the stage is gone
};

/// How a question reads the stages of a log.
///
/// The rows of every table are the stages of the pipeline: first the open stages in their order, then the won
/// stages, then the lost stages. A stage code of the log belongs to one of these rows or is unlisted. Several
/// labels of the log may belong to one row: they are names of one stage, and visits join them.
class Pipeline {
  public:
    static constexpr std::int32_t kUnlisted = -1;

    /// @param row_of_label the row of each label of the log, or `kUnlisted`.
    /// @throws std::invalid_argument if a number of stages is negative, if a row lies outside the pipeline,
    ///     if rules are not one per open stage, or if a stage ends before it begins.
    Pipeline(std::int32_t n_open, std::int32_t n_won, std::int32_t n_lost,
             std::vector<std::int32_t> row_of_label, StageRules rules = {});

    [[nodiscard]] std::int32_t n_open() const { return n_open_; }
    [[nodiscard]] std::int32_t n_won() const { return n_won_; }
    [[nodiscard]] std::int32_t n_rows() const { return n_open_ + n_won_ + n_lost_; }
    [[nodiscard]] Outcome outcome_of(std::int32_t row) const {
        if (row < n_open_) return Outcome::open;
        return row < n_open_ + n_won_ ? Outcome::won : Outcome::lost;
    }
    /// Returns the row of each stage code. The last code, that of a missing stage, is unlisted.
    [[nodiscard]] const std::vector<std::int32_t>& rows() const { return row_of_code_; }
    [[nodiscard]] const std::int32_t* row_of_code() const { return row_of_code_.data(); }
    [[nodiscard]] const StageRules& rules() const { return rules_; }
    [[nodiscard]] bool has_dates() const { return !rules_.since.empty(); }
    [[nodiscard]] bool has_rules() const { return has_dates() || !rules_.optional.empty(); }
    /// Whether nothing skips an open stage, fills it in or requires it.
    [[nodiscard]] bool is_optional(std::size_t row) const {
        return !rules_.optional.empty() && rules_.optional[row] != 0;
    }
    /// Whether an open stage is there for a move that is made at a time.
    [[nodiscard]] bool is_there(std::size_t row, std::int64_t time) const {
        return !has_dates() || (time >= rules_.since[row] &&
                                (time < rules_.until[row] || rules_.until[row] == StageRules::kForever));
    }
    /// Checks that the pipeline has a row for each label of the log.
    ///
    /// @throws std::invalid_argument if the numbers of labels differ.
    void check(const Journeys& journeys) const;

  private:
    std::int32_t n_open_;
    std::int32_t n_won_;
    std::int32_t n_lost_;
    std::vector<std::int32_t> row_of_code_;
    StageRules rules_;
};

}  // namespace stagefunnel::scan

namespace stagefunnel {
using scan::Outcome;
using scan::Pipeline;
using scan::StageRules;
}  // namespace stagefunnel
