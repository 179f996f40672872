// Reading single rows of a column, such as the keys of a table of items.

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/counted.hpp"
#include "columns/values.hpp"
#include "stagefunnel/columns/column.hpp"

namespace stagefunnel::columns {
namespace {

/// Calls `read(source, chunk, i)` for each of `rows`: its value is row `i` of a chunk of `source`, which is
/// the dictionary if the column has one. Calls `miss()` for a row without a code.
template <class Read, class Miss>
void read_rows(const Column& column, std::span<const std::uint32_t> rows, Read read, Miss miss) {
    std::vector<std::size_t> starts{0};
    for (const Chunk& chunk : column.chunks) starts.push_back(starts.back() + chunk.length);
    for (const std::uint32_t row : rows) {
        if (row >= column.length) {
            throw std::invalid_argument("row " + std::to_string(row) + " lies outside a column of " +
                                        counted(column.length, "row"));
        }
        const auto next = std::upper_bound(starts.begin(), starts.end(), row);
        const auto c = static_cast<std::size_t>(next - starts.begin()) - 1;
        const Chunk& chunk = column.chunks[c];
        const std::size_t i = row - starts[c];
        if (!chunk.dictionary) {
            read(column, chunk, i);
            continue;
        }
        if (!is_present(chunk, i)) {
            miss();
            continue;
        }
        const Column& dictionary = *chunk.dictionary;
        const std::size_t code = with_number_type(
            column.storage, [&]<class T>(T) { return checked_code(numbers<T>(chunk)[i], dictionary); });
        const RowLocation entry = locate(dictionary, code);
        read(dictionary, entry.chunk, entry.i);
    }
}

}  // namespace

std::vector<std::int64_t> take_integers(const Column& column, std::span<const std::uint32_t> rows) {
    std::vector<std::int64_t> taken;
    taken.reserve(rows.size());
    const auto read = [&](const Column& source, const Chunk& chunk, std::size_t i) {
        taken.push_back(with_number_type(
            source.storage, [&]<class T>(T) { return static_cast<std::int64_t>(numbers<T>(chunk)[i]); }));
    };
    read_rows(column, rows, read, [&] { taken.push_back(0); });
    return taken;
}

std::vector<std::optional<std::string>> take_bytes(const Column& column,
                                                   std::span<const std::uint32_t> rows) {
    std::vector<std::optional<std::string>> taken;
    taken.reserve(rows.size());
    const auto miss = [&] { taken.emplace_back(std::nullopt); };
    const auto read = [&](const Column& source, const Chunk& chunk, std::size_t i) {
        if (is_present(chunk, i)) {
            taken.emplace_back(bytes_at(source, chunk, i));
        } else {
            miss();
        }
    };
    read_rows(column, rows, read, miss);
    return taken;
}

}  // namespace stagefunnel::columns
