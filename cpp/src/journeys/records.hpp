#pragma once

// The formats of a row on its way from the columns to its journey. Internal to the core.

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/hashing.hpp"
#include "base/time_distance.hpp"

namespace stagefunnel::journeys::inline internal {

/// Bits of an item's key: integers and packed texts have 64, hashes 128.
enum class KeyWidth : std::uint8_t { bits64, bits128 };

/// A row of the input.
struct SourceRow {
    std::uint64_t key;  // as `Spread` leaves it
    std::uint64_t high;
    std::uint64_t elapsed;  // since the log's earliest time, in `RecordLayout::unit`
    std::uint32_t row;
    std::uint32_t stage;
};

/// The number of bits that each part of a row takes in a record. All records of a log have one layout.
struct RecordLayout {
    unsigned partition_bits = 0;  // these upper bits of a key are its partition and are not stored
    unsigned time_bits = 0;
    std::int64_t earliest = 0;
    std::uint64_t duration = 0;  // from the earliest time to the latest
    std::uint64_t unit = 1;      // divides all elapsed times, which are stored as multiples of it
    Spread spread;               // of the keys of all records

    [[nodiscard]] std::uint64_t in_units(std::uint64_t elapsed) const {
        return unit == 1 ? elapsed : elapsed / unit;
    }
    [[nodiscard]] std::uint64_t elapsed_at(std::int64_t time) const {
        return in_units(distance(earliest, time));
    }
    [[nodiscard]] std::int64_t time_of(std::uint64_t elapsed) const {
        return time_after(earliest, elapsed * unit);
    }
    [[nodiscard]] std::size_t partition_of(std::uint64_t spread_key) const {
        return partition_bits == 0 ? 0 : static_cast<std::size_t>(spread_key >> (64U - partition_bits));
    }
    /// Returns the key of a record in partition `q`; `rest` is the stored part of the key.
    [[nodiscard]] std::uint64_t key_of(std::size_t q, std::uint64_t rest) const {
        if (partition_bits == 0) return spread.gather(rest);
        return spread.gather(rest >> partition_bits | static_cast<std::uint64_t>(q)
                                                          << (64U - partition_bits));
    }
};

/// A row of a journey in one word. From the highest bit on it holds elapsed time, arrival and stage, so that
/// words sort by time, then arrival.
using PackedStep = std::uint64_t;

inline constexpr unsigned kStageBits = 8;
inline constexpr unsigned kArrivalBits = 6;  // longer journeys are sorted by a stable sort
inline constexpr unsigned kStepBits = kStageBits + kArrivalBits;
inline constexpr std::size_t kMostArrivals = std::size_t{1} << kArrivalBits;

/// A row of a journey with any time and stage.
struct WideStep {
    std::uint64_t elapsed;
    std::uint32_t row;
    std::uint32_t stage;
};

/// A record of two or three words for stage codes below 256. Moving records to the partitions costs memory
/// traffic, so they are small: the row number is cut in two and fills the bits that key and time leave.
///
/// word 0: key without its partition, lower bits of the row
/// word 1: upper bits of the row, elapsed time, stage
/// word 2: upper half of a key of 128 bits
template <KeyWidth Width>
struct NarrowRecord {
    static constexpr KeyWidth kKeyWidth = Width;
    static constexpr bool kHashed = Width == KeyWidth::bits128;
    static constexpr std::size_t kWords = kHashed ? 3 : 2;
    using Step = PackedStep;

    /// Returns whether all parts of every row have room in a record and in a step.
    static bool fits(const RecordLayout& layout, std::size_t n_rows) {
        const auto row_bits = static_cast<unsigned>(std::bit_width(n_rows));
        return layout.time_bits + kStepBits <= 64 &&
               layout.time_bits + kStageBits + row_bits <= 64 + layout.partition_bits;
    }

    static void store(std::uint64_t* words, const RecordLayout& layout, const SourceRow& row) {
        const unsigned bits = layout.partition_bits;
        const std::uint64_t low_row = row.row & ((1U << bits) - 1U);
        words[0] = row.key << bits | low_row;
        const auto upper_row = static_cast<std::uint64_t>(row.row >> bits);
        words[1] = upper_row << (layout.time_bits + kStageBits) | row.elapsed << kStageBits | row.stage;
        if constexpr (kHashed) words[2] = row.high;
    }
    static std::uint64_t rest_of_key(const std::uint64_t* words, const RecordLayout& layout) {
        return words[0] >> layout.partition_bits << layout.partition_bits;
    }
    static std::uint64_t high(const std::uint64_t* words) { return kHashed ? words[kWords - 1] : 0; }
    static std::uint32_t row(const std::uint64_t* words, const RecordLayout& layout) {
        const unsigned bits = layout.partition_bits;
        const std::uint64_t upper = words[1] >> (layout.time_bits + kStageBits);
        return static_cast<std::uint32_t>(upper << bits | (words[0] & ((1U << bits) - 1U)));
    }
    /// Arrivals wrap around in journeys of more than `kMostArrivals` rows.
    static Step step(const std::uint64_t* words, const RecordLayout& layout, std::uint64_t arrival) {
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

/// A record for any time, any stage and any number of rows. Its steps know their row, which a row order
/// needs.
template <KeyWidth Width>
struct WideRecord {
    static constexpr KeyWidth kKeyWidth = Width;
    static constexpr bool kHashed = Width == KeyWidth::bits128;
    static constexpr std::size_t kWords = kHashed ? 4 : 3;
    using Step = WideStep;

    static void store(std::uint64_t* words, const RecordLayout& layout, const SourceRow& row) {
        words[0] = row.key << layout.partition_bits;
        words[1] = row.elapsed;
        words[2] = static_cast<std::uint64_t>(row.row) << 32U | row.stage;
        if constexpr (kHashed) words[3] = row.high;
    }
    static std::uint64_t rest_of_key(const std::uint64_t* words, const RecordLayout&) { return words[0]; }
    static std::uint64_t high(const std::uint64_t* words) { return kHashed ? words[kWords - 1] : 0; }
    static std::uint32_t row(const std::uint64_t* words, const RecordLayout&) {
        return static_cast<std::uint32_t>(words[2] >> 32U);
    }
    static Step step(const std::uint64_t* words, const RecordLayout& layout, std::uint64_t /*arrival*/) {
        return {words[1], row(words, layout), static_cast<std::uint32_t>(words[2])};
    }
    static std::uint64_t elapsed(const Step& step) { return step.elapsed; }
    static std::uint32_t stage(const Step& step) { return step.stage; }
};

}  // namespace stagefunnel::journeys::inline internal
