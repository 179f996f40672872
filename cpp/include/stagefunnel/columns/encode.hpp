#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/base/text_hash.hpp"
#include "stagefunnel/columns/column.hpp"

namespace stagefunnel::columns {

/// Item keys reduced to 64 bits (integers and packed text, exactly) or to a hash of 128 bits (text and
/// bytes).
///
/// The probability that any two of ten million distinct texts share a hash is below 1e-23, whoever chose them
/// (`TextHash`).
struct ItemKeys {
    std::span<const std::uint64_t> key;   // the memory of the column if its type fits, else `owned`
    std::span<const std::uint64_t> high;  // upper 64 bits of hashed keys, else empty
    std::optional<std::string> prefix;    // of packed text: the common beginning of all texts
    TextHash hash;                        // of hashed keys, and of packed ones that are hashed later
    bool is_unsigned = false;             // whether integers are of 64 bits without a sign: none is negative
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
/// The column holds integers of any width, whole floats up to 2^53 (2^24 in single precision; NaN is
/// missing), text, binary or dictionaries over them. 64-bit integers in one chunk without missing values are
/// not copied.
///
/// @throws std::invalid_argument for a float that is not whole, naming value and row.
[[nodiscard]] ItemKeys encode_items(const Column& column, unsigned threads = 1,
                                    const TextHash& hash = TextHash());

/// Does the same, but packs texts into 64 bits if all of them have a common beginning and at most seven bytes
/// after it, as "D-1234567" has. Packed keys are exact and reversible and take half the memory of a hash.
[[nodiscard]] ItemKeys pack_items(const Column& column, unsigned threads = 1,
                                  const TextHash& hash = TextHash());

/// Stage labels as codes 0, 1, 2, … in order of first appearance. A row without a stage has the code
/// `n_labels()`.
struct StageCodes {
    LargeVector<std::uint16_t> code;
    std::variant<std::vector<std::string>, std::vector<std::int64_t>> labels;
    std::vector<std::uint64_t> rows;          // number of rows of each code
    std::vector<std::uint64_t> first_row;     // first row of each code
    std::vector<std::uint64_t> missing_rows;  // rising
    bool leaves_out = false;  // whether rows may have the code `kLeftOut`, which then has no label

    [[nodiscard]] std::size_t n_labels() const { return rows.size(); }
};

inline constexpr std::size_t kMaxStages = 65'535;
inline constexpr std::uint16_t kLeftOut = 65'535;  // code of the rows that a log skips

/// Encodes stage labels in one pass over the rows, and a second pass over ranges whose labels appear in
/// another order. The codes do not depend on the number of threads.
///
/// @throws std::invalid_argument for more than 65,535 distinct stages, or for a number that is not whole or
///     does not fit int64.
[[nodiscard]] StageCodes encode_stages(const Column& column, unsigned threads = 1);

/// Counts `rows` and `first_row` anew without the dropped rows.
///
/// @param dropped rising row numbers.
void leave_out(StageCodes& stages, std::span<const std::uint64_t> dropped);

/// Keeps the labels that `kept` flags, and the rows without a stage. The rows of all other labels get the
/// code `kLeftOut`.
///
/// @param kept one flag per label, 1 to keep it.
/// @return The number of rows that are left out.
/// @throws std::invalid_argument unless there is one flag per label.
std::uint64_t keep_stages(StageCodes& stages, std::span<const std::uint8_t> kept, unsigned threads = 1);

/// Returns the rows that `keep_stages` left out, rising.
[[nodiscard]] std::vector<std::uint64_t> left_out_rows(const StageCodes& stages);

/// Times as 64-bit integers in the unit of the column.
struct Times {
    std::span<const std::int64_t> time;  // the memory of the column if its type fits, else `owned`
    LargeVector<std::int64_t> owned;
    std::vector<std::uint64_t> missing_rows;  // rising

    Times() = default;
    Times(Times&&) = default;
    Times& operator=(Times&&) = default;
    Times(const Times&) = delete;  // a copy's span would point into the original
    Times& operator=(const Times&) = delete;
    ~Times() = default;
};

/// Encodes integers, whole floats, dates and timestamps as times. A timestamp of the lowest int64 is missing
/// (NaT), and so are the two infinite ones, the highest int64 and its negative.
///
/// @throws std::invalid_argument for text, for a float that is not whole or for an integer above the int64
///     range.
[[nodiscard]] Times encode_times(const Column& column, unsigned threads = 1);

/// The order of rows of equal time, for example by the row id of a CRM.
///
/// Integers compare as numbers. Texts compare as numbers if all of them consist of digits, else byte by byte.
class RowOrder {
  public:
    RowOrder() = default;
    /// @throws std::invalid_argument for a missing value, naming its row, and for a float that is not whole.
    explicit RowOrder(const Column& column);

    /// Whether the order was made of a column.
    [[nodiscard]] bool given() const { return given_; }
    [[nodiscard]] bool less(std::uint32_t a, std::uint32_t b) const {
        if (text_.empty()) return number_[a] < number_[b];
        // The texts have no leading zeros, so the longer number is the larger one.
        if (digits_ && text_[a].size() != text_[b].size()) return text_[a].size() < text_[b].size();
        return text_[a] < text_[b];
    }
    [[nodiscard]] std::size_t size() const { return text_.empty() ? number_.size() : text_.size(); }

  private:
    bool given_ = false;
    bool digits_ = false;
    std::vector<std::int64_t> number_;
    std::vector<std::string_view> text_;        // views into `bytes_`
    std::shared_ptr<const std::string> bytes_;  // a copy: a sort relies on texts that stay as they are
};

}  // namespace stagefunnel::columns
