#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stagefunnel/columns/column.hpp"
#include "stagefunnel/columns/encode.hpp"
#include "stagefunnel/journeys/journeys.hpp"

namespace stagefunnel::journeys {

/// The texts that hashed keys were made of, each distinct one once.
class KeyTexts {
  public:
    /// @param exact compares each text with the one that is kept for its hash.
    explicit KeyTexts(bool exact) : exact_(exact) {}

    /// Keeps the texts of a column that `keys` was encoded from; does nothing where the keys are integers.
    ///
    /// @throws std::invalid_argument where texts are compared and two of them share a hash, naming both.
    void add(const Column& column, const columns::ItemKeys& keys);

    [[nodiscard]] std::size_t size() const { return entries_.size(); }

    /// The texts of some keys.
    ///
    /// @throws std::invalid_argument for a key that no text was kept for.
    [[nodiscard]] std::vector<std::string> texts_of(std::span<const std::uint64_t> key,
                                                    std::span<const std::uint64_t> high) const;

  private:
    struct Entry {
        std::uint64_t key, high;
        std::size_t begin;  // of its text; that ends where the next one begins
    };

    void keep(std::uint64_t key, std::uint64_t high, std::string_view text);
    void grow();
    /// The slot that holds the entry of a key, or is free for it.
    [[nodiscard]] std::size_t slot_of(std::uint64_t key, std::uint64_t high) const;
    [[nodiscard]] std::string_view text(std::size_t entry) const;

    bool exact_;
    std::vector<std::uint32_t> slots_;  // entry of each, or none
    std::vector<Entry> entries_;
    std::string bytes_;
};

/// The texts of some items whose keys are packed texts.
///
/// @throws std::invalid_argument if they are not, or an item lies beyond the journeys.
[[nodiscard]] std::vector<std::string> packed_texts(const Journeys& journeys,
                                                    std::span<const std::uint32_t> items);

}  // namespace stagefunnel::journeys
