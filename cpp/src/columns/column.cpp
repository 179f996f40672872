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

Chunk chunk_of(const Column& column, const ArrowArray& array) {
    Chunk chunk;
    chunk.length = static_cast<std::size_t>(array.length);
    chunk.offset = static_cast<std::size_t>(array.offset);
    if (array.n_buffers < 2) throw std::invalid_argument("an Arrow array lacks its buffers");
    // A null count of -1 means that nobody has counted, so only a count of zero makes the bitmap superfluous.
    if (array.null_count != 0) chunk.validity = static_cast<const std::uint8_t*>(array.buffers[0]);
    chunk.values = array.buffers[1];
    if (chunk.length > 0 && chunk.values == nullptr) {
        throw std::invalid_argument("an Arrow array lacks its values");
    }
    if (column.storage == Storage::bytes32 || column.storage == Storage::bytes64) {
        chunk.bytes = array.n_buffers > 2 ? static_cast<const char*>(array.buffers[2]) : nullptr;
    } else if (column.storage == Storage::bytes_view) {
        // The last buffer holds the lengths of the buffers before it.
        for (std::int64_t i = 2; i < array.n_buffers - 1; ++i) {
            chunk.view_buffers.push_back(static_cast<const char*>(array.buffers[i]));
        }
    }
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
                         std::shared_ptr<const void> owner) {
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
        Chunk chunk = chunk_of(column, *array);
        if (schema.dictionary != nullptr) {
            if (array->dictionary == nullptr) throw std::invalid_argument("an Arrow dictionary is missing");
            chunk.dictionary = std::make_shared<const Column>(
                column_from_arrow(*schema.dictionary, {array->dictionary}, column.owner));
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
