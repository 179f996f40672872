#pragma once

// The slow, obvious grouping: a map from key to rows, and one stable sort for each item.

#include <cstdint>
#include <vector>

#include "drawn_log.hpp"
#include "stagefunnel/questions/durations/durations.hpp"

namespace stagefunnel::fuzz {

__extension__ typedef unsigned __int128 uint128;  // "extension": pedantic mode knows no 128 bits

struct SlowStep {
    std::int64_t time;
    std::size_t code;
    std::size_t row;
};

struct SlowItem {
    std::size_t first_row;
    std::vector<SlowStep> steps;
};

struct SlowLog {
    std::vector<std::size_t> code;       // of each row's stage by first appearance; missing: one more
    std::size_t n_labels = 0;            // distinct stages, those of dropped rows among them
    std::vector<std::uint64_t> dropped;  // rows that miss what the log does not keep
    std::vector<SlowItem> items;         // by first row
    std::vector<std::size_t> item_of;    // place in `items` of each row; of no meaning for dropped rows
};

[[nodiscard]] SlowLog group_slowly(const DrawnLog& log);

/// What is known of one stage of the pipeline, with its durations in rising order.
struct SlowStage {
    std::int64_t visits = 0, completed = 0, open = 0, items = 0;
    std::vector<std::uint64_t> durations;
};

struct SlowTotals {
    std::vector<SlowStage> stages;
    std::int64_t won = 0, lost = 0, open = 0;
};

[[nodiscard]] SlowTotals total_slowly(const SlowLog& log, const Pipeline& pipeline, durations::Per per);

}  // namespace stagefunnel::fuzz
