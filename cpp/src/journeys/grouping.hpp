#pragma once

// Making journeys of the rows of one partition, inside a cache. Internal to the core.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "journeys/ordering.hpp"
#include "journeys/records.hpp"

namespace stagefunnel::journeys::inline internal {

/// Groups the rows of a partition by item: a hash table with linear probing (Knuth, TAOCP 3, 6.4, algorithm
/// L) numbers the items, and a counting sort by these numbers moves the rows. Where many keys want the same
/// slots, the keys are sorted instead, which takes a bounded time for any keys.
template <class Record>
class Grouper : public JourneySorter<Record> {
  public:
    using JourneySorter<Record>::JourneySorter;

    /// Makes the journeys of partition `q` and returns its items. The records are not needed afterwards.
    LocalItems group(std::size_t q, const std::uint64_t* records, std::size_t n_rows) {
        if (n_rows < Table<std::uint16_t>::kFree) {
            move_rows(narrow_, records, n_rows);
        } else {
            move_rows(wide_, records, n_rows);
        }
        const LocalItems items = this->store_.take(order_of_items_.size(), Record::kKeyWidth);
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
    /// The hash table. Item numbers of 16 bits suffice for most partitions and make the table half as large.
    template <class Index>
    struct Table {
        static constexpr auto kFree = static_cast<Index>(~Index{0});
        std::vector<Index> slots;    // item of each slot
        std::vector<Index> item_of;  // item of each record
    };

    /// Moves the rows of each item together.
    template <class Index>
    void move_rows(Table<Index>& table, const std::uint64_t* records, std::size_t n_rows) {
        Numbering done = Numbering::table_too_small;
        while ((done = number_items(table, records, n_rows)) == Numbering::table_too_small) ++slot_bits_;
        if (done == Numbering::too_many_probes) number_by_sorting(table, records, n_rows);
        this->place_items();
        steps_.resize(n_rows);
        const bool keeps_rows = JourneySorter<Record>::kPacked && keeps_rows_;
        if (keeps_rows) rows_.resize(n_rows);
        const RecordLayout layout = layout_;
        for (std::size_t i = 0; i < n_rows; ++i) {
            std::uint64_t& cursor = cursor_[table.item_of[i]];
            const auto place = static_cast<std::uint32_t>(cursor);
            steps_[place] = Record::step(records + i * Record::kWords, layout, cursor >> 32U);
            if (keeps_rows) rows_[place] = Record::row(records + i * Record::kWords, layout);
            cursor += (std::uint64_t{1} << 32U) + 1;
        }
    }

    enum class Numbering : std::uint8_t { complete, table_too_small, too_many_probes };

    /// Numbers the items in the order of appearance, with a table.
    template <class Index>
    Numbering number_items(Table<Index>& table, const std::uint64_t* records, std::size_t n_rows) {
        const std::size_t n_slots = std::size_t{1} << slot_bits_;
        // The table is sparse: every further probe is a mispredicted branch, while free slots are cheap.
        const std::size_t most_items = n_slots / 16 * 3;
        constexpr Index kFree = Table<Index>::kFree;
        table.slots.assign(n_slots, kFree);
        table.item_of.resize(n_rows);
        first_row_.resize(most_items + 1);
        key_.resize(most_items + 1);
        if constexpr (Record::kHashed) high_.resize(most_items + 1);
        length_.assign(most_items + 1, 0);
        // Local copies, because the compiler cannot rule out that writes to the lists change the members.
        const RecordLayout layout = layout_;
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
                if (((slot - (key >> shift)) & (n_slots - 1)) > kMostProbes)
                    return Numbering::too_many_probes;
            }
            if (item == kFree) {
                item = static_cast<Index>(n_items++);
                slots[slot] = item;
                keys[item] = key;
                first_rows[item] = Record::row(words, layout);
                if constexpr (Record::kHashed) highs[item] = Record::high(words);
                if (n_items > most_items) return Numbering::table_too_small;
            }
            ++lengths[item];
            item_of[i] = item;
        }
        length_.resize(n_items);
        return Numbering::complete;
    }

    /// Does the same by sorting. It stands apart, so that the table's loop stays as small as it is.
    template <class Index>
    [[gnu::noinline]] void number_by_sorting(Table<Index>& table, const std::uint64_t* records,
                                             std::size_t n_rows) {
        const auto key_of = [&](std::uint32_t i) {
            const std::uint64_t* const words = records + i * Record::kWords;
            return std::pair{Record::rest_of_key(words, layout_), Record::high(words)};
        };
        std::vector<std::uint32_t> order(n_rows), first(n_rows);
        std::iota(order.begin(), order.end(), 0U);
        std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
            return std::pair{key_of(a), a} < std::pair{key_of(b), b};
        });
        for (std::size_t at = 0; at < n_rows; ++at) {
            const bool begins = at == 0 || key_of(order[at]) != key_of(order[at - 1]);
            first[order[at]] = begins ? order[at] : first[order[at - 1]];
        }
        key_.clear(), high_.clear(), first_row_.clear(), length_.clear();
        for (std::uint32_t i = 0; i < n_rows; ++i) {
            if (first[i] == i) {
                table.item_of[i] = static_cast<Index>(key_.size());
                key_.push_back(key_of(i).first);
                high_.push_back(key_of(i).second);
                first_row_.push_back(Record::row(records + i * Record::kWords, layout_));
                length_.push_back(0);
            }
            table.item_of[i] = table.item_of[first[i]];
            ++length_[table.item_of[i]];
        }
    }

    using JourneySorter<Record>::layout_;
    using JourneySorter<Record>::length_;
    using JourneySorter<Record>::order_of_items_;
    using JourneySorter<Record>::cursor_;
    using JourneySorter<Record>::steps_;
    using JourneySorter<Record>::rows_;
    using JourneySorter<Record>::keeps_rows_;

    unsigned slot_bits_ = 10;
    Table<std::uint16_t> narrow_;
    Table<std::uint32_t> wide_;
    std::vector<std::uint64_t> key_, high_;  // of each item
    std::vector<std::uint32_t> first_row_;   // of each item
};

}  // namespace stagefunnel::journeys::inline internal
