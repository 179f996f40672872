#include "stagefunnel/columns/text_keys.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

#include "base/hashing.hpp"
#include "columns/map_rows.hpp"

namespace stagefunnel::columns {
namespace {

void append(TextKeys& keys, Hash128 hash) {
    keys.first.push_back(hash.low);
    keys.second.push_back(hash.high);
}

template <class HashOf>
TextKeys hashed_rows(const Column& column, HashOf hash_of) {
    TextKeys keys;
    for_each_text(
        column, {0, column.length}, [&](std::size_t, std::string_view text) { append(keys, hash_of(text)); },
        [](std::size_t row) { throw std::invalid_argument("row " + std::to_string(row) + " has no text"); });
    return keys;
}

}  // namespace

TextKeys portable_hashes(const Column& column, const TextHash& hash) {
    return hashed_rows(column, [&](std::string_view text) { return portable_hash(text, hash); });
}

TextKeys hashes_of(const Column& column, const TextHash& hash) {
    return hashed_rows(column, [&](std::string_view text) { return hash_text(hash, text); });
}

TextKeys hashes_of_joined(std::span<const std::uint8_t> bytes, std::span<const std::int64_t> ends,
                          const TextHash& hash) {
    TextKeys keys;
    std::size_t begin = 0;
    for (const std::int64_t at : ends) {
        const auto end = static_cast<std::size_t>(at);
        if (at < 0 || end < begin || end > bytes.size()) {
            throw std::invalid_argument("the texts of the keys have an end out of place");
        }
        const char* const text = reinterpret_cast<const char*>(bytes.data()) + begin;
        append(keys, hash_text(hash, {text, end - begin}));
        begin = end;
    }
    return keys;
}

}  // namespace stagefunnel::columns
