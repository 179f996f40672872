#pragma once

// Counts units whose items are read one after another. Internal to the core.

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/parallel.hpp"
#include "questions/funnel/funnel_counter.hpp"
#include "questions/funnel/united_items.hpp"
#include "scan/scan.hpp"
#include "stagefunnel/questions/funnel/units.hpp"

namespace stagefunnel::funnel::inline internal {

inline void check_items(const Journeys& journeys, const ByKey& items) {
    if (items.values.size() != journeys.n_items())
        throw std::invalid_argument("each item must be in one unit");
}

/// Checks states from which units are counted, if any.
inline void check_unit_states(const Journeys& journeys, const Options& options,
                              const ItemStates* item_states) {
    if (item_states == nullptr) return;
    if (item_states->of_item.size() != journeys.n_items())
        throw std::invalid_argument("the states must be those of these items");
    if (!counts_by_state(options.kind))
        throw std::invalid_argument("items of one state do not count alike under this kind");
}

/// Checks what all counts of units share.
inline void check_units(const Journeys& journeys, const Options& options, const ByKey& items,
                        std::span<const std::uint8_t> in_report, const ItemStates* item_states) {
    check_items(journeys, items);
    if (!in_report.empty() && in_report.size() != items.n_keys())
        throw std::invalid_argument("in_report must be one per unit");
    check_unit_states(journeys, options, item_states);
}

struct PartialUnits {
    PartialCounts counted;
    CountVector moved_out;

    void merge(const PartialUnits& other) {
        counted.merge(other.counted);
        moved_out += other.moved_out;
    }
    [[nodiscard]] UnitCounts finish() && {
        return UnitCounts{std::move(counted).finish(), std::move(moved_out)};
    }
};

/// Adds the items of one unit after another up, and counts them as one, with the amount of each.
template <class Mask>
class UnitCounter {
  public:
    UnitCounter(const Pipeline& pipeline, const Options& options, Eigen::Index n_groups)
        : options_(options),
          n_rows_(pipeline.n_rows()),
          united_(pipeline),
          amounts_(options.amount.empty() ? 0 : static_cast<std::size_t>(n_rows_)),
          partial_{PartialCounts(n_groups, pipeline, amounts_of(options)), CountVector::Zero(n_groups)} {}

    void clear() {
        united_.clear();
        is_counted_ = false;
        std::fill(amounts_.begin(), amounts_.end(), AmountSum{});
    }

    /// Adds the item that `reader` read.
    template <class Reader>
    void see(const Reader& reader, std::size_t item, std::uint32_t first_row, bool has_moved) {
        is_counted_ = true;
        united_.see(reader, first_row, has_moved);
        if (amounts_.empty()) return;
        for (std::size_t w = 0; w < reader.n_words(); ++w) {
            scan::for_each_bit(reader.reached(w), w, [&](std::ptrdiff_t row) {
                amounts_[static_cast<std::size_t>(row)].add(options_.amount[item], 1);
            });
        }
    }

    /// Counts the unit as it stands `n` times in a group; without an item it is left out.
    void count(Eigen::Index g, std::int64_t n) {
        Counts& counts = partial_.counted.counts;
        if (!is_counted_) {
            counts.left_out(g) += n;
            return;
        }
        united_.count(counts, g, n);
        partial_.moved_out(g) += united_.has_moved_out() ? n : 0;
        for (std::size_t row = 0; row < amounts_.size(); ++row) {
            counts.amount_missing(g, static_cast<Eigen::Index>(row)) += n * amounts_[row].missing;
            partial_.counted.sums[static_cast<std::size_t>(g * n_rows_) + row] += n * amounts_[row].sum;
        }
    }

    [[nodiscard]] PartialUnits take() { return std::move(partial_); }

  private:
    const Options& options_;
    Eigen::Index n_rows_;
    ItemUnion<Mask> united_;
    bool is_counted_ = false;  // whether a count has one of the items
    std::vector<AmountSum> amounts_;
    PartialUnits partial_;
};

/// Counts all units with a counter for each thread, which `make<Mask>(codes)` returns.
template <class Make>
PartialUnits count_all_units(const Journeys& journeys, const Pipeline& pipeline, const ByKey& items,
                             unsigned threads, Make make) {
    return scan::with_stage_set(pipeline, [&]<class Mask>() {
        return scan::with_codes(journeys, [&](const auto* codes) {
            return parallel_merge(items.n_keys(), threads, [&](std::size_t first, std::size_t last) {
                return make.template operator()<Mask>(codes, first, last);
            });
        });
    });
}

}  // namespace stagefunnel::funnel::inline internal
