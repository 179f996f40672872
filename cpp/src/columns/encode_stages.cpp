// Stage labels become codes. The strings and integers are looked up as rarely as possible, not once per row.

#include <array>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/counted.hpp"
#include "base/hashing.hpp"
#include "base/parallel.hpp"
#include "columns/checks.hpp"
#include "columns/label_hash.hpp"
#include "columns/map_rows.hpp"
#include "stagefunnel/columns/encode.hpp"

namespace stagefunnel::columns {
namespace {

/// Numbers distinct labels in the order of their first appearance.
template <class Label>
class LabelIndex {
  public:
    template <class Lookup>
    std::uint16_t code_of(const Lookup& value) {
        const Label label(value);  // read once: the memory of a text may change meanwhile
        const auto found = index_.find(label);
        if (found != index_.end()) return found->second;
        refuse_more_stages(labels.size());
        const auto code = static_cast<std::uint16_t>(labels.size());
        index_.emplace(label, code);
        labels.push_back(label);
        return code;
    }
    std::vector<Label> labels;

  private:
    std::unordered_map<Label, std::uint16_t, LabelHash> index_;
};

/// Codes of texts. With a direct-mapped cache of recent hashes, most lookups cost one hash and compare no
/// text.
class TextCodes {
  public:
    std::uint16_t code_of(std::string_view text) {
        const Hash128 hash = hash_text(hash_, text);
        Slot& slot = slots_[hash.low % slots_.size()];
        if (slot.used && slot.hash == hash) return slot.code;
        slot = {hash, index.code_of(text), true};
        return slot.code;
    }
    LabelIndex<std::string> index;

  private:
    struct Slot {
        Hash128 hash{};
        std::uint16_t code = 0;
        bool used = false;
    };
    std::vector<Slot> slots_ = std::vector<Slot>(1024);
    TextHash hash_;
};

/// Codes of integers. Small integers, as most stage codes are, are looked up in a table by value.
class IntegerCodes {
  public:
    std::uint16_t code_of(std::int64_t value) {
        const auto place = static_cast<std::uint64_t>(value) + kRoom / 2;
        if (place >= kRoom) return index.code_of(value);
        if (table_.empty()) table_.assign(kRoom, kNew);
        if (table_[place] == kNew) table_[place] = index.code_of(value);
        return static_cast<std::uint16_t>(table_[place]);
    }
    LabelIndex<std::int64_t> index;

  private:
    static constexpr std::uint64_t kRoom = 1U << 16U;
    static constexpr std::int32_t kNew = -1;
    std::vector<std::int32_t> table_;  // empty until the first small integer
};

/// Codes of labels of one type, texts or integers: the other index stays empty.
struct LabelCodes {
    TextCodes texts;
    IntegerCodes integers;

