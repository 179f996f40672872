#include "stagefunnel/columns/column.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

namespace stagefunnel::columns {
namespace {

struct ArrowType {
    const char* format;
    Storage storage;
    const char* name;
};

constexpr std::array kArrowTypes{
    ArrowType{"c", Storage::int8, "int8"},        ArrowType{"C", Storage::uint8, "uint8"},
    ArrowType{"s", Storage::int16, "int16"},      ArrowType{"S", Storage::uint16, "uint16"},
    ArrowType{"i", Storage::int32, "int32"},      ArrowType{"I", Storage::uint32, "uint32"},
    ArrowType{"l", Storage::int64, "int64"},      ArrowType{"L", Storage::uint64, "uint64"},
    ArrowType{"f", Storage::float32, "float32"},  ArrowType{"g", Storage::float64, "float64"},
    ArrowType{"u", Storage::bytes32, "text"},     ArrowType{"U", Storage::bytes64, "text"},
    ArrowType{"vu", Storage::bytes_view, "text"}, ArrowType{"z", Storage::bytes32, "binary"},
    ArrowType{"Z", Storage::bytes64, "binary"},   ArrowType{"vz", Storage::bytes_view, "binary"},
    ArrowType{"tdD", Storage::int32, "date"},     ArrowType{"tdm", Storage::int64, "date"},
};

// Prefixes and names of the types that are not supported, so that the message can say what the column is.
constexpr std::array<std::pair<const char*, const char*>, 8> kUnsupported{{{"n", "null"},
                                                                           {"b", "boolean"},
                                                                           {"e", "float16"},
                                                                           {"d", "decimal"},
                                                                           {"tt", "time of day"},
                                                                           {"tD", "duration"},
                                                                           {"ti", "interval"},
                                                                           {"+", "nested"}}};

bool starts_with(const std::string& text, const char* prefix) {
    return text.compare(0, std::strlen(prefix), prefix) == 0;
}

std::optional<Storage> storage_of(const std::string& format) {
    for (const ArrowType& type : kArrowTypes) {
        if (format == type.format) return type.storage;
    }
    if (starts_with(format, "ts")) return Storage::int64;
    if (starts_with(format, "w:")) return Storage::fixed_bytes;
    return std::nullopt;
}

/// Returns where the last text of a chunk ends.
template <class Offset>
std::size_t last_end(const Chunk& chunk) {
    const Offset end = static_cast<const Offset*>(chunk.values)[chunk.offset + chunk.length];
    if (end < 0) throw std::invalid_argument("an Arrow array has a text that ends before its memory begins");
    return static_cast<std::size_t>(end);
}

void find_texts(const Column& column, const ArrowArray& array, const BufferSizes& sizes, Chunk& chunk) {
    if (column.storage == Storage::bytes32 || column.storage == Storage::bytes64) {
        chunk.bytes = array.n_buffers > 2 ? static_cast<const char*>(array.buffers[2]) : nullptr;
        const auto size = sizes.find(chunk.bytes);
        if (chunk.bytes == nullptr) {
            chunk.n_bytes = 0;
        } else if (size != sizes.end()) {
            chunk.n_bytes = size->second;
        } else {
            const bool is_narrow = column.storage == Storage::bytes32;
            chunk.n_bytes = is_narrow ? last_end<std::int32_t>(chunk) : last_end<std::int64_t>(chunk);
        }
    } else if (column.storage == Storage::bytes_view) {
        // The last buffer holds the lengths of the buffers before it.
        const auto* const lengths = static_cast<const std::int64_t*>(array.buffers[array.n_buffers - 1]);
        for (std::int64_t i = 2; i < array.n_buffers - 1; ++i) {
            const std::int64_t length = lengths[i - 2];
            if (length < 0) throw std::invalid_argument("an Arrow array has a buffer shorter than nothing");
            chunk.view_buffers.emplace_back(static_cast<const char*>(array.buffers[i]),
                                            static_cast<std::size_t>(length));
        }
    }
}

Chunk chunk_of(const Column& column, const ArrowArray& array, const BufferSizes& sizes) {
    Chunk chunk;
    if (array.length < 0 || array.offset < 0)
        throw std::invalid_argument("an Arrow array has no rows to read");
    chunk.length = static_cast<std::size_t>(array.length);
    chunk.offset = static_cast<std::size_t>(array.offset);
    if (array.n_buffers < 2) throw std::invalid_argument("an Arrow array lacks its buffers");
    // A null count of -1 means that nobody has counted, so only a count of zero makes the bitmap superfluous.
    if (array.null_count != 0) chunk.validity = static_cast<const std::uint8_t*>(array.buffers[0]);
    chunk.values = array.buffers[1];
    if (chunk.length > 0 && chunk.values == nullptr) {
        throw std::invalid_argument("an Arrow array lacks its values");
    }
    find_texts(column, array, sizes, chunk);
    return chunk;
}

}  // namespace

bool holds_bytes(const Column& column) {
    if (!column.chunks.empty() && column.chunks.front().dictionary) {
        return holds_bytes(*column.chunks.front().dictionary);
    }
    return column.storage == Storage::bytes32 || column.storage == Storage::bytes64 ||
           column.storage == Storage::bytes_view || column.storage == Storage::fixed_bytes;
}

std::string describe_format(const std::string& format) {
    for (const ArrowType& type : kArrowTypes) {
        if (format == type.format) return type.name;
    }
    if (starts_with(format, "ts")) return "timestamp";
    if (starts_with(format, "w:")) return "fixed-width binary";
    for (const auto& [prefix, name] : kUnsupported) {
        if (starts_with(format, prefix)) return name;
    }
    return "Arrow type '" + format + "'";
}

Column column_from_arrow(const ArrowSchema& schema, const std::vector<const ArrowArray*>& arrays,
                         std::shared_ptr<const void> owner, const BufferSizes& sizes) {
    Column column;
    column.format = schema.format;
    column.owner = std::move(owner);
    const std::optional<Storage> storage = storage_of(column.format);
    if (!storage) throw std::invalid_argument("unsupported column type: " + describe_format(column.format));
    column.storage = *storage;
    if (*storage == Storage::fixed_bytes) {
        column.width = static_cast<std::size_t>(std::strtoull(column.format.c_str() + 2, nullptr, 10));
    }
    for (const ArrowArray* array : arrays) {
        if (array->length == 0) continue;
        Chunk chunk = chunk_of(column, *array, sizes);
        if (schema.dictionary != nullptr) {
            if (array->dictionary == nullptr) throw std::invalid_argument("an Arrow dictionary is missing");
            chunk.dictionary = std::make_shared<const Column>(
                column_from_arrow(*schema.dictionary, {array->dictionary}, column.owner, sizes));
        }
        column.length += chunk.length;
        column.chunks.push_back(std::move(chunk));
    }
    // Without rows there are no codes: the column is an empty column of the type of the dictionary.
    if (schema.dictionary != nullptr && column.chunks.empty()) {
        return column_from_arrow(*schema.dictionary, {}, column.owner);
    }
    return column;
}

Column column_with_dictionary(Column codes, Column dictionary) {
    const auto shared = std::make_shared<const Column>(std::move(dictionary));
    for (Chunk& chunk : codes.chunks) chunk.dictionary = shared;
    return codes;
}

}  // namespace stagefunnel::columns
