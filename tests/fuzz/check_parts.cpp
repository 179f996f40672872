#include "check_parts.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "expect.hpp"
#include "stagefunnel/durations.hpp"
#include "stagefunnel/funnel.hpp"
#include "stagefunnel/summary.hpp"
#include "stagefunnel/transitions.hpp"

namespace stagefunnel::fuzz {
namespace {

constexpr std::int32_t kGroups = 3;

/// A group and an amount for every item, told from its first row: the same in the whole and in its part.
struct Facts {
    explicit Facts(const Journeys& journeys) {
        for (const std::uint32_t row : journeys.first_row) {
            group.push_back(static_cast<std::int32_t>(row % kGroups));
            amount.push_back(row % 5 == 0 ? std::numeric_limits<double>::quiet_NaN() : row % 1'000);
        }
    }
    std::vector<std::int32_t> group;
    std::vector<double> amount;
};

FunnelCounts count(const Journeys& journeys, const Pipeline& pipeline, FunnelOptions options, bool by_group) {
    const Facts facts(journeys);
    if (by_group) {
        options.group = facts.group;
        options.n_groups = kGroups;
        options.amount = facts.amount;
    }
    FunnelCounts counts = count_funnel(journeys, pipeline, options);
    if (by_group && facts.amount.empty()) {
        // A log without items has no amounts, so the core sees that none are asked for.
        counts.amount.setZero(kGroups, pipeline.n_rows());
        counts.amount_missing.setZero(kGroups, pipeline.n_rows());
    }
    return counts;
}

void add(FunnelCounts& sum, const FunnelCounts& part) {
    for (const auto counts : {&FunnelCounts::passed, &FunnelCounts::assumed, &FunnelCounts::visited,
                              &FunnelCounts::skipped, &FunnelCounts::beyond, &FunnelCounts::lost_from,
                              &FunnelCounts::open_at, &FunnelCounts::amount_missing}) {
        sum.*counts += part.*counts;
    }
    for (const auto counts : {&FunnelCounts::won, &FunnelCounts::lost, &FunnelCounts::open,
                              &FunnelCounts::left_out, &FunnelCounts::reopened_won}) {
        sum.*counts += part.*counts;
    }
    sum.amount += part.amount;  // of whole numbers: exact
}

bool same(const FunnelCounts& a, const FunnelCounts& b) {
    return a.passed == b.passed && a.assumed == b.assumed && a.visited == b.visited &&
           a.skipped == b.skipped && a.beyond == b.beyond && a.lost_from == b.lost_from &&
           a.open_at == b.open_at && a.amount == b.amount && a.amount_missing == b.amount_missing &&
           a.won == b.won && a.lost == b.lost && a.open == b.open && a.left_out == b.left_out &&
           a.reopened_won == b.reopened_won;
}

void check_funnels(Choices& choices, const Pipeline& pipeline, const SlowTotals& slow, const Divided& log) {
    FunnelOptions options;
    options.lost_then_won = static_cast<LostThenWon>(choices.below(3));
    const bool by_group = choices.one_in(2);
    for (const Kind kind :
         {Kind::classic, Kind::conversions_won, Kind::conversions_moves, Kind::furthest, Kind::strict}) {
        options.kind = kind;
        options.threads = 1;
        const FunnelCounts whole = count(log.whole, pipeline, options, by_group);
        FunnelCounts sum = count(log.parts[0], pipeline, options, by_group);
        for (const Journeys& part : log.parts.subspan(1)) add(sum, count(part, pipeline, options, by_group));
        expect(same(sum, whole), "funnels of disjoint items add up to that of all");
        options.threads = 7;
        expect(same(count(log.whole, pipeline, options, by_group), whole), "threads change no funnel");
        if (options.lost_then_won != LostThenWon::include) continue;
        expect(whole.won.sum() == slow.won && whole.lost.sum() == slow.lost && whole.open.sum() == slow.open,
               "items are won, lost or open by their last visit");
        for (std::int32_t row = 0; row < pipeline.n_rows(); ++row) {
            expect(whole.visited.col(row).sum() == slow.stages[static_cast<std::size_t>(row)].items,
                   "the items with a visit of a stage are counted");
        }
    }
}

void check_moves(const Pipeline& pipeline, const Divided& log) {
    const Transitions whole = count_transitions(log.whole, pipeline, 1);
    Transitions sum = count_transitions(log.parts[0], pipeline, 1);
    for (const Journeys& part : log.parts.subspan(1)) {
        const Transitions more = count_transitions(part, pipeline, 1);
        sum.moves += more.moves;
        sum.items += more.items;
    }
    expect(sum.moves == whole.moves && sum.items == whole.items,
           "moves of disjoint items add up to those of all");
}

constexpr std::array kQuantiles{Quantile{0, 1}, Quantile{1, 2}, Quantile{9, 10}, Quantile{1, 1}};

/// The value at a share of the way through sorted durations, between two of them where it falls there.
Duration quantile_of(const std::vector<std::uint64_t>& sorted, const Quantile& quantile) {
    const std::uint64_t place = (sorted.size() - 1) * quantile.numerator;
    const std::uint64_t below = place / quantile.denominator, share = place % quantile.denominator;
    if (share == 0) return {sorted[below], 0, 1};
    const uint128 step = static_cast<uint128>(sorted[below + 1] - sorted[below]) * share;
    return {sorted[below] + static_cast<std::uint64_t>(step / quantile.denominator),
            static_cast<std::uint64_t>(step % quantile.denominator), quantile.denominator};
}

bool same_length(const Duration& a, const Duration& b) {
    return a.whole == b.whole && static_cast<uint128>(a.rest) * b.of == static_cast<uint128>(b.rest) * a.of;
}

void check_times(unsigned threads, const Pipeline& pipeline, const SlowLog& slow, const Divided& log) {
    for (const Per per : {Per::visit, Per::item, Per::longest}) {
        const SlowTotals expected = total_slowly(slow, pipeline, per);
        const std::vector<StageTime> found = time_in_stage(log.whole, pipeline, per, kQuantiles, threads);
        for (std::size_t row = 0; row < found.size(); ++row) {
            const SlowStage& stage = expected.stages[row];
            expect(found[row].visits == stage.visits && found[row].completed == stage.completed &&
                       found[row].open == stage.open && found[row].items == stage.items,
                   "visits are counted");
            if (stage.durations.empty()) continue;
            uint128 sum = 0;
            for (const std::uint64_t duration : stage.durations) sum += duration;
            const auto n = static_cast<std::uint64_t>(stage.durations.size());
            const Duration mean{static_cast<std::uint64_t>(sum / n), static_cast<std::uint64_t>(sum % n), n};
            expect(same_length(found[row].mean, mean), "the mean is exact");
            for (std::size_t q = 0; q < kQuantiles.size(); ++q) {
                expect(same_length(found[row].quantiles[q], quantile_of(stage.durations, kQuantiles[q])),
                       "quantiles are exact");
            }
        }
    }
}

/// The sum of a stage's durations, back from its mean.
uint128 total_of(const StageTime& stage) {
    const auto n = static_cast<std::uint64_t>(stage.completed);
    return static_cast<uint128>(stage.mean.whole) * n +
           static_cast<uint128>(stage.mean.rest) * n / stage.mean.of;
}

void check_merged_times(const Pipeline& pipeline, const Divided& log) {
    std::vector<std::vector<StageTime>> parts;
    for (const Journeys& part : log.parts)
        parts.push_back(time_in_stage(part, pipeline, Per::visit, kQuantiles, 1));
    const std::vector<StageTime> whole = time_in_stage(log.whole, pipeline, Per::visit, kQuantiles, 1);
    for (std::size_t row = 0; row < whole.size(); ++row) {
        StageTime sum;
        uint128 total = 0;
        std::uint64_t shortest = std::numeric_limits<std::uint64_t>::max(), longest = 0;
        for (const std::vector<StageTime>& part : parts) {
            sum.visits += part[row].visits;
            sum.completed += part[row].completed;
            sum.open += part[row].open;
            sum.items += part[row].items;
            if (part[row].completed == 0) continue;
            total += total_of(part[row]);
            shortest = std::min(shortest, part[row].quantiles.front().whole);
            longest = std::max(longest, part[row].quantiles.back().whole);
        }
        expect(sum.visits == whole[row].visits && sum.completed == whole[row].completed &&
                   sum.open == whole[row].open && sum.items == whole[row].items,
               "visits of disjoint items add up to those of all");
        if (sum.completed == 0) continue;
        expect(total == total_of(whole[row]), "durations of disjoint items add up to those of all");
        expect(shortest == whole[row].quantiles.front().whole && longest == whole[row].quantiles.back().whole,
               "the shortest and the longest visit are those of a part");
    }
}

bool same(const std::vector<StageTime>& a, const std::vector<StageTime>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const StageTime& x, const StageTime& y) {
        return x.visits == y.visits && x.completed == y.completed && x.open == y.open && x.items == y.items &&
               same_length(x.mean, y.mean) &&
               std::equal(x.quantiles.begin(), x.quantiles.end(), y.quantiles.begin(), y.quantiles.end(),
                          same_length);
    });
}

void check_summary(unsigned threads, const Pipeline& pipeline, const Journeys& journeys) {
    std::vector<FunnelOptions> funnels(2);
    funnels[0].kind = Kind::conversions_won;
    funnels[1].kind = Kind::conversions_moves;
    const SummaryOptions options{
        .funnels = funnels, .per = Per::longest, .quantiles = kQuantiles, .threads = threads};
    const Summary all = summarise(journeys, pipeline, options);
    for (std::size_t i = 0; i < funnels.size(); ++i) {
        expect(same(all.funnels[i], count_funnel(journeys, pipeline, funnels[i])),
               "a summary has the funnel that is asked for alone");
    }
    expect(same(all.times, time_in_stage(journeys, pipeline, Per::longest, kQuantiles, 1)),
           "a summary has the times that are asked for alone");
    const Transitions moves = count_transitions(journeys, pipeline, 1);
    expect(all.transitions.moves == moves.moves && all.transitions.items == moves.items,
           "a summary has the moves that are asked for alone");
    const LogQuality log = log_quality(journeys, 1);
    expect(all.log_quality.exact_duplicates == log.exact_duplicates && all.log_quality.ties == log.ties &&
               all.log_quality.repeats == log.repeats,
           "a summary has what is found in the rows alone");
    const PipelineQuality read = pipeline_quality(journeys, pipeline, 1);
    expect(all.pipeline_quality.unlisted_rows == read.unlisted_rows &&
               all.pipeline_quality.bridged_visits == read.bridged_visits &&
               all.pipeline_quality.items_without_rows == read.items_without_rows &&
               all.pipeline_quality.ties_deciding_outcome == read.ties_deciding_outcome,
           "a summary has what is found by the pipeline alone");
}

}  // namespace

void check_parts(Choices& choices, const SlowLog& slow, const Divided& log) {
    const Pipeline pipeline = draw_pipeline(choices, slow.n_labels);
    check_funnels(choices, pipeline, total_slowly(slow, pipeline, Per::visit), log);
    check_moves(pipeline, log);
    const unsigned threads = choices.one_in(4) ? 7 : 1;
    check_times(threads, pipeline, slow, log);
    check_merged_times(pipeline, log);
    check_summary(threads, pipeline, log.whole);
}

}  // namespace stagefunnel::fuzz
