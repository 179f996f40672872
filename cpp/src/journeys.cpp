#include "stagefunnel/journeys.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>

#include "hashing.hpp"
#include "parallel.hpp"

namespace stagefunnel {
namespace {

/// One row on its way to its partition. `high` is only there for hashed keys.
struct ExactRecord {
    std::uint64_t key;
    std::int64_t time;
    std::uint32_t row;
    std::uint16_t stage;

    [[nodiscard]] bool same_key(const ExactRecord& other) const { return key == other.key; }
    [[nodiscard]] std::uint64_t upper() const { return 0; }
};

struct HashedRecord {
    std::uint64_t key;
    std::uint64_t high;
    std::int64_t time;
    std::uint32_t row;
    std::uint16_t stage;

    [[nodiscard]] bool same_key(const HashedRecord& other) const {
        return key == other.key && high == other.high;
    }
    [[nodiscard]] std::uint64_t upper() const { return high; }
};

/// A row inside its journey.
struct Step {
    std::int64_t time;
    std::uint32_t row;
    std::uint16_t stage;
};

constexpr std::size_t kRowsPerPartition = 8192;  // with tables and records it fits 1 MiB of cache
constexpr unsigned kMaxPartitionBits = 12;

unsigned partition_bits(std::size_t n_rows) {
    const std::size_t wanted = n_rows / kRowsPerPartition;
    return wanted < 2 ? 0 : std::min(static_cast<unsigned>(std::bit_width(wanted - 1)), kMaxPartitionBits);
}

/// All rows, moved so that the rows of a partition lie together in the order of the input.
template <class Record>
struct Partitions {
    std::vector<Record> records;
    std::vector<std::size_t> bounds;  // n_partitions + 1

    [[nodiscard]] std::size_t size() const { return bounds.size() - 1; }
    [[nodiscard]] std::span<const Record> at(std::size_t q) const {
        return {records.data() + bounds[q], bounds[q + 1] - bounds[q]};
    }
};

struct Input {
    const ItemKeys& items;
    const StageCodes& stages;
    const Times& times;
    const std::vector<bool>& is_dropped;  // empty: nothing is

