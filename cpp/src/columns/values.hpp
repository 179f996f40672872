#pragma once

// Reading the values of a chunk one by one, whatever their storage. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <utility>

#include "stagefunnel/columns/column.hpp"

namespace stagefunnel::columns::inline internal {

inline bool is_present(const Chunk& chunk, std::size_t i) {
    const std::size_t at = chunk.offset + i;
    if (chunk.validity != nullptr && ((chunk.validity[at >> 3U] >> (at & 7U)) & 1U) == 0) return false;
    return chunk.missing == nullptr || chunk.missing[at] == 0;
}

inline bool may_miss(const Chunk& chunk) { return chunk.validity != nullptr || chunk.missing != nullptr; }

template <class T>
const T* numbers(const Chunk& chunk) {
    return static_cast<const T*>(chunk.values) + chunk.offset;
}

/// Calls `read(T{})` with the C++ type `T` of a numeric storage.
template <class F>
decltype(auto) with_number_type(Storage storage, F&& read) {
    switch (storage) {
        case Storage::int8:
            return read(std::int8_t{});
        case Storage::int16:
            return read(std::int16_t{});
        case Storage::int32:
            return read(std::int32_t{});
        case Storage::int64:
            return read(std::int64_t{});
        case Storage::uint8:
            return read(std::uint8_t{});
        case Storage::uint16:
            return read(std::uint16_t{});
        case Storage::uint32:
            return read(std::uint32_t{});
        case Storage::uint64:
            return read(std::uint64_t{});
        case Storage::float32:
            return read(float{});
        case Storage::float64:
            return read(double{});
        default:
            throw std::invalid_argument("expected a column of numbers, got text");
    }
}

/// The 16 bytes of one Arrow string view.
struct BytesView {
    std::int32_t length;
    char inlined[4];  // the first bytes; a view of up to 12 bytes holds them all
    std::int32_t buffer;
    std::int32_t offset;
};

/// Refuses a text that lies outside its memory: another thread may write into offsets while they are read.
[[noreturn, gnu::cold, gnu::noinline]] inline void refuse_text() {
    throw std::invalid_argument(
        "a text lies outside its memory: the column is damaged, or it changes while it is read; read it "
        "again, or pass a copy");
}

/// Texts from one offset to the next. Each offset is read once, and a negative one is huge without a sign.
template <class Offset>
class OffsetTexts {
  public:
    explicit OffsetTexts(const Chunk& chunk)
        : offsets_(static_cast<const Offset*>(chunk.values) + chunk.offset),
          bytes_(chunk.bytes),
          n_bytes_(chunk.n_bytes) {}

    [[nodiscard]] std::string_view at(std::size_t i) const {
        using Unsigned = std::make_unsigned_t<Offset>;
        const std::size_t begin = static_cast<Unsigned>(offsets_[i]),
                          end = static_cast<Unsigned>(offsets_[i + 1]);
        if (begin > end || end > n_bytes_) [[unlikely]]
            refuse_text();
        return {bytes_ + begin, end - begin};
    }

  private:
    const Offset* offsets_;
    const char* bytes_;
    std::size_t n_bytes_;
};

inline std::string_view bytes_of_view(const Chunk& chunk, std::size_t at) {
    const BytesView* const place = static_cast<const BytesView*>(chunk.values) + at;
    BytesView view{};
    std::memcpy(&view, place, sizeof view);
    const std::size_t length = static_cast<std::uint32_t>(view.length);
    // The text lies in the view itself.
    if (length <= 12) return {reinterpret_cast<const char*>(place) + 4, length};
    const std::size_t buffer = static_cast<std::uint32_t>(view.buffer);
    if (buffer >= chunk.view_buffers.size()) refuse_text();
    const std::span<const char> bytes = chunk.view_buffers[buffer];
    const std::size_t begin = static_cast<std::uint32_t>(view.offset);
    if (length > bytes.size() || begin > bytes.size() - length) refuse_text();
    return {bytes.data() + begin, length};
}

inline std::string_view bytes_at(const Column& column, const Chunk& chunk, std::size_t i) {
    const std::size_t at = chunk.offset + i;
    switch (column.storage) {
        case Storage::bytes32:
            return OffsetTexts<std::int32_t>(chunk).at(i);
        case Storage::bytes64:
            return OffsetTexts<std::int64_t>(chunk).at(i);
        case Storage::bytes_view:
            return bytes_of_view(chunk, at);
        case Storage::fixed_bytes:
            return {static_cast<const char*>(chunk.values) + at * column.width, column.width};
        default:
            throw std::invalid_argument("expected a column of text, got numbers");
    }
}

/// Calls `read(text_at)` with what returns the text of row `i` of a chunk: for offsets, which most columns of
/// text have, without a look at the storage for each row.
template <class Read>
void with_texts(const Column& column, const Chunk& chunk, Read&& read) {
    const auto by_offsets = [&]<class Offset>(Offset) {
        const OffsetTexts<Offset> texts(chunk);
        read([texts](std::size_t i) { return texts.at(i); });
    };
    if (column.storage == Storage::bytes32) {
        by_offsets(std::int32_t{});
    } else if (column.storage == Storage::bytes64) {
        by_offsets(std::int64_t{});
    } else {
        read([&](std::size_t i) { return bytes_at(column, chunk, i); });
    }
}

/// The location of a row of a column: row `i` of `chunk`.
struct RowLocation {
    const Chunk& chunk;
    std::size_t i;
};

/// Finds a row below `column.length` by a linear search over the chunks; dictionaries rarely have more than
/// one.
inline RowLocation locate(const Column& column, std::size_t row) {
    std::size_t c = 0;
    while (row >= column.chunks[c].length) row -= column.chunks[c++].length;
    return {column.chunks[c], row};
}

/// Returns a code of a dictionary as an index.
///
/// @throws std::invalid_argument if it lies outside the dictionary.
template <class T>
std::size_t checked_code(T code, const Column& dictionary) {
    if constexpr (std::is_integral_v<T>) {
        if (std::cmp_greater_equal(code, 0) && std::cmp_less(code, dictionary.length)) {
            return static_cast<std::size_t>(code);
        }
    }
    throw std::invalid_argument("a dictionary code lies outside its dictionary");
}

}  // namespace stagefunnel::columns::inline internal
