#include "stagefunnel/scan/short_visits.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/checkpoint.hpp"
#include "base/counted.hpp"
#include "base/parallel.hpp"
#include "base/shared_array.hpp"
#include "base/time_distance.hpp"
#include "scan/scan.hpp"
#include "scan/visits.hpp"

namespace stagefunnel::scan {
namespace {

void check_lengths(const Pipeline& pipeline, std::span<const std::int64_t> least) {
    if (least.size() != static_cast<std::size_t>(pipeline.n_rows())) {
        throw std::invalid_argument("least must have one value per stage, got " +
                                    counted(least.size(), "value") + " for " +
                                    counted(static_cast<std::uint64_t>(pipeline.n_rows()), "stage"));
    }
    if (std::any_of(least.begin(), least.end(), [](std::int64_t length) { return length < 0; }))
        throw std::invalid_argument("a least length is negative");
}

/// Copies plain values at once; the constructor of a vector whose allocator makes its values copies them one
/// by one.
template <class T>
LargeVector<T> copy_of(const LargeVector<T>& values) {
    LargeVector<T> copy(values.size());
    std::copy(values.data(), values.data() + values.size(), copy.data());
    return copy;
}

/// Calls `at(item)` for each item of a range with rows that follow each other in less than `longest`, which
/// every item with a shorter visit has. Such items are few, and the times of all others are read once, a few
/// rows at a time without a branch.
template <class Code, class At>
void for_each_item_in_haste(const Journeys& journeys, const Code* codes, std::uint64_t longest,
                            std::size_t first, std::size_t last, At at) {
    constexpr std::size_t kRows = 16, kWaiting = 16, kStep = 8;
    const std::int64_t* const time = journeys.time.data();
    const std::uint64_t* const offsets = journeys.offsets.data();
    // The codes of these items lie too far apart to be foreseen: they are asked for while others are found.
    std::array<std::size_t, kWaiting> waiting{};
    std::size_t n_waiting = 0;
    const auto call_waiting = [&] {
        for (std::size_t k = 0; k < n_waiting; ++k) at(waiting[k]);
        n_waiting = 0;
    };
    std::size_t item = first, next = first;  // the item of a row, and the first one that was not found
    const auto find = [&](std::size_t row) {
        while (item + kStep < last && offsets[item + kStep] <= row) item += kStep;
        while (offsets[item + 1] <= row) ++item;
        // The last row of an item and the first one of the next item say nothing about either.
        if (item < next || row + 1 == offsets[item + 1]) return;
        __builtin_prefetch(codes + row, 1);
        waiting[n_waiting++] = item;
        next = item + 1;
        if (n_waiting == kWaiting) call_waiting();
    };
    const auto is_shorter = [&](std::size_t row) -> std::uint64_t {
        // The upper bit of a length is set where it is shorter, and in that of a step back to another item.
        const std::uint64_t length = distance(time[row], time[row + 1]);
        return (length - longest) & ~length;
    };
    const std::size_t end = offsets[last];
    std::size_t i = offsets[first];
    for (; i + kRows < end; i += kRows) {
        std::uint64_t shorter = 0;
        for (std::size_t k = 0; k < kRows; ++k) shorter |= is_shorter(i + k);
        if (shorter >> 63U == 0) continue;
        std::uint32_t rows = 0;
        for (std::size_t k = 0; k < kRows; ++k)
            rows |= static_cast<std::uint32_t>(is_shorter(i + k) >> 63U) << k;
        for (; rows != 0; rows &= rows - 1) find(i + static_cast<std::size_t>(std::countr_zero(rows)));
    }
    for (; i + 1 < end; ++i) {
        if (is_shorter(i) >> 63U != 0) find(i);
    }
    call_waiting();
}

/// Takes the stage from the rows of short visits, item after item, and counts these visits by row.
template <class Code>
class ShortVisits {
  public:
    ShortVisits(const Pipeline& pipeline, std::span<const std::int64_t> least, Code* codes, Code missing)
        : row_of_code_(pipeline.row_of_code()),
          least_(least),
          codes_(codes),
          missing_(missing),
          taken_out_(least.size(), 0) {}

