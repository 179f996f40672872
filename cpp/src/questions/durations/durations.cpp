#include "stagefunnel/questions/durations/durations.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/hashing.hpp"
#include "base/parallel.hpp"
#include "questions/durations/duration_scan.hpp"
#include "stats/sample_summary.hpp"

namespace stagefunnel::durations {
namespace {

using Sample = LargeVector<std::uint64_t>;

/// Keeps every duration.
struct Keeper {
    explicit Keeper(std::size_t n_rows) : samples(n_rows) {}
    void take(std::size_t row, std::span<const std::uint64_t> durations) {
        samples[row].insert(samples[row].end(), durations.begin(), durations.end());
    }
    std::vector<Sample> samples;
};

/// Keeps a systematic sample of each stage's durations: one in every `kOneIn`.
struct Thinner {
    explicit Thinner(std::size_t n_rows) : samples(n_rows), next(n_rows, 0) {}
    void take(std::size_t row, std::span<const std::uint64_t> durations) {
        std::size_t at = next[row];
        for (; at < durations.size(); at += stats::kOneIn) samples[row].push_back(durations[at]);
        next[row] = at - durations.size();
    }
    std::vector<Sample> samples;
    std::vector<std::size_t> next;
};

/// Chooses a stratified sample of items: a few neighbours at a random place of each stretch of the range.
///
/// Neighbours lie together in memory, but they may be alike; so there are only a few at a time.
struct FewNeighbours {
    template <class Read>
    void operator()(std::size_t first, std::size_t last, Read read) const {
        constexpr std::size_t kNeighbours = 8, kStride = kNeighbours * stats::kOneIn;
        for (std::size_t begin = first; begin + kStride <= last; begin += kStride) {
            const std::size_t at = begin + Spread{}(begin) % (kStride - kNeighbours + 1);
            read(at, at + kNeighbours);
        }
    }
};

void add(VisitCounts& to, const VisitCounts& counts) {
    to.visits += counts.visits;
    to.completed += counts.completed;
    to.open += counts.open;
    to.items += counts.items;
    to.start_unknown += counts.start_unknown;
}

/// Joins the threads' samples of one stage, in the order of the threads.
template <class Sink>
Sample join(std::vector<SinkPartial<Sink>>& partials, std::size_t row) {
    Sample whole = std::move(partials[0].sink.samples[row]);
    for (std::size_t p = 1; p < partials.size(); ++p) {
        const Sample theirs = std::move(partials[p].sink.samples[row]);
        whole.insert(whole.end(), theirs.begin(), theirs.end());
    }
    return whole;
}

template <class Sink>
Brackets guess_from(std::vector<SinkPartial<Sink>> partials, const DurationScan& scan,
                    std::span<const stats::Quantile> quantiles) {
    Brackets brackets(scan.n_rows());
    parallel_tasks(brackets.size(), scan.threads, [&](std::size_t row) {
        Sample part = join(partials, row);
        brackets[row] = stats::guess_brackets(part, quantiles);
    });
    return brackets;
}

/// What sifters took of all items.
struct Sifted {
    std::vector<VisitCounts> counts;
    std::vector<stats::Sieve> sieves;
};

Sifted merge(std::vector<SinkPartial<Sifter>> partials) {
    Sifted sifted{std::move(partials[0].counts), std::move(partials[0].sink.sieves)};
    for (std::size_t p = 1; p < partials.size(); ++p) {
        for (std::size_t row = 0; row < sifted.counts.size(); ++row) {
            add(sifted.counts[row], partials[p].counts[row]);
            sifted.sieves[row].merge(partials[p].sink.sieves[row]);
        }
    }
    return sifted;
}

std::vector<SinkPartial<Sifter>> sift(const DurationScan& scan, const Brackets& brackets) {
    return scan.read([&] { return Sifter(brackets); });
}

/// Reads again for the stages whose brackets miss a quantile; now the counts say where the quantiles lie.
void sift_again_where_missed(Sifted& sifted, const DurationScan& scan,
                             std::span<const stats::Quantile> quantiles) {
    Brackets missing;
    for (stats::Sieve& sieve : sifted.sieves) missing.push_back(stats::missing_brackets(sieve, quantiles));
    if (std::all_of(missing.begin(), missing.end(), [](const auto& bounds) { return bounds.empty(); })) {
        return;
    }
    Sifted again = merge(sift(scan, missing));
    for (std::size_t row = 0; row < missing.size(); ++row) {
        if (!missing[row].empty()) sifted.sieves[row] = std::move(again.sieves[row]);
    }
}

StageTime stage_time(const VisitCounts& counts, stats::Sieve& sieve,
                     std::span<const stats::Quantile> quantiles) {
    stats::SampleSummary summary = stats::summary_of(sieve, quantiles);
    return {counts, summary.mean, std::move(summary.quantiles)};
}

}  // namespace

Brackets internal::guess(const DurationScan& scan, std::span<const stats::Quantile> quantiles) {
    constexpr std::size_t kEnoughItems = 1U << 15U;
    const std::size_t n_rows = scan.n_rows();
    if (quantiles.empty()) return Brackets(n_rows);
    if (scan.journeys.n_rows() < stats::kWorthGuessing) return Brackets(n_rows, {stats::Bounds{}});
    if (scan.journeys.n_items() >= kEnoughItems) {
        return guess_from(scan.read([&] { return Keeper(n_rows); }, FewNeighbours{}), scan, quantiles);
    }
    return guess_from(scan.read([&] { return Thinner(n_rows); }), scan, quantiles);
}

std::vector<StageTime> internal::stage_times(std::vector<SinkPartial<Sifter>> partials,
                                             const DurationScan& scan,
                                             std::span<const stats::Quantile> quantiles) {
    Sifted sifted = merge(std::move(partials));
    sift_again_where_missed(sifted, scan, quantiles);
    std::vector<StageTime> table(sifted.sieves.size());
    parallel_tasks(table.size(), scan.threads, [&](std::size_t row) {
        table[row] = stage_time(sifted.counts[row], sifted.sieves[row], quantiles);
    });
    return table;
}

std::vector<StageTime> time_in_stage(const Journeys& journeys, const Pipeline& pipeline, Per per,
                                     std::span<const stats::Quantile> quantiles, unsigned threads,
                                     const scan::Marks* marks) {
    pipeline.check(journeys);
    if (marks != nullptr) marks->check(journeys);
    stats::check_quantiles(quantiles);
    const DurationScan scan{journeys, pipeline, per, threads, marks};
    return stage_times(sift(scan, guess(scan, quantiles)), scan, quantiles);
}

std::vector<StageDurations> stage_durations(const Journeys& journeys, const Pipeline& pipeline, Per per,
                                            unsigned threads, const scan::Marks* marks) {
    pipeline.check(journeys);
    if (marks != nullptr) marks->check(journeys);
    const DurationScan scan{journeys, pipeline, per, threads, marks};
    auto partials = scan.read([&] { return Keeper(scan.n_rows()); });
    std::vector<StageDurations> table(scan.n_rows());
    parallel_tasks(table.size(), threads, [&](std::size_t row) {
        for (const auto& partial : partials) add(table[row], partial.counts[row]);
        table[row].durations = join(partials, row);
    });
    return table;
}

StageTime summarise_durations(const VisitCounts& counts,
                              std::span<const std::span<const std::uint64_t>> samples,
                              std::span<const stats::Quantile> quantiles) {
    stats::check_quantiles(quantiles);
    std::size_t n = 0;
    for (const auto& sample : samples) n += sample.size();
    if (std::cmp_greater(n, counts.completed) || (n == 0) != (counts.completed == 0)) {
        throw std::invalid_argument(std::to_string(counts.completed) + " completed visits cannot have " +
                                    std::to_string(n) + " durations");
    }
    stats::SampleSummary summary = stats::summarise(samples, quantiles);
    return {counts, summary.mean, std::move(summary.quantiles)};
}

}  // namespace stagefunnel::durations
