#include "stagefunnel/questions/summary.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "questions/durations/duration_scan.hpp"
#include "questions/funnel/counted_states.hpp"
#include "questions/funnel/funnel_counter.hpp"
#include "questions/stages/row_checks.hpp"
#include "questions/stages/transition_counter.hpp"
#include "scan/scan.hpp"
#include "stats/sample_summary.hpp"

namespace stagefunnel {
namespace {

/// Where the states of the items come from, which answer most funnels at once.
enum class States : std::uint8_t { none, passed, counted };

States states_for(const Journeys& journeys, const Pipeline& pipeline,
                  std::span<const funnel::Options> funnels, const std::optional<funnel::ItemStates>& passed) {
    if (passed) return States::passed;
    const bool pays = funnel::is_worth_counting_states(journeys.n_items(), pipeline) &&
                      std::any_of(funnels.begin(), funnels.end(), funnel::is_answered_by_states);
    return pays ? States::counted : States::none;
}

/// The questions other than durations, as one reader of ranges of items in rising order.
template <class Mask>
class OtherReaders {
  public:
    /// @param funnels funnels that are counted item by item.
    OtherReaders(const Journeys& journeys, const Pipeline& pipeline, States states,
                 std::span<const funnel::Options> funnels)
        : transitions_(pipeline), log_checks_(journeys), pipeline_checks_(pipeline) {
        if (states == States::counted) states_.emplace(pipeline);
        for (const funnel::Options& funnel : funnels)
            counters_.emplace_back(pipeline, funnel, funnel.n_groups);
    }

    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last) {
        if (states_) states_->read(journeys, codes, first, last);
        for (funnel::Counter<Mask>& counter : counters_) scan::walk(journeys, codes, first, last, counter);
        transitions_.read(journeys, codes, first, last);
        log_checks_.read(journeys, codes, first, last);
        pipeline_checks_.read(journeys, codes, first, last);
    }

    void merge(const OtherReaders& other) {
        if (states_) states_->merge(*other.states_);
        for (std::size_t i = 0; i < counters_.size(); ++i) counters_[i].merge(other.counters_[i]);
        transitions_.merge(other.transitions_);
        log_checks_.merge(other.log_checks_);
        pipeline_checks_.merge(other.pipeline_checks_);
    }

    /// Puts the answers into a summary.
    ///
    /// @param places the place in `summary.funnels` of each funnel.
    void finish(const Journeys& journeys, Summary& summary, std::span<const std::size_t> places) {
        if (states_) summary.item_states = funnel::with_examples(journeys, states_->states());
        for (std::size_t i = 0; i < counters_.size(); ++i)
            summary.funnels[places[i]] = counters_[i].take().finish();
        summary.transitions = transitions_.counts();
        summary.log_quality = log_checks_.found();
        summary.pipeline_quality = pipeline_checks_.found();
    }

  private:
    std::optional<funnel::StateTable> states_;
    std::vector<funnel::Counter<Mask>> counters_;
    stages::TransitionCounter transitions_;
    stages::LogChecks log_checks_;
    stages::PipelineChecks pipeline_checks_;
};

/// Calls `read(from, to)` for blocks of whole items that fit into the cache together with the counts.
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

/// The funnels that are counted item by item, and their places among all funnels.
struct ItemByItem {
    std::vector<std::size_t> place;
    std::vector<funnel::Options> options;
};

ItemByItem item_by_item(std::span<const funnel::Options> funnels, States states) {
    ItemByItem chosen;
    for (std::size_t i = 0; i < funnels.size(); ++i) {
        if (states != States::none && funnel::is_answered_by_states(funnels[i])) continue;
        chosen.place.push_back(i);
        chosen.options.push_back(funnels[i]);
    }
    return chosen;
}

template <class Mask>
Summary read_all(const Journeys& journeys, const Pipeline& pipeline, const SummaryOptions& options,
                 std::optional<funnel::ItemStates> item_states) {
    const std::span<const funnel::Options> funnels = options.funnels;
    const States states = states_for(journeys, pipeline, funnels, item_states);
    const ItemByItem one_by_one = item_by_item(funnels, states);
    const durations::DurationScan duration_scan{journeys, pipeline, options.per, options.threads};
    const durations::Brackets brackets = guess(duration_scan, options.quantiles);

    struct RangePartial {
        durations::SinkPartial<durations::Sifter> durations;
        OtherReaders<Mask> others;
    };
    const auto read_range = [&](const auto* codes, std::size_t first, std::size_t last) {
        OtherReaders<Mask> others(journeys, pipeline, states, one_by_one.options);
        auto durations =
            duration_scan.read_range(codes, first, last, durations::Sifter(brackets),
                                     [&](std::size_t begin, std::size_t end, auto read) {
                                         for_each_block(journeys, begin, end, [&](auto from, auto to) {
                                             read(from, to);
                                             others.read(journeys, codes, from, to);
                                         });
                                     });
        return RangePartial{std::move(durations), std::move(others)};
    };
    std::vector<RangePartial> ranges = scan::scan_ranges(journeys, options.threads, read_range);

    std::vector<durations::SinkPartial<durations::Sifter>> durations;
    for (RangePartial& range : ranges) durations.push_back(std::move(range.durations));
    for (std::size_t r = 1; r < ranges.size(); ++r) ranges[0].others.merge(ranges[r].others);

    Summary summary;
    summary.funnels.resize(funnels.size());
    summary.item_states = std::move(item_states);
    ranges[0].others.finish(journeys, summary, one_by_one.place);
    for (std::size_t i = 0; i < funnels.size(); ++i) {
        if (summary.item_states && funnel::is_answered_by_states(funnels[i]))
            summary.funnels[i] = funnel::count_by_states(pipeline, funnels[i], *summary.item_states);
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