    void count(const Journeys& journeys, std::size_t item) {
        struct Start {
            std::int32_t row;
            std::size_t at;
        };
        std::optional<Start> visit;
        bool is_first = true;
        // Codes change behind the row that is read: a visit is judged where the next one starts.
        for_each_visit(codes_, journeys.offsets[item], journeys.offsets[item + 1], row_of_code_,
                       [&](std::int32_t row, std::size_t i) {
                           if (visit && !is_first) {
                               take_if_short(journeys.time.data(), visit->row, visit->at, i);
                           }
                           is_first = !visit;
                           visit = {row, i};
                       });
    }

    [[nodiscard]] const std::vector<std::int64_t>& taken_out() const { return taken_out_; }

  private:
    /// Judges the visit of `row` that starts at `begin`; the next one starts at `end`.
    void take_if_short(const std::int64_t* time, std::int32_t row, std::size_t begin, std::size_t end) {
        const auto place = static_cast<std::size_t>(row);
        if (distance(time[begin], time[end]) >= static_cast<std::uint64_t>(least_[place])) return;
        ++taken_out_[place];
        for (std::size_t i = begin; i < end; ++i) {
            if (row_of_code_[codes_[i]] == row) codes_[i] = missing_;
        }
    }

    const std::int32_t* row_of_code_;
    std::span<const std::int64_t> least_;
    Code* codes_;
    Code missing_;
    std::vector<std::int64_t> taken_out_;
};

}  // namespace

WithoutShortVisits without_short_visits(const Journeys& journeys, const Pipeline& pipeline,
                                        std::span<const std::int64_t> least, unsigned threads) {
    pipeline.check(journeys);
    check_lengths(pipeline, least);
    WithoutShortVisits without{.journeys = {}, .taken_out = std::vector<std::int64_t>(least.size(), 0)};
    const auto longest =
        static_cast<std::uint64_t>(least.empty() ? 0 : *std::max_element(least.begin(), least.end()));
    Journeys::Codes stage =
        std::visit([](const auto& codes) -> Journeys::Codes { return copy_of(codes); }, journeys.stage);
    std::visit(
        [&]<class CodeVector>(CodeVector& codes) {
            using Code = typename CodeVector::value_type;
            const auto parts =
                parallel_parts(journeys.n_items(), threads, [&](std::size_t first, std::size_t last) {
                    ShortVisits<Code> visits(pipeline, least, codes.data(),
                                             static_cast<Code>(journeys.n_labels));
                    in_blocks(first, last, [&](std::size_t begin, std::size_t end) {
                        for_each_item_in_haste(journeys, codes.data(), longest, begin, end,
                                               [&](std::size_t item) { visits.count(journeys, item); });
                    });
                    return visits.taken_out();
                });
            for (const std::vector<std::int64_t>& part : parts) {
                for (std::size_t row = 0; row < part.size(); ++row) without.taken_out[row] += part[row];
            }
        },
        stage);
    if (std::all_of(without.taken_out.begin(), without.taken_out.end(), [](auto n) { return n == 0; }))
        return without;
    // All but the stages is shared: journeys are not written to, and most of a copy is the time of fresh
    // pages.
    Journeys& made = without.journeys.emplace();
    made.offsets = shared_copy(journeys.offsets);
    made.stage = std::move(stage);
    made.time = shared_copy(journeys.time);
    made.first_row = shared_copy(journeys.first_row);
    made.key = shared_copy(journeys.key);
    made.high = shared_copy(journeys.high);
    made.prefix = journeys.prefix;
    made.hash = journeys.hash;
    made.is_unsigned = journeys.is_unsigned;
    made.row = shared_copy(journeys.row);
    made.n_labels = journeys.n_labels;
    made.ends = journeys.ends;
    return without;
}

}  // namespace stagefunnel::scan
