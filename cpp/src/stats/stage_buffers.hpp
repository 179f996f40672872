#pragma once

// Collecting durations by stage before a sink takes them. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stagefunnel::stats::inline internal {

/// A small buffer for each stage, so that the sink takes many durations of one stage at once.
///
/// @tparam kPlaces the number of places per stage, a power of two; one of them is always free.
/// @tparam Sink a type with `take(row, durations)`.
template <std::size_t kPlaces, class Sink>
class StageBuffers {
  public:
    StageBuffers(std::size_t n_rows, Sink& sink)
        : values_(n_rows * kPlaces), handed_over_(n_rows, 0), sink_(sink) {
        for (std::size_t row = 0; row < n_rows; ++row) next_.push_back(row * kPlaces);
    }

    void append(std::size_t row, std::uint64_t value) {
        if (next_[row] == row * kPlaces + kPlaces - 1) flush(row);
        values_[next_[row]++] = value;
    }

    /// Makes room for some durations of any stages.
    ///
    /// @return The number of durations that have room.
    [[nodiscard]] std::size_t make_room() {
        constexpr std::size_t kRoom = kPlaces / 2;
        for (std::size_t row = 0; row < next_.size(); ++row) {
            if (next_[row] - row * kPlaces >= kRoom) flush(row);
        }
        return kRoom;
    }

    /// The memory of the buffers, for a loop that needs all registers and has made room: it writes a value to
    /// the free place of its stage and advances this place.
    struct Places {
        std::uint64_t* values;
        std::size_t* next;
    };
    [[nodiscard]] Places places() { return {values_.data(), next_.data()}; }

    /// Returns the value of a stage that was appended last. It stays in the buffer until the next value of
    /// its stage.
    [[nodiscard]] std::uint64_t& last(std::size_t row) { return values_[next_[row] - 1]; }

    void flush() {
        for (std::size_t row = 0; row < next_.size(); ++row) flush(row);
    }

    /// Returns the number of durations of a stage that the sink has taken.
    [[nodiscard]] std::int64_t handed_over(std::size_t row) const { return handed_over_[row]; }

  private:
    void flush(std::size_t row) {
        const std::size_t begin = row * kPlaces;
        sink_.take(row, std::span(values_).subspan(begin, next_[row] - begin));
        handed_over_[row] += static_cast<std::int64_t>(next_[row] - begin);
        next_[row] = begin;
    }

    std::vector<std::size_t> next_;  // the first free place of each stage
    std::vector<std::uint64_t> values_;
    std::vector<std::int64_t> handed_over_;
    Sink& sink_;
};

}  // namespace stagefunnel::stats::inline internal
