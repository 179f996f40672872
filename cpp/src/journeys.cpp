#include "stagefunnel/journeys.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>

#include "hashing.hpp"
#include "parallel.hpp"
#include "partition.hpp"
#include "records.hpp"

namespace stagefunnel {
namespace {

/// Stable order of time inside one journey; short journeys by insertion, already ordered ones untouched.
template <class Step, class Before>
void order_journey(std::span<Step> steps, Before before) {
    if (std::is_sorted(steps.begin(), steps.end(), before)) return;
    constexpr std::size_t kShort = 24;
    if (steps.size() > kShort) {
        std::stable_sort(steps.begin(), steps.end(), before);
        return;
    }
    for (std::size_t i = 1; i < steps.size(); ++i) {
        const Step moving = steps[i];
        std::size_t at = i;
        for (; at > 0 && before(moving, steps[at - 1]); --at) steps[at] = steps[at - 1];
        steps[at] = moving;
    }
}

void order_journey(std::span<PackedStep> steps, const RowOrder& /*not given for packed steps*/) {
    order_journey(steps, [](PackedStep a, PackedStep b) { return a.elapsed() < b.elapsed(); });
}

void order_journey(std::span<WideStep> steps, const RowOrder& order) {
    order_journey(steps, [&](const WideStep& a, const WideStep& b) {
        if (a.time != b.time || !order.given()) return a.time < b.time;
        return order.less(a.row, b.row);
    });
}

/// Where a partition's items begin in its own row range, and who they are.
struct LocalItems {
    std::vector<std::uint32_t> lengths;
    std::vector<std::uint32_t> first_row;
    std::vector<std::uint64_t> key;
    std::vector<std::uint64_t> high;
};

/// Scratch memory of one thread, reused from partition to partition.
template <class Step>
struct Scratch {
    std::vector<std::uint32_t> slots;    // item + 1, 0 where the slot is free
    std::vector<std::uint32_t> item_of;  // item of each record
    std::vector<std::uint32_t> sample;   // a record of each item
    std::vector<std::uint32_t> next;
    std::vector<Step> steps;
};

/// Numbers the items of a partition in order of appearance.
template <class Record, class Step>
LocalItems number_items(std::span<const Record> records, Scratch<Step>& scratch) {
    LocalItems items;
    const std::size_t n_slots = std::bit_ceil(records.size() * 2);
    scratch.slots.assign(n_slots, 0);
    scratch.item_of.resize(records.size());
    scratch.sample.clear();
    for (std::size_t i = 0; i < records.size(); ++i) {
        // The upper bits chose the partition, so the lower ones choose the slot.
        std::size_t slot = spread(records[i].key()) & (n_slots - 1);
        while (scratch.slots[slot] != 0 &&
               !records[scratch.sample[scratch.slots[slot] - 1]].same_key(records[i])) {
            slot = (slot + 1) & (n_slots - 1);
        }
        if (scratch.slots[slot] == 0) {
            scratch.sample.push_back(static_cast<std::uint32_t>(i));
            scratch.slots[slot] = static_cast<std::uint32_t>(scratch.sample.size());
            items.lengths.push_back(0);
        }
        const std::uint32_t item = scratch.slots[slot] - 1;
        scratch.item_of[i] = item;
        ++items.lengths[item];
    }
    for (const std::uint32_t i : scratch.sample) {
        items.first_row.push_back(records[i].row());
        items.key.push_back(records[i].key());
        if constexpr (Record::kHashed) items.high.push_back(records[i].high());
    }
    return items;
}

template <class Code>
void write_step(PackedStep step, std::int64_t earliest, Code& stage, std::int64_t& time) {
    stage = static_cast<Code>(step.word);
    time = static_cast<std::int64_t>(step.elapsed() + static_cast<std::uint64_t>(earliest));
}

template <class Code>
void write_step(const WideStep& step, std::int64_t /*earliest*/, Code& stage, std::int64_t& time) {
    stage = static_cast<Code>(step.stage);
    time = step.time;
}

/// Puts the rows of a partition into journeys, written to `stage` and `time` from their start.
template <class Record, class Step, class Code>
LocalItems group(std::span<const Record> records, const RowOrder& order, std::int64_t earliest,
                 Scratch<Step>& scratch, Code* stage, std::int64_t* time) {
    LocalItems items = number_items(records, scratch);
    scratch.next.resize(items.lengths.size());
    std::exclusive_scan(items.lengths.begin(), items.lengths.end(), scratch.next.begin(), 0U);
    scratch.steps.resize(records.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
        scratch.steps[scratch.next[scratch.item_of[i]]++] = records[i].step();
    }
    std::size_t begin = 0;
    for (const std::uint32_t length : items.lengths) {
        order_journey(std::span(scratch.steps).subspan(begin, length), order);
        begin += length;
    }
    for (std::size_t i = 0; i < records.size(); ++i)
        write_step(scratch.steps[i], earliest, stage[i], time[i]);
    return items;
}

/// Lays the items of all partitions one after the other.
void lay_items(Journeys& journeys, const std::vector<LocalItems>& local,
               const std::vector<std::size_t>& bounds, unsigned threads) {
    std::vector<std::size_t> first(local.size() + 1, 0);
    for (std::size_t q = 0; q < local.size(); ++q) first[q + 1] = first[q] + local[q].lengths.size();
    journeys.offsets.resize(first.back() + 1);
    journeys.first_row.resize(first.back());
    journeys.key.resize(first.back());
    const bool hashed =
        std::any_of(local.begin(), local.end(), [](const auto& items) { return !items.high.empty(); });
    if (hashed) journeys.high.resize(first.back());
    parallel_tasks(local.size(), threads, [&](std::size_t q) {
        const LocalItems& items = local[q];
        const auto at = static_cast<std::ptrdiff_t>(first[q]);
        std::exclusive_scan(items.lengths.begin(), items.lengths.end(), journeys.offsets.begin() + at,
                            std::uint64_t{bounds[q]});
        std::copy(items.first_row.begin(), items.first_row.end(), journeys.first_row.begin() + at);
        std::copy(items.key.begin(), items.key.end(), journeys.key.begin() + at);
        std::copy(items.high.begin(), items.high.end(), journeys.high.begin() + at);
    });
    journeys.offsets.back() = bounds.back();
}

template <class Record, class Code>
Journeys build(const Input& in, const RowOrder& order, unsigned threads) {
    using Step = decltype(std::declval<Record>().step());
    const Partitions<Record> partitions = partition<Record>(in, threads);
    Journeys journeys;
    journeys.n_labels = in.stages.n_labels();
    journeys.time.resize(partitions.records.size());
    LargeVector<Code>& stage = journeys.stage.emplace<LargeVector<Code>>(partitions.records.size());
    std::vector<LocalItems> local(partitions.size());
    parallel_tasks(partitions.size(), threads, [&](std::size_t q) {
        static thread_local Scratch<Step> scratch;
        const std::size_t begin = partitions.bounds[q];
        local[q] = group(partitions.at(q), order, in.earliest, scratch, stage.data() + begin,
                         journeys.time.data() + begin);
    });
    lay_items(journeys, local, partitions.bounds, threads);
    return journeys;
}

template <class Code, bool Packed>
Journeys build(const Input& in, const RowOrder& order, unsigned threads) {
    return in.items.hashed() ? build<Record<true, Packed>, Code>(in, order, threads)
                             : build<Record<false, Packed>, Code>(in, order, threads);
}

void check_lengths(const ItemKeys& items, const StageCodes& stages, const Times& times,
                   const RowOrder& order) {
    const std::size_t n = items.size();
    if (stages.code.size() != n || times.time.size() != n || (order.given() && order.size() != n)) {
        throw std::invalid_argument("the columns differ in length: item " + std::to_string(n) + ", stage " +
                                    std::to_string(stages.code.size()) + ", time " +
                                    std::to_string(times.time.size()) + " rows");
    }
    if (n >= std::numeric_limits<std::uint32_t>::max()) {
        throw std::invalid_argument("a log takes at most 4,294,967,294 rows, got " + std::to_string(n));
    }
}

/// The earliest and the latest time of the rows that are kept.
struct Span {
    std::int64_t earliest = std::numeric_limits<std::int64_t>::max();
    std::int64_t latest = std::numeric_limits<std::int64_t>::min();

