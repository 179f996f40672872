#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "base/blake2b.hpp"
#include "counts/checks.hpp"
#include "stagefunnel/counts/counts.hpp"

namespace stagefunnel::counts {
namespace {

constexpr std::string_view kMagic = "sfcounts";
// Raise it when the bytes change so that an older version would misread them.
constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kDigest = 16;
constexpr std::string_view kDamaged = "the counts are damaged: ";

[[noreturn]] void refuse(std::string_view why) {
    throw std::invalid_argument(std::string(kDamaged).append(why));
}

std::string digest_of(std::string_view bytes) {
    const std::array<std::uint64_t, 8> words = blake2b(bytes, kDigest);
    std::string digest;
    for (std::size_t i = 0; i < kDigest; ++i)
        digest.push_back(static_cast<char>(words[i / 8] >> (8 * (i % 8)) & 0xffU));
    return digest;
}

/// Small numbers of either sign have few bits.
std::uint64_t folded(std::int64_t number) {
    return static_cast<std::uint64_t>(number) << 1U ^ static_cast<std::uint64_t>(number >> 63U);
}
std::int64_t unfolded(std::uint64_t bits) {
    return static_cast<std::int64_t>(bits >> 1U) ^ -static_cast<std::int64_t>(bits & 1U);
}

class Writer {
  public:
    /// Seven bits a byte, the lowest ones first (LEB128).
    void number(std::uint64_t value) {
        for (; value >= 0x80U; value >>= 7U) bytes_.push_back(static_cast<char>((value & 0x7fU) | 0x80U));
        bytes_.push_back(static_cast<char>(value));
    }
    void text(std::string_view text) {
        number(text.size());
        bytes_.append(text);
    }
    void raw(std::string_view text) { bytes_.append(text); }

    [[nodiscard]] std::string finish() && {
        bytes_.append(digest_of(bytes_));
        return std::move(bytes_);
    }

  private:
    std::string bytes_;
};

class Reader {
  public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (bytes_.empty()) refuse("they end too early");
            const auto byte = static_cast<std::uint8_t>(bytes_.front());
            bytes_.remove_prefix(1);
            if (shift == 63 && byte > 1) refuse("a number is too large");
            if (shift > 0 && byte == 0) refuse("a number is longer than it needs to be");
            value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
            if (byte < 0x80U) return value;
        }
        refuse("a number is too large");
    }
    /// Reads how many things follow, each of which takes at least `bytes_each`.
    std::size_t count(std::size_t bytes_each) {
        const std::uint64_t n = number();
        if (n > bytes_.size() / std::max<std::size_t>(bytes_each, 1)) refuse("they end too early");
        return static_cast<std::size_t>(n);
    }
    std::string text() {
        const std::size_t n = count(1);
        std::string text(bytes_.substr(0, n));
        bytes_.remove_prefix(n);
        return text;
    }
    [[nodiscard]] bool is_at_end() const { return bytes_.empty(); }

  private:
    std::string_view bytes_;
};

void write_block(Writer& writer, const Block& block) {
    writer.text(block.name);
    writer.number(block.keys.size());
    for (const Key key : block.keys) writer.number(static_cast<std::uint64_t>(key));
    writer.number(block.rules.size());
    for (const Rule rule : block.rules) writer.number(static_cast<std::uint64_t>(rule));
    const std::size_t width = block.width();
    writer.number(block.n_rows());
    for (std::size_t column = 0; column < width; ++column) {
        std::uint64_t before = 0;
        for (std::size_t row = 0; row < block.n_rows(); ++row) {
            const auto cell = static_cast<std::uint64_t>(block.cells[row * width + column]);
            writer.number(folded(static_cast<std::int64_t>(cell - before)));
            if (column < block.keys.size()) before = cell;
        }
    }
    writer.number(block.bounds.empty() ? 0 : 1);
    for (std::size_t row = 0; row + 1 < block.bounds.size(); ++row) {
        writer.number(block.bounds[row + 1] - block.bounds[row]);
        std::uint64_t before = 0;
        for (std::uint64_t i = block.bounds[row]; i < block.bounds[row + 1]; ++i) {
            writer.number(block.lengths[i] - before);
            before = block.lengths[i];
        }
    }
}

template <class Kind>
std::vector<Kind> read_kinds(Reader& reader, Kind last) {
    std::vector<Kind> kinds(reader.count(1));
    for (Kind& kind : kinds) {
        const std::uint64_t number = reader.number();
        if (number > static_cast<std::uint64_t>(last)) refuse("a column is of an unknown kind");
        kind = static_cast<Kind>(number);
    }
    return kinds;
}

