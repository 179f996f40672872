#pragma once

// The journeys of one block of rows that fits a cache: laid out by length and put in order. Internal to the
// core.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/sorting_networks.hpp"
#include "journeys/records.hpp"
#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/columns/encode.hpp"
#include "stagefunnel/journeys/journeys.hpp"

namespace stagefunnel::journeys::inline internal {

/// Items lie by the length of their journey, so that loops over them run alike again and again; those of
/// at least this many rows are not told apart.
inline constexpr std::size_t kLongJourney = kMostArrivals;

/// The items of a partition in the order of their journeys.
struct LocalItems {
    std::span<std::uint32_t> length, first_row;
    std::span<std::uint64_t> key, high;
};

/// Memory for many short lists, in slabs that never move.
template <class T>
class Arena {
  public:
    std::span<T> take(std::size_t n) {
        if (left_.size() < n) {
            slabs_.emplace_back(std::max(n, kSlab));
            left_ = slabs_.back();
        }
        const std::span<T> taken = left_.first(n);
        left_ = left_.subspan(n);
        return taken;
    }

  private:
    static constexpr std::size_t kSlab = std::size_t{1} << 18U;
    std::vector<LargeVector<T>> slabs_;
    std::span<T> left_;
};

/// Memory for the items of many partitions.
class ItemStore {
  public:
    LocalItems take(std::size_t n, bool hashed) {
        return {numbers_.take(n), numbers_.take(n), words_.take(n), words_.take(hashed ? n : 0)};
    }

  private:
    Arena<std::uint32_t> numbers_;
    Arena<std::uint64_t> words_;
};

/// Journeys of one block after the other; scratch memory is reused, one to a thread.
///
/// First `length_` says how many rows each item has; `place_items` then tells where they go; once they lie
/// in `steps_`, `order_journeys` puts each journey in the order of time.
template <class Record>
class Block {
  public:
    using Step = typename Record::Step;

    Block(const Layout& layout, const columns::RowOrder& order, RowNumbers numbers)
        : layout_(layout), order_(order), keeps_rows_(numbers == RowNumbers::keep) {}

    template <class Code>
    void write(Code* stage, std::int64_t* time) const {
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            stage[i] = static_cast<Code>(Record::stage(steps_[i]));
            time[i] = layout_.time_of(Record::elapsed(steps_[i]));
        }
    }

    /// Tells which row of the input each step was; `lengths` are those of the journeys.
    void write_rows(std::uint32_t* row, std::span<const std::uint32_t> lengths) const {
        if constexpr (kPacked) {
            std::size_t begin = 0;
            for (const std::uint32_t length : lengths) {
                for (std::size_t i = begin; i < begin + length; ++i) {
                    // Rows of long journeys were sorted beside their steps, others lie as they arrived.
                    row[i] = rows_[length < kLongJourney ? begin + Record::arrival(steps_[i]) : i];
                }
                begin += length;
            }
        } else {
            std::transform(steps_.begin(), steps_.end(), row, [](const Step& step) { return step.row; });
        }
    }

  protected:
    static constexpr bool kPacked = std::is_same_v<Step, PackedStep>;

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
        if constexpr (kPacked) {
            for (std::size_t length = 0; length < kLongJourney; ++length) {
                sort_runs(steps_.data() + begin, length, runs_[length]);
                begin += length * runs_[length];
                at += runs_[length];
            }
        }
        for (; at < lengths.size(); begin += lengths[at++]) {
            order_one(begin, lengths[at]);
        }
    }

    /// Rows that arrive in order, as most long journeys' do, cost one look.
    void order_one(std::size_t begin, std::size_t length) {
        const std::span<Step> steps = std::span(steps_).subspan(begin, length);
        const auto before = [&](const Step& a, const Step& b) {
            if constexpr (std::is_same_v<Step, WideStep>) {
                if (a.elapsed == b.elapsed && order_.given()) return order_.less(a.row, b.row);
            }
            return Record::elapsed(a) < Record::elapsed(b);
        };
        if (std::is_sorted(steps.begin(), steps.end(), before)) return;
        if (kPacked && keeps_rows_) {
            sort_with_rows(steps, rows_.data() + begin, before);
        } else {
            std::stable_sort(steps.begin(), steps.end(), before);
        }
    }

    template <class Before>
    static void sort_with_rows(std::span<Step> steps, std::uint32_t* rows, Before before) {
        std::vector<std::pair<Step, std::uint32_t>> both;
        for (std::size_t i = 0; i < steps.size(); ++i) both.emplace_back(steps[i], rows[i]);
        std::stable_sort(both.begin(), both.end(),
                         [&](const auto& a, const auto& b) { return before(a.first, b.first); });
        for (std::size_t i = 0; i < steps.size(); ++i) std::tie(steps[i], rows[i]) = both[i];
    }

    const Layout& layout_;
    const columns::RowOrder& order_;
    bool keeps_rows_;
    std::vector<std::uint32_t> length_;                   // rows of each item
    std::vector<std::uint32_t> order_of_items_;           // by length
    std::array<std::uint32_t, kLongJourney + 1> runs_{};  // items of each length
    std::vector<std::uint64_t> cursor_;  // of each item: next place, and rows so far above 32 bits
    std::vector<Step> steps_;
    std::vector<std::uint32_t> rows_;  // of the input, beside packed steps, which do not hold them
    ItemStore store_;
};

}  // namespace stagefunnel::journeys::inline internal
