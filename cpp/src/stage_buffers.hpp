#pragma once

// Durations sorted by stage on the way to whoever takes them. Internal to the core.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stagefunnel {

/// A small buffer for each stage, so that what takes the durations sees many of one stage at once.
///
/// @tparam Sink has `take(row, durations)`.
template <class Sink>
class StageBuffers {
  public:
    StageBuffers(std::size_t n_rows, Sink& sink)
        : capacity_(std::clamp(kTogether / std::max<std::size_t>(n_rows, 1), kFewest, kMost)),
          size_(n_rows, 0),
          values_(n_rows * (capacity_ + 1)),
          sink_(sink) {}

    /// Appends where `counts`; without a branch, for there is always a place behind the last value.
    void append(std::size_t row, std::uint64_t value, bool counts) {
        if (size_[row] == capacity_) flush(row);
        values_[row * (capacity_ + 1) + size_[row]] = value;
        size_[row] += static_cast<std::uint32_t>(counts);
    }

    /// The value that was appended last; it stays here until the next one of its stage comes.
    [[nodiscard]] std::uint64_t& last(std::size_t row) {
        return values_[row * (capacity_ + 1) + size_[row] - 1];
    }

    void flush() {
        for (std::size_t row = 0; row < size_.size(); ++row) flush(row);
    }

  private:
    // Together they fill a part of a core's own cache; of very many stages each still has a few places.
    static constexpr std::size_t kTogether = 1U << 15U, kFewest = 15, kMost = 2047;

    void flush(std::size_t row) {
        sink_.take(row, std::span(values_).subspan(row * (capacity_ + 1), size_[row]));
        size_[row] = 0;
    }

    std::size_t capacity_;
    std::vector<std::uint32_t> size_;
    std::vector<std::uint64_t> values_;
    Sink& sink_;
};

}  // namespace stagefunnel
