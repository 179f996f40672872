#include "slow_log.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>

namespace stagefunnel::fuzz {
namespace {

template <class T>
void number_labels(const Rows<T>& rows, SlowLog& log) {
    std::map<T, std::size_t> codes;
    for (const std::optional<T>& row : rows) {
        if (row) codes.emplace(*row, codes.size());
    }
    log.n_labels = codes.size();
    for (const std::optional<T>& row : rows) log.code.push_back(row ? codes.at(*row) : codes.size());
}

template <class T>
void number_items(const Rows<T>& rows, SlowLog& log) {
    std::map<T, std::size_t> places;
    std::size_t next_dropped = 0;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        log.item_of.push_back(0);
        if (next_dropped < log.dropped.size() && log.dropped[next_dropped] == row) {
            ++next_dropped;
            continue;
        }
        const auto [found, is_new] = places.emplace(rows[row].value(), log.items.size());
        if (is_new) log.items.push_back({row, {}});
        log.item_of[row] = found->second;
    }
}

/// Calls `visit(stage, start)` for each visit of an item and, from the second on, `leave` for the one before.
struct Visit {
    std::int32_t stage;
    std::int64_t start;
};

std::vector<Visit> visits_of(const SlowItem& item, const Pipeline& pipeline) {
    std::vector<Visit> visits;
    for (const SlowStep& step : item.steps) {
        const std::int32_t stage = pipeline.row_of_code()[step.code];
        if (stage == Pipeline::kUnlisted) continue;
        if (visits.empty() || visits.back().stage != stage) visits.push_back({stage, step.time});
    }
    return visits;
}

}  // namespace

SlowLog group_slowly(const DrawnLog& log) {
    SlowLog slow;
    for (std::size_t row = 0; row < log.n_rows(); ++row) {
        const bool stageless = log.stage.missing(row) && !log.keeps_missing_stages;
        if (log.item.missing(row) || log.time.missing(row) || stageless) slow.dropped.push_back(row);
    }
    if (log.stage.is_text) {
        number_labels(log.stage.texts, slow);
    } else {
        number_labels(log.stage.numbers, slow);
    }
    if (log.item.is_text) {
        number_items(log.item.texts, slow);
    } else {
        number_items(log.item.numbers, slow);
    }
    std::vector<bool> is_dropped(log.n_rows(), false);
    for (const std::uint64_t row : slow.dropped) is_dropped[row] = true;
    for (std::size_t row = 0; row < log.n_rows(); ++row) {
        if (is_dropped[row]) continue;
        slow.items[slow.item_of[row]].steps.push_back({log.time.numbers[row].value(), slow.code[row], row});
    }
    for (SlowItem& item : slow.items) {
        std::stable_sort(item.steps.begin(), item.steps.end(), [&](const SlowStep& a, const SlowStep& b) {
            if (a.time != b.time || log.rank.empty()) return a.time < b.time;
            return log.rank[a.row] < log.rank[b.row];
        });
    }
    return slow;
}

SlowTotals total_slowly(const SlowLog& log, const Pipeline& pipeline, durations::Per per) {
    SlowTotals totals;
    totals.stages.resize(static_cast<std::size_t>(pipeline.n_rows()));
    for (const SlowItem& item : log.items) {
        const std::vector<Visit> visits = visits_of(item, pipeline);
        if (visits.empty()) continue;
        std::map<std::int32_t, std::vector<std::uint64_t>> durations;
        for (std::size_t i = 0; i < visits.size(); ++i) {
            const auto start = static_cast<std::uint64_t>(visits[i].start);
            std::vector<std::uint64_t>& mine = durations[visits[i].stage];
            ++totals.stages[static_cast<std::size_t>(visits[i].stage)].visits;
            if (i + 1 < visits.size())
                mine.push_back(static_cast<std::uint64_t>(visits[i + 1].start) - start);
        }
        for (const auto& [stage, lengths] : durations) {
            SlowStage& total = totals.stages[static_cast<std::size_t>(stage)];
            ++total.items;
            total.completed += static_cast<std::int64_t>(lengths.size());
            if (lengths.empty()) continue;
            std::uint64_t sum = 0;
            for (const std::uint64_t length : lengths) sum += length;
            if (per == durations::Per::visit) {
                total.durations.insert(total.durations.end(), lengths.begin(), lengths.end());
            } else {
                total.durations.push_back(
                    per == durations::Per::item ? sum : *std::max_element(lengths.begin(), lengths.end()));
            }
        }
        const Outcome outcome = pipeline.outcome_of(visits.back().stage);
        ++(outcome == Outcome::won ? totals.won : outcome == Outcome::lost ? totals.lost : totals.open);
    }
    for (SlowStage& stage : totals.stages) {
        stage.open = stage.visits - stage.completed;
        std::sort(stage.durations.begin(), stage.durations.end());
    }
    return totals;
}

}  // namespace stagefunnel::fuzz
