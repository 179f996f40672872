#pragma once

// Putting the rows of one partition into journeys, all of it inside a cache. Internal to the core.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "networks.hpp"
#include "records.hpp"
#include "stagefunnel/encode.hpp"
#include "stagefunnel/memory.hpp"

namespace stagefunnel {

/// Items lie by the length of their journey, so that loops over them run alike again and again; those of
/// at least this many rows are not told apart.
inline constexpr std::size_t kLongJourney = kMostArrivals;

/// The items of a partition in the order of their journeys.
struct LocalItems {
    std::span<std::uint32_t> length, first_row;
    std::span<std::uint64_t> key, high;
};

/// Memory for the items of many partitions, in blocks that never move.
class ItemStore {
  public:
    LocalItems take(std::size_t n, bool hashed) {
        const std::size_t n_words = n * (hashed ? 3 : 2);
        if (left_.size() < n_words) {
            blocks_.emplace_back(std::max(n_words, kBlock));
            left_ = blocks_.back();
        }
        std::uint64_t* const at = left_.data();
        left_ = left_.subspan(n_words);
        auto* const halves = reinterpret_cast<std::uint32_t*>(at);
        return {{halves, n}, {halves + n, n}, {at + n, n}, {at + 2 * n, hashed ? n : 0}};
    }

  private:
    static constexpr std::size_t kBlock = std::size_t{1} << 18U;
    std::vector<LargeVector<std::uint64_t>> blocks_;
    std::span<std::uint64_t> left_;
};

/// Groups partition after partition; scratch memory is reused, one grouper to a thread.
template <class Record>
class Grouper {
  public:
    using Step = typename Record::Step;

    Grouper(const Layout& layout, const RowOrder& order) : layout_(layout), order_(order) {}

    /// Reads the records of partition `q`; they are not needed afterwards.
    LocalItems group(std::size_t q, const std::uint64_t* records, std::size_t n_rows) {
        while (!number_items(records, n_rows)) ++slot_bits_;
        place_items();
        steps_.resize(n_rows);
        const Layout layout = layout_;
        for (std::size_t i = 0; i < n_rows; ++i) {
            std::uint64_t& cursor = cursor_[item_of_[i]];
            const auto place = static_cast<std::uint32_t>(cursor);
            steps_[place] = Record::step(records + i * Record::kWords, layout, cursor >> 32U);
            cursor += (std::uint64_t{1} << 32U) + 1;
        }
        const LocalItems items = store_.take(order_of_items_.size(), Record::kHashed);
        for (std::size_t at = 0; at < order_of_items_.size(); ++at) {
            const std::uint32_t item = order_of_items_[at];
            items.length[at] = length_[item];
            items.first_row[at] = first_row_[item];
            items.key[at] = layout_.key_of(q, key_[item]);
            if constexpr (Record::kHashed) items.high[at] = high_[item];
        }
        order_journeys(items.length);
        return items;
    }

    template <class Code>
    void write(Code* stage, std::int64_t* time) const {
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            stage[i] = static_cast<Code>(Record::stage(steps_[i]));
            time[i] = layout_.time_of(Record::elapsed(steps_[i]));
        }
    }

  private:
    static constexpr std::uint32_t kFree = ~std::uint32_t{0};

    /// Numbers the items in the order of appearance; false where the table turns out too small.
    bool number_items(const std::uint64_t* records, std::size_t n_rows) {
        const std::size_t n_slots = std::size_t{1} << slot_bits_;
        // A sparse table: every second look is a branch guessed wrong, while free slots are cheap.
        const std::size_t most_items = n_slots / 8 * 3;
        slots_.assign(n_slots, kFree);
        item_of_.resize(n_rows);
        first_row_.resize(most_items + 1);
        key_.resize(most_items + 1);
        if constexpr (Record::kHashed) high_.resize(most_items + 1);
        length_.assign(most_items + 1, 0);
        // Local copies: the compiler cannot know that writing to the lists leaves the members alone.
        const Layout layout = layout_;
        const unsigned shift = 64U - slot_bits_;
        std::uint32_t* const slots = slots_.data();
        std::uint32_t* const item_of = item_of_.data();
        std::uint32_t* const first_rows = first_row_.data();
        std::uint32_t* const lengths = length_.data();
        std::uint64_t* const keys = key_.data();
        std::uint64_t* const highs = high_.data();
        std::uint32_t n_items = 0;
        for (std::size_t i = 0; i < n_rows; ++i) {
            const std::uint64_t* const words = records + i * Record::kWords;
            const std::uint64_t key = Record::rest_of_key(words, layout);
            std::size_t slot = key >> shift;
            std::uint32_t item = slots[slot];
            while (item != kFree &&
                   (keys[item] != key || (Record::kHashed && highs[item] != Record::high(words)))) {
                slot = (slot + 1) & (n_slots - 1);
                item = slots[slot];
            }
            if (item == kFree) {
                item = n_items++;
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

    /// Orders the items by length and finds where each one's rows begin.
    void place_items() {
        runs_.fill(0);
        for (const std::uint32_t length : length_) ++runs_[std::min<std::size_t>(length, kLongJourney)];
        std::array<std::uint32_t, kLongJourney + 1> next{};
        std::exclusive_scan(runs_.begin(), runs_.end(), next.begin(), 0U);
        order_of_items_.resize(length_.size());
        for (std::uint32_t item = 0; item < length_.size(); ++item) {
            order_of_items_[next[std::min<std::size_t>(length_[item], kLongJourney)]++] = item;
        }
        cursor_.resize(length_.size());
        std::uint64_t begin = 0;
        for (const std::uint32_t item : order_of_items_) {
            cursor_[item] = begin;
            begin += length_[item];
        }
    }

    void order_journeys(std::span<const std::uint32_t> lengths) {
        std::size_t begin = 0, at = 0;
        if constexpr (std::is_same_v<Step, PackedStep>) {
            for (std::size_t length = 0; length < kLongJourney; ++length) {
                sort_runs(steps_.data() + begin, length, runs_[length]);
                begin += length * runs_[length];
                at += runs_[length];
            }
        }
        for (; at < lengths.size(); begin += lengths[at++]) {
            order_one(std::span(steps_).subspan(begin, lengths[at]));
        }
    }

    /// Rows that arrive in order, as most long journeys' do, cost one look.
    void order_one(std::span<Step> steps) const {
        const auto before = [&](const Step& a, const Step& b) {
            if constexpr (std::is_same_v<Step, WideStep>) {
                if (a.elapsed == b.elapsed && order_.given()) return order_.less(a.row, b.row);
            }
            return Record::elapsed(a) < Record::elapsed(b);
        };
        if (!std::is_sorted(steps.begin(), steps.end(), before)) {
            std::stable_sort(steps.begin(), steps.end(), before);
        }
    }

    const Layout& layout_;
    const RowOrder& order_;
    unsigned slot_bits_ = 10;
    std::vector<std::uint32_t> slots_;                    // item of each slot
    std::vector<std::uint64_t> key_, high_;               // of each item
    std::vector<std::uint32_t> item_of_;                  // item of each record
    std::vector<std::uint32_t> first_row_;                // of each item
    std::vector<std::uint32_t> length_;                   // rows of each item
    std::vector<std::uint32_t> order_of_items_;           // by length
    std::array<std::uint32_t, kLongJourney + 1> runs_{};  // items of each length
    std::vector<std::uint64_t> cursor_;  // of each item: next place, and rows so far above 32 bits
    std::vector<Step> steps_;
    ItemStore store_;
};

}  // namespace stagefunnel
