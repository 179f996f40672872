#include "stagefunnel/questions/stages/variants.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "base/parallel.hpp"
#include "scan/scan.hpp"
#include "scan/visits.hpp"

namespace stagefunnel::stages {
namespace {

/// Walks the visits of one item.
template <class Code>
class VisitCursor {
  public:
    VisitCursor(const Journeys& journeys, const Code* codes, const std::int32_t* row_of_code,
                std::size_t item)
        : codes_(codes),
          row_of_code_(row_of_code),
          at_(journeys.offsets[item]),
          end_(journeys.offsets[item + 1]) {}

    /// Returns the stage of the next visit, or -1 behind the last one.
    std::int32_t next() {
        while (at_ < end_) {
            const std::int32_t row = row_of_code_[codes_[at_++]];
            if (row == Pipeline::kUnlisted || row == last_) continue;
            return last_ = row;
        }
        return -1;
    }

  private:
    const Code* codes_;
    const std::int32_t* row_of_code_;
    std::size_t at_, end_;
    std::int32_t last_ = Pipeline::kUnlisted;
};

/// Numbers journeys: a table with open addressing, whose slots lead to an item of each journey. Journeys of
/// one hash are told apart by their stages.
template <class Code>
class VariantTable {
  public:
    VariantTable(const Journeys& journeys, const Code* codes, const Pipeline& pipeline)
        : journeys_(&journeys), codes_(codes), row_of_code_(pipeline.row_of_code()) {}

    /// Returns the number of an item's journey, a new one where no item had it.
    std::uint32_t number_of(std::size_t item) {
        VisitCursor<Code> cursor = visits_of(item);
        std::uint64_t hash = kSeed;
        std::int32_t row = cursor.next();
        if (row < 0) return Variants::kNone;
        for (; row >= 0; row = cursor.next())
            hash = std::rotl(hash ^ static_cast<std::uint64_t>(row), 29) * kMultiplier;
        return number_of(item, hash ^ (hash >> 32U));
    }

    /// Returns the number here of each journey of another table.
    std::vector<std::uint32_t> numbers_of(const VariantTable& other) {
        std::vector<std::uint32_t> numbers;
        numbers.reserve(other.example_.size());
        for (std::size_t number = 0; number < other.example_.size(); ++number)
            numbers.push_back(number_of(other.example_[number], other.hash_[number]));
        return numbers;
    }

    [[nodiscard]] std::vector<std::uint32_t> take_examples() { return std::move(example_); }

  private:
    [[nodiscard]] VisitCursor<Code> visits_of(std::size_t item) const {
        return VisitCursor<Code>(*journeys_, codes_, row_of_code_, item);
    }

    std::uint32_t number_of(std::size_t item, std::uint64_t hash) {
        std::size_t slot = hash & (slots_.size() - 1);
        for (; slots_[slot] != kEmpty; slot = (slot + 1) & (slots_.size() - 1)) {
            const std::uint32_t number = slots_[slot];
            if (hash_[number] == hash && is_alike(example_[number], item)) return number;
        }
        const auto number = static_cast<std::uint32_t>(example_.size());
        slots_[slot] = number;
        example_.push_back(static_cast<std::uint32_t>(item));
        hash_.push_back(hash);
        if (example_.size() * 2 > slots_.size()) grow();
        return number;
    }

    [[nodiscard]] bool is_alike(std::size_t one, std::size_t other) const {
        VisitCursor<Code> a = visits_of(one), b = visits_of(other);
        while (true) {
            const std::int32_t row = a.next();
            if (row != b.next()) return false;
            if (row < 0) return true;
        }
    }

    void grow() {
        slots_.assign(slots_.size() * 2, kEmpty);
        for (std::uint32_t number = 0; number < hash_.size(); ++number) {
            std::size_t slot = hash_[number] & (slots_.size() - 1);
            while (slots_[slot] != kEmpty) slot = (slot + 1) & (slots_.size() - 1);
            slots_[slot] = number;
        }
    }

    static constexpr std::uint32_t kEmpty = Variants::kNone;
    static constexpr std::uint64_t kSeed = 0x9E3779B97F4A7C15U, kMultiplier = 0xBF58476D1CE4E5B9U;
    static constexpr std::size_t kFirstSize = 1024;

