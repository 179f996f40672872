#pragma once

// Journeys of input that is grouped by item already, so that no row has to move to a partition: its runs of
// equal keys are found, no key may start two runs, and the journeys are read from blocks of whole runs.
// Internal to the core.

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "base/counting_sort.hpp"
#include "base/hashing.hpp"
#include "base/parallel.hpp"
#include "base/time_distance.hpp"
#include "journeys/ordering.hpp"
#include "journeys/partition.hpp"
#include "journeys/records.hpp"
#include "journeys/row_pieces.hpp"

namespace stagefunnel::journeys::inline internal {

/// Returns whether no key of a partition occurs twice, by sorting: in time that no keys can lengthen.
[[gnu::noinline]] inline bool are_distinct_sorted(std::span<const std::uint64_t> keys) {
    std::vector<std::uint64_t> rising(keys.begin(), keys.end());
    std::sort(rising.begin(), rising.end());
    return std::adjacent_find(rising.begin(), rising.end()) == rising.end();
}

/// Returns whether no key occurs twice. The keys are partitioned by their upper bits, and each partition is
/// checked with a hash table with linear probing (Knuth, TAOCP 3, 6.4, algorithm L), or by sorting where many
/// keys want the same slots.
///
/// @param keys keys as `Spread` leaves them.
inline bool are_distinct(std::span<const std::uint64_t> keys, unsigned threads) {
    const unsigned bits = partition_bits(keys.size());
    RecordLayout layout;
    layout.partition_bits = bits;
    const std::size_t n_partitions = std::size_t{1} << bits, n_ranges = std::max(threads, 1U);
    const auto range = [&](std::size_t t) { return keys.subspan(keys.size() * t / n_ranges); };
    const auto for_each_key = [&](std::size_t t, auto at) {
        for (const std::uint64_t key : range(t).first(range(t).size() - range(t + 1).size())) at(key);
    };
    std::vector<std::vector<std::size_t>> next(n_ranges, std::vector<std::size_t>(n_partitions, 0));
    parallel_tasks(n_ranges, threads, [&](std::size_t t) {
        for_each_key(t, [&](std::uint64_t key) { ++next[t][layout.partition_of(key)]; });
    });
    const std::vector<std::size_t> bounds = replace_counts_by_places(next);
    LargeVector<std::uint64_t> parted(keys.size());
    parallel_tasks(n_ranges, threads, [&](std::size_t t) {
        for_each_key(t,
                     [&](std::uint64_t key) { parted[next[t][layout.partition_of(key)]++] = key << bits; });
    });
    std::atomic<bool> distinct{true};
    parallel_tasks(n_partitions, threads, [&](std::size_t q) {
        const std::size_t n = bounds[q + 1] - bounds[q];
        const auto slot_bits = static_cast<unsigned>(std::bit_width(4 * n + 1));
        const std::size_t mask = (std::size_t{1} << slot_bits) - 1;
        // With partitions, a key has lost its upper bits and is even, so it never equals the mark of a free
        // slot. Without partitions one key does, which is looked for by itself.
        constexpr std::uint64_t kFree = ~std::uint64_t{0};
        std::vector<std::uint64_t> slots(mask + 1, kFree);
        bool saw_mark = false;
        for (std::size_t i = bounds[q]; i < bounds[q + 1] && distinct; ++i) {
            const std::uint64_t key = parted[i];
            if (key == kFree) {
                if (saw_mark) distinct = false;
                saw_mark = true;
                continue;
            }
            std::size_t slot = key >> (64U - slot_bits);
            while (slots[slot] != kFree && slots[slot] != key) {
                slot = (slot + 1) & mask;
                if (((slot - (key >> (64U - slot_bits))) & mask) > kMostProbes) {
                    if (!are_distinct_sorted({parted.data() + bounds[q], n})) distinct = false;
                    return;
                }
            }
            if (slots[slot] == key) distinct = false;
            slots[slot] = key;
        }
    });
    return distinct;
}

/// Runs of rows with equal keys.
struct Runs {
    LargeVector<std::uint32_t> start;  // first row of each run; at the end the number of rows
    LargeVector<std::uint64_t> key;    // of each run, as `Spread` leaves it
    std::vector<std::size_t> blocks;   // n_blocks + 1: first run of each block; a block fits a cache

    [[nodiscard]] bool empty() const { return start.empty(); }
    [[nodiscard]] std::size_t n_blocks() const { return blocks.size() - 1; }
};

/// Finds the runs that `survey` counted. Returns no runs if a key starts two of them.
inline Runs find_runs(const Piece& rows, const Survey& plan, unsigned threads) {
    std::vector<std::size_t> first(plan.n_ranges() + 1, 0);
    std::partial_sum(plan.n_runs.begin(), plan.n_runs.end(), first.begin() + 1);
    Runs runs;
    runs.start.resize(first.back() + 1);
    runs.key.resize(first.back());
    const Spread spread = plan.spread;
    parallel_tasks(plan.n_ranges(), threads, [&](std::size_t t) {
        // A branch on "a run begins" would be mispredicted once per run, so every row writes and few advance.
        const std::uint64_t* const key = rows.key;
        std::uint32_t* const start = runs.start.data();
        std::size_t at = first[t];
        for (std::size_t row = plan.ranges[t]; row < plan.ranges[t + 1] && at < first[t + 1]; ++row) {
            start[at] = static_cast<std::uint32_t>(row);
            at += static_cast<std::size_t>(row == 0 || key[row] != key[row - 1]);
        }
        if (at < first[t + 1]) refuse_changes();
        for (std::size_t run = first[t]; run < first[t + 1]; ++run) runs.key[run] = spread(key[start[run]]);
    });
    runs.start.back() = static_cast<std::uint32_t>(rows.n_rows);
    if (!are_distinct(runs.key, threads)) return {};
    runs.blocks.push_back(0);
    while (runs.blocks.back() + 1 < runs.start.size()) {
        const auto begin = runs.start.begin() + static_cast<std::ptrdiff_t>(runs.blocks.back());
        const auto end = std::upper_bound(begin + 1, runs.start.end() - 1, *begin + kRowsPerPartition / 2);
        runs.blocks.push_back(static_cast<std::size_t>(end - runs.start.begin()));
    }
    return runs;
}

/// Reads the journeys of blocks of whole runs from the columns.
template <KeyWidth Width>
class RunReader : public JourneySorter<NarrowRecord<Width>> {
    using Base = JourneySorter<NarrowRecord<Width>>;

