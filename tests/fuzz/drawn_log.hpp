#pragma once

// A stage log drawn from fuzzed bytes: what its rows say, and the columns that say it.

#include <cstdint>
#include <vector>

#include "choices.hpp"
#include "layouts.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::fuzz {

/// A column and what it says; one of the two kinds of rows is empty.
struct DrawnColumn {
    bool is_text = false;
    Numbers numbers;
    Texts texts;
    Column column;

    [[nodiscard]] bool missing(std::size_t row) const {
        return is_text ? !texts[row].has_value() : !numbers[row].has_value();
    }
};

struct DrawnLog {
    DrawnColumn item, stage, time, order;
    std::vector<std::uint32_t> rank;  // of each row by `order`; empty: no order is given
    bool keeps_missing_stages = false;

    [[nodiscard]] std::size_t n_rows() const { return time.numbers.size(); }
};

[[nodiscard]] DrawnLog draw_log(Choices& choices);

/// Some of the log's labels in any order, and perhaps stages that the log does not have.
[[nodiscard]] Pipeline draw_pipeline(Choices& choices, std::size_t n_labels);

}  // namespace stagefunnel::fuzz
