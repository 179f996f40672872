#include <algorithm>
#include <stdexcept>

#include "base/parallel.hpp"
#include "scan/same_items.hpp"
#include "scan/scan.hpp"
#include "stagefunnel/questions/funnel/entries.hpp"

namespace stagefunnel::funnel {

template <class Value>
LargeVector<Value> values_of_rows(std::span<const Value> values, std::span<const std::uint32_t> rows,
                                  unsigned threads) {
    LargeVector<Value> taken(rows.size());
    parallel_for(rows.size(), threads, [&](std::size_t first, std::size_t last) {
        const std::span<const std::uint32_t> own = rows.subspan(first, last - first);
        if (!own.empty() && *std::max_element(own.begin(), own.end()) >= values.size())
            throw std::invalid_argument("a row lies beyond the column");
        for (std::size_t i = first; i < last; ++i) taken[i] = values[rows[i]];
    });
    return taken;
}

template LargeVector<std::int32_t> values_of_rows(std::span<const std::int32_t>,
                                                  std::span<const std::uint32_t>, unsigned);
template LargeVector<std::int64_t> values_of_rows(std::span<const std::int64_t>,
                                                  std::span<const std::uint32_t>, unsigned);
template LargeVector<std::uint8_t> values_of_rows(std::span<const std::uint8_t>,
                                                  std::span<const std::uint32_t>, unsigned);
template LargeVector<double> values_of_rows(std::span<const double>, std::span<const std::uint32_t>,
                                            unsigned);

LargeVector<std::int64_t> rows_of_items(const Journeys& journeys, const Pipeline& pipeline,
                                        const Journeys& whole, RowAt at, unsigned threads) {
    pipeline.check(journeys);
    scan::check_same_items(journeys, whole);
    LargeVector<std::int64_t> rows(journeys.n_items());
    scan::for_each_item(journeys, threads, [&](const auto* codes, std::size_t item) {
        const auto is_listed = [&](std::size_t i) {
            return pipeline.row_of_code()[codes[i]] != Pipeline::kUnlisted;
        };
        std::size_t begin = journeys.offsets[item], end = journeys.offsets[item + 1];
        while (at == RowAt::first && begin < end && !is_listed(begin)) ++begin;
        while (at == RowAt::last && begin < end && !is_listed(end - 1)) --end;
        const std::size_t row = at == RowAt::first ? begin : end - 1;
        const std::size_t in_whole = scan::place_in_whole(journeys, whole, item, row);
        rows[item] = begin == end ? -1 : static_cast<std::int64_t>(in_whole);
    });
    return rows;
}

}  // namespace stagefunnel::funnel
