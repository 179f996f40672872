#include "check_parts.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "expect.hpp"
#include "stagefunnel/questions/durations/durations.hpp"
#include "stagefunnel/questions/funnel/funnel.hpp"
#include "stagefunnel/questions/stages/transitions.hpp"
#include "stagefunnel/questions/summary.hpp"

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

funnel::Counts count(const Journeys& journeys, const Pipeline& pipeline, funnel::Options options,
                     bool by_group) {
    const Facts facts(journeys);
    if (by_group) {
        options.group = facts.group;
        options.n_groups = kGroups;
        options.amount = facts.amount;
    }
    funnel::Counts counts = funnel::count_funnel(journeys, pipeline, options);
    if (by_group && facts.amount.empty()) {
        // A log without items has no amounts, so the core sees that none are asked for.
        counts.amount.setZero(kGroups, pipeline.n_rows());
        counts.amount_missing.setZero(kGroups, pipeline.n_rows());
    }
    return counts;
}

void add(funnel::Counts& sum, const funnel::Counts& part) {
    for (const auto counts :
         {&funnel::Counts::passed, &funnel::Counts::assumed, &funnel::Counts::visited,
          &funnel::Counts::skipped, &funnel::Counts::began_beyond, &funnel::Counts::beyond,
          &funnel::Counts::lost_from, &funnel::Counts::open_at, &funnel::Counts::amount_missing}) {
        sum.*counts += part.*counts;
    }
    for (const auto counts : {&funnel::Counts::won, &funnel::Counts::lost, &funnel::Counts::open,
                              &funnel::Counts::left_out, &funnel::Counts::reopened_won}) {
        sum.*counts += part.*counts;
    }
    sum.amount += part.amount;  // of whole numbers: exact
}

bool same(const funnel::Counts& a, const funnel::Counts& b) {
    return a.passed == b.passed && a.assumed == b.assumed && a.visited == b.visited &&
           a.skipped == b.skipped && a.began_beyond == b.began_beyond && a.beyond == b.beyond &&
           a.lost_from == b.lost_from && a.open_at == b.open_at && a.amount == b.amount &&
           a.amount_missing == b.amount_missing && a.won == b.won && a.lost == b.lost && a.open == b.open &&
           a.left_out == b.left_out && a.reopened_won == b.reopened_won;
}

void check_funnels(Choices& choices, const Pipeline& pipeline, const SlowTotals& slow, const Divided& log) {
    funnel::Options options;
    options.lost_then_won = static_cast<funnel::LostThenWon>(choices.below(3));
    const bool by_group = choices.one_in(2);
    for (const funnel::Kind kind :
         {funnel::Kind::classic, funnel::Kind::conversions_won, funnel::Kind::conversions_moves,
          funnel::Kind::furthest, funnel::Kind::strict}) {
        options.kind = kind;
        options.threads = 1;
        const funnel::Counts whole = count(log.whole, pipeline, options, by_group);
        funnel::Counts sum = count(log.parts[0], pipeline, options, by_group);
        for (const Journeys& part : log.parts.subspan(1)) add(sum, count(part, pipeline, options, by_group));
        expect(same(sum, whole), "funnels of disjoint items add up to that of all");
        options.threads = 7;
        expect(same(count(log.whole, pipeline, options, by_group), whole), "threads change no funnel");
        if (options.lost_then_won != funnel::LostThenWon::include) continue;
        expect(whole.won.sum() == slow.won && whole.lost.sum() == slow.lost && whole.open.sum() == slow.open,
               "items are won, lost or open by their last visit");
        for (std::int32_t row = 0; row < pipeline.n_rows(); ++row) {
            expect(whole.visited.col(row).sum() == slow.stages[static_cast<std::size_t>(row)].items,
                   "the items with a visit of a stage are counted");
        }
    }
}

void check_transitions(const Pipeline& pipeline, const Divided& log) {
    const stages::Transitions whole = stages::count_transitions(log.whole, pipeline, 1);
    stages::Transitions sum = stages::count_transitions(log.parts[0], pipeline, 1);
    for (const Journeys& part : log.parts.subspan(1)) {
        const stages::Transitions more = stages::count_transitions(part, pipeline, 1);
        sum.moves += more.moves;
        sum.items += more.items;
    }
    expect(sum.moves == whole.moves && sum.items == whole.items,
           "moves of disjoint items add up to those of all");
}

constexpr std::array kQuantiles{stats::Quantile{0, 1}, stats::Quantile{1, 2}, stats::Quantile{9, 10},
                                stats::Quantile{1, 1}};

/// The value at a share of the way through sorted durations, between two of them where it falls there.
stats::Duration quantile_of(const std::vector<std::uint64_t>& sorted, const stats::Quantile& quantile) {
    const std::uint64_t place = (sorted.size() - 1) * quantile.numerator;
    const std::uint64_t below = place / quantile.denominator, share = place % quantile.denominator;
    if (share == 0) return {sorted[below], 0, 1};
    const uint128 step = static_cast<uint128>(sorted[below + 1] - sorted[below]) * share;
    return {sorted[below] + static_cast<std::uint64_t>(step / quantile.denominator),
            static_cast<std::uint64_t>(step % quantile.denominator), quantile.denominator};
}

bool same_length(const stats::Duration& a, const stats::Duration& b) {
    return a.whole == b.whole && static_cast<uint128>(a.rest) * b.of == static_cast<uint128>(b.rest) * a.of;
}

