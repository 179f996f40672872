#include <algorithm>
#include <stdexcept>

#include "base/fixed_sums.hpp"
#include "questions/funnel/funnel_counter.hpp"
#include "stagefunnel/questions/funnel/funnel.hpp"

namespace stagefunnel::funnel {

SumMatrix rounded_sums(const Counts& counts, std::span<const std::int64_t> groups,
                       std::span<const std::int64_t> joined, int scale) {
    if (!joined.empty() && joined.size() != groups.size())
        throw std::invalid_argument("the groups and those that join them must be equally many");
    const RoundedSum rounded_sum(scale);
    const auto in_range = [&](std::int64_t group) { return group >= 0 && group < counts.amount.rows(); };
    if (!std::all_of(groups.begin(), groups.end(), in_range) ||
        !std::all_of(joined.begin(), joined.end(), in_range))
        throw std::invalid_argument("a group lies out of range");
    const Eigen::Index n_rows = counts.amount.cols();
    SumMatrix rounded(static_cast<Eigen::Index>(groups.size()), n_rows);
    const auto sum_at = [&](std::int64_t group, Eigen::Index row) {
        return fixed_of(counts.sums[static_cast<std::size_t>(group * n_rows + row)]);
    };
    for (std::size_t i = 0; i < groups.size(); ++i) {
        for (Eigen::Index row = 0; row < n_rows; ++row) {
            int128 sum = sum_at(groups[i], row);
            if (!joined.empty()) sum += sum_at(joined[i], row);
            rounded(static_cast<Eigen::Index>(i), row) = rounded_sum(sum);
        }
    }
    return rounded;
}

}  // namespace stagefunnel::funnel
