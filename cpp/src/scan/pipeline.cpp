#include "stagefunnel/scan/pipeline.hpp"

#include <stdexcept>
#include <string>
#include <utility>

#include "base/counted.hpp"

namespace stagefunnel::scan {

Pipeline::Pipeline(std::int32_t n_open, std::int32_t n_won, std::int32_t n_lost,
                   std::vector<std::int32_t> row_of_label)
    : n_open_(n_open), n_won_(n_won), n_lost_(n_lost), row_of_code_(std::move(row_of_label)) {
    if (n_open < 0 || n_won < 0 || n_lost < 0) throw std::invalid_argument("a number of stages is negative");
    for (const std::int32_t row : row_of_code_) {
        if (row == kUnlisted) continue;
        if (row < 0 || row >= n_rows()) {
            throw std::invalid_argument("row " + std::to_string(row) + " lies outside a pipeline of " +
                                        counted(static_cast<std::uint64_t>(n_rows()), "stage"));
        }
    }
    row_of_code_.push_back(kUnlisted);
}

void Pipeline::check(const Journeys& journeys) const {
    if (row_of_code_.size() != journeys.n_labels + 1) {
        throw std::invalid_argument("the pipeline was made for " + counted(row_of_code_.size() - 1, "label") +
                                    ", the log has " + std::to_string(journeys.n_labels));
    }
}

}  // namespace stagefunnel::scan
