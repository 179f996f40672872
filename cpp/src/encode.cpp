#include "stagefunnel/encode.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "hashing.hpp"
#include "values.hpp"

namespace stagefunnel {
namespace {

[[noreturn]] void refuse_value(const std::string& value, std::size_t row, const std::string& wanted) {
    throw std::invalid_argument(value + " in row " + std::to_string(row) + " is not " + wanted);
}

/// Turns a number of any storage into a whole 64-bit one; false for NaN, which means missing.
template <class T>
bool to_whole(T value, std::size_t row, std::int64_t& whole) {
    if constexpr (std::is_floating_point_v<T>) {
        if (std::isnan(value)) return false;
        // Beyond 2^53 (2^24 in single precision) neighbouring integers collide.
        constexpr double kExact = sizeof(T) == sizeof(double) ? 0x1p53 : 0x1p24;
        const auto wide = static_cast<double>(value);
        if (std::trunc(wide) != wide || std::abs(wide) > kExact) {
            refuse_value(
                std::to_string(wide), row,
                sizeof(T) == sizeof(double) ? "a whole number below 2^53" : "a whole number below 2^24");
        }
        whole = static_cast<std::int64_t>(wide);
    } else {
        whole = static_cast<std::int64_t>(value);
    }
    return true;
}

/// As `to_whole`, for what is read as a signed number: refuses an unsigned one that would turn negative.
template <class T>
bool to_signed(T value, std::size_t row, std::int64_t& whole) {
    if constexpr (std::is_same_v<T, std::uint64_t>) {
        if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
            refuse_value(std::to_string(value), row, "a whole number below 2^63");
        }
    }
    return to_whole(value, row, whole);
}

/// As `to_whole`, for what is only compared: all unsigned numbers move down by 2^63, none turns negative.
template <class T>
bool to_comparable(T value, std::size_t row, std::int64_t& whole) {
    if constexpr (std::is_same_v<T, std::uint64_t>) {
        whole = static_cast<std::int64_t>(value ^ (std::uint64_t{1} << 63U));
        return true;
    }
    return to_whole(value, row, whole);
}

/// Hands each row's value to `take(row, value)`, or calls `miss(row)`.
///
/// Numbers and texts are first turned into a `Value` by `from_number(number, row, value)` (false: missing)
/// and `from_bytes(text)`; for a dictionary that happens once per entry that occurs, not per row.
template <class Value, class FromNumber, class FromBytes, class Take, class Miss>
void map_rows(const Column& column, FromNumber from_number, FromBytes from_bytes, Take take, Miss miss) {
    std::size_t base = 0;
    const auto read = [&](const Column& source, const Chunk& chunk, std::size_t i, std::size_t row,
                          Value& value) {
        if (!is_present(chunk, i)) return false;
        if (holds_bytes(source)) {
            value = from_bytes(bytes_at(source, chunk, i));
            return true;
        }
        return with_number_type(source.storage,
                                [&]<class T>(T) { return from_number(numbers<T>(chunk)[i], row, value); });
    };
    for (const Chunk& chunk : column.chunks) {
        if (chunk.dictionary) {
            enum class State : std::uint8_t { unread, present, missing };
            const Column& dictionary = *chunk.dictionary;
            std::vector<State> states(dictionary.length, State::unread);
            std::vector<Value> values(dictionary.length);
            with_number_type(column.storage, [&]<class T>(T) {
                for (std::size_t i = 0; i < chunk.length; ++i) {
                    if (!is_present(chunk, i)) {
                        miss(base + i);
                        continue;
                    }
                    const std::size_t code = checked_code(numbers<T>(chunk)[i], dictionary);
                    if (states[code] == State::unread) {
                        const Place entry = place_of(dictionary, code);
                        const bool present = read(dictionary, entry.chunk, entry.i, base + i, values[code]);
                        states[code] = present ? State::present : State::missing;
                    }
                    if (states[code] == State::present) {
                        take(base + i, values[code]);
                    } else {
                        miss(base + i);
                    }
                }
            });
        } else if (holds_bytes(column)) {
            for (std::size_t i = 0; i < chunk.length; ++i) {
                if (is_present(chunk, i)) {
                    take(base + i, from_bytes(bytes_at(column, chunk, i)));
                } else {
                    miss(base + i);
                }
            }
        } else {
            with_number_type(column.storage, [&]<class T>(T) {
                const T* value_of = numbers<T>(chunk);
                Value value{};
                for (std::size_t i = 0; i < chunk.length; ++i) {
                    if (is_present(chunk, i) && from_number(value_of[i], base + i, value)) {
                        take(base + i, value);
                    } else {
                        miss(base + i);
                    }
                }
            });
        }
        base += chunk.length;
    }
}

bool lies_plainly(const Column& column, std::initializer_list<Storage> storages) {
    return column.chunks.size() == 1 && !may_miss(column.chunks.front()) &&
           !column.chunks.front().dictionary &&
           std::find(storages.begin(), storages.end(), column.storage) != storages.end();
}

/// Labels to codes, by value; remembers the rows and the first row of each.
template <class Label>
class Codes {
  public:
    template <class Lookup>
    std::uint16_t code_of(const Lookup& value) {
        const auto found = index_.find(Label(value));
        if (found != index_.end()) return found->second;
        if (labels.size() == kMaxStages) {
            throw std::invalid_argument(
                "the stage column has more than 65,535 distinct stages; is it the item column?");
        }
        const auto code = static_cast<std::uint16_t>(labels.size());
        index_.emplace(Label(value), code);
        labels.emplace_back(value);
        return code;
    }
    std::vector<Label> labels;

