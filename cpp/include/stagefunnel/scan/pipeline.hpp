#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "stagefunnel/journeys/journeys.hpp"

namespace stagefunnel::scan {

/// What a stage means for the item that is in it.
enum class Outcome : std::uint8_t { open, won, lost };

/// How a question reads the stages of a log.
///
/// The rows of every table are the pipeline's stages: in progress in their order, then won, then lost.
/// A stage code of the log is one of these rows, or unlisted.
class Pipeline {
  public:
    static constexpr std::int32_t kUnlisted = -1;

    /// @param row_of_label for each label of the log its row, or `kUnlisted`.
    /// @throws std::invalid_argument if a row lies outside the pipeline or two labels share one.
    Pipeline(std::int32_t n_open, std::int32_t n_won, std::int32_t n_lost,
             std::vector<std::int32_t> row_of_label);

    [[nodiscard]] std::int32_t n_open() const { return n_open_; }
    [[nodiscard]] std::int32_t n_won() const { return n_won_; }
    [[nodiscard]] std::int32_t n_rows() const { return n_open_ + n_won_ + n_lost_; }
    [[nodiscard]] Outcome outcome_of(std::int32_t row) const {
        if (row < n_open_) return Outcome::open;
        return row < n_open_ + n_won_ ? Outcome::won : Outcome::lost;
    }
    /// Row of each stage code; the missing stage, the last code, is unlisted.
    [[nodiscard]] const std::vector<std::int32_t>& rows() const { return row_of_code_; }
    [[nodiscard]] const std::int32_t* row_of_code() const { return row_of_code_.data(); }
    /// @throws std::invalid_argument if this pipeline was made for the labels of another log.
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