    const Journeys* journeys_;
    const Code* codes_;
    const std::int32_t* row_of_code_;
    std::vector<std::uint32_t> slots_ = std::vector<std::uint32_t>(kFirstSize, kEmpty);
    std::vector<std::uint32_t> example_;
    std::vector<std::uint64_t> hash_;  // of each variant
};

/// Compares two journeys stage by stage in the pipeline's order; a journey is less than one that goes on.
template <class Code>
bool comes_before(const Journeys& journeys, const Code* codes, const Pipeline& pipeline, std::size_t one,
                  std::size_t other) {
    VisitCursor<Code> a(journeys, codes, pipeline.row_of_code(), one);
    VisitCursor<Code> b(journeys, codes, pipeline.row_of_code(), other);
    while (true) {
        const std::int32_t row = a.next(), other_row = b.next();
        if (row != other_row) return row < other_row;
        if (row < 0) return false;
    }
}

template <class Code>
Variants find(const Journeys& journeys, const Code* codes, const Pipeline& pipeline, unsigned threads) {
    Variants variants;
    variants.of_item.resize(journeys.n_items());
    struct Range {
        std::size_t first, last;
        VariantTable<Code> table;
    };
    std::vector<Range> ranges =
        parallel_parts(journeys.n_items(), threads, [&](std::size_t first, std::size_t last) {
            Range range{first, last, VariantTable<Code>(journeys, codes, pipeline)};
            for (std::size_t item = first; item < last; ++item)
                variants.of_item[item] = range.table.number_of(item);
            return range;
        });
    VariantTable<Code>& all = ranges.front().table;
    std::vector<std::vector<std::uint32_t>> numbers(ranges.size());
    for (std::size_t r = 1; r < ranges.size(); ++r) numbers[r] = all.numbers_of(ranges[r].table);
    parallel_tasks(ranges.size() - 1, threads, [&](std::size_t task) {
        const std::size_t r = task + 1;
        for (std::size_t item = ranges[r].first; item < ranges[r].last; ++item) {
            std::uint32_t& number = variants.of_item[item];
            if (number != Variants::kNone) number = numbers[r][number];
        }
    });
    variants.example = all.take_examples();
    return variants;
}

}  // namespace

Variants find_variants(const Journeys& journeys, const Pipeline& pipeline, unsigned threads) {
    pipeline.check(journeys);
    return scan::with_codes(journeys,
                            [&](const auto* codes) { return find(journeys, codes, pipeline, threads); });
}

std::vector<std::int32_t> stages_visited(const Journeys& journeys, const Pipeline& pipeline,
                                         std::size_t item) {
    pipeline.check(journeys);
    if (item >= journeys.n_items()) throw std::invalid_argument("the item lies out of range");
    std::vector<std::int32_t> stages;
    scan::with_codes(journeys, [&](const auto* codes) {
        scan::for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1],
                             pipeline.row_of_code(),
                             [&](std::int32_t row, std::size_t) { stages.push_back(row); });
    });
    return stages;
}

std::vector<std::uint64_t> most_frequent(const Journeys& journeys, const Pipeline& pipeline,
                                         const Variants& variants, std::span<const std::uint32_t> variant,
                                         std::span<const std::int64_t> items,
                                         std::span<const std::int64_t> bounds, std::size_t top) {
    if (variant.size() != items.size()) throw std::invalid_argument("items must be one per variant");
    for (const std::uint32_t one : variant) {
        if (one >= variants.example.size()) throw std::invalid_argument("a variant lies out of range");
    }
    std::int64_t last = 0;
    for (const std::int64_t bound : bounds) {
        if (bound < last || static_cast<std::size_t>(bound) > variant.size())
            throw std::invalid_argument("the bounds must rise within the variants");
        last = bound;
    }
    std::vector<std::uint64_t> chosen;
    std::vector<std::uint64_t> places;
    scan::with_codes(journeys, [&](const auto* codes) {
        const auto is_first = [&](std::uint64_t a, std::uint64_t b) {
            if (items[a] != items[b]) return items[a] > items[b];
            return comes_before(journeys, codes, pipeline, variants.example[variant[a]],
                                variants.example[variant[b]]);
        };
        for (std::size_t group = 0; group + 1 < bounds.size(); ++group) {
            places.resize(static_cast<std::size_t>(bounds[group + 1] - bounds[group]));
            std::iota(places.begin(), places.end(), static_cast<std::uint64_t>(bounds[group]));
            const auto end = places.begin() + static_cast<std::ptrdiff_t>(std::min(top, places.size()));
            std::partial_sort(places.begin(), end, places.end(), is_first);
            chosen.insert(chosen.end(), places.begin(), end);
        }
    });
    return chosen;
}

}  // namespace stagefunnel::stages
