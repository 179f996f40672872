#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "stagefunnel/columns/arrow.hpp"

namespace stagefunnel::columns {

/// How the values of a column lie in memory.
enum class Storage : std::uint8_t {
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
    float32,
    float64,
    bytes32,     // text or binary with 32-bit offsets
    bytes64,     // text or binary with 64-bit offsets
    bytes_view,  // text or binary as 16-byte views
    fixed_bytes  // `Column::width` bytes a row, for example a UUID
};

struct Column;

/// One contiguous piece of a column. All pointers are borrowed from `Column::owner`.
struct Chunk {
    std::size_t length = 0;
    std::size_t offset = 0;                    // rows to skip in every buffer: a sliced array
    const std::uint8_t* validity = nullptr;    // Arrow bitmap, 1 = present; null: no row is missing
    const std::uint8_t* missing = nullptr;     // NumPy byte mask, 1 = missing; null: no row is missing
    const void* values = nullptr;              // numbers, offsets, views or fixed-width bytes
    const char* bytes = nullptr;               // what 32- and 64-bit offsets point into
    std::vector<const char*> view_buffers;     // what views of more than 12 bytes point into
    std::shared_ptr<const Column> dictionary;  // set where `values` are codes into it
};

/// A typed column of rows in chunks; nothing is copied, `owner` keeps the memory alive.
struct Column {
    Storage storage = Storage::int64;
    std::string format;     // the Arrow format string: it also carries time units and zones
    std::size_t width = 0;  // bytes a row of `fixed_bytes`
    std::size_t length = 0;
    std::vector<Chunk> chunks;
    std::shared_ptr<const void> owner;
};

/// True where the column holds text or bytes (through a dictionary or not), not numbers.
[[nodiscard]] bool holds_bytes(const Column& column);

/// Describes an Arrow format string for people, for example "float64" for "g".
[[nodiscard]] std::string describe_format(const std::string& format);

/// Reads one Arrow column: a schema and the arrays of its chunks.
///
/// Signed and unsigned integers, floats, text and binary (32-bit, 64-bit and view layouts), fixed-width
/// binary, dates, timestamps and dictionaries over all of these are read in place. Each chunk may have
/// a dictionary of its own.
///
/// @param owner keeps schema and arrays alive as long as the column lives.
/// @throws std::invalid_argument for any other type, naming it.
[[nodiscard]] Column column_from_arrow(const ArrowSchema& schema,
                                       const std::vector<const ArrowArray*>& arrays,
                                       std::shared_ptr<const void> owner);

/// A column of codes into a dictionary; rows flagged in the codes' own mask are missing.
[[nodiscard]] Column column_with_dictionary(Column codes, Column dictionary);

/// Reads columns of an Arrow stream to its end, by name, or the stream's own values where `names` is empty.
///
/// The stream is taken over and released.
///
/// @throws std::invalid_argument for a column that is not there or whose type is not read.
/// @throws std::runtime_error with the producer's own words if it fails.
[[nodiscard]] std::vector<Column> columns_from_stream(ArrowArrayStream& stream,
                                                      const std::vector<std::string>& names);

/// The same of one record batch; schema and array are taken over.
[[nodiscard]] std::vector<Column> columns_from_batch(ArrowSchema& schema, ArrowArray& array,
                                                     const std::vector<std::string>& names);

/// The integers in some rows of a column (through dictionaries); unsigned ones as the same 64 bits.
[[nodiscard]] std::vector<std::int64_t> take_integers(const Column& column,
                                                      std::span<const std::uint32_t> rows);

/// The texts or bytes in some rows of a column (through dictionaries).
[[nodiscard]] std::vector<std::string> take_bytes(const Column& column, std::span<const std::uint32_t> rows);

}  // namespace stagefunnel::columns

namespace stagefunnel {
using columns::Column;
}  // namespace stagefunnel
