#pragma once

// One row on its way from the columns to its journey. Internal to the core.

#include <array>
#include <cstdint>
#include <cstring>

#include "stagefunnel/encode.hpp"

namespace stagefunnel {

/// The columns as building reads them.
struct Input {
    const ItemKeys& items;
    const StageCodes& stages;
    const Times& times;
    const std::vector<bool>& is_dropped;  // empty: nothing is
    std::int64_t earliest;

    [[nodiscard]] bool keeps(std::size_t row) const { return is_dropped.empty() || !is_dropped[row]; }
    [[nodiscard]] std::size_t n_rows() const { return items.size(); }
};

/// A row inside its journey, any time and stage.
struct WideStep {
    std::int64_t time;
    std::uint32_t row;
    std::uint32_t stage;
};

/// A row inside its journey in one word: the time since the log's earliest, then the stage in a byte.
struct PackedStep {
    static constexpr unsigned kStageBits = 8;
    static constexpr std::uint64_t kMaxTime = std::uint64_t{1} << (64U - kStageBits);

    std::uint64_t word;
    [[nodiscard]] std::uint64_t elapsed() const { return word >> kStageBits; }
};

/// A row with its key, in words of 4 bytes: the fewer bytes move to the partitions, the better.
///
/// @tparam Hashed keys have 128 bits, not 64.
/// @tparam Packed time and stage share 8 bytes; else they take 12.
template <bool Hashed, bool Packed>
class Record {
  public:
    static constexpr bool kHashed = Hashed;
    static constexpr bool kPacked = Packed;

    static Record of(const Input& in, std::size_t row) {
        Record record;
        record.store(0, in.items.key[row]);
        if constexpr (Hashed) record.store(2, in.items.high[row]);
        record.words_[kRow] = static_cast<std::uint32_t>(row);
        if constexpr (Packed) {
            // Unsigned: the distance of two int64 times may exceed int64 itself.
            const std::uint64_t elapsed =
                static_cast<std::uint64_t>(in.times.time[row]) - static_cast<std::uint64_t>(in.earliest);
            record.store(kTime, elapsed << PackedStep::kStageBits | in.stages.code[row]);
        } else {
            record.store(kTime, static_cast<std::uint64_t>(in.times.time[row]));
            record.words_[kRow + 1] = in.stages.code[row];
        }
        return record;
    }

    [[nodiscard]] std::uint64_t key() const { return load(0); }
    [[nodiscard]] std::uint64_t high() const { return Hashed ? load(2) : 0; }
    [[nodiscard]] std::uint32_t row() const { return words_[kRow]; }
    [[nodiscard]] bool same_key(const Record& other) const {
        return key() == other.key() && (!Hashed || high() == other.high());
    }
    [[nodiscard]] auto step() const {
        if constexpr (Packed) {
            return PackedStep{load(kTime)};
        } else {
            return WideStep{static_cast<std::int64_t>(load(kTime)), row(), words_[kRow + 1]};
        }
    }

  private:
    static constexpr std::size_t kTime = Hashed ? 4 : 2;
    static constexpr std::size_t kRow = kTime + 2;

    void store(std::size_t at, std::uint64_t value) { std::memcpy(&words_[at], &value, sizeof(value)); }
    [[nodiscard]] std::uint64_t load(std::size_t at) const {
        std::uint64_t value = 0;
        std::memcpy(&value, &words_[at], sizeof(value));
        return value;
    }

    std::array<std::uint32_t, kRow + (Packed ? 1 : 2)> words_;
};

}  // namespace stagefunnel
