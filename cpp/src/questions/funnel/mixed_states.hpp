#pragma once

// Counts the items whose state no table has. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "stagefunnel/questions/funnel/item_states.hpp"

namespace stagefunnel::funnel::inline internal {

/// The states of items with rows in several epochs, each with a key, in the order in which items have them.
class MixedStates {
  public:
    /// An item, and the number of its state among these.
    struct Item {
        std::uint32_t item = 0;
        std::uint32_t number = 0;
    };

    /// Counts an item and returns the number of its state.
    std::uint32_t count(std::uint64_t key, std::uint32_t item) {
        const std::uint32_t number = number_of(key, item);
        ++states_[number].items;
        return number;
    }

    void keep(Item item) { items_.push_back(item); }

    void merge(const MixedStates& other) {
        std::vector<std::uint32_t> number_here(other.states_.size());
        for (std::size_t number = 0; number < other.states_.size(); ++number) {
            const std::uint32_t here = number_of(other.keys_[number], other.states_[number].example);
            states_[here].items += other.states_[number].items;
            number_here[number] = here;
        }
        for (const Item& one : other.items_) items_.push_back({one.item, number_here[one.number]});
    }

    [[nodiscard]] const std::vector<ItemStates::State>& states() const { return states_; }
    [[nodiscard]] const std::vector<Item>& items() const { return items_; }

  private:
    /// Returns the number of a state, a new one where no item had it.
    std::uint32_t number_of(std::uint64_t key, std::uint32_t example) {
        // Most items have one of few states.
        Recent& recent = recent_[(key * 0x9E3779B97F4A7C15U) >> (64U - kRecentBits)];
        if (recent.key == key) return recent.number;
        const auto [found, is_new] = numbers_.try_emplace(key, std::uint32_t(states_.size()));
        if (is_new) {
            states_.push_back({0, example});
            keys_.push_back(key);
        }
        recent = {key, found->second};
        return found->second;
    }

    /// The last state of those that share a place; no key is all ones.
    struct Recent {
        std::uint64_t key = ~std::uint64_t{0};
        std::uint32_t number = 0;
    };
    static constexpr unsigned kRecentBits = 12;

    std::vector<ItemStates::State> states_;
    std::vector<std::uint64_t> keys_;
    std::unordered_map<std::uint64_t, std::uint32_t> numbers_;
    std::vector<Recent> recent_ = std::vector<Recent>(std::size_t{1} << kRecentBits);
    std::vector<Item> items_;
};

}  // namespace stagefunnel::funnel::inline internal
