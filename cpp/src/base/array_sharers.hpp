#pragma once

// Which vectors share an array. Internal to the core.

#include <cstddef>
#include <mutex>
#include <unordered_map>

namespace stagefunnel::detail {

/// How many vectors share an array beside the first one, by its address, as a vector frees it.
class SharedArrays {
  public:
    /// @param held bytes that were allocated for the array.
    void add(void* array, std::size_t held) {
        const std::scoped_lock lock(lock_);
        ++shared_.try_emplace(array, Shared{held, 0}).first->second.others;
    }

    /// Lets one vector go; returns whether another one still has the array.
    ///
    /// @param bytes of the vector; becomes those that were allocated.
    bool remove(void* array, std::size_t& bytes) noexcept {
        const std::scoped_lock lock(lock_);
        const auto found = shared_.find(array);
        if (found == shared_.end()) return false;
        if (found->second.others-- > 0) return true;
        bytes = found->second.held;
        shared_.erase(found);
        return false;
    }

    void lock() { lock_.lock(); }

    void unlock() { lock_.unlock(); }

  private:
    struct Shared {
        std::size_t held, others;
    };

    std::mutex lock_;
    std::unordered_map<void*, Shared> shared_;
};

}  // namespace stagefunnel::detail
