#pragma once

// Time in stage in the obvious way: every duration is kept and sorted.

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include "stagefunnel/questions/durations/durations.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::testing {

__extension__ typedef unsigned __int128 Wide;

/// One stage of the answer.
struct PlainStage : durations::VisitCounts {
    std::vector<std::uint64_t> sorted;

    [[nodiscard]] stats::Duration mean() const {
        const Wide sum = std::accumulate(sorted.begin(), sorted.end(), Wide{0});
        const std::uint64_t n = sorted.size();
        return {static_cast<std::uint64_t>(sum / n), static_cast<std::uint64_t>(sum % n), n};
    }

    [[nodiscard]] stats::Duration quantile(const stats::Quantile& quantile) const {
        const std::uint64_t place = (sorted.size() - 1) * quantile.numerator;
        const std::uint64_t rank = place / quantile.denominator, share = place % quantile.denominator;
        if (share == 0) return {sorted[rank], 0, 1};
        const Wide step = static_cast<Wide>(sorted[rank + 1] - sorted[rank]) * share;
        return {sorted[rank] + static_cast<std::uint64_t>(step / quantile.denominator),
                static_cast<std::uint64_t>(step % quantile.denominator), quantile.denominator};
    }
};

/// Returns the durations of all stages. The rows of each item must be in the order of time.
inline std::vector<PlainStage> plain_durations(const CodedRows& rows,
                                               const std::vector<std::int32_t>& row_of_label,
                                               std::size_t n_rows, durations::Per per) {
    std::map<std::uint64_t, std::vector<std::size_t>> items;
    for (std::size_t i = 0; i < rows.item.size(); ++i) {
        if (row_of_label[rows.stage[i]] >= 0) items[rows.item[i]].push_back(i);
    }
    std::vector<PlainStage> stages(n_rows);
    for (const auto& [item, listed] : items) {
        std::map<std::size_t, std::vector<std::uint64_t>> durations;
        std::set<std::size_t> visited;
        for (std::size_t i = 0; i < listed.size();) {
            std::size_t next = i;
            while (next < listed.size() && rows.stage[listed[next]] == rows.stage[listed[i]]) ++next;
            const auto row = static_cast<std::size_t>(row_of_label[rows.stage[listed[i]]]);
            visited.insert(row);
            ++stages[row].visits;
            if (next < listed.size()) {
                // The distance of two int64 times may exceed int64, but not 64 bits.
                durations[row].push_back(static_cast<std::uint64_t>(rows.time[listed[next]]) -
                                         static_cast<std::uint64_t>(rows.time[listed[i]]));
                ++stages[row].completed;
            } else {
                ++stages[row].open;
            }
            i = next;
        }
        for (const std::size_t row : visited) ++stages[row].items;
        for (const auto& [row, all] : durations) {
            std::vector<std::uint64_t>& sample = stages[row].sorted;
            if (per == durations::Per::visit) sample.insert(sample.end(), all.begin(), all.end());
            if (per == durations::Per::item)
                sample.push_back(std::accumulate(all.begin(), all.end(), std::uint64_t{0}));
            if (per == durations::Per::longest) sample.push_back(*std::max_element(all.begin(), all.end()));
        }
    }
    for (PlainStage& stage : stages) std::sort(stage.sorted.begin(), stage.sorted.end());
    return stages;
}

}  // namespace stagefunnel::testing
