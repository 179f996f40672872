#pragma once

// Numbers for keys that are too far apart for a table. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace stagefunnel::funnel::inline internal {

/// Finds the number of a key. No key is all ones.
///
/// A hash table without buckets: a key stands at its own place, or at the next one that was free.
class KeyNumbers {
  public:
    /// Returns the number of a key; `make()` returns one for a key that has none yet.
    template <class Make>
    std::uint32_t find(std::uint64_t key, Make make) {
        const Entry& found = entries_[place_of(key)];
        if (found.key == key) return found.number;
        const std::uint32_t number = make();
        add({key, number});
        return number;
    }

  private:
    struct Entry {
        std::uint64_t key = kFree;
        std::uint32_t number = 0;
    };
    static constexpr std::uint64_t kFree = ~std::uint64_t{0};
    static constexpr unsigned kFirstBits = 12;

    /// Returns the place of a key, or the free one where it belongs.
    [[nodiscard]] std::size_t place_of(std::uint64_t key) const {
        std::size_t place = (key * 0x9E3779B97F4A7C15U) >> (64U - bits_);
        while (entries_[place].key != key && entries_[place].key != kFree)
            place = (place + 1) & (entries_.size() - 1);
        return place;
    }

    void add(const Entry& entry) {
        if (++size_ * 2 > entries_.size()) {
            const std::vector<Entry> old = std::exchange(entries_, std::vector<Entry>(entries_.size() * 2));
            ++bits_;
            for (const Entry& kept : old)
                if (kept.key != kFree) entries_[place_of(kept.key)] = kept;
        }
        entries_[place_of(entry.key)] = entry;
    }

    unsigned bits_ = kFirstBits;
    std::size_t size_ = 0;
    std::vector<Entry> entries_ = std::vector<Entry>(std::size_t{1} << kFirstBits);  // half of them free
};

}  // namespace stagefunnel::funnel::inline internal
