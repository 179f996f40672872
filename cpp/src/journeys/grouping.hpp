#pragma once

// Putting the rows of one partition into journeys, all of it inside a cache. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "journeys/ordering.hpp"
#include "journeys/records.hpp"

namespace stagefunnel::journeys::inline internal {

/// Tells the items of a partition apart.
template <class Record>
class Grouper : public Block<Record> {
  public:
    using Block<Record>::Block;

    /// Reads the records of partition `q`; they are not needed afterwards.
    LocalItems group(std::size_t q, const std::uint64_t* records, std::size_t n_rows) {
        if (n_rows < Table<std::uint16_t>::kFree) {
            move_rows(narrow_, records, n_rows);
        } else {
            move_rows(wide_, records, n_rows);
        }
        const LocalItems items = this->store_.take(order_of_items_.size(), Record::kHashed);
        for (std::size_t at = 0; at < order_of_items_.size(); ++at) {
            const std::uint32_t item = order_of_items_[at];
            items.length[at] = length_[item];
            items.first_row[at] = first_row_[item];
            items.key[at] = layout_.key_of(q, key_[item]);
            if constexpr (Record::kHashed) items.high[at] = high_[item];
        }
        this->order_journeys(items.length);
        return items;
    }

  private:
    /// Item numbers, as narrow as a partition's rows allow: the table is then twice as sparse for its size.
    template <class Index>
    struct Table {
        static constexpr auto kFree = static_cast<Index>(~Index{0});
        std::vector<Index> slots;    // item of each slot
        std::vector<Index> item_of;  // item of each record
    };

    /// Moves the rows of each item together.
    template <class Index>
    void move_rows(Table<Index>& table, const std::uint64_t* records, std::size_t n_rows) {
        while (!number_items(table, records, n_rows)) ++slot_bits_;
        this->place_items();
        steps_.resize(n_rows);
        const bool keeps_rows = Block<Record>::kPacked && keeps_rows_;
        if (keeps_rows) rows_.resize(n_rows);
        const Layout layout = layout_;
        for (std::size_t i = 0; i < n_rows; ++i) {
            std::uint64_t& cursor = cursor_[table.item_of[i]];
            const auto place = static_cast<std::uint32_t>(cursor);
            steps_[place] = Record::step(records + i * Record::kWords, layout, cursor >> 32U);
            if (keeps_rows) rows_[place] = Record::row(records + i * Record::kWords, layout);
            cursor += (std::uint64_t{1} << 32U) + 1;
        }
    }

    /// Numbers the items in the order of appearance; false where the table turns out too small.
    template <class Index>
    bool number_items(Table<Index>& table, const std::uint64_t* records, std::size_t n_rows) {
        const std::size_t n_slots = std::size_t{1} << slot_bits_;
        // A sparse table: every second look is a branch guessed wrong, while free slots are cheap.
        const std::size_t most_items = n_slots / 16 * 3;
        constexpr Index kFree = Table<Index>::kFree;
        table.slots.assign(n_slots, kFree);
        table.item_of.resize(n_rows);
        first_row_.resize(most_items + 1);
        key_.resize(most_items + 1);
        if constexpr (Record::kHashed) high_.resize(most_items + 1);
        length_.assign(most_items + 1, 0);
        // Local copies: the compiler cannot know that writing to the lists leaves the members alone.
        const Layout layout = layout_;
        const unsigned shift = 64U - slot_bits_;
        Index* const slots = table.slots.data();
        Index* const item_of = table.item_of.data();
        std::uint32_t* const first_rows = first_row_.data();
        std::uint32_t* const lengths = length_.data();
        std::uint64_t* const keys = key_.data();
        std::uint64_t* const highs = high_.data();
        std::uint32_t n_items = 0;
        for (std::size_t i = 0; i < n_rows; ++i) {
            const std::uint64_t* const words = records + i * Record::kWords;
            const std::uint64_t key = Record::rest_of_key(words, layout);
            std::size_t slot = key >> shift;
            Index item = slots[slot];
            while (item != kFree &&
                   (keys[item] != key || (Record::kHashed && highs[item] != Record::high(words)))) {
                slot = (slot + 1) & (n_slots - 1);
                item = slots[slot];
            }
            if (item == kFree) {
                item = static_cast<Index>(n_items++);
                slots[slot] = item;
                keys[item] = key;
                first_rows[item] = Record::row(words, layout);
                if constexpr (Record::kHashed) highs[item] = Record::high(words);
                if (n_items > most_items) return false;
            }
            ++lengths[item];
            item_of[i] = item;
        }
        length_.resize(n_items);
        return true;
    }

    using Block<Record>::layout_;
    using Block<Record>::length_;
    using Block<Record>::order_of_items_;
    using Block<Record>::cursor_;
    using Block<Record>::steps_;
    using Block<Record>::rows_;
    using Block<Record>::keeps_rows_;

    unsigned slot_bits_ = 10;
    Table<std::uint16_t> narrow_;
    Table<std::uint32_t> wide_;
    std::vector<std::uint64_t> key_, high_;  // of each item
    std::vector<std::uint32_t> first_row_;   // of each item
};

}  // namespace stagefunnel::journeys::inline internal
