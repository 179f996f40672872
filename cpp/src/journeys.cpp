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

namespace stagefunnel {
namespace {

/// A row inside its journey.
struct Step {
    std::int64_t time;
    std::uint32_t row;
    std::uint16_t stage;
};

/// Stable order of time inside one journey; short journeys by insertion, already ordered ones untouched.
void order_journey(std::span<Step> steps, const RowOrder& order) {
    const auto before = [&](const Step& a, const Step& b) {
        if (a.time != b.time || !order.given()) return a.time < b.time;
        return order.less(a.row, b.row);
    };
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

/// Where a partition's items begin in its own row range, and who they are.
struct LocalItems {
    std::vector<std::uint32_t> lengths;
    std::vector<std::uint32_t> first_row;
    std::vector<std::uint64_t> key;
    std::vector<std::uint64_t> high;
};

/// Scratch memory of one thread, reused from partition to partition.
struct Scratch {
    std::vector<std::uint32_t> slots;
    std::vector<std::uint32_t> item_of;
    std::vector<std::uint32_t> next;
    std::vector<Step> steps;
};

/// Numbers the items of a partition in order of appearance.
template <class Record>
LocalItems number_items(std::span<const Record> records, Scratch& scratch) {
    LocalItems items;
    const std::size_t n_slots = std::bit_ceil(records.size() * 2);
    constexpr std::uint32_t kEmpty = std::numeric_limits<std::uint32_t>::max();
    scratch.slots.assign(n_slots, kEmpty);
    scratch.item_of.resize(records.size());
    std::vector<std::uint32_t> sample;  // a record of each item
    for (std::size_t i = 0; i < records.size(); ++i) {
        // The upper bits chose the partition, so the lower ones choose the slot.
        std::size_t slot = spread(records[i].key) & (n_slots - 1);
        while (scratch.slots[slot] != kEmpty && !records[sample[scratch.slots[slot]]].same_key(records[i])) {
            slot = (slot + 1) & (n_slots - 1);
        }
        if (scratch.slots[slot] == kEmpty) {
            scratch.slots[slot] = static_cast<std::uint32_t>(sample.size());
            sample.push_back(static_cast<std::uint32_t>(i));
            items.lengths.push_back(0);
        }
        scratch.item_of[i] = scratch.slots[slot];
        ++items.lengths[scratch.slots[slot]];
    }
    for (const std::uint32_t i : sample) {
        items.first_row.push_back(records[i].row);
        items.key.push_back(records[i].key);
        if constexpr (std::is_same_v<Record, HashedRecord>) items.high.push_back(records[i].upper());
    }
    return items;
}

template <class Record, class Code>
LocalItems group(std::span<const Record> records, const RowOrder& order, Scratch& scratch, Code* stage,
                 std::int64_t* time) {
    LocalItems items = number_items(records, scratch);
    scratch.next.resize(items.lengths.size());
    std::exclusive_scan(items.lengths.begin(), items.lengths.end(), scratch.next.begin(), 0U);
    scratch.steps.resize(records.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
        scratch.steps[scratch.next[scratch.item_of[i]]++] = {records[i].time, records[i].row,
                                                             records[i].stage};
    }
    std::size_t begin = 0;
    for (const std::uint32_t length : items.lengths) {
        order_journey(std::span(scratch.steps).subspan(begin, length), order);
        begin += length;
    }
    for (std::size_t i = 0; i < records.size(); ++i) {
        stage[i] = static_cast<Code>(scratch.steps[i].stage);
        time[i] = scratch.steps[i].time;
    }
    return items;
}

void append_items(Journeys& journeys, const LocalItems& items) {
    for (const std::uint32_t length : items.lengths)
        journeys.offsets.push_back(journeys.offsets.back() + length);
    journeys.first_row.insert(journeys.first_row.end(), items.first_row.begin(), items.first_row.end());
    journeys.key.insert(journeys.key.end(), items.key.begin(), items.key.end());
    journeys.high.insert(journeys.high.end(), items.high.begin(), items.high.end());
}

template <class Record, class Code>
Journeys build(const Input& in, const RowOrder& order, unsigned threads) {
    const Partitions<Record> partitions = partition<Record>(in, threads);
    Journeys journeys;
    journeys.n_labels = in.stages.n_labels();
    journeys.time.resize(partitions.records.size());
    LargeVector<Code>& stage = journeys.stage.emplace<LargeVector<Code>>(partitions.records.size());
    std::vector<LocalItems> local(partitions.size());
    parallel_tasks(partitions.size(), threads, [&](std::size_t q) {
        static thread_local Scratch scratch;
        const std::size_t begin = partitions.bounds[q];
        local[q] =
            group(partitions.at(q), order, scratch, stage.data() + begin, journeys.time.data() + begin);
    });
    std::size_t n_items = 0;
    for (const LocalItems& items : local) n_items += items.lengths.size();
    journeys.offsets.reserve(n_items + 1);
    journeys.first_row.reserve(n_items);
    journeys.key.reserve(n_items);
    for (const LocalItems& items : local) append_items(journeys, items);
    return journeys;
}

template <class Code>
Journeys build(const Input& in, const RowOrder& order, unsigned threads) {
    return in.items.hashed() ? build<HashedRecord, Code>(in, order, threads)
                             : build<ExactRecord, Code>(in, order, threads);
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

}  // namespace

Journeys build_journeys(const ItemKeys& items, const StageCodes& stages, const Times& times,
                        const RowOrder& order, std::span<const std::uint64_t> dropped, unsigned threads) {
    check_lengths(items, stages, times, order);
    std::vector<bool> is_dropped(dropped.empty() ? 0 : items.size(), false);
    for (const std::uint64_t row : dropped) is_dropped.at(row) = true;
    const Input in{items, stages, times, is_dropped};
    // The missing stage is one code more than there are labels.
    return stages.n_labels() < 256 ? build<std::uint8_t>(in, order, threads)
                                   : build<std::uint16_t>(in, order, threads);
}

}  // namespace stagefunnel
