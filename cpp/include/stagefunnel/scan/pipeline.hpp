#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stagefunnel/journeys/journeys.hpp"

namespace stagefunnel::scan {

/// The meaning of a stage for the items in it.
enum class Outcome : std::uint8_t { open, won, lost };

/// How a question reads the stages of a log.
///
/// The rows of every table are the stages of the pipeline: first the open stages in their order, then the won
/// stages, then the lost stages. A stage code of the log belongs to one of these rows or is unlisted. Several
/// labels of the log may belong to one row: they are names of one stage, and visits join them.
class Pipeline {
  public:
    static constexpr std::int32_t kUnlisted = -1;

    /// @param row_of_label the row of each label of the log, or `kUnlisted`.
    /// @throws std::invalid_argument if a number of stages is negative or a row lies outside the pipeline.
    Pipeline(std::int32_t n_open, std::int32_t n_won, std::int32_t n_lost,
             std::vector<std::int32_t> row_of_label);

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
    /// Checks that the pipeline has a row for each label of the log.
    ///
    /// @throws std::invalid_argument if the numbers of labels differ.
    void check(const Journeys& journeys) const;

  private:
    std::int32_t n_open_;
    std::int32_t n_won_;
    std::int32_t n_lost_;
    std::vector<std::int32_t> row_of_code_;
};

}  // namespace stagefunnel::scan

namespace stagefunnel {
using scan::Outcome;
using scan::Pipeline;
}  // namespace stagefunnel
