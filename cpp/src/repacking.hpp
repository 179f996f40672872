#pragma once

// Packed texts under another prefix, or hashed after all. Internal to the core.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "hashing.hpp"
#include "packing.hpp"

namespace stagefunnel {

/// What both begin with.
inline std::string common_prefix(std::string_view a, std::string_view b) {
    return {a.begin(), std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first};
}

/// Turns texts packed after one prefix into the same texts packed after a shorter one, which it begins with.
class Repacker {
  public:
    Repacker(std::string_view from, std::string_view to)
        : moved_(from.size() - to.size()), bytes_(fits(0) ? load_word(from.data() + to.size(), moved_) : 0) {}

    [[nodiscard]] bool fits(std::uint64_t key) const {
        return (key & 0xffU) + moved_ <= TextPacker::kMostBytes;
    }
    /// Of a key that fits.
    [[nodiscard]] std::uint64_t repacked(std::uint64_t key) const {
        const std::uint64_t bytes = key >> 8U << 8U * moved_ | bytes_;
        return bytes << 8U | ((key & 0xffU) + moved_);
    }

  private:
    std::size_t moved_;    // bytes of the longer prefix that the keys take over
    std::uint64_t bytes_;  // and which
};

/// Hashes packed texts as texts that were never packed are hashed.
class PackedHasher {
  public:
    explicit PackedHasher(std::string prefix) : packer_(std::move(prefix)) {}

    [[nodiscard]] Hash128 operator()(std::uint64_t key) const { return hash_bytes(packer_.unpack(key)); }

  private:
    TextPacker packer_;
};

}  // namespace stagefunnel