  private:
    std::unordered_map<Label, std::uint16_t> index_;
};

/// Remembers recent texts by their hash, so that a column of long plain text is not looked up word by word.
class TextCodes {
  public:
    std::uint16_t code_of(std::string_view text) {
        const Hash128 hash = hash_bytes(text);
        Slot& slot = slots_[hash.low % slots_.size()];
        if (slot.used && slot.hash.low == hash.low && slot.hash.high == hash.high) return slot.code;
        slot = {hash, codes.code_of(text), true};
        return slot.code;
    }
    Codes<std::string> codes;

  private:
    struct Slot {
        Hash128 hash{};
        std::uint16_t code = 0;
        bool used = false;
    };
    std::vector<Slot> slots_ = std::vector<Slot>(1024);
};

/// Looks small integers, which most stage codes are, up in a table by value.
class IntegerCodes {
  public:
    std::uint16_t code_of(std::int64_t value) {
        const auto place = static_cast<std::uint64_t>(value) + kRoom / 2;
        if (place >= kRoom) return codes.code_of(value);
        if (table_[place] == kNew) table_[place] = codes.code_of(value);
        return static_cast<std::uint16_t>(table_[place]);
    }
    Codes<std::int64_t> codes;

  private:
    static constexpr std::uint64_t kRoom = 1U << 16U;
    static constexpr std::int32_t kNew = -1;
    std::vector<std::int32_t> table_ = std::vector<std::int32_t>(kRoom, kNew);
};

}  // namespace

ItemKeys encode_items(const Column& column) {
    ItemKeys keys;
    if (lies_plainly(column, {Storage::int64, Storage::uint64})) {
        keys.key = {numbers<std::uint64_t>(column.chunks.front()), column.length};
        return keys;
    }
    keys.owned.resize(column.length);
    if (holds_bytes(column)) keys.owned_high.resize(column.length);
    const bool wide = !keys.owned_high.empty();
    map_rows<Hash128>(
        column,
        [](auto number, std::size_t row, Hash128& key) {
            std::int64_t whole = 0;
            if (!to_whole(number, row, whole)) return false;
            key = {static_cast<std::uint64_t>(whole), 0};
            return true;
        },
        [](std::string_view text) { return hash_bytes(text); },
        [&](std::size_t row, const Hash128& key) {
            keys.owned[row] = key.low;
            if (wide) keys.owned_high[row] = key.high;
        },
        [&](std::size_t row) { keys.missing_rows.push_back(row); });
    keys.key = keys.owned;
    keys.high = keys.owned_high;
    return keys;
}