    [[nodiscard]] std::size_t size() const {
        return texts.index.labels.size() + integers.index.labels.size();
    }
    /// Returns the codes of the labels of `other` here, after adding the labels that are new.
    std::vector<std::uint16_t> add(const LabelCodes& other) {
        std::vector<std::uint16_t> codes;
        for (const std::string& label : other.texts.index.labels) codes.push_back(texts.code_of(label));
        for (const std::int64_t label : other.integers.index.labels) codes.push_back(integers.code_of(label));
        return codes;
    }
};

/// The stages of one range of rows, with codes in the order of first appearance in this range.
struct EncodedRange {
    LabelCodes codes;
    std::vector<std::uint64_t> rows, first_row;  // per code
    std::vector<std::uint64_t> missing_rows;
    RowRange range{};
};

EncodedRange encode_range(const Column& column, RowRange range, std::uint16_t* code_of_row) {
    EncodedRange encoded;
    encoded.range = range;
    map_rows<std::uint16_t>(
        column, range,
        [&](auto number, std::size_t row, std::uint16_t& code) {
            std::int64_t whole = 0;
            if (!to_signed(number, row, whole)) return false;
            code = encoded.codes.integers.code_of(whole);
            return true;
        },
        [&](std::string_view text) { return encoded.codes.texts.code_of(text); },
        [&](std::size_t row, std::uint16_t code) {
            if (code == encoded.rows.size()) [[unlikely]] {  // codes are given in the order of appearance
                encoded.rows.push_back(0);
                encoded.first_row.push_back(row);
            }
            ++encoded.rows[code];
            code_of_row[row] = code;
        },
        [&](std::size_t row) { encoded.missing_rows.push_back(row); });
    return encoded;
}

/// Does the same for a plain column of bytes, whose codes stand in a table. Each byte is read once, because
/// another thread may write into the column.
template <class Byte>
EncodedRange encode_bytes(const Column& column, RowRange range, std::uint16_t* code_of_row) {
    EncodedRange encoded;
    encoded.range = range;
    const Byte* const values = numbers<Byte>(column.chunks.front());
    // In one table, equal neighbours would wait for the store of each other's count.
    constexpr std::size_t kTables = 4;
    constexpr std::uint16_t kNew = 256;
    std::array<std::array<std::uint64_t, 256>, kTables> counts{};
    std::array<std::uint16_t, 256> code_of;
    code_of.fill(kNew);
    for (std::size_t row = range.first; row < range.last; ++row) {
        const Byte value = values[row];
        std::uint16_t& code = code_of[static_cast<std::uint8_t>(value)];
        if (code == kNew) [[unlikely]] {
            code = encoded.codes.integers.code_of(value);
            encoded.first_row.push_back(row);
        }
        ++counts[row % kTables][code];
        code_of_row[row] = code;
    }
    for (std::size_t code = 0; code < encoded.first_row.size(); ++code) {
        std::uint64_t rows = 0;
        for (const auto& table : counts) rows += table[code];
        encoded.rows.push_back(rows);
    }
    return encoded;
}

}  // namespace

StageCodes encode_stages(const Column& column, unsigned threads) {
    StageCodes stages;
    stages.code.resize(column.length);
    std::uint16_t* const code = stages.code.data();
    std::vector<EncodedRange> ranges = encode_ranges(column, threads, [&](RowRange range) {
        if (is_plain(column, {Storage::int8})) return encode_bytes<std::int8_t>(column, range, code);
        if (is_plain(column, {Storage::uint8})) return encode_bytes<std::uint8_t>(column, range, code);
        return encode_range(column, range, code);
    });
    LabelCodes all;
    std::vector<std::vector<std::uint16_t>> code_of(ranges.size());
    for (std::size_t r = 0; r < ranges.size(); ++r) {
        code_of[r] = all.add(ranges[r].codes);
        stages.rows.resize(all.size());
        stages.first_row.resize(all.size());
        for (std::size_t local = 0; local < code_of[r].size(); ++local) {
            const std::size_t global = code_of[r][local];
            if (stages.rows[global] == 0) stages.first_row[global] = ranges[r].first_row[local];
            stages.rows[global] += ranges[r].rows[local];
        }
        append_rows(stages.missing_rows, ranges[r].missing_rows);
    }
    for (const std::uint64_t row : stages.missing_rows) code[row] = 0;
    parallel_tasks(ranges.size(), threads, [&](std::size_t r) {
        const std::vector<std::uint16_t>& global = code_of[r];
        std::size_t same = 0;
        while (same < global.size() && global[same] == same) ++same;
        if (same == global.size()) return;
        for (std::size_t row = ranges[r].range.first; row < ranges[r].range.last; ++row) {
            code[row] = global[code[row]];
        }
    });
    for (const std::uint64_t row : stages.missing_rows) code[row] = static_cast<std::uint16_t>(all.size());
    if (holds_bytes(column)) {
        stages.labels = std::move(all.texts.index.labels);
    } else {
        stages.labels = std::move(all.integers.index.labels);
    }
    return stages;
}

void leave_out(StageCodes& stages, std::span<const std::uint64_t> dropped) {
    std::fill(stages.rows.begin(), stages.rows.end(), 0);
    std::size_t next = 0;
    for (std::size_t row = 0; row < stages.code.size(); ++row) {
        if (next < dropped.size() && dropped[next] == row) {
            ++next;
        } else if (stages.code[row] < stages.n_labels()) {
            if (stages.rows[stages.code[row]]++ == 0) stages.first_row[stages.code[row]] = row;
        }
    }
}

std::vector<std::uint64_t> left_out_rows(const StageCodes& stages) {
    std::vector<std::uint64_t> rows;
    if (!stages.leaves_out) return rows;
    for (std::size_t row = 0; row < stages.code.size(); ++row) {
        if (stages.code[row] == kLeftOut) rows.push_back(row);
    }
    return rows;
}

std::uint64_t keep_stages(StageCodes& stages, std::span<const std::uint8_t> kept, unsigned threads) {
    const std::size_t n_labels = stages.n_labels();
    if (kept.size() != n_labels) {
        throw std::invalid_argument("got " + counted(kept.size(), "flag") + " for " +
                                    counted(n_labels, "stage"));
    }
    std::vector<std::uint16_t> code_of(n_labels + 1, kLeftOut);
    std::uint64_t n_left_out = 0;
    std::uint16_t n_kept = 0;
    const auto keep = [&](auto& values, std::size_t label) {
        if (n_kept < label) values[n_kept] = std::move(values[label]);
    };
    const auto shorten = [&](auto& values) { values.resize(n_kept); };
    for (std::size_t label = 0; label < n_labels; ++label) {
        if (kept[label] == 0) {
            n_left_out += stages.rows[label];
            continue;
        }
        keep(stages.rows, label);
        keep(stages.first_row, label);
        std::visit([&](auto& labels) { keep(labels, label); }, stages.labels);
        code_of[label] = n_kept++;
    }
    if (n_kept == n_labels) return 0;
    shorten(stages.rows);
    shorten(stages.first_row);
    std::visit(shorten, stages.labels);
    code_of.back() = n_kept;
    stages.leaves_out = true;
    std::uint16_t* const code = stages.code.data();
    parallel_for(stages.code.size(), threads, [&](std::size_t first, std::size_t last) {
        for (std::size_t row = first; row < last; ++row) code[row] = code_of[code[row]];
    });
    return n_left_out;
}

}  // namespace stagefunnel::columns