    void add(std::int64_t time) {
        earliest = std::min(earliest, time);
        latest = std::max(latest, time);
    }
    void merge(const Span& other) {
        earliest = std::min(earliest, other.earliest);
        latest = std::max(latest, other.latest);
    }
    [[nodiscard]] std::uint64_t length() const {
        return earliest > latest ? 0
                                 : static_cast<std::uint64_t>(latest) - static_cast<std::uint64_t>(earliest);
    }
};

Span span_of(const Times& times, const std::vector<bool>& is_dropped, unsigned threads) {
    return parallel_merge(times.time.size(), threads, [&](std::size_t first, std::size_t last) {
        Span span;
        for (std::size_t row = first; row < last; ++row) {
            if (is_dropped.empty() || !is_dropped[row]) span.add(times.time[row]);
        }
        return span;
    });
}

}  // namespace

Journeys build_journeys(const ItemKeys& items, const StageCodes& stages, const Times& times,
                        const RowOrder& order, std::span<const std::uint64_t> dropped, unsigned threads) {
    check_lengths(items, stages, times, order);
    std::vector<bool> is_dropped(dropped.empty() ? 0 : items.size(), false);
    for (const std::uint64_t row : dropped) is_dropped.at(row) = true;
    const Span span = span_of(times, is_dropped, threads);
    const Input in{items, stages, times, is_dropped, span.earliest};
    // The missing stage is one code more than there are labels.
    const bool bytes = stages.n_labels() < 256;
    if (bytes && span.length() < PackedStep::kMaxTime && !order.given()) {
        return build<std::uint8_t, true>(in, order, threads);
    }
    return bytes ? build<std::uint8_t, false>(in, order, threads)
                 : build<std::uint16_t, false>(in, order, threads);
}

}  // namespace stagefunnel
