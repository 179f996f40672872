#include "stagefunnel/scan/pipeline.hpp"

#include <stdexcept>
#include <string>
#include <utility>

#include "base/counted.hpp"

namespace stagefunnel::scan {
namespace {

void check_rules(const StageRules& rules, std::size_t n_open) {
    const auto fits = [n_open](std::size_t size) { return size == 0 || size == n_open; };
    if (!fits(rules.optional.size()) || !fits(rules.since.size()) || rules.until.size() != rules.since.size())
        throw std::invalid_argument("rules must be one per open stage, and a stage has both dates or none");
    for (std::size_t row = 0; row < rules.since.size(); ++row) {
        if (rules.since[row] >= rules.until[row])
            throw std::invalid_argument("the stage of row " + std::to_string(row) + " ends before it begins");
    }
}

}  // namespace

Pipeline::Pipeline(std::int32_t n_open, std::int32_t n_won, std::int32_t n_lost,
                   std::vector<std::int32_t> row_of_label, StageRules rules)
    : n_open_(n_open),
      n_won_(n_won),
      n_lost_(n_lost),
      row_of_code_(std::move(row_of_label)),
      rules_(std::move(rules)) {
    if (n_open < 0 || n_won < 0 || n_lost < 0) throw std::invalid_argument("a number of stages is negative");
    check_rules(rules_, static_cast<std::size_t>(n_open));
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
