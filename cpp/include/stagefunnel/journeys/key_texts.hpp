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

/// Whether each text is compared with the text that is kept for its hash. Two texts with one hash are then an
/// error; otherwise they are one item.
enum class HashCollisions : std::uint8_t { accept, refuse };

/// The texts behind hashed keys, each distinct text once.
///
/// An open-addressing hash table with linear probing over the hashes (Knuth, TAOCP 3, 6.4, algorithm L).
class KeyTexts {
  public:
    explicit KeyTexts(HashCollisions collisions) : collisions_(collisions) {}

    /// Keeps the texts of the column that `keys` was encoded from; does nothing if the keys are not hashed.
    ///
    /// @throws std::invalid_argument if collisions are refused and two texts share a hash, naming both.
    void add(const Column& column, const columns::ItemKeys& keys);

    [[nodiscard]] std::size_t size() const { return kept_.size(); }

    /// Returns the texts of some keys.
    ///
    /// @throws std::invalid_argument for a key without a text.
    [[nodiscard]] std::vector<std::string> texts_of(std::span<const std::uint64_t> key,
                                                    std::span<const std::uint64_t> high) const;

  private:
    struct KeptText {
        std::uint64_t key, high;
        std::size_t begin;  // of the text in `bytes_`; it ends where the next one begins
    };

    void keep(std::uint64_t key, std::uint64_t high, std::string_view text);
    void grow();
    /// Returns the slot of a key, or the free slot where it belongs.
    [[nodiscard]] std::size_t slot_of(std::uint64_t key, std::uint64_t high) const;
    [[nodiscard]] std::string_view text(std::size_t which) const;

    HashCollisions collisions_;
    std::vector<std::uint32_t> slots_;  // indices into `kept_`; at most half of the slots are taken
    std::vector<KeptText> kept_;
    std::string bytes_;
};

/// Returns the texts of some items whose keys are packed texts.
///
/// @throws std::invalid_argument if the keys are not packed texts, or if an item lies outside the journeys.
[[nodiscard]] std::vector<std::string> packed_texts(const Journeys& journeys,
                                                    std::span<const std::uint32_t> items);

}  // namespace stagefunnel::journeys
