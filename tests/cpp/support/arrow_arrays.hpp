#pragma once

// Arrow arrays built by hand, byte by byte, in each of the layouts that producers send.

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "stagefunnel/columns/column.hpp"

namespace stagefunnel::testing {

/// One array with its schema and all the memory that both point into.
struct OwnedArray {
    std::string format;
    std::vector<std::vector<char>> memory;
    std::vector<const void*> buffers;
    std::shared_ptr<OwnedArray> dictionary;
    ArrowSchema schema{};
    ArrowArray array{};
};

using ArrayPtr = std::shared_ptr<OwnedArray>;

/// Makes an array over some buffers. Buffer 0 is the bitmap, which does not exist at first.
inline ArrayPtr make_array(std::string format, std::size_t length, std::vector<std::vector<char>> memory,
                           ArrayPtr dictionary = nullptr) {
    auto made = std::make_shared<OwnedArray>();
    made->format = std::move(format);
    made->memory = std::move(memory);
    made->dictionary = std::move(dictionary);
    made->buffers.push_back(nullptr);
    for (const std::vector<char>& buffer : made->memory) made->buffers.push_back(buffer.data());
    made->schema.format = made->format.c_str();
    made->array.length = static_cast<std::int64_t>(length);
    made->array.n_buffers = static_cast<std::int64_t>(made->buffers.size());
    made->array.buffers = made->buffers.data();
    if (made->dictionary) {
        made->schema.dictionary = &made->dictionary->schema;
        made->array.dictionary = &made->dictionary->array;
    }
    return made;
}

template <class T>
std::vector<char> bytes_of(const std::vector<T>& values) {
    std::vector<char> bytes(values.size() * sizeof(T));
    if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
}

template <class T>
ArrayPtr numbers_array(std::string format, const std::vector<T>& values) {
    return make_array(std::move(format), values.size(), {bytes_of(values)});
}

/// Text or binary with offsets of type `Offset`: int32 for "u" and "z", int64 for "U" and "Z".
template <class Offset = std::int32_t>
ArrayPtr text_array(const std::vector<std::string>& values, std::string format = "u") {
    std::vector<Offset> offsets{0};
    std::vector<char> bytes;
    for (const std::string& value : values) {
        bytes.insert(bytes.end(), value.begin(), value.end());
        offsets.push_back(static_cast<Offset>(bytes.size()));
    }
    return make_array(std::move(format), values.size(), {bytes_of(offsets), std::move(bytes)});
}

/// Text as 16-byte views; those of more than 12 bytes lie in two data buffers by turns.
inline ArrayPtr view_array(const std::vector<std::string>& values, std::string format = "vu") {
    std::vector<char> views;
    std::vector<std::vector<char>> data(2);
    std::int32_t turn = 0;
    for (const std::string& value : values) {
        char view[16] = {};
        const auto length = static_cast<std::int32_t>(value.size());
        std::memcpy(view, &length, 4);
        if (value.size() <= 12) {
            std::memcpy(view + 4, value.data(), value.size());
        } else {
            std::vector<char>& buffer = data[static_cast<std::size_t>(turn)];
            const auto start = static_cast<std::int32_t>(buffer.size());
            std::memcpy(view + 4, value.data(), 4);
            std::memcpy(view + 8, &turn, 4);
            std::memcpy(view + 12, &start, 4);
            buffer.insert(buffer.end(), value.begin(), value.end());
            turn = 1 - turn;
        }
        views.insert(views.end(), view, view + 16);
    }
    const std::vector<std::int64_t> sizes{static_cast<std::int64_t>(data[0].size()),
                                          static_cast<std::int64_t>(data[1].size())};
    return make_array(std::move(format), values.size(), {views, data[0], data[1], bytes_of(sizes)});
}

/// All values have the same number of bytes.
inline ArrayPtr fixed_array(const std::vector<std::string>& values) {
    std::vector<char> bytes;
    for (const std::string& value : values) bytes.insert(bytes.end(), value.begin(), value.end());
    return make_array("w:" + std::to_string(values.front().size()), values.size(), {std::move(bytes)});
}

template <class Code = std::int32_t>
ArrayPtr dictionary_array(const std::vector<Code>& codes, ArrayPtr dictionary, std::string format = "i") {
    return make_array(std::move(format), codes.size(), {bytes_of(codes)}, std::move(dictionary));
}

/// Marks rows as missing by a bitmap.
inline ArrayPtr with_missing(ArrayPtr array, const std::vector<std::size_t>& rows) {
    if (rows.empty()) return array;
    std::vector<char> bitmap(static_cast<std::size_t>(array->array.length) / 8 + 1, '\xff');
    for (const std::size_t row : rows) {
        bitmap[row / 8] = static_cast<char>(bitmap[row / 8] & ~(1 << (row % 8)));
    }
    array->memory.push_back(std::move(bitmap));
    array->buffers[0] = array->memory.back().data();
    array->array.null_count = static_cast<std::int64_t>(rows.size());
    return array;
}

/// A window into an array; its buffers stay as they are.
inline ArrayPtr sliced(ArrayPtr array, std::int64_t offset, std::int64_t length) {
    array->array.offset = offset;
    array->array.length = length;
    if (array->array.null_count > 0) array->array.null_count = -1;
    return array;
}

/// Reads arrays of one type as the chunks of a column.
inline Column read(const std::vector<ArrayPtr>& chunks) {
    std::vector<const ArrowArray*> arrays;
    for (const ArrayPtr& chunk : chunks) arrays.push_back(&chunk->array);
    return columns::column_from_arrow(chunks.front()->schema, arrays,
                                      std::make_shared<std::vector<ArrayPtr>>(chunks));
}

}  // namespace stagefunnel::testing
