#include "stagefunnel/questions/stages/transitions.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <utility>

#include "questions/stages/transition_counter.hpp"
#include "scan/by_group.hpp"
#include "scan/scan.hpp"

namespace stagefunnel::stages {
namespace {

constexpr std::array kGroupColumns = {&GroupTransitions::group, &GroupTransitions::from,
                                      &GroupTransitions::to, &GroupTransitions::moves,
                                      &GroupTransitions::items};

/// Counts the transitions of one group after another, and remembers which a group has: a matrix of all stages
/// is not cleared for each group.
class GroupMoves {
  public:
    explicit GroupMoves(const Pipeline& pipeline)
        : row_of_code_(pipeline.row_of_code()),
          n_rows_(pipeline.n_rows()),
          cells_(static_cast<std::size_t>(n_rows_) * static_cast<std::size_t>(n_rows_)) {}

    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::span<const std::uint32_t> items) {
        for (const std::uint32_t item : items) {
            std::int32_t from = -1;
            scan::for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1], row_of_code_,
                                 [&](std::int32_t to, std::size_t) {
                                     if (from >= 0) add(item, from, to);
                                     from = to;
                                 });
        }
    }

    /// Lists the transitions since the last call as those of a group.
    void list(std::size_t group, GroupTransitions& table) {
        std::sort(used_.begin(), used_.end());
        for (const std::size_t at : used_) {
            Cell& cell = cells_[at];
            const auto n_rows = static_cast<std::size_t>(n_rows_);
            table.group.push_back(static_cast<std::int64_t>(group));
            table.from.push_back(static_cast<std::int64_t>(at / n_rows));
            table.to.push_back(static_cast<std::int64_t>(at % n_rows));
            table.moves.push_back(cell.moves);
            table.items.push_back(cell.items);
            cell = Cell{};
        }
        used_.clear();
    }

  private:
    struct Cell {
        std::int64_t moves = 0;
        std::int64_t items = 0;
        std::int64_t last_item = -1;
    };

    void add(std::int64_t item, std::int32_t from, std::int32_t to) {
        const auto at =
            static_cast<std::size_t>(from) * static_cast<std::size_t>(n_rows_) + static_cast<std::size_t>(to);
        Cell& cell = cells_[at];
        if (cell.moves == 0) used_.push_back(at);
        ++cell.moves;
        if (cell.last_item != item) ++cell.items;
        cell.last_item = item;
    }

    const std::int32_t* row_of_code_;
    std::int32_t n_rows_;
    std::vector<Cell> cells_;
    std::vector<std::size_t> used_;
};

}  // namespace

void internal::check_transitions(const Pipeline& pipeline) {
    if (pipeline.n_rows() <= kMostStages) return;
    throw std::invalid_argument("transitions take a pipeline of at most 4,096 stages, this one has " +
                                std::to_string(pipeline.n_rows()));
}

Transitions count_transitions(const Journeys& journeys, const Pipeline& pipeline, unsigned threads) {
    pipeline.check(journeys);
    check_transitions(pipeline);
    return scan::scan(journeys, threads, [&] { return TransitionCounter(pipeline); }).counts();
}

GroupTransitions count_transitions_of_groups(const Journeys& journeys, const Pipeline& pipeline,
                                             std::span<const std::int32_t> group, std::size_t n_groups,
                                             unsigned threads) {
    pipeline.check(journeys);
    check_transitions(pipeline);
    const scan::ItemsByGroup items(journeys, group, n_groups);
    const std::vector<std::size_t> ranges = items.ranges(threads);
    std::vector<GroupTransitions> parts(ranges.size() - 1);
    scan::for_ranges_of_groups(
        journeys, ranges, threads,
        [&](const auto* codes, std::size_t first, std::size_t last, std::size_t range) {
            GroupMoves moves(pipeline);
            for (std::size_t g = first; g < last; ++g) {
                moves.read(journeys, codes, items.of(g));
                moves.list(g, parts[range]);
            }
        });
    GroupTransitions table;
    for (const GroupTransitions& part : parts) {
        for (auto column : kGroupColumns) {
            (table.*column).insert((table.*column).end(), (part.*column).begin(), (part.*column).end());
        }
    }
    return table;
}

}  // namespace stagefunnel::stages
