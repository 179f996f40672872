#pragma once

// Fuzzed bytes read as a series of choices; when they run out, every further choice is the first one.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace stagefunnel::fuzz {

class Choices {
  public:
    explicit Choices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    [[nodiscard]] std::size_t left() const { return bytes_.size(); }

    std::uint8_t byte() {
        if (bytes_.empty()) return 0;
        const std::uint8_t first = bytes_.front();
        bytes_ = bytes_.subspan(1);
        return first;
    }

    /// A number below `n`, which is at most 256.
    std::size_t below(std::size_t n) { return byte() % n; }

    bool one_in(std::size_t n) { return below(n) == n - 1; }

    std::uint64_t word() {
        std::uint64_t word = 0;
        for (int i = 0; i < 8; ++i) word = word << 8U | byte();
        return word;
    }

    std::string text(std::size_t length) {
        std::string text;
        for (std::size_t i = 0; i < length; ++i) text.push_back(static_cast<char>(byte()));
        return text;
    }

    template <class List>
    const auto& of(const List& list) {
        return list[below(std::size(list))];
    }

  private:
    std::span<const std::uint8_t> bytes_;
};

}  // namespace stagefunnel::fuzz
