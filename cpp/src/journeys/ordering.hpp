#pragma once

// Ordering the journeys of a block of rows that fits a cache: by length, and each by time. Internal to the
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

/// Items are ordered by the length of their journeys, so that loops over rows have predictable lengths.
/// Journeys of this length and more count as equally long.
inline constexpr std::size_t kLongJourney = kMostArrivals;

/// The items of a block in the order of their journeys.
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
            // A slab is filled with zeros, which would take longer than all the rest of a small log.
            slabs_.emplace_back(std::max(n, slab_));
            left_ = slabs_.back();
            slab_ = std::min(2 * std::max(n, slab_), kLargestSlab);
        }
        const std::span<T> taken = left_.first(n);
        left_ = left_.subspan(n);
        return taken;
    }

  private:
    static constexpr std::size_t kLargestSlab = std::size_t{1} << 18U;
    std::size_t slab_ = 64;
    std::vector<LargeVector<T>> slabs_;
    std::span<T> left_;
};

/// Memory for the items of many blocks.
class ItemStore {
  public:
    LocalItems take(std::size_t n, KeyWidth width) {
        const std::size_t n_high = width == KeyWidth::bits128 ? n : 0;
        return {numbers_.take(n), numbers_.take(n), words_.take(n), words_.take(n_high)};
    }

  private:
    Arena<std::uint32_t> numbers_;
    Arena<std::uint64_t> words_;
};

/// Orders the journeys of one block after another. Each thread has a sorter, which reuses its scratch memory.
///
/// A derived class fills `length_` with the number of rows of each item and calls `place_items`, which
/// computes where the rows of each item begin. It then fills `steps_` and calls `order_journeys`, which sorts
/// each journey by time.
template <class Record>
class JourneySorter {
  public:
    using Step = typename Record::Step;

    JourneySorter(const RecordLayout& layout, const columns::RowOrder& order, RowNumbers numbers)
        : layout_(layout), order_(order), keeps_rows_(numbers == RowNumbers::keep) {}

    template <class Code>
    void write(Code* stage, std::int64_t* time) const {
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            stage[i] = static_cast<Code>(Record::stage(steps_[i]));
            time[i] = layout_.time_of(Record::elapsed(steps_[i]));
        }
    }

    /// Writes the row of the input of each step.
    ///
    /// @param lengths the number of rows of each journey, in their order.
    void write_rows(std::uint32_t* row, std::span<const std::uint32_t> lengths) const {
        if constexpr (kPacked) {
            std::size_t begin = 0;
            for (const std::uint32_t length : lengths) {
                for (std::size_t i = begin; i < begin + length; ++i) {
                    // The rows of long journeys are sorted along with their steps. All others lie in the
                    // order of arrival.
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

    /// Orders the items by length, with a counting sort, and finds where the rows of each begin.
    void place_items() {
        n_of_length_.fill(0);
        for (const std::uint32_t length : length_)
            ++n_of_length_[std::min<std::size_t>(length, kLongJourney)];
        std::array<std::uint32_t, kLongJourney + 1> next{};
        std::exclusive_scan(n_of_length_.begin(), n_of_length_.end(), next.begin(), 0U);
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
                sort_segments(steps_.data() + begin, length, n_of_length_[length]);
                begin += length * n_of_length_[length];
                at += n_of_length_[length];
            }
        }
        for (; at < lengths.size(); begin += lengths[at++]) {
            order_one(begin, lengths[at]);
        }
    }

    /// Sorts one journey. Most long journeys arrive in order, which costs one pass to find out.
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

    const RecordLayout& layout_;
    const columns::RowOrder& order_;
    bool keeps_rows_;
    std::vector<std::uint32_t> length_;                          // number of rows of each item
    std::vector<std::uint32_t> order_of_items_;                  // by length
    std::array<std::uint32_t, kLongJourney + 1> n_of_length_{};  // number of items of each length
    std::vector<std::uint64_t> cursor_;  // of each item: next place, and in the upper 32 bits the rows so far
    std::vector<Step> steps_;
    std::vector<std::uint32_t> rows_;  // of the input; packed steps do not hold them
    ItemStore store_;
};

}  // namespace stagefunnel::journeys::inline internal
