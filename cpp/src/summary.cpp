#include "stagefunnel/summary.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "duration_scan.hpp"
#include "funnel_counter.hpp"
#include "moves.hpp"
#include "parallel.hpp"
#include "row_checks.hpp"
#include "states.hpp"

namespace stagefunnel {
namespace {

/// The questions beside the durations, as one reader of ranges of items in rising order.
template <class Mask>
class OtherReaders {
  public:
    /// @param funnels those that are counted item by item.
    OtherReaders(const Journeys& journeys, const Pipeline& pipeline, bool makes_digest,
                 std::span<const FunnelOptions> funnels)
        : moves_(pipeline), log_checks_(journeys), pipeline_checks_(pipeline) {
        if (makes_digest) states_.emplace(pipeline);
        for (const FunnelOptions& funnel : funnels) counters_.emplace_back(pipeline, funnel, funnel.n_groups);
    }

    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last) {
        if (states_) states_->read(journeys, codes, first, last);
        for (FunnelCounter<Mask>& counter : counters_) {
            for (std::size_t item = first; item < last; ++item) counter.count(journeys, codes, item, 1);
        }
        moves_.read(journeys, codes, first, last);
        log_checks_.read(journeys, codes, first, last);
        pipeline_checks_.read(journeys, codes, first, last);
    }

    void merge(const OtherReaders& other) {
        if (states_) states_->merge(*other.states_);
        for (std::size_t i = 0; i < counters_.size(); ++i) counters_[i].merge(other.counters_[i]);
        moves_.merge(other.moves_);
        log_checks_.merge(other.log_checks_);
        pipeline_checks_.merge(other.pipeline_checks_);
    }

    /// Puts the answers into a summary; those of the funnels go to the places that are given.
    void finish(Summary& summary, std::span<const std::size_t> places) {
        if (states_) summary.digest = states_->digest();
        for (std::size_t i = 0; i < counters_.size(); ++i)
            summary.funnels[places[i]] = counters_[i].take().finish();
        summary.transitions = moves_.counts();
        summary.log_quality = log_checks_.found();
        summary.pipeline_quality = pipeline_checks_.found();
    }

  private:
    std::optional<StateTable> states_;
    std::vector<FunnelCounter<Mask>> counters_;
    MoveCounter moves_;
    LogChecks log_checks_;
    PipelineChecks pipeline_checks_;
};

/// Calls `read(from, to)` for blocks of whole items that fit the cache together with what is counted.
template <class Read>
void for_each_block(const Journeys& journeys, std::size_t first, std::size_t last, Read read) {
    constexpr std::size_t kBlockRows = 1U << 14U;
    for (std::size_t from = first; from < last;) {
        const std::uint64_t stop = journeys.offsets[from] + kBlockRows;
        std::size_t to = std::min(last, from + kBlockRows);
        while (to > from + 1 && journeys.offsets[to] > stop) to = from + (to - from) / 2;
        read(from, to);
        from = to;
    }
}

/// Which of the funnels are counted item by item.
struct ItemByItem {
    std::vector<std::size_t> place;
    std::vector<FunnelOptions> options;
};

ItemByItem item_by_item(std::span<const FunnelOptions> funnels, bool has_digest) {
    ItemByItem chosen;
    for (std::size_t i = 0; i < funnels.size(); ++i) {
        if (has_digest && is_digestible(funnels[i])) continue;
        chosen.place.push_back(i);
        chosen.options.push_back(funnels[i]);
    }
    return chosen;
}

template <class Mask>
Summary read_all(const Journeys& journeys, const Pipeline& pipeline, const SummaryOptions& options,
                 std::optional<Digest> digest) {
    const std::span<const FunnelOptions> funnels = options.funnels;
    const bool makes_digest = !digest && is_worth_a_digest(journeys, pipeline) &&
                              std::any_of(funnels.begin(), funnels.end(), is_digestible);
    const ItemByItem counted = item_by_item(funnels, digest || makes_digest);
    const DurationScan scan{journeys, pipeline, options.per, options.threads};
    const Brackets brackets = guess(scan, options.quantiles);

    struct Part {
        SinkPartial<Sifter> durations;
        OtherReaders<Mask> others;
    };
    std::vector<Part> parts = with_codes(journeys, [&](const auto* codes) {
        return parallel_parts(journeys.n_items(), options.threads, [&](std::size_t first, std::size_t last) {
            OtherReaders<Mask> others(journeys, pipeline, makes_digest, counted.options);
            auto durations = scan.read_range(
                codes, first, last, Sifter(brackets), [&](std::size_t begin, std::size_t end, auto read) {
                    for_each_block(journeys, begin, end, [&](auto from, auto to) {
                        read(from, to);
                        others.read(journeys, codes, from, to);
                    });
                });
            return Part{std::move(durations), std::move(others)};
        });
    });

    std::vector<SinkPartial<Sifter>> durations;
    for (Part& part : parts) durations.push_back(std::move(part.durations));
    for (std::size_t p = 1; p < parts.size(); ++p) parts[0].others.merge(parts[p].others);

    Summary summary;
    summary.funnels.resize(funnels.size());
    summary.digest = std::move(digest);
    parts[0].others.finish(summary, counted.place);
    for (std::size_t i = 0; i < funnels.size(); ++i) {
        if (summary.digest && is_digestible(funnels[i]))
            summary.funnels[i] = count_states(journeys, pipeline, funnels[i], *summary.digest);
    }
    summary.times = stage_times(std::move(durations), scan, options.quantiles);
    return summary;
}

}  // namespace

Summary summarise(const Journeys& journeys, const Pipeline& pipeline, const SummaryOptions& options,
                  std::optional<Digest> digest) {
    pipeline.check(journeys);
    for (const FunnelOptions& funnel : options.funnels) check_options(journeys, funnel);
    check(options.quantiles);
    check_moves(pipeline);
    return with_mask(pipeline, [&]<class Mask>() {
        return read_all<Mask>(journeys, pipeline, options, std::move(digest));
    });
}

}  // namespace stagefunnel
