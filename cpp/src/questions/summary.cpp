#include "stagefunnel/questions/summary.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "questions/durations/duration_scan.hpp"
#include "questions/funnel/funnel_counter.hpp"
#include "questions/funnel/state_table.hpp"
#include "questions/stages/row_checks.hpp"
#include "questions/stages/transition_counter.hpp"
#include "scan/scan.hpp"
#include "stats/sample_summary.hpp"

namespace stagefunnel {
namespace {

/// The questions beside the durations, as one reader of ranges of items in rising order.
template <class Mask>
class OtherReaders {
  public:
    /// @param funnels those that are counted item by item.
    OtherReaders(const Journeys& journeys, const Pipeline& pipeline, bool makes_states,
                 std::span<const funnel::Options> funnels)
        : moves_(pipeline), log_checks_(journeys), pipeline_checks_(pipeline) {
        if (makes_states) states_.emplace(pipeline);
        for (const funnel::Options& funnel : funnels)
            counters_.emplace_back(pipeline, funnel, funnel.n_groups);
    }

    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last) {
        if (states_) states_->read(journeys, codes, first, last);
        for (funnel::Counter<Mask>& counter : counters_) scan::walk(journeys, codes, first, last, counter);
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
        if (states_) summary.item_states = states_->item_states();
        for (std::size_t i = 0; i < counters_.size(); ++i)
            summary.funnels[places[i]] = counters_[i].take().finish();
        summary.transitions = moves_.counts();
        summary.log_quality = log_checks_.found();
        summary.pipeline_quality = pipeline_checks_.found();
    }

  private:
    std::optional<funnel::StateTable> states_;
    std::vector<funnel::Counter<Mask>> counters_;
    stages::TransitionCounter moves_;
    stages::LogChecks log_checks_;
    stages::PipelineChecks pipeline_checks_;
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
    std::vector<funnel::Options> options;
};

ItemByItem item_by_item(std::span<const funnel::Options> funnels, bool has_states) {
    ItemByItem chosen;
    for (std::size_t i = 0; i < funnels.size(); ++i) {
        if (has_states && funnel::is_answered_by_states(funnels[i])) continue;
        chosen.place.push_back(i);
        chosen.options.push_back(funnels[i]);
    }
    return chosen;
}

template <class Mask>
Summary read_all(const Journeys& journeys, const Pipeline& pipeline, const SummaryOptions& options,
                 std::optional<funnel::ItemStates> item_states) {
    const std::span<const funnel::Options> funnels = options.funnels;
    const bool makes_states = !item_states && funnel::is_worth_counting_states(journeys, pipeline) &&
                              std::any_of(funnels.begin(), funnels.end(), funnel::is_answered_by_states);
    const ItemByItem counted = item_by_item(funnels, item_states || makes_states);
    const durations::DurationScan duration_scan{journeys, pipeline, options.per, options.threads};
    const durations::Brackets brackets = guess(duration_scan, options.quantiles);

    struct Part {
        durations::SinkPartial<durations::Sifter> durations;
        OtherReaders<Mask> others;
    };
    const auto read_range = [&](const auto* codes, std::size_t first, std::size_t last) {
        OtherReaders<Mask> others(journeys, pipeline, makes_states, counted.options);
        auto durations =
            duration_scan.read_range(codes, first, last, durations::Sifter(brackets),
                                     [&](std::size_t begin, std::size_t end, auto read) {
                                         for_each_block(journeys, begin, end, [&](auto from, auto to) {
                                             read(from, to);
                                             others.read(journeys, codes, from, to);
                                         });
                                     });
        return Part{std::move(durations), std::move(others)};
    };
    std::vector<Part> parts = scan::scan_ranges(journeys, options.threads, read_range);

    std::vector<durations::SinkPartial<durations::Sifter>> durations;
    for (Part& part : parts) durations.push_back(std::move(part.durations));
    for (std::size_t p = 1; p < parts.size(); ++p) parts[0].others.merge(parts[p].others);

    Summary summary;
    summary.funnels.resize(funnels.size());
    summary.item_states = std::move(item_states);
    parts[0].others.finish(summary, counted.place);
    for (std::size_t i = 0; i < funnels.size(); ++i) {
        if (summary.item_states && funnel::is_answered_by_states(funnels[i]))
            summary.funnels[i] =
                funnel::count_by_states(journeys, pipeline, funnels[i], *summary.item_states);
    }
    summary.times = durations::stage_times(std::move(durations), duration_scan, options.quantiles);
    return summary;
}

}  // namespace

Summary summarise(const Journeys& journeys, const Pipeline& pipeline, const SummaryOptions& options,
                  std::optional<funnel::ItemStates> item_states) {
    pipeline.check(journeys);
    for (const funnel::Options& funnel : options.funnels) funnel::check_options(journeys, funnel);
    stats::check_quantiles(options.quantiles);
    stages::check_transitions(pipeline);
    return scan::with_stage_set(pipeline, [&]<class Mask>() {
        return read_all<Mask>(journeys, pipeline, options, std::move(item_states));
    });
}

}  // namespace stagefunnel
