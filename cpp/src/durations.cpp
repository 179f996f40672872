#include "stagefunnel/durations.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>

#include "hashing.hpp"
#include "parallel.hpp"
#include "visits.hpp"

namespace stagefunnel {
namespace {

using Durations = LargeVector<std::uint64_t>;

/// Counts of a stage and its sample of durations, as one thread saw them.
struct Sample {
    StageTime counts;
    Durations durations;
};

struct Partial {
    std::vector<Sample> stages;
};

class Collector {
  public:
    Collector(const Pipeline& pipeline, Per per)
        : pipeline_(pipeline),
          per_(per),
          last_item_(static_cast<std::size_t>(pipeline.n_rows()), kNoItem),
          sampled_item_(last_item_) {
        partial_.stages.resize(last_item_.size());
    }

    template <class Code>
    Partial collect(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last) {
        for (std::size_t item = first; item < last; ++item) {
            std::int32_t stage = -1;
            std::int64_t start = 0;
            for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1], pipeline_.row_of_code(),
                           [&](std::int32_t row, std::size_t i) {
                               const std::int64_t now = journeys.time[i];
                               if (stage >= 0) complete(item, stage, start, now);
                               enter(item, row);
                               stage = row;
                               start = now;
                           });
            if (stage >= 0) ++at(stage).counts.open;
        }
        return std::move(partial_);
    }

  private:
    static constexpr std::size_t kNoItem = ~std::size_t{0};

    Sample& at(std::int32_t row) { return partial_.stages[static_cast<std::size_t>(row)]; }

    void enter(std::size_t item, std::int32_t row) {
        StageTime& counts = at(row).counts;
        ++counts.visits;
        std::size_t& last = last_item_[static_cast<std::size_t>(row)];
        if (last != item) ++counts.items;
        last = item;
    }

    void complete(std::size_t item, std::int32_t row, std::int64_t start, std::int64_t end) {
        // Unsigned: the distance of two int64 times may exceed int64 itself.
        const std::uint64_t duration = static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(start);
        Sample& sample = at(row);
        ++sample.counts.completed;
        std::size_t& sampled = sampled_item_[static_cast<std::size_t>(row)];
        if (per_ == Per::visit || sampled != item) {
            sample.durations.push_back(duration);
        } else if (per_ == Per::item) {
            sample.durations.back() += duration;
        } else {
            sample.durations.back() = std::max(sample.durations.back(), duration);
        }
        sampled = item;
    }

    const Pipeline& pipeline_;
    Per per_;
    std::vector<std::size_t> last_item_;     // last item that entered the stage
    std::vector<std::size_t> sampled_item_;  // item of the last duration of the stage
    Partial partial_;
};

Duration mean_of(const Durations& durations) {
    uint128 sum = 0;
    for (const std::uint64_t duration : durations) sum += duration;
    const std::uint64_t n = durations.size();
    return {static_cast<std::uint64_t>(sum / n), static_cast<std::uint64_t>(sum % n), n};
}

/// Reorders `durations`; the quantiles are looked up in rising order, so each selection narrows the next.
std::vector<Duration> quantiles_of(Durations& durations, std::span<const Quantile> quantiles) {
    const auto place = [&](std::size_t q) { return (durations.size() - 1) * quantiles[q].numerator; };
    std::vector<std::size_t> rising(quantiles.size());
    std::iota(rising.begin(), rising.end(), std::size_t{0});
    std::sort(rising.begin(), rising.end(), [&](auto a, auto b) {
        return static_cast<uint128>(place(a)) * quantiles[b].denominator <
               static_cast<uint128>(place(b)) * quantiles[a].denominator;
    });
    std::vector<Duration> out(quantiles.size());
    auto from = durations.begin();
    for (const std::size_t q : rising) {
        const std::uint64_t denominator = quantiles[q].denominator;
        const auto lower = durations.begin() + static_cast<std::ptrdiff_t>(place(q) / denominator);
        const std::uint64_t share = place(q) % denominator;
        std::nth_element(from, lower, durations.end());
        from = lower;
        out[q].whole = *lower;
        if (share > 0) {
            const std::uint64_t gap = *std::min_element(lower + 1, durations.end()) - *lower;
            const uint128 step = static_cast<uint128>(gap) * share;
            out[q].whole += static_cast<std::uint64_t>(step / denominator);
            out[q].rest = static_cast<std::uint64_t>(step % denominator);
            out[q].of = denominator;
        }
    }
    return out;
}

/// Puts what the threads saw of one stage together; lets go of their samples.
StageTime summarise(std::vector<Partial>& partials, std::size_t row, std::span<const Quantile> quantiles) {
    StageTime total;
    Durations durations = std::move(partials[0].stages[row].durations);
    for (std::size_t p = 0; p < partials.size(); ++p) {
        const StageTime& counts = partials[p].stages[row].counts;
        total.visits += counts.visits;
        total.completed += counts.completed;
        total.open += counts.open;
        total.items += counts.items;
        if (p == 0) continue;
        Durations theirs = std::move(partials[p].stages[row].durations);
        durations.insert(durations.end(), theirs.begin(), theirs.end());
    }
    total.quantiles.resize(quantiles.size());
    if (!durations.empty()) {
        total.mean = mean_of(durations);
        total.quantiles = quantiles_of(durations, quantiles);
    }
    return total;
}

}  // namespace

std::vector<StageTime> time_in_stage(const Journeys& journeys, const Pipeline& pipeline, Per per,
                                     std::span<const Quantile> quantiles, unsigned threads) {
    pipeline.check(journeys);
    for (const auto& [numerator, denominator] : quantiles) {
        if (denominator < 1 || denominator > 1'000'000'000 || numerator > denominator) {
            throw std::invalid_argument("a quantile must lie between 0 and 1, got " +
                                        std::to_string(numerator) + "/" + std::to_string(denominator));
        }
    }
    std::vector<Partial> partials = with_codes(journeys, [&](const auto* codes) {
        return parallel_parts(journeys.n_items(), threads, [&](std::size_t first, std::size_t last) {
            return Collector(pipeline, per).collect(journeys, codes, first, last);
        });
    });
    std::vector<StageTime> table(static_cast<std::size_t>(pipeline.n_rows()));
    parallel_tasks(table.size(), threads,
                   [&](std::size_t row) { table[row] = summarise(partials, row, quantiles); });
    return table;
}

}  // namespace stagefunnel