StageCodes encode_stages(const Column& column) {
    StageCodes stages;
    stages.code.resize(column.length);
    TextCodes texts;
    IntegerCodes integers;
    constexpr std::size_t kRoom = kMaxStages + 1;
    std::vector<std::uint64_t> rows(kRoom, 0);
    std::vector<std::uint64_t> first(kRoom, 0);
    map_rows<std::uint16_t>(
        column,
        [&](auto number, std::size_t row, std::uint16_t& code) {
            std::int64_t whole = 0;
            if (!to_signed(number, row, whole)) return false;
            code = integers.code_of(whole);
            return true;
        },
        [&](std::string_view text) { return texts.code_of(text); },
        [&](std::size_t row, std::uint16_t code) {
            if (rows[code]++ == 0) first[code] = row;
            stages.code[row] = code;
        },
        [&](std::size_t row) { stages.missing_rows.push_back(row); });
    std::size_t n_labels = 0;
    if (holds_bytes(column)) {
        n_labels = texts.codes.labels.size();
        stages.labels = std::move(texts.codes.labels);
    } else {
        n_labels = integers.codes.labels.size();
        stages.labels = std::move(integers.codes.labels);
    }
    rows.resize(n_labels);
    first.resize(n_labels);
    stages.rows = std::move(rows);
    stages.first_row = std::move(first);
    for (const std::uint64_t row : stages.missing_rows)
        stages.code[row] = static_cast<std::uint16_t>(n_labels);
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

Times encode_times(const Column& column) {
    if (holds_bytes(column))
        throw std::invalid_argument("times must be timestamps, dates or integers, got text");
    const bool encoded = !column.chunks.empty() && column.chunks.front().dictionary;
    const bool stamps = (encoded ? column.chunks.front().dictionary->format : column.format).starts_with("t");
    constexpr std::int64_t kNaT = std::numeric_limits<std::int64_t>::min();
    Times times;
    if (lies_plainly(column, {Storage::int64})) {
        times.time = {numbers<std::int64_t>(column.chunks.front()), column.length};
        if (stamps && std::find(times.time.begin(), times.time.end(), kNaT) != times.time.end()) {
            for (std::size_t row = 0; row < times.time.size(); ++row) {
                if (times.time[row] == kNaT) times.missing_rows.push_back(row);
            }
        }
        return times;
    }
    times.owned.resize(column.length);
    map_rows<std::int64_t>(
        column,
        [&](auto number, std::size_t row, std::int64_t& time) {
            return to_signed(number, row, time) && !(stamps && time == kNaT);
        },
        [](std::string_view) -> std::int64_t { throw std::logic_error("texts were refused above"); },
        [&](std::size_t row, std::int64_t time) { times.owned[row] = time; },
        [&](std::size_t row) { times.missing_rows.push_back(row); });
    times.time = times.owned;
    return times;
}

RowOrder::RowOrder(const Column& column) : given_(true) {
    const auto miss = [](std::size_t row) {
        throw std::invalid_argument("the order column has no value in row " + std::to_string(row));
    };
    if (!holds_bytes(column)) {
        number_.resize(column.length);
        map_rows<std::int64_t>(
            column,
            [](auto number, std::size_t row, std::int64_t& whole) {
                return to_comparable(number, row, whole);
            },
            [](std::string_view) { return std::int64_t{0}; },
            [&](std::size_t row, std::int64_t whole) { number_[row] = whole; }, miss);
        return;
    }
    text_.resize(column.length);
    digits_ = true;
    map_rows<std::string_view>(
        column, [](auto, std::size_t, std::string_view&) { return false; },
        [](std::string_view text) { return text; },
        [&](std::size_t row, std::string_view text) {
            const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
            digits_ = digits_ && !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
            text_[row] = text;
        },
        miss);
    if (!digits_) return;
    for (std::string_view& text : text_) {
        const std::size_t zeros = std::min(text.find_first_not_of('0'), text.size());
        text.remove_prefix(zeros);
    }
}

}  // namespace stagefunnel
