#include <bit>
#include <limits>
#include <stdexcept>
#include <utility>

#include "hashing.hpp"
#include "stagefunnel/chain.hpp"

namespace stagefunnel {

std::vector<std::int64_t> places_of(const Journeys& journeys, const ItemKeys& keys) {
    if (keys.prefix) throw std::invalid_argument("keys to look up are not packed");
    std::vector<std::int64_t> places(keys.size(), -1);
    if (keys.size() == keys.missing_rows.size() || journeys.n_items() == 0) return places;
    const bool hashed = keys.hashed();
    if (hashed != journeys.holds_text())
        throw std::invalid_argument("one of the two has text keys, the other integers");
    const auto [low, high] = common_keys(journeys);
    const std::size_t n_slots = std::bit_ceil(low.size() * 2 + 2);
    constexpr std::uint32_t kEmpty = std::numeric_limits<std::uint32_t>::max();
    std::vector<std::uint32_t> slots(n_slots, kEmpty);
    for (std::size_t item = 0; item < low.size(); ++item) {
        std::size_t slot = spread(low[item]) & (n_slots - 1);
        while (slots[slot] != kEmpty) slot = (slot + 1) & (n_slots - 1);
        slots[slot] = static_cast<std::uint32_t>(item);
    }
    const auto is_key = [&, &item_low = low, &item_high = high](std::uint32_t item, std::size_t row) {
        return item_low[item] == keys.key[row] && (!hashed || item_high[item] == keys.high[row]);
    };
    std::size_t missing = 0;
    for (std::size_t row = 0; row < keys.size(); ++row) {
        if (missing < keys.missing_rows.size() && keys.missing_rows[missing] == row) {
            ++missing;
            continue;
        }
        std::size_t slot = spread(keys.key[row]) & (n_slots - 1);
        while (slots[slot] != kEmpty && !is_key(slots[slot], row)) slot = (slot + 1) & (n_slots - 1);
        if (slots[slot] != kEmpty) places[row] = slots[slot];
    }
    return places;
}

}  // namespace stagefunnel
