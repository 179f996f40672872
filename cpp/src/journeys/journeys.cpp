#include "stagefunnel/journeys/journeys.hpp"

#include <atomic>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/parallel.hpp"
#include "columns/checks.hpp"
#include "journeys/grouping.hpp"
#include "journeys/partition.hpp"
#include "journeys/records.hpp"
#include "journeys/row_pieces.hpp"
#include "journeys/runs.hpp"

namespace stagefunnel::journeys {
namespace {

/// The partitions that have been read, so that their records may be overwritten.
class ReadPartitions {
  public:
    explicit ReadPartitions(std::size_t n) : done_(std::make_unique<std::atomic<bool>[]>(n)) {}

    void mark(std::size_t q) {
        done_[q].store(true, std::memory_order_release);
        done_[q].notify_all();
    }
    void wait_for(std::size_t q) const { done_[q].wait(false, std::memory_order_acquire); }

  private:
    std::unique_ptr<std::atomic<bool>[]> done_;
};

/// Marks a partition as read at the end of its scope, also after an error: otherwise a thread would wait for
/// ever.
class MarkAsRead {
  public:
    MarkAsRead(ReadPartitions& partitions, std::size_t q) : partitions_(partitions), q_(q) {}
    MarkAsRead(const MarkAsRead&) = delete;
    MarkAsRead& operator=(const MarkAsRead&) = delete;
    ~MarkAsRead() { partitions_.mark(q_); }

