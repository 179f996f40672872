#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
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
    fixed_bytes  // `Column::width` bytes per row, for example a UUID
};

struct Column;

/// One contiguous piece of a column. `Column::owner` keeps the memory behind all pointers alive.
struct Chunk {
    std::size_t length = 0;
    std::size_t offset = 0;                  // of the first row in every buffer, for a sliced array
    const std::uint8_t* validity = nullptr;  // Arrow bitmap, 1 = present; null if no row is missing
    const std::uint8_t* missing = nullptr;   // NumPy byte mask, 1 = missing; null if no row is missing
    const void* values = nullptr;            // numbers, offsets, views or fixed-width bytes
    const char* bytes = nullptr;             // the bytes that 32- and 64-bit offsets count from
    std::size_t n_bytes = 0;                 // no offset lies beyond them
    std::vector<std::span<const char>> view_buffers;  // views of more than 12 bytes point into these
    std::shared_ptr<const Column> dictionary;         // set if `values` are codes of its rows
};

/// A typed column of rows in chunks. The values are not copied; `owner` keeps their memory alive.
struct Column {
    Storage storage = Storage::int64;
    std::string format;     // the Arrow format string, which also carries units and zones of times
    std::size_t width = 0;  // bytes per row of `fixed_bytes`
    std::size_t length = 0;
    std::vector<Chunk> chunks;
    std::shared_ptr<const void> owner;
};

/// Returns whether the column holds text or bytes, plain or through a dictionary, and not numbers.
[[nodiscard]] bool holds_bytes(const Column& column);

/// Describes an Arrow format string for people, for example "float64" for "g".
[[nodiscard]] std::string describe_format(const std::string& format);

/// How many bytes lie at an address: Arrow does not hand the size of a buffer on.
using BufferSizes = std::unordered_map<const void*, std::size_t>;

/// Reads one Arrow column: a schema and the arrays of its chunks.
///
/// Signed and unsigned integers, floats, text and binary (32-bit, 64-bit and view layouts), fixed-width
/// binary, dates, timestamps and dictionaries over all of these are read in place. Each chunk may have
/// a dictionary of its own.
///
/// Offsets and views stay where they are, so each is held against the size of its buffer when it is read:
/// they may be damaged, or change meanwhile.
///
/// @param owner an owner that keeps schema and arrays alive as long as the column lives.
/// @param sizes the sizes of buffers of texts; a buffer that is not among them ends where the last offset of
///     the array says so now.
/// @throws std::invalid_argument for any other type, naming it, or if an array lacks buffers, values or its
///     dictionary.
[[nodiscard]] Column column_from_arrow(const ArrowSchema& schema,
                                       const std::vector<const ArrowArray*>& arrays,
                                       std::shared_ptr<const void> owner, const BufferSizes& sizes = {});

/// Makes a column of codes and a dictionary. Rows that the mask of the codes flags are missing.
[[nodiscard]] Column column_with_dictionary(Column codes, Column dictionary);

/// Reads an Arrow stream to its end and returns the columns of these names, in the order of `names`. If
/// `names` is empty, the values of the stream itself are the one column.
///
/// The function takes the stream over and releases it, also if it throws.
///
/// @throws std::invalid_argument if a column does not exist or has an unsupported type.
/// @throws std::runtime_error if the producer fails, with the producer's message.
[[nodiscard]] std::vector<Column> columns_from_stream(ArrowArrayStream& stream,
                                                      const std::vector<std::string>& names,
                                                      const BufferSizes& sizes = {});

/// Does the same for one record batch. The function takes schema and array over.
[[nodiscard]] std::vector<Column> columns_from_batch(ArrowSchema& schema, ArrowArray& array,
                                                     const std::vector<std::string>& names,
                                                     const BufferSizes& sizes = {});

/// Returns the integers in some rows of a column, in the order of `rows`, with dictionaries resolved. An
/// unsigned integer keeps its 64 bits.
///
/// @throws std::invalid_argument if a row lies outside the column or a code outside its dictionary, or if the
///     column does not hold numbers.
[[nodiscard]] std::vector<std::int64_t> take_integers(const Column& column,
                                                      std::span<const std::uint32_t> rows);

/// Returns the texts or bytes in some rows of a column, in the order of `rows`, with dictionaries resolved. A
/// missing value is empty.
///
/// @throws std::invalid_argument as `take_integers` does, or if the column does not hold text.
[[nodiscard]] std::vector<std::optional<std::string>> take_bytes(const Column& column,
                                                                 std::span<const std::uint32_t> rows);

}  // namespace stagefunnel::columns

namespace stagefunnel {
using columns::Column;
}  // namespace stagefunnel