  public:
    using Base::Base;

    /// Writes the journeys of a block and returns its items. `row` is written only if row numbers are kept.
    template <class Code>
    LocalItems read(const Piece& rows, const Runs& runs, std::size_t block, Code* stage, std::int64_t* time,
                    std::uint32_t* row) {
        const std::size_t first = runs.blocks[block], n_items = runs.blocks[block + 1] - first;
        const std::uint32_t* const start = runs.start.data() + first;
        length_.resize(n_items);
        for (std::size_t item = 0; item < n_items; ++item) length_[item] = start[item + 1] - start[item];
        this->place_items();
        begins_.assign(start[n_items] - start[0], 0);
        for (std::size_t item = 0; item < n_items; ++item) begins_[start[item] - start[0]] = 1;
        const LocalItems items = this->store_.take(n_items, Width);
        for (std::size_t at = 0; at < n_items; ++at) {
            const std::uint32_t which = order_of_items_[at];
            items.length[at] = length_[which];
            items.first_row[at] = start[which];
            items.key[at] = layout_.spread.gather(runs.key[first + which]);
            if constexpr (Width == KeyWidth::bits128) items.high[at] = rows.high[start[which]];
        }
        if (keeps_rows_) number_rows(start);
        if (copy_ordered(rows, start, n_items, stage, time)) {
            std::copy(rows_.begin(), rows_.end(), row);
        } else {
            pack(rows, start);
            this->order_journeys(items.length);
            this->write(stage, time);
            if (keeps_rows_) this->write_rows(row, items.length);
        }
        return items;
    }

  private:
    /// Calls `at(row, item, is_first)` for each row in the order of the input, which memory reads fastest.
    /// The number of the item is counted without a branch. The keys are not read again: another thread may
    /// have changed them since the runs were found.
    template <class At>
    void for_each_row(std::size_t first_row, At at) const {
        const std::uint8_t* const begins = begins_.data();
        const std::size_t n_rows = begins_.size();
        std::size_t item = 0;
        at(first_row, item, true);
        for (std::size_t i = 1; i < n_rows; ++i) {
            item += begins[i];
            at(first_row + i, item, begins[i] != 0);
        }
    }

    /// Copies the runs. Returns false if a run is not in the order of time; what is written is then
    /// worthless.
    template <class Code>
    bool copy_ordered(const Piece& rows, const std::uint32_t* start, std::size_t n_items, Code* stage,
                      std::int64_t* time) {
        shift_.resize(n_items);
        for (std::size_t item = 0; item < n_items; ++item) shift_[item] = cursor_[item] - start[item];
        const std::size_t* const shift = shift_.data();
        const std::int64_t* const times = rows.time;
        const auto* const stages = rows.stage;
        const std::int64_t earliest = layout_.earliest;
        std::int64_t before = earliest;
        std::size_t n_earlier = 0;
        std::uint64_t longest = 0;
        for_each_row(start[0], [&](std::size_t row, std::size_t item, bool is_first) {
            const std::size_t place = shift[item] + row;
            const std::int64_t now = times[row];
            stage[place] = static_cast<Code>(stages[row]);
            time[place] = now;
            n_earlier += static_cast<std::size_t>(!is_first) & static_cast<std::size_t>(now < before);
            before = now;
            longest = std::max(longest, distance(earliest, now));
        });
        if (longest > layout_.duration) refuse_changes();
        return n_earlier == 0;
    }

    void number_rows(const std::uint32_t* start) {
        rows_.resize(begins_.size());
        for_each_row(start[0], [&](std::size_t row, std::size_t item, bool) {
            rows_[cursor_[item] + (row - start[item])] = static_cast<std::uint32_t>(row);
        });
    }

    void pack(const Piece& rows, const std::uint32_t* start) {
        steps_.resize(begins_.size());
        const RecordLayout layout = layout_;
        PackedStep* const steps = steps_.data();
        const std::size_t* const shift = shift_.data();
        std::uint64_t longest = 0;
        for_each_row(start[0], [&](std::size_t row, std::size_t item, bool) {
            const std::uint64_t elapsed = layout.elapsed_at(rows.time[row]);
            longest = std::max(longest, elapsed);
            steps[shift[item] + row] = NarrowRecord<Width>::pack(elapsed, row - start[item], rows.stage[row]);
        });
        if (longest > layout.in_units(layout.duration)) refuse_changes();
    }

    std::vector<std::uint8_t> begins_;  // 1 for each row of the block that is the first of an item
    std::vector<std::size_t> shift_;    // of each item: its rows' places in the block minus their rows

    using Base::cursor_;
    using Base::keeps_rows_;
    using Base::layout_;
    using Base::length_;
    using Base::order_of_items_;
    using Base::rows_;
    using Base::steps_;
};

}  // namespace stagefunnel::journeys::inline internal