    [[nodiscard]] bool keeps(std::size_t row) const { return is_dropped.empty() || !is_dropped[row]; }
    [[nodiscard]] std::size_t n_rows() const { return items.size(); }
};

template <class Record>
Record record_of(const Input& in, std::size_t row) {
    Record record{};
    record.key = in.items.key[row];
    if constexpr (std::is_same_v<Record, HashedRecord>) record.high = in.items.high[row];
    record.time = in.times.time[row];
    record.row = static_cast<std::uint32_t>(row);
    record.stage = in.stages.code[row];
    return record;
}

template <class Record>
Partitions<Record> partition(const Input& in, unsigned threads) {
    const unsigned bits = partition_bits(in.n_rows());
    const std::size_t n_partitions = std::size_t{1} << bits;
    const auto partition_of = [&](std::uint64_t key) {
        return bits == 0 ? std::size_t{0} : static_cast<std::size_t>(spread(key) >> (64U - bits));
    };
    // Each thread counts, then moves, its own range of rows; ranges follow each other inside a partition,
    // so that the input's order survives whatever the number of threads.
    const std::size_t n_ranges = std::max(threads, 1U);
    const auto range = [&](std::size_t t) { return in.n_rows() * t / n_ranges; };
    std::vector<std::vector<std::size_t>> next(n_ranges, std::vector<std::size_t>(n_partitions, 0));
    parallel_tasks(n_ranges, threads, [&](std::size_t t) {
        for (std::size_t row = range(t); row < range(t + 1); ++row) {
            if (in.keeps(row)) ++next[t][partition_of(in.items.key[row])];
        }
    });
    Partitions<Record> out;
    out.bounds.resize(n_partitions + 1);
    std::size_t total = 0;
    for (std::size_t q = 0; q < n_partitions; ++q) {
        out.bounds[q] = total;
        for (std::vector<std::size_t>& counts : next) {
            const std::size_t count = counts[q];
            counts[q] = total;
            total += count;
        }
    }
    out.bounds[n_partitions] = total;
    out.records.resize(total);
    parallel_tasks(n_ranges, threads, [&](std::size_t t) {
        for (std::size_t row = range(t); row < range(t + 1); ++row) {
            if (in.keeps(row)) {
                out.records[next[t][partition_of(in.items.key[row])]++] = record_of<Record>(in, row);
            }
        }
    });
    return out;
}

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
    std::vector<Code>& stage = journeys.stage.emplace<std::vector<Code>>(partitions.records.size());
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

std::vector<std::uint32_t> items_by_first_row(const Journeys& journeys) {
    // First rows are distinct, so scattering them over the rows orders them without comparing.
    constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
    const auto last = std::max_element(journeys.first_row.begin(), journeys.first_row.end());
    std::vector<std::uint32_t> item_at(last == journeys.first_row.end() ? 0 : *last + std::size_t{1}, kNone);
    for (std::size_t item = 0; item < journeys.n_items(); ++item) {
        item_at[journeys.first_row[item]] = static_cast<std::uint32_t>(item);
    }
    std::erase(item_at, kNone);
    return item_at;
}

ItemMatch match_items(const Journeys& journeys, const ItemKeys& table) {
    const bool hashed = table.hashed();
    ItemMatch match;
    const std::size_t n_slots = std::bit_ceil(table.size() * 2 + 2);
    constexpr std::uint32_t kEmpty = std::numeric_limits<std::uint32_t>::max();
    std::vector<std::uint32_t> slots(n_slots, kEmpty);
    const auto find = [&](std::uint64_t key, std::uint64_t high) {
        std::size_t slot = spread(key) & (n_slots - 1);
        while (slots[slot] != kEmpty) {
            const std::uint32_t row = slots[slot];
            if (table.key[row] == key && (!hashed || table.high[row] == high)) break;
            slot = (slot + 1) & (n_slots - 1);
        }
        return slot;
    };
    std::size_t missing = 0;
    for (std::size_t row = 0; row < table.size(); ++row) {
        if (missing < table.missing_rows.size() && table.missing_rows[missing] == row) {
            ++missing;
            continue;
        }
        const std::size_t slot = find(table.key[row], hashed ? table.high[row] : 0);
        if (slots[slot] != kEmpty) {
            match.duplicate = DuplicateKey{slots[slot], row};
            return match;
        }
        slots[slot] = static_cast<std::uint32_t>(row);
    }
    match.row.resize(journeys.n_items());
    for (std::size_t item = 0; item < journeys.n_items(); ++item) {
        const std::size_t slot = find(journeys.key[item], hashed ? journeys.high[item] : 0);
        match.row[item] = slots[slot] == kEmpty ? -1 : static_cast<std::int64_t>(slots[slot]);
    }
    return match;
}

std::optional<Journeys> journey_of(const Journeys& journeys, const ItemKeys& item) {
    const ItemMatch match = match_items(journeys, item);
    const auto found = std::find(match.row.begin(), match.row.end(), 0);
    if (found == match.row.end()) return std::nullopt;
    const auto at = static_cast<std::size_t>(found - match.row.begin());
    const auto begin = static_cast<std::ptrdiff_t>(journeys.offsets[at]);
    const auto end = static_cast<std::ptrdiff_t>(journeys.offsets[at + 1]);
    Journeys one;
    one.n_labels = journeys.n_labels;
    one.offsets = {0, static_cast<std::uint64_t>(end - begin)};
    one.time.assign(journeys.time.begin() + begin, journeys.time.begin() + end);
    one.first_row = {journeys.first_row[at]};
    one.key = {journeys.key[at]};
    if (!journeys.high.empty()) one.high = {journeys.high[at]};
    std::visit(
        [&](const auto& codes) {
            using Codes = std::decay_t<decltype(codes)>;
            one.stage = Codes(codes.begin() + begin, codes.begin() + end);
        },
        journeys.stage);
    return one;
}

}  // namespace stagefunnel
