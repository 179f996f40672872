#pragma once

// Moving rows to partitions that fit a cache: a radix partitioning by the upper bits of the spread keys, done
// as a counting sort. The partitioned hash join of databases does the same (P. Boncz, S. Manegold, M.
// Kersten, "Database architecture optimized for the new bottleneck: memory access", 1999). Internal to the
// core.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "base/counting_sort.hpp"
#include "base/hashing.hpp"
#include "base/parallel.hpp"
#include "base/time_distance.hpp"
#include "journeys/records.hpp"
#include "journeys/row_pieces.hpp"

namespace stagefunnel::journeys::inline internal {

inline constexpr std::size_t kRowsPerPartition = 16384;  // they and their scratch memory fit 1 MiB of cache
inline constexpr unsigned kMaxPartitionBits = 12;

inline unsigned partition_bits(std::size_t n_rows) {
    const std::size_t wanted = n_rows / kRowsPerPartition;
    return wanted < 2 ? 0 : std::min(static_cast<unsigned>(std::bit_width(wanted - 1)), kMaxPartitionBits);
}

/// The result of the first pass over all rows: the size of each partition and the range of the times.
struct Survey {
    std::vector<std::vector<std::size_t>> next;  // by range and partition: rows, then next place
    std::vector<std::size_t> bounds;             // n_partitions + 1
    Spread spread = Spread::of_process();        // one for all steps of a log
    std::int64_t earliest = std::numeric_limits<std::int64_t>::max();
    std::int64_t latest = std::numeric_limits<std::int64_t>::min();
    std::vector<std::size_t> ranges;  // n_ranges + 1: first row of each
    std::vector<std::size_t> n_runs;  // per range: runs of equal keys that begin in it, if they are counted

    [[nodiscard]] std::size_t n_partitions() const { return bounds.size() - 1; }
    [[nodiscard]] std::size_t n_ranges() const { return next.size(); }
    /// Returns the distance of the latest time from the earliest.
    [[nodiscard]] std::uint64_t duration() const {
        return earliest > latest ? 0 : distance(earliest, latest);
    }
};

/// What a survey counts besides the range of the times.
enum class Counting : std::uint8_t { partitions, runs };

/// Makes the first pass. Each thread reads its own range of rows, and later moves this range. Ranges follow
/// each other inside a partition, so that the order of the input survives whatever the number of threads.
template <Counting What>
Survey survey(const RowPieces& rows, unsigned threads) {
    constexpr bool kPartitions = What == Counting::partitions;
    RecordLayout layout;
    layout.partition_bits = partition_bits(rows.n_rows);
    const std::size_t n_partitions = std::size_t{1} << layout.partition_bits;
    Survey out;
    const std::size_t n_ranges = std::max(threads, 1U);
    out.next.resize(n_ranges);
    out.n_runs.resize(n_ranges);
    std::vector<std::int64_t> earliest(n_ranges), latest(n_ranges);
    for (std::size_t t = 0; t <= n_ranges; ++t) out.ranges.push_back(rows.range_start(t, n_ranges));
    parallel_tasks(n_ranges, threads, [&](std::size_t t) {
        std::vector<std::size_t> counts(kPartitions ? n_partitions : 0, 0);
        std::int64_t low = out.earliest, high = out.latest;
        std::size_t n_runs = 0;
        const auto look = [&, spread = out.spread](const Piece& piece, std::size_t i, std::size_t) {
            const std::uint64_t key = piece.key[i];
            if constexpr (kPartitions) ++counts[layout.partition_of(spread(key))];
            if constexpr (!kPartitions) {
                n_runs += static_cast<std::size_t>(i == 0 || piece.key[i - 1] != key);
            }
            low = std::min(low, piece.time[i]);
            high = std::max(high, piece.time[i]);
        };
        rows.for_each(out.ranges[t], out.ranges[t + 1], look);
        out.next[t] = std::move(counts);
        earliest[t] = low;
        latest[t] = high;
        out.n_runs[t] = n_runs;
    });
    out.earliest = *std::min_element(earliest.begin(), earliest.end());
    out.latest = *std::max_element(latest.begin(), latest.end());
    if constexpr (kPartitions) out.bounds = replace_counts_by_places(out.next);
    return out;
}

/// Returns the greatest common divisor of the distances of all times from the earliest, at least 1.
inline std::uint64_t common_unit(const RowPieces& rows, std::int64_t earliest, unsigned threads) {
    struct Divisor {
        std::uint64_t value = 0;
        void merge(const Divisor& other) { value = std::gcd(value, other.value); }
    };
    const Divisor common = parallel_merge(rows.n_rows, threads, [&](std::size_t first, std::size_t last) {
        Divisor divisor;
        rows.for_each(first, last, [&](const Piece& piece, std::size_t i, std::size_t) {
            const std::uint64_t elapsed = distance(earliest, piece.time[i]);
            if (divisor.value != 1 && (divisor.value == 0 || elapsed % divisor.value != 0)) {
                divisor.value = std::gcd(divisor.value, elapsed);
            }
        });
        return divisor;
    });
    return std::max<std::uint64_t>(common.value, 1);
}

/// Refuses a column whose values are others than they were a moment before.
[[noreturn, gnu::cold, gnu::noinline]] inline void refuse_changes() {
    throw std::invalid_argument(
        "a column changes while it is read; do not write into it meanwhile, or pass a copy");
}

/// Moves every row to its partition as a `Record`. `words` has room for all records.
template <class Record>
void scatter(const RowPieces& rows, const Survey& plan, const RecordLayout& layout, std::uint64_t* words,
             unsigned threads) {
    struct Place {
        std::size_t next, end;
    };
    parallel_tasks(plan.n_ranges(), threads, [&](std::size_t t) {
        // The rows of each range end in each partition where those of the next range begin.
        std::vector<Place> places(plan.n_partitions());
        for (std::size_t q = 0; q < places.size(); ++q) {
            places[q] = {plan.next[t][q], t + 1 < plan.n_ranges() ? plan.next[t + 1][q] : plan.bounds[q + 1]};
        }
        const std::size_t first = plan.ranges[t], last = plan.ranges[t + 1];
        // What a row needs is held by value: the compiler does not know that records are stored elsewhere.
        const auto move = [place_of = places.data(), duration = plan.duration(), layout, words](
                              const Piece& piece, std::size_t i, std::size_t row) {
            SourceRow source{};
            source.key = layout.spread(piece.key[i]);
            const std::uint64_t since = distance(layout.earliest, piece.time[i]);
            if constexpr (Record::kHashed) source.high = piece.high[i];
            source.elapsed = layout.in_units(since);
            source.row = static_cast<std::uint32_t>(row);
            source.stage = piece.stage[i];
            Place& place = place_of[layout.partition_of(source.key)];
            // Columns are read in place, twice: another thread may have written into them meanwhile.
            if (place.next >= place.end || since > duration) refuse_changes();
            Record::store(words + place.next++ * Record::kWords, layout, source);
        };
        if (!rows.release) {
            rows.for_each(first, last, move);
            return;
        }
        rows.for_each_piece(first, last,
                            [&](std::size_t p, std::size_t /*start*/, std::size_t from, std::size_t to) {
                                rows.for_each(from, to, move);
                                rows.release(p);
                            });
    });
}

}  // namespace stagefunnel::journeys::inline internal
