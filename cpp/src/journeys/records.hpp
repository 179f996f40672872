#pragma once

// One row on its way from the columns to its journey. Internal to the core.

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/hashing.hpp"
#include "base/time_distance.hpp"

namespace stagefunnel::journeys::inline internal {

/// A row as the columns have it; `key` is spread already.
struct SourceRow {
    std::uint64_t key;
    std::uint64_t high;
    std::uint64_t elapsed;  // since the log's earliest time, in units of the layout
    std::uint32_t row;
    std::uint32_t stage;
};

/// How many bits of a record the parts of a row take; the same for all records of a log.
struct Layout {
    unsigned partition_bits = 0;  // the upper bits of a key are its partition and need not be stored
    unsigned time_bits = 0;
    std::int64_t earliest = 0;
    std::uint64_t unit = 1;  // elapsed times are stored divided by it

    [[nodiscard]] std::uint64_t elapsed_at(std::int64_t time) const {
        const std::uint64_t elapsed = distance(earliest, time);
        return unit == 1 ? elapsed : elapsed / unit;
    }
    [[nodiscard]] std::int64_t time_of(std::uint64_t elapsed) const {
        return time_after(earliest, elapsed * unit);
    }
    [[nodiscard]] std::size_t partition_of(std::uint64_t spread_key) const {
        return partition_bits == 0 ? 0 : static_cast<std::size_t>(spread_key >> (64U - partition_bits));
    }
    /// The key of a record that lies in partition `q`, whose stored part is `rest`.
    [[nodiscard]] std::uint64_t key_of(std::size_t q, std::uint64_t rest) const {
        if (partition_bits == 0) return gather(rest);
        return gather(rest >> partition_bits | static_cast<std::uint64_t>(q) << (64U - partition_bits));
    }
};

/// A row inside its journey in one word that sorts by time, then arrival: elapsed, arrival, stage.
using PackedStep = std::uint64_t;

inline constexpr unsigned kStageBits = 8;
inline constexpr unsigned kArrivalBits = 6;  // enough for journeys of up to 64 rows; longer ones sort stably
inline constexpr unsigned kStepBits = kStageBits + kArrivalBits;
inline constexpr std::size_t kMostArrivals = std::size_t{1} << kArrivalBits;

/// A row inside its journey, any time and stage.
struct WideStep {
    std::uint64_t elapsed;
    std::uint32_t row;
    std::uint32_t stage;
};

/// A record of two or three words for stages below 256. The fewer bytes move to the partitions, the better:
/// the row number is cut in two and fills the bits that key and time leave.
///
/// word 0: key without its partition, lower bits of the row; word 1: upper bits of the row, time, stage;
/// word 2: upper half of a hashed key.
template <bool Hashed>
struct NarrowRecord {
    static constexpr bool kHashed = Hashed;
    static constexpr std::size_t kWords = Hashed ? 3 : 2;
    using Step = PackedStep;

    /// True where all parts of every row have room; time and stage then take at most 58 bits.
    static bool fits(const Layout& layout, std::size_t n_rows) {
        const auto row_bits = static_cast<unsigned>(std::bit_width(n_rows));
        return layout.time_bits + kStepBits <= 64 &&
               layout.time_bits + kStageBits + row_bits <= 64 + layout.partition_bits;
    }

    static void store(std::uint64_t* words, const Layout& layout, const SourceRow& row) {
        const unsigned bits = layout.partition_bits;
        const std::uint64_t low_row = row.row & ((1U << bits) - 1U);
        words[0] = row.key << bits | low_row;
        const auto upper_row = static_cast<std::uint64_t>(row.row >> bits);
        words[1] = upper_row << (layout.time_bits + kStageBits) | row.elapsed << kStageBits | row.stage;
        if constexpr (Hashed) words[2] = row.high;
    }
    static std::uint64_t rest_of_key(const std::uint64_t* words, const Layout& layout) {
        return words[0] >> layout.partition_bits << layout.partition_bits;
    }
    static std::uint64_t high(const std::uint64_t* words) { return Hashed ? words[kWords - 1] : 0; }
    static std::uint32_t row(const std::uint64_t* words, const Layout& layout) {
        const unsigned bits = layout.partition_bits;
        const std::uint64_t upper = words[1] >> (layout.time_bits + kStageBits);
        return static_cast<std::uint32_t>(upper << bits | (words[0] & ((1U << bits) - 1U)));
    }
    /// Journeys of more than `kMostArrivals` rows see their arrivals wrap around.
    static Step step(const std::uint64_t* words, const Layout& layout, std::uint64_t arrival) {
        const std::uint64_t mask = (std::uint64_t{1} << (layout.time_bits + kStageBits)) - 1;
        const std::uint64_t word = words[1] & mask;
        return pack(word >> kStageBits, arrival, word & 0xffU);
    }
    static Step pack(std::uint64_t elapsed, std::uint64_t arrival, std::uint64_t stage) {
        return elapsed << kStepBits | (arrival % kMostArrivals) << kStageBits | stage;
    }
    static std::uint64_t elapsed(Step step) { return step >> kStepBits; }
    static std::size_t arrival(Step step) { return step >> kStageBits & (kMostArrivals - 1); }
    static std::uint32_t stage(Step step) { return static_cast<std::uint32_t>(step & 0xffU); }
};

/// A record for any time, any stage, any number of rows, and for a row order that decides between ties.
template <bool Hashed>
struct WideRecord {
    static constexpr bool kHashed = Hashed;
    static constexpr std::size_t kWords = Hashed ? 4 : 3;
    using Step = WideStep;

    static void store(std::uint64_t* words, const Layout& layout, const SourceRow& row) {
        words[0] = row.key << layout.partition_bits;
        words[1] = row.elapsed;
        words[2] = static_cast<std::uint64_t>(row.row) << 32U | row.stage;
        if constexpr (Hashed) words[3] = row.high;
    }
    static std::uint64_t rest_of_key(const std::uint64_t* words, const Layout&) { return words[0]; }
    static std::uint64_t high(const std::uint64_t* words) { return Hashed ? words[kWords - 1] : 0; }
    static std::uint32_t row(const std::uint64_t* words, const Layout&) {
        return static_cast<std::uint32_t>(words[2] >> 32U);
    }
    static Step step(const std::uint64_t* words, const Layout& layout, std::uint64_t /*arrival*/) {
        return {words[1], row(words, layout), static_cast<std::uint32_t>(words[2])};
    }
    static std::uint64_t elapsed(const Step& step) { return step.elapsed; }
    static std::uint32_t stage(const Step& step) { return step.stage; }
};

}  // namespace stagefunnel::journeys::inline internal
