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

/// Which partitions have been read, so that their records may be written over.
class Consumed {
  public:
    explicit Consumed(std::size_t n) : done_(std::make_unique<std::atomic<bool>[]>(n)) {}

    void mark(std::size_t q) {
        done_[q].store(true, std::memory_order_release);
        done_[q].notify_all();
    }
    void wait_for(std::size_t q) const { done_[q].wait(false, std::memory_order_acquire); }

  private:
    std::unique_ptr<std::atomic<bool>[]> done_;
};

/// Marks a partition when its reader is through with it, or has failed: nobody may wait for ever.
class Reading {
  public:
    Reading(Consumed& consumed, std::size_t q) : consumed_(consumed), q_(q) {}
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading() { consumed_.mark(q_); }

  private:
    Consumed& consumed_;
    std::size_t q_;
};

/// Lays the items of all partitions one after the other.
void lay_items(Journeys& journeys, const std::vector<LocalItems>& local,
               const std::vector<std::size_t>& bounds, bool hashed, unsigned threads) {
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

/// Builds in the memory of the records: the times of a partition, a fraction of its records' size, are
/// written to their final place over records that lie before its own and have been read.
template <class Record, class Code>
Journeys build(const RowPieces& rows, const columns::RowOrder& order, Survey plan, const Layout& layout,
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
    Consumed consumed(plan.n_partitions());
    parallel_tasks(plan.n_partitions(), threads, [&](std::size_t q, std::size_t worker) {
        Grouper<Record>& grouper = groupers[worker];
        const std::size_t begin = plan.bounds[q], end = plan.bounds[q + 1];
        {
            const Reading reading(consumed, q);
            local[q] = grouper.group(q, words + begin * Record::kWords, end - begin);
        }
        for (std::size_t p = 0; p < q && plan.bounds[p] * Record::kWords < end; ++p) consumed.wait_for(p);
        grouper.write(stage.data() + begin, time + begin);
        if (rows.numbers == RowNumbers::keep)
            grouper.write_rows(journeys.row.data() + begin, local[q].length);
    });
    journeys.time.resize(n_rows);
    trim_array(time, n_rows * sizeof(std::int64_t));
    lay_items(journeys, local, plan.bounds, Record::kHashed, threads);
    return journeys;
}

/// True where the rows of an item seem to stand together, which a proof may be worth.
bool seems_grouped(const RowPieces& rows) {
    constexpr std::size_t kWorthAProof = std::size_t{1} << 16U, kLooks = 1024;
    if (rows.pieces.size() != 1 || rows.has_gaps() || rows.n_rows < kWorthAProof) return false;
    const std::uint64_t* const key = rows.pieces.front().key;
    std::size_t n_equal = 0;
    for (std::size_t look = 0; look < kLooks; ++look) {
        const std::size_t row = look * (rows.n_rows / kLooks);
        n_equal += static_cast<std::size_t>(key[row] == key[row + 1]);
    }
    return n_equal > kLooks / 2;
}

/// Builds from blocks of whole runs, which lie where their journeys will.
template <bool Hashed>
Journeys build_from_runs(const RowPieces& rows, const Runs& runs, const Layout& layout, unsigned threads) {
    Journeys journeys;
    journeys.n_labels = rows.n_labels;
    journeys.time.resize(rows.n_rows);
    auto& stage = journeys.stage.emplace<LargeVector<std::uint8_t>>(rows.n_rows);
    const columns::RowOrder no_order;
    if (rows.numbers == RowNumbers::keep) journeys.row.resize(rows.n_rows);
    std::vector<RunReader<Hashed>> readers(std::max(threads, 1U),
                                           RunReader<Hashed>(layout, no_order, rows.numbers));
    std::vector<LocalItems> local(runs.n_blocks());
    std::vector<std::size_t> bounds;
    for (const std::size_t run : runs.blocks) bounds.push_back(runs.start[run]);
    parallel_tasks(local.size(), threads, [&](std::size_t block, std::size_t worker) {
        local[block] =
            readers[worker].read(rows.pieces.front(), runs, block, stage.data() + bounds[block],
                                 journeys.time.data() + bounds[block],
                                 journeys.row.empty() ? nullptr : journeys.row.data() + bounds[block]);
    });
    lay_items(journeys, local, bounds, Hashed, threads);
    return journeys;
}

Layout wide_layout(const RowPieces& rows, const Survey& plan) {
    Layout layout;
    layout.partition_bits = partition_bits(rows.n_rows);
    layout.earliest = plan.earliest;
    layout.time_bits = static_cast<unsigned>(std::bit_width(plan.span()));
    return layout;
}

/// How the rows fit a narrow record; `std::nullopt` where they do not.
template <bool Hashed>
std::optional<Layout> narrow_layout(const RowPieces& rows, const columns::RowOrder& order, const Survey& plan,
                                    unsigned threads) {
    // The missing stage is one code more than there are labels.
    if (rows.n_labels >= 256 || order.given()) return std::nullopt;
    Layout layout = wide_layout(rows, plan);
    if (NarrowRecord<Hashed>::fits(layout, rows.n_rows)) return layout;
    // Times in nanoseconds are rarely measured so.
    layout.unit = common_unit(rows, plan.earliest, threads);
    layout.time_bits = static_cast<unsigned>(std::bit_width(plan.span() / layout.unit));
    if (NarrowRecord<Hashed>::fits(layout, rows.n_rows)) return layout;
    return std::nullopt;
}

Journeys with_ends(Journeys journeys, std::int64_t earliest, std::int64_t latest) {
    if (journeys.n_rows() > 0) journeys.ends = {earliest, latest};
    return journeys;
}

template <bool Hashed>
Journeys build(const RowPieces& rows, const columns::RowOrder& order, unsigned threads) {
    if (seems_grouped(rows)) {
        const Survey plan = survey<false>(rows, threads);
        if (const auto layout = narrow_layout<Hashed>(rows, order, plan, threads)) {
            const Runs runs = find_runs(rows.pieces.front(), plan, threads);
            if (!runs.empty()) {
                return with_ends(build_from_runs<Hashed>(rows, runs, *layout, threads), plan.earliest,
                                 plan.latest);
            }
        }
    }
    Survey plan = survey<true>(rows, threads);
    const std::int64_t earliest = plan.earliest, latest = plan.latest;
    const auto built = [&]<class Record, class Code>(const Layout& layout) {
        return with_ends(build<Record, Code>(rows, order, std::move(plan), layout, threads), earliest,
                         latest);
    };
    if (const auto layout = narrow_layout<Hashed>(rows, order, plan, threads)) {
        return built.template operator()<NarrowRecord<Hashed>, std::uint8_t>(*layout);
    }
    const Layout layout = wide_layout(rows, plan);
    if (rows.n_labels < 256) return built.template operator()<WideRecord<Hashed>, std::uint8_t>(layout);
    return built.template operator()<WideRecord<Hashed>, std::uint16_t>(layout);
}

void check_rows(const columns::ItemKeys& items, const columns::StageCodes& stages,
                const columns::Times& times, const columns::RowOrder& order) {
    columns::check_lengths(items, stages, times);
    const std::size_t n = items.size();
    if (order.given() && order.size() != n) {
        throw std::invalid_argument("the columns differ in length: item " + std::to_string(n) + ", order " +
                                    std::to_string(order.size()) + " rows");
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
    rows.numbers = numbers;
    rows.leaves_out = stages.leaves_out;
    rows.is_dropped.resize(dropped.empty() ? 0 : items.size(), false);
    for (const std::uint64_t row : dropped) rows.is_dropped.at(row) = true;
    rows.pieces.push_back({items.key.data(), items.hashed() ? items.high.data() : nullptr, stages.code.data(),
                           times.time.data(), rows.n_rows});
    Journeys journeys = build_journeys(rows, order, items.hashed(), threads);
    journeys.prefix = items.prefix;
    return journeys;
}

Journeys internal::build_journeys(const RowPieces& rows, const columns::RowOrder& order, bool hashed,
                                  unsigned threads) {
    return hashed ? build<true>(rows, order, threads) : build<false>(rows, order, threads);
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
