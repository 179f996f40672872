#pragma once

// Numbers for keys that are too far apart for a table. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace stagefunnel::funnel::inline internal {

/// Finds the number of a key, most of which are asked for again soon. No key is all ones.
class KeyNumbers {
  public:
    /// Returns the number of a key; `make()` returns one for a key that has none yet.
    template <class Make>
    std::uint32_t find(std::uint64_t key, Make make) {
        Recent& recent = recent_[(key * 0x9E3779B97F4A7C15U) >> (64U - kRecentBits)];
        if (recent.key == key) return recent.number;
        auto found = numbers_.find(key);
        if (found == numbers_.end()) found = numbers_.emplace(key, make()).first;
        recent = {key, found->second};
        return found->second;
    }

  private:
    /// The last key of those that share a place.
    struct Recent {
        std::uint64_t key = ~std::uint64_t{0};
        std::uint32_t number = 0;
    };
    static constexpr unsigned kRecentBits = 13;

    std::unordered_map<std::uint64_t, std::uint32_t> numbers_;
    std::vector<Recent> recent_ = std::vector<Recent>(std::size_t{1} << kRecentBits);
};

}  // namespace stagefunnel::funnel::inline internal