void read_samples(Reader& reader, Block& block, std::size_t n_rows) {
    const std::uint64_t has_samples = reader.number();
    if (has_samples > 1) refuse("a block has samples or none");
    if (has_samples == 0) return;
    block.bounds.push_back(0);
    for (std::size_t row = 0; row < n_rows; ++row) {
        const std::size_t n = reader.count(1);
        const std::size_t needed = block.lengths.size() + n;
        if (needed > block.lengths.capacity())  // many short samples grow it step by step
            block.lengths.reserve(std::max(needed, 2 * block.lengths.capacity()));
        std::uint64_t length = 0;
        for (std::size_t i = 0; i < n; ++i) {
            if (__builtin_add_overflow(length, reader.number(), &length)) refuse("a length is too large");
            block.lengths.push_back(length);
        }
        block.bounds.push_back(block.lengths.size());
    }
}

Block read_block(Reader& reader) {
    Block block;
    block.name = reader.text();
    block.keys = read_kinds(reader, Key::label);
    block.rules = read_kinds(reader, Rule::fraction);
    const std::size_t width = block.width();
    const std::size_t n_rows = reader.count(width);
    if (width == 0 && n_rows > 1) refuse("rows without keys are one");
    block.cells.resize(n_rows * width);
    for (std::size_t column = 0; column < width; ++column) {
        std::uint64_t before = 0;
        for (std::size_t row = 0; row < n_rows; ++row) {
            const std::uint64_t cell = before + static_cast<std::uint64_t>(unfolded(reader.number()));
            block.cells[row * width + column] = static_cast<std::int64_t>(cell);
            if (column < block.keys.size()) before = cell;
        }
    }
    read_samples(reader, block, n_rows);
    // A row without columns is one of a sample.
    if (block.n_rows() != n_rows) refuse("a row has neither columns nor a sample");
    return block;
}

/// Whether the keys of each row come after those of the row before.
bool rises(const Block& block) {
    const auto width = static_cast<std::ptrdiff_t>(block.width());
    const auto n_keys = static_cast<std::ptrdiff_t>(block.keys.size());
    for (std::size_t row = 1; row < block.n_rows(); ++row) {
        const auto here = block.cells.begin() + static_cast<std::ptrdiff_t>(row) * width;
        if (!std::lexicographical_compare(here - width, here - width + n_keys, here, here + n_keys))
            return false;
    }
    return true;
}

}  // namespace

std::string to_bytes(const Counts& counts) {
    Writer writer;
    writer.raw(kMagic);
    writer.number(kVersion);
    writer.number(counts.labels.size());
    for (const std::string& label : counts.labels) writer.text(label);
    writer.number(counts.blocks.size());
    for (const Block& block : counts.blocks) write_block(writer, block);
    return std::move(writer).finish();
}

Counts from_bytes(std::string_view bytes) {
    if (bytes.substr(0, kMagic.size()) != kMagic) throw std::invalid_argument("the bytes are not counts");
    if (bytes.size() < kMagic.size() + kDigest) refuse("they end too early");
    const std::string_view body = bytes.substr(0, bytes.size() - kDigest);
    if (bytes.substr(body.size()) != digest_of(body)) refuse("their checksum is another one");
    Reader reader(body.substr(kMagic.size()));
    if (const std::uint64_t version = reader.number(); version != kVersion)
        throw std::invalid_argument("a newer stagefunnel wrote the counts (version " +
                                    std::to_string(version) + "; this one reads version 1)");
    Counts counts;
    counts.labels.resize(reader.count(1));
    for (std::string& label : counts.labels) label = reader.text();
    const auto not_rising = [](const auto& one, const auto& other) { return !(one < other); };
    if (std::adjacent_find(counts.labels.begin(), counts.labels.end(), not_rising) != counts.labels.end())
        refuse("the labels do not rise");
    const std::size_t n_blocks = reader.count(1);
    for (std::size_t i = 0; i < n_blocks; ++i) {
        counts.blocks.push_back(read_block(reader));
        const Block& block = counts.blocks.back();
        check_block(block, counts.labels.size());
        if (!rises(block) || (i > 0 && !(counts.blocks[i - 1].name < block.name)))
            refuse("the rows do not rise");
    }
    if (!reader.is_at_end()) refuse("there is more than they need");
    return counts;
}

}  // namespace stagefunnel::counts
