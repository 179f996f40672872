#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/columns/column.hpp"

namespace stagefunnel::columns {

/// Item keys reduced to 64 bits (integers and packed text: exact) or 128 bits (text and bytes: a hash).
///
/// Two texts share a 128-bit hash with a chance below 1e-24 at ten million distinct keys.
struct ItemKeys {
    std::span<const std::uint64_t> key;   // the column's own memory where it fits, else `owned`
    std::span<const std::uint64_t> high;  // upper 64 bits of hashed keys, else empty
    std::optional<std::string> prefix;    // of packed text: what all of them begin with
    LargeVector<std::uint64_t> owned;
    LargeVector<std::uint64_t> owned_high;
    std::vector<std::uint64_t> missing_rows;  // rising

    ItemKeys() = default;
    ItemKeys(ItemKeys&&) = default;
    ItemKeys& operator=(ItemKeys&&) = default;
    ItemKeys(const ItemKeys&) = delete;  // a copy's spans would point into the original
    ItemKeys& operator=(const ItemKeys&) = delete;
    ~ItemKeys() = default;

    [[nodiscard]] std::size_t size() const { return key.size(); }
    [[nodiscard]] bool hashed() const { return !high.empty(); }
    [[nodiscard]] bool holds_text() const { return hashed() || prefix.has_value(); }
};

/// Reduces item keys to integers that are equal exactly where the keys are equal.
///
/// Integers of any width, whole floats up to 2^53 (single precision: 2^24; NaN is missing), text, binary and
/// dictionaries over them are taken. 64-bit integers without missing values are not copied.
///
/// @throws std::invalid_argument for a float that is not whole, naming value and row.
[[nodiscard]] ItemKeys encode_items(const Column& column, unsigned threads = 1);

/// The same, but text of which all begins alike and goes on for at most seven bytes, such as "D-1234567", is
/// packed into 64 bits: exact, reversible, and half the memory of a hash.
[[nodiscard]] ItemKeys pack_items(const Column& column, unsigned threads = 1);

/// Stage labels as codes 0, 1, 2, … in order of first appearance; `labels.size()` is the missing code.
struct StageCodes {
    LargeVector<std::uint16_t> code;
    std::variant<std::vector<std::string>, std::vector<std::int64_t>> labels;
    std::vector<std::uint64_t> rows;       // rows of each code
    std::vector<std::uint64_t> first_row;  // first row of each code
    std::vector<std::uint64_t> missing_rows;
    bool leaves_out = false;  // whether rows have the code `kLeftOut`, which is none of a label then

    [[nodiscard]] std::size_t n_labels() const { return rows.size(); }
};

inline constexpr std::size_t kMaxStages = 65'535;
inline constexpr std::uint16_t kLeftOut = 65'535;  // rows that a log passes over

/// @throws std::invalid_argument for more than 65,535 distinct stages or a float that is not whole.
[[nodiscard]] StageCodes encode_stages(const Column& column, unsigned threads = 1);

/// Counts `rows` and `first_row` anew without some rows (rising).
void leave_out(StageCodes& stages, std::span<const std::uint64_t> dropped);

/// Keeps the labels that `kept` flags, and rows without a stage; rows of other labels are left out.
///
/// @param kept one flag per label.
/// @return How many rows are left out.
/// @throws std::invalid_argument if there are not as many flags as labels.
std::uint64_t keep_stages(StageCodes& stages, std::span<const std::uint8_t> kept, unsigned threads = 1);

/// Times as 64-bit integers in the column's own unit.
struct Times {
    std::span<const std::int64_t> time;
    LargeVector<std::int64_t> owned;
    std::vector<std::uint64_t> missing_rows;

    Times() = default;
    Times(Times&&) = default;
    Times& operator=(Times&&) = default;
    Times(const Times&) = delete;
    Times& operator=(const Times&) = delete;
    ~Times() = default;
};

/// Integers, whole floats, dates and timestamps; the lowest 64-bit value of a timestamp is missing (NaT).
///
/// @throws std::invalid_argument for text, a float that is not whole or an integer beyond int64.
[[nodiscard]] Times encode_times(const Column& column, unsigned threads = 1);

/// What decides between rows of equal time: a CRM's row id.
///
/// Integers compare as numbers; text compares as numbers where every value is digits, else by bytes.
class RowOrder {
  public:
    RowOrder() = default;
    /// @throws std::invalid_argument for a missing value, naming its row.
    explicit RowOrder(const Column& column);

    [[nodiscard]] bool given() const { return given_; }
    [[nodiscard]] bool less(std::uint32_t a, std::uint32_t b) const {
        if (text_.empty()) return number_[a] < number_[b];
        // Leading zeros are gone, so the longer number is the larger one.
        if (digits_ && text_[a].size() != text_[b].size()) return text_[a].size() < text_[b].size();
        return text_[a] < text_[b];
    }
    [[nodiscard]] std::size_t size() const { return text_.empty() ? number_.size() : text_.size(); }

  private:
    bool given_ = false;
    bool digits_ = false;
    std::vector<std::int64_t> number_;
    std::vector<std::string_view> text_;  // views into the column, which must outlive this
};

}  // namespace stagefunnel::columns