void check_times(unsigned threads, const Pipeline& pipeline, const SlowLog& slow, const Divided& log) {
    for (const durations::Per per : {durations::Per::visit, durations::Per::item, durations::Per::longest}) {
        const SlowTotals expected = total_slowly(slow, pipeline, per);
        const std::vector<durations::StageTime> found =
            durations::time_in_stage(log.whole, pipeline, per, kQuantiles, threads);
        for (std::size_t row = 0; row < found.size(); ++row) {
            const SlowStage& stage = expected.stages[row];
            expect(found[row].visits == stage.visits && found[row].completed == stage.completed &&
                       found[row].open == stage.open && found[row].items == stage.items,
                   "visits are counted");
            if (stage.durations.empty()) continue;
            uint128 sum = 0;
            for (const std::uint64_t duration : stage.durations) sum += duration;
            const auto n = static_cast<std::uint64_t>(stage.durations.size());
            const stats::Duration mean{static_cast<std::uint64_t>(sum / n),
                                       static_cast<std::uint64_t>(sum % n), n};
            expect(same_length(found[row].mean, mean), "the mean is exact");
            for (std::size_t q = 0; q < kQuantiles.size(); ++q) {
                expect(same_length(found[row].quantiles[q], quantile_of(stage.durations, kQuantiles[q])),
                       "quantiles are exact");
            }
        }
    }
}

/// The sum of a stage's durations, back from its mean.
uint128 total_of(const durations::StageTime& stage) {
    const auto n = static_cast<std::uint64_t>(stage.completed);
    return static_cast<uint128>(stage.mean.whole) * n +
           static_cast<uint128>(stage.mean.rest) * n / stage.mean.of;
}

void check_merged_times(const Pipeline& pipeline, const Divided& log) {
    std::vector<std::vector<durations::StageTime>> parts;
    for (const Journeys& part : log.parts)
        parts.push_back(durations::time_in_stage(part, pipeline, durations::Per::visit, kQuantiles, 1));
    const std::vector<durations::StageTime> whole =
        durations::time_in_stage(log.whole, pipeline, durations::Per::visit, kQuantiles, 1);
    for (std::size_t row = 0; row < whole.size(); ++row) {
        durations::StageTime sum;
        uint128 total = 0;
        std::uint64_t shortest = std::numeric_limits<std::uint64_t>::max(), longest = 0;
        for (const std::vector<durations::StageTime>& part : parts) {
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

bool same(const std::vector<durations::StageTime>& a, const std::vector<durations::StageTime>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const durations::StageTime& x, const durations::StageTime& y) {
                          return x.visits == y.visits && x.completed == y.completed && x.open == y.open &&
                                 x.items == y.items && same_length(x.mean, y.mean) &&
                                 std::equal(x.quantiles.begin(), x.quantiles.end(), y.quantiles.begin(),
                                            y.quantiles.end(), same_length);
                      });
}

void check_summary(unsigned threads, const Pipeline& pipeline, const Journeys& journeys) {
    std::vector<funnel::Options> funnels(2);
    funnels[0].kind = funnel::Kind::conversions_won;
    funnels[1].kind = funnel::Kind::conversions_moves;
    const SummaryOptions options{
        .funnels = funnels, .per = durations::Per::longest, .quantiles = kQuantiles, .threads = threads};
    const Summary all = summarise(journeys, pipeline, options);
    for (std::size_t i = 0; i < funnels.size(); ++i) {
        expect(same(all.funnels[i], funnel::count_funnel(journeys, pipeline, funnels[i])),
               "a summary has the funnel that is asked for alone");
    }
    expect(
        same(all.times, durations::time_in_stage(journeys, pipeline, durations::Per::longest, kQuantiles, 1)),
        "a summary has the times that are asked for alone");
    const stages::Transitions moves = stages::count_transitions(journeys, pipeline, 1);
    expect(all.transitions.moves == moves.moves && all.transitions.items == moves.items,
           "a summary has the moves that are asked for alone");
    const stages::LogQuality log = stages::log_quality(journeys, 1);
    expect(all.log_quality.exact_duplicates == log.exact_duplicates && all.log_quality.ties == log.ties &&
               all.log_quality.repeats == log.repeats,
           "a summary has what is found in the rows alone");
    const stages::PipelineQuality read = stages::pipeline_quality(journeys, pipeline, 1);
    expect(all.pipeline_quality.unlisted_rows == read.unlisted_rows &&
               all.pipeline_quality.bridged_visits == read.bridged_visits &&
               all.pipeline_quality.items_without_rows == read.items_without_rows &&
               all.pipeline_quality.ties_deciding_outcome == read.ties_deciding_outcome,
           "a summary has what is found by the pipeline alone");
}

}  // namespace

void check_parts(Choices& choices, const SlowLog& slow, const Divided& log) {
    const Pipeline pipeline = draw_pipeline(choices, slow.n_labels);
    check_funnels(choices, pipeline, total_slowly(slow, pipeline, durations::Per::visit), log);
    check_transitions(pipeline, log);
    const unsigned threads = choices.one_in(4) ? 7 : 1;
    check_times(threads, pipeline, slow, log);
    check_merged_times(pipeline, log);
    check_summary(threads, pipeline, log.whole);
}

}  // namespace stagefunnel::fuzz
