#pragma once

// Short texts as exact 64-bit keys. Internal to the core.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/hashing.hpp"

namespace stagefunnel::columns::inline internal {

/// Packs texts that have a common prefix and at most seven bytes after it. A key holds these bytes and, in
/// its lowest byte, their number.
///
/// Different texts have different keys, and `unpack` returns the text of a key.
class TextPacker {
  public:
    static constexpr std::size_t kMostBytes = 7;

    explicit TextPacker(std::string prefix) : prefix_(std::move(prefix)) {}

    /// Returns false if the text does not begin with the prefix or is too long.
    bool pack(std::string_view text, std::uint64_t& key) const {
        if (!text.starts_with(prefix_)) return false;
        const std::size_t left = text.size() - prefix_.size();
        if (left > kMostBytes) return false;
        key = load_word(text.data() + prefix_.size(), left) << 8U | left;
        return true;
    }

    [[nodiscard]] std::string unpack(std::uint64_t key) const {
        const std::size_t left = key & 0xffU;
        const std::uint64_t bytes = key >> 8U;
        std::string text = prefix_;
        text.resize(prefix_.size() + left);
        std::memcpy(text.data() + prefix_.size(), &bytes, left);
        return text;
    }

  private:
    std::string prefix_;
};

/// Returns the longest common prefix.
inline std::string common_prefix(std::string_view a, std::string_view b) {
    return {a.begin(), std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first};
}

/// Converts keys that were packed with the prefix `from` to keys with a shorter prefix `to`, with which
/// `from` begins.
class Repacker {
  public:
    Repacker(std::string_view from, std::string_view to)
        : moved_(from.size() - to.size()), bytes_(fits(0) ? load_word(from.data() + to.size(), moved_) : 0) {}

    [[nodiscard]] bool fits(std::uint64_t key) const {
        return (key & 0xffU) + moved_ <= TextPacker::kMostBytes;
    }
    /// Returns the new key; the old one must fit.
    [[nodiscard]] std::uint64_t repacked(std::uint64_t key) const {
        const std::uint64_t bytes = key >> 8U << 8U * moved_ | bytes_;
        return bytes << 8U | ((key & 0xffU) + moved_);
    }

  private:
    std::size_t moved_;    // number of bytes that move from the prefix to the keys
    std::uint64_t bytes_;  // the bytes that move
};

/// Hashes packed texts to the hashes of the unpacked texts.
class PackedHasher {
  public:
    PackedHasher(std::string prefix, TextHash hash) : packer_(std::move(prefix)), hash_(std::move(hash)) {}

    [[nodiscard]] Hash128 operator()(std::uint64_t key) const {
        return hash_text(hash_, packer_.unpack(key));
    }

  private:
    TextPacker packer_;
    TextHash hash_;
};

}  // namespace stagefunnel::columns::inline internal