  private:
    ReadPartitions& partitions_;
    std::size_t q_;
};

/// Copies the items of all blocks into the journeys, one block after the other.
///
/// @param bounds the first row of each block; at the end the number of rows.
void lay_items(Journeys& journeys, const std::vector<LocalItems>& local,
               const std::vector<std::size_t>& bounds, KeyWidth width, unsigned threads) {
    const bool hashed = width == KeyWidth::bits128;
    std::vector<std::size_t> first(local.size() + 1, 0);
    for (std::size_t q = 0; q < local.size(); ++q) first[q + 1] = first[q] + local[q].length.size();
    journeys.offsets.resize(first.back() + 1);
    journeys.first_row.resize(first.back());
    journeys.key.resize(first.back());
    if (hashed) journeys.high.resize(first.back());
    parallel_tasks(local.size(), threads, [&](std::size_t q) {
        const LocalItems& items = local[q];
        const auto at = static_cast<std::ptrdiff_t>(first[q]);
        std::exclusive_scan(items.length.begin(), items.length.end(), journeys.offsets.begin() + at,
                            std::uint64_t{bounds[q]});
        std::copy(items.first_row.begin(), items.first_row.end(), journeys.first_row.begin() + at);
        std::copy(items.key.begin(), items.key.end(), journeys.key.begin() + at);
        if (hashed) std::copy(items.high.begin(), items.high.end(), journeys.high.begin() + at);
    });
    journeys.offsets.back() = bounds.back();
}

/// Builds the journeys in the memory of the records. The times of a partition take a fraction of the space of
/// its records, so their final place lies over records of earlier partitions, which must have been read.
template <class Record, class Code>
Journeys build(const RowPieces& rows, const columns::RowOrder& order, Survey plan, const RecordLayout& layout,
               unsigned threads) {
    Journeys journeys;
    journeys.n_labels = rows.n_labels;
    const std::size_t n_rows = plan.bounds.back();
    journeys.time.resize(n_rows * Record::kWords);
    std::int64_t* const time = journeys.time.data();
    if (rows.release) use_small_pages(time);
    // The language lets signed and unsigned words of one width share memory.
    auto* const words = reinterpret_cast<std::uint64_t*>(time);
    scatter<Record>(rows, plan, layout, words, threads);

    LargeVector<Code>& stage = journeys.stage.emplace<LargeVector<Code>>(n_rows);
    std::vector<LocalItems> local(plan.n_partitions());
    std::vector<Grouper<Record>> groupers(std::max(threads, 1U),
                                          Grouper<Record>(layout, order, rows.numbers));
    if (rows.numbers == RowNumbers::keep) journeys.row.resize(n_rows);
    ReadPartitions read(plan.n_partitions());
    parallel_tasks(plan.n_partitions(), threads, [&](std::size_t q, std::size_t worker) {
        Grouper<Record>& grouper = groupers[worker];
        const std::size_t begin = plan.bounds[q], end = plan.bounds[q + 1];
        {
            const MarkAsRead mark(read, q);
            local[q] = grouper.group(q, words + begin * Record::kWords, end - begin);
        }
        for (std::size_t p = 0; p < q && plan.bounds[p] * Record::kWords < end; ++p) read.wait_for(p);
        grouper.write(stage.data() + begin, time + begin);
        if (rows.numbers == RowNumbers::keep)
            grouper.write_rows(journeys.row.data() + begin, local[q].length);
    });
    journeys.time.resize(n_rows);
    trim_array(time, n_rows * sizeof(std::int64_t));
    lay_items(journeys, local, plan.bounds, Record::kKeyWidth, threads);
    return journeys;
}

/// Returns whether a sample suggests that the input is grouped by item, so that finding its runs pays.
bool seems_grouped(const RowPieces& rows) {
    constexpr std::size_t kWorthRuns = std::size_t{1} << 16U, kSamples = 1024;
    if (rows.pieces.size() != 1 || rows.has_gaps() || rows.n_rows < kWorthRuns) return false;
    const std::uint64_t* const key = rows.pieces.front().key;
    std::size_t n_equal = 0;
    for (std::size_t s = 0; s < kSamples; ++s) {
        const std::size_t row = s * (rows.n_rows / kSamples);
        n_equal += static_cast<std::size_t>(key[row] == key[row + 1]);
    }
    return n_equal > kSamples / 2;
}

/// Builds from blocks of whole runs. The rows of a block lie where its journeys will.
template <KeyWidth Width>
Journeys build_from_runs(const RowPieces& rows, const Runs& runs, const RecordLayout& layout,
                         unsigned threads) {
    Journeys journeys;
    journeys.n_labels = rows.n_labels;
    journeys.time.resize(rows.n_rows);
    auto& stage = journeys.stage.emplace<LargeVector<std::uint8_t>>(rows.n_rows);
    const columns::RowOrder no_order;
    if (rows.numbers == RowNumbers::keep) journeys.row.resize(rows.n_rows);
    std::vector<RunReader<Width>> readers(std::max(threads, 1U),
                                          RunReader<Width>(layout, no_order, rows.numbers));
    std::vector<LocalItems> local(runs.n_blocks());
    std::vector<std::size_t> bounds;
    for (const std::size_t run : runs.blocks) bounds.push_back(runs.start[run]);
    parallel_tasks(local.size(), threads, [&](std::size_t block, std::size_t worker) {
        local[block] =
            readers[worker].read(rows.pieces.front(), runs, block, stage.data() + bounds[block],
                                 journeys.time.data() + bounds[block],
                                 journeys.row.empty() ? nullptr : journeys.row.data() + bounds[block]);
    });
    lay_items(journeys, local, bounds, Width, threads);
    return journeys;
}

RecordLayout wide_layout(const RowPieces& rows, const Survey& plan) {
    RecordLayout layout;
    layout.partition_bits = partition_bits(rows.n_rows);
    layout.spread = plan.spread;
    layout.earliest = plan.earliest;
    layout.duration = plan.duration();
    layout.time_bits = static_cast<unsigned>(std::bit_width(layout.duration));
    return layout;
}

/// Returns the layout of narrow records for these rows, or `std::nullopt` if they do not fit.
template <KeyWidth Width>
std::optional<RecordLayout> narrow_layout(const RowPieces& rows, const columns::RowOrder& order,
                                          const Survey& plan, unsigned threads) {
    // The code of a missing stage is `n_labels`, so 256 codes hold 255 labels.
    if (rows.n_labels >= 256 || order.given()) return std::nullopt;
    RecordLayout layout = wide_layout(rows, plan);
    if (NarrowRecord<Width>::fits(layout, rows.n_rows)) return layout;
    // Times in nanoseconds are often whole milliseconds or seconds.
    layout.unit = common_unit(rows, plan.earliest, threads);
    layout.time_bits = static_cast<unsigned>(std::bit_width(plan.duration() / layout.unit));
    if (NarrowRecord<Width>::fits(layout, rows.n_rows)) return layout;
    return std::nullopt;
}

Journeys with_ends(Journeys journeys, std::int64_t earliest, std::int64_t latest) {
    if (journeys.n_rows() > 0) journeys.ends = {earliest, latest};
    return journeys;
}

template <KeyWidth Width>
Journeys build(const RowPieces& rows, const columns::RowOrder& order, unsigned threads) {
    if (seems_grouped(rows)) {
        const Survey plan = survey<Counting::runs>(rows, threads);
        if (const auto layout = narrow_layout<Width>(rows, order, plan, threads)) {
            const Runs runs = find_runs(rows.pieces.front(), plan, threads);
            if (!runs.empty()) {
                return with_ends(build_from_runs<Width>(rows, runs, *layout, threads), plan.earliest,
                                 plan.latest);
            }
        }
    }
    Survey plan = survey<Counting::partitions>(rows, threads);
    const std::int64_t earliest = plan.earliest, latest = plan.latest;
    const auto built = [&]<class Record, class Code>(const RecordLayout& layout) {
        return with_ends(build<Record, Code>(rows, order, std::move(plan), layout, threads), earliest,
                         latest);
    };
    if (const auto layout = narrow_layout<Width>(rows, order, plan, threads)) {
        return built.template operator()<NarrowRecord<Width>, std::uint8_t>(*layout);
    }
    const RecordLayout layout = wide_layout(rows, plan);
    if (rows.n_labels < 256) return built.template operator()<WideRecord<Width>, std::uint8_t>(layout);
    return built.template operator()<WideRecord<Width>, std::uint16_t>(layout);
}

void check_rows(const columns::ItemKeys& items, const columns::StageCodes& stages,
                const columns::Times& times, const columns::RowOrder& order) {
    columns::check_lengths(items, stages, times);
    const std::size_t n = items.size();
    if (order.given() && order.size() != n) {
        throw std::invalid_argument("the columns differ in length: item " + std::to_string(n) + ", order " +
                                    std::to_string(order.size()));
    }
    if (n >= std::numeric_limits<std::uint32_t>::max()) {
        throw std::invalid_argument("a log takes at most 4,294,967,294 rows, got " + std::to_string(n));
    }
}

}  // namespace

Journeys build_journeys(const columns::ItemKeys& items, const columns::StageCodes& stages,
                        const columns::Times& times, const columns::RowOrder& order,
                        std::span<const std::uint64_t> dropped, unsigned threads, RowNumbers numbers) {
    check_rows(items, stages, times, order);
    RowPieces rows;
    rows.n_rows = items.size();
    rows.n_labels = stages.n_labels();
    if (items.hashed()) rows.key_width = KeyWidth::bits128;
    rows.numbers = numbers;
    rows.leaves_out = stages.leaves_out;
    rows.is_dropped.resize(dropped.empty() ? 0 : items.size(), false);
    for (const std::uint64_t row : dropped) rows.is_dropped.at(row) = true;
    rows.pieces.push_back({items.key.data(), items.hashed() ? items.high.data() : nullptr, stages.code.data(),
                           times.time.data(), rows.n_rows});
    Journeys journeys = build_journeys(rows, order, threads);
    journeys.prefix = items.prefix;
    journeys.hash = items.hash;
    journeys.is_unsigned = items.is_unsigned;
    return journeys;
}

Journeys internal::build_journeys(const RowPieces& rows, const columns::RowOrder& order, unsigned threads) {
    return rows.key_width == KeyWidth::bits128 ? build<KeyWidth::bits128>(rows, order, threads)
                                               : build<KeyWidth::bits64>(rows, order, threads);
}

std::optional<std::pair<std::int64_t, std::int64_t>> time_range(const Journeys& journeys, unsigned threads) {
    if (journeys.ends || journeys.n_rows() == 0) return journeys.ends;
    const auto ranges = parallel_parts(journeys.n_rows(), threads, [&](std::size_t first, std::size_t last) {
        std::int64_t low = journeys.time[first], high = low;
        for (std::size_t i = first; i < last; ++i) {
            low = std::min(low, journeys.time[i]);
            high = std::max(high, journeys.time[i]);
        }
        return std::pair{low, high};
    });
    auto [low, high] = ranges[0];
    for (const auto& range : ranges) {
        low = std::min(low, range.first);
        high = std::max(high, range.second);
    }
    return std::pair{low, high};
}

}  // namespace stagefunnel::journeys
