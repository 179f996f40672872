#pragma once

// Reads a log's durations into sinks, of which each thread has its own. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "questions/durations/visit_durations.hpp"
#include "scan/scan.hpp"
#include "stats/quantiles.hpp"

namespace stagefunnel::durations::inline internal {

using Brackets = std::vector<std::vector<stats::Bounds>>;  // the brackets of each stage

/// Keeps the number and the sum of each stage's durations, and those that lie in its brackets.
struct Sifter {
    explicit Sifter(const Brackets& brackets) {
        for (const std::vector<stats::Bounds>& bounds : brackets) sieves.emplace_back(bounds);
    }
    void take(std::size_t row, std::span<const std::uint64_t> durations) { sieves[row].add(durations); }
    std::vector<stats::Sieve> sieves;
};

/// What one thread counted, and the sink of its durations.
template <class Sink>
struct SinkPartial {
    std::vector<VisitCounts> counts;
    Sink sink;
};

/// Chooses all items of a range.
struct AllItems {
    template <class Read>
    void operator()(std::size_t first, std::size_t last, Read read) const {
        read(first, last);
    }
};

/// A log, and the way in which its durations are read.
struct DurationScan {
    const Journeys& journeys;
    const Pipeline& pipeline;
    Per per;
    unsigned threads;
    const scan::Marks* marks = nullptr;

    [[nodiscard]] std::size_t n_rows() const { return static_cast<std::size_t>(pipeline.n_rows()); }

    /// Reads those items of a range for which `choose(first, last, read)` calls `read(from, to)`.
    template <class Code, class Sink, class Choose>
    [[nodiscard]] SinkPartial<Sink> read_range(const Code* codes, std::size_t first, std::size_t last,
                                               Sink sink, Choose choose) const {
        SinkPartial<Sink> partial{{}, std::move(sink)};
        const auto read_chosen = [&](auto reader) {
            choose(first, last,
                   [&](std::size_t from, std::size_t to) { reader.read(journeys, codes, from, to); });
            return reader.finish();
        };
        if (marks == nullptr) {
            partial.counts = with_reader(journeys, pipeline, per, partial.sink, read_chosen);
        } else {
            partial.counts = with_marked_reader(journeys, pipeline, per, *marks, partial.sink, read_chosen);
        }
        return partial;
    }

    /// Lets each thread read its range of items into a sink of its own; returns what each of them counted, in
    /// order.
    template <class MakeSink, class Choose = AllItems>
    [[nodiscard]] auto read(MakeSink make_sink, Choose choose = {}) const {
        return scan::scan_ranges(journeys, threads,
                                 [&](const auto* codes, std::size_t first, std::size_t last) {
                                     return read_range(codes, first, last, make_sink(), choose);
                                 });
    }
};

/// Guesses brackets that probably hold the quantiles of each stage, from a small part of the log.
Brackets guess(const DurationScan& scan, std::span<const stats::Quantile> quantiles);

/// Makes the answer from the sifters of all items; reads again for the stages whose brackets miss a quantile.
std::vector<StageTime> stage_times(std::vector<SinkPartial<Sifter>> partials, const DurationScan& scan,
                                   std::span<const stats::Quantile> quantiles);

}  // namespace stagefunnel::durations::inline internal
