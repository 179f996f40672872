#include "stagefunnel/questions/stages/flow.hpp"

#include <array>

#include "scan/by_group.hpp"
#include "scan/code_meaning.hpp"
#include "scan/scan.hpp"

namespace stagefunnel::stages {
namespace {

constexpr std::array kColumns = {&Flow::at_start,    &Flow::created,  &Flow::from_earlier, &Flow::from_later,
                                 &Flow::from_closed, &Flow::moved_in, &Flow::advanced,     &Flow::went_back,
                                 &Flow::won,         &Flow::lost,     &Flow::moved_out,    &Flow::at_end};

/// Counts the visits of one item after another that enter or leave a stage in the period.
class FlowCounter {
  public:
    FlowCounter(const Pipeline& pipeline, const Period& period, const scan::CodeMeaning* meaning)
        : pipeline_(pipeline), period_(period), meaning_(meaning) {
        for (CountVector Flow::* column : kColumns) (flow_.*column).setZero(pipeline.n_rows());
    }

    template <class Code>
    void count(const Journeys& journeys, const Code* codes, std::size_t item) {
        std::int32_t at = kNowhere;
        bool has_begun = false;
        const auto pass_start = [&] {
            if (!has_begun && at >= 0) ++flow_.at_start(at);
            has_begun = true;
        };
        for (std::size_t i = journeys.offsets[item]; i < journeys.offsets[item + 1]; ++i) {
            const std::int64_t time = journeys.time[i];
            if (period_.end && time >= *period_.end) break;
            if (!period_.start || time >= *period_.start) pass_start();
            const scan::CodeMeaning stage = meaning_[codes[i]];
            if (stage.where == scan::Where::nowhere) continue;
            const std::int32_t to = stage.where == scan::Where::here ? stage.row : kElsewhere;
            if (to == at) continue;
            if (has_begun) add_transition(at, to);
            at = to;
        }
        pass_start();
        if (at >= 0) ++flow_.at_end(at);
    }

    void merge(const FlowCounter& other) {
        for (CountVector Flow::* column : kColumns) flow_.*column += other.flow_.*column;
    }

    /// Moves the counts since the last call to the places of a group.
    void move_to(Flow& table, std::size_t group) {
        const Eigen::Index n_rows = pipeline_.n_rows();
        for (CountVector Flow::* column : kColumns) {
            (table.*column).segment(static_cast<Eigen::Index>(group) * n_rows, n_rows) = flow_.*column;
            (flow_.*column).setZero();
        }
    }

    [[nodiscard]] Flow take() { return std::move(flow_); }

  private:
    static constexpr std::int32_t kNowhere = -1, kElsewhere = -2;

    void add_transition(std::int32_t from, std::int32_t to) {
        if (from >= 0) ++leaving(from, to)(from);
        if (to >= 0) ++entering(from, to)(to);
    }

    CountVector& leaving(std::int32_t from, std::int32_t to) {
        if (to == kElsewhere) return flow_.moved_out;
        switch (pipeline_.outcome_of(to)) {
            case Outcome::won:
                return flow_.won;
            case Outcome::lost:
                return flow_.lost;
            case Outcome::open:
                break;
        }
        return to > from ? flow_.advanced : flow_.went_back;
    }

    CountVector& entering(std::int32_t from, std::int32_t to) {
        if (from == kNowhere) return flow_.created;
        if (from == kElsewhere) return flow_.moved_in;
        if (pipeline_.outcome_of(from) != Outcome::open) return flow_.from_closed;
        return from < to ? flow_.from_earlier : flow_.from_later;
    }

    const Pipeline& pipeline_;
    const Period& period_;
    const scan::CodeMeaning* meaning_;
    Flow flow_;
};

}  // namespace

Flow count_flow(const Journeys& journeys, const Pipeline& pipeline, const Period& period,
                std::span<const std::uint8_t> elsewhere, unsigned threads) {
    const std::vector<scan::CodeMeaning> meaning = scan::meanings(journeys, pipeline, elsewhere);
    return scan::scan(journeys, threads, [&] { return FlowCounter(pipeline, period, meaning.data()); })
        .take();
}

Flow count_flow_of_groups(const Journeys& journeys, const Pipeline& pipeline, const Period& period,
                          std::span<const std::uint8_t> elsewhere, std::span<const std::int32_t> group,
                          std::size_t n_groups, unsigned threads) {
    const std::vector<scan::CodeMeaning> meaning = scan::meanings(journeys, pipeline, elsewhere);
    const scan::ItemsByGroup items(journeys, group, n_groups);
    Flow table;
    for (CountVector Flow::* column : kColumns) {
        (table.*column).setZero(static_cast<Eigen::Index>(n_groups) * pipeline.n_rows());
    }
    scan::for_ranges_of_groups(journeys, items.ranges(threads), threads,
                               [&](const auto* codes, std::size_t first, std::size_t last, std::size_t) {
                                   FlowCounter counter(pipeline, period, meaning.data());
                                   for (std::size_t g = first; g < last; ++g) {
                                       for (const std::uint32_t item : items.of(g)) {
                                           counter.count(journeys, codes, item);
                                       }
                                       counter.move_to(table, g);
                                   }
                               });
    return table;
}

}  // namespace stagefunnel::stages
