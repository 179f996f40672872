#pragma once

// Spreading rows over partitions that fit a cache. Internal to the core.

#include <algorithm>
#include <bit>
#include <span>
#include <utility>
#include <vector>

#include "hashing.hpp"
#include "parallel.hpp"
#include "records.hpp"
#include "stagefunnel/memory.hpp"

namespace stagefunnel {

inline constexpr std::size_t kRowsPerPartition = 8192;  // with tables and records it fits 1 MiB of cache
inline constexpr unsigned kMaxPartitionBits = 12;

inline unsigned partition_bits(std::size_t n_rows) {
    const std::size_t wanted = n_rows / kRowsPerPartition;
    return wanted < 2 ? 0 : std::min(static_cast<unsigned>(std::bit_width(wanted - 1)), kMaxPartitionBits);
}

/// All rows, moved so that the rows of a partition lie together in the order of the input.
template <class Record>
struct Partitions {
    LargeVector<Record> records;
    std::vector<std::size_t> bounds;  // n_partitions + 1

    [[nodiscard]] std::size_t size() const { return bounds.size() - 1; }
    [[nodiscard]] std::span<const Record> at(std::size_t q) const {
        return {records.data() + bounds[q], bounds[q + 1] - bounds[q]};
    }
};

template <class Record>
Partitions<Record> partition(const Input& in, unsigned threads) {
    const unsigned bits = partition_bits(in.n_rows());
    const std::size_t n_partitions = std::size_t{1} << bits;
    const auto partition_of = [&](std::uint64_t key) {
        return bits == 0 ? std::size_t{0} : static_cast<std::size_t>(spread(key) >> (64U - bits));
    };
    // Each thread counts, then moves, its own range of rows; ranges follow each other inside a partition,
    // so that the input's order survives whatever the number of threads.
    const std::size_t n_ranges = std::max(threads, 1U);
    const auto range = [&](std::size_t t) { return in.n_rows() * t / n_ranges; };
    std::vector<std::vector<std::size_t>> next(n_ranges, std::vector<std::size_t>(n_partitions, 0));
    parallel_tasks(n_ranges, threads, [&](std::size_t t) {
        for (std::size_t row = range(t); row < range(t + 1); ++row) {
            if (in.keeps(row)) ++next[t][partition_of(in.items.key[row])];
        }
    });
    Partitions<Record> out;
    out.bounds.resize(n_partitions + 1);
    std::size_t total = 0;
    for (std::size_t q = 0; q < n_partitions; ++q) {
        out.bounds[q] = total;
        for (std::vector<std::size_t>& counts : next) {
            const std::size_t count = counts[q];
            counts[q] = total;
            total += count;
        }
    }
    out.bounds[n_partitions] = total;
    out.records.resize(total);
    parallel_tasks(n_ranges, threads, [&](std::size_t t) {
        for (std::size_t row = range(t); row < range(t + 1); ++row) {
            if (in.keeps(row)) {
                out.records[next[t][partition_of(in.items.key[row])]++] = Record::of(in, row);
            }
        }
    });
    return out;
}

}  // namespace stagefunnel
