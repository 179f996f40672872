#pragma once

// Where long work can be stopped. Internal to the core.

#include <algorithm>
#include <atomic>
#include <cstddef>

namespace stagefunnel {

/// Rows, or items, between two checkpoints of a loop: some tenths of a millisecond.
inline constexpr std::size_t kCheckpointEvery = std::size_t{1} << 16U;

/// Thrown on the other threads of work that has ended early; whoever shares out the work drops it.
struct Stopped {};

/// Ends the work if the watch of this thread says so or if the work has ended on another thread.
void checkpoint();

/// Calls `work(begin, end)` for consecutive parts of [first, last), with a checkpoint before each.
template <class Work>
void in_blocks(std::size_t first, std::size_t last, Work&& work) {
    while (first < last) {
        checkpoint();
        const std::size_t end = std::min(last, first + kCheckpointEvery);
        work(first, end);
        first = end;
    }
}

/// While it lives, checkpoints of this thread end its work once `flag` is set.
class StopsWith {
  public:
    explicit StopsWith(const std::atomic<bool>& flag) noexcept;
    ~StopsWith();
    StopsWith(const StopsWith&) = delete;
    StopsWith& operator=(const StopsWith&) = delete;

  private:
    const std::atomic<bool>* before_;
};

}  // namespace stagefunnel
