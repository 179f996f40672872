#pragma once

// Short texts as exact 64-bit keys. Internal to the core.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "hashing.hpp"

namespace stagefunnel {

/// Packs texts that begin alike and go on for at most seven bytes: those bytes, then their number.
///
/// Different texts have different keys, and the text can be had back from its key.
class TextPacker {
  public:
    static constexpr std::size_t kMostBytes = 7;

    explicit TextPacker(std::string prefix) : prefix_(std::move(prefix)) {}

    /// False where the text does not begin so or is too long.
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

}  // namespace stagefunnel
