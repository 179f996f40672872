#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/columns/encode.hpp"
#include "stagefunnel/journeys/journeys.hpp"

namespace stagefunnel::journeys {

/// Rows that come batch by batch and become journeys once all are there.
///
/// Until then a row takes 18 bytes, 26 with hashed keys, whatever its texts were. Text keys stay packed as
/// long as all batches' fit together, and are hashed from the first on where one batch's do not. Building
/// frees these bytes piece by piece while it fills its own memory, so that the rows are never in memory
/// twice.
class RowStream {
  public:
    using Labels = std::variant<std::vector<std::string>, std::vector<std::int64_t>>;

    /// Takes the rows of a batch, without those that are dropped or that their stage leaves out.
    ///
    /// @param stages whose `rows` and `first_row` leave the dropped rows out already.
    /// @param dropped rising row numbers within the batch.
    /// @throws std::invalid_argument if the columns differ in length; if items or stages are text in one
    /// batch and integers in another; beyond 65,535 distinct stages or 2^32 - 2 rows in all.
    void append(const columns::ItemKeys& items, const columns::StageCodes& stages,
                const columns::Times& times, std::span<const std::uint64_t> dropped);

    /// Whether text keys may come packed; they would only be hashed once one batch's were.
    [[nodiscard]] bool packs() const { return form_ != Form::hashed; }
    /// Rows of all batches, dropped ones too.
    [[nodiscard]] std::uint64_t n_rows() const { return n_rows_; }
    /// Stages of all batches in order of first appearance, as one column with all rows would have them.
    [[nodiscard]] const Labels& labels() const { return labels_; }
    [[nodiscard]] const std::vector<std::uint64_t>& rows_of_labels() const { return rows_of_; }
    [[nodiscard]] const std::vector<std::uint64_t>& first_row_of_labels() const { return first_row_of_; }

    /// Builds the journeys of all rows and leaves the stream without any. Rows are numbered without the
    /// dropped ones.
    ///
    /// @param many_rows from which on the rows are freed as they move to the journeys, which costs page
    /// faults.
    [[nodiscard]] Journeys build(unsigned threads, std::size_t many_rows = kManyRows);

    static constexpr std::size_t kManyRows = std::size_t{1} << 24U;

  private:
    enum class Form : std::uint8_t { integers, packed, hashed };

    /// Rows of one or several batches.
    struct Block {
        LargeVector<std::uint64_t> key;
        LargeVector<std::uint64_t> high;
        LargeVector<std::uint16_t> stage;
        LargeVector<std::int64_t> time;
        std::size_t n_rows = 0;
        bool misses_stages = false;
    };
    /// The rows [from, to) of a batch, and the stream's codes of the batch's labels.
    struct Stretch {
        const columns::ItemKeys& items;
        const columns::StageCodes& stages;
        const columns::Times& times;
        const std::vector<std::uint16_t>& codes;
        std::size_t from, to;
    };

    static Form form_of(const columns::ItemKeys& items);
    /// Brings the keys so far to the form that they and a batch's can share.
    void agree_on_form(const columns::ItemKeys& items);
    bool repack(const std::string& prefix);
    void hash_packed();
    void copy_keys(const columns::ItemKeys& items, std::size_t from, std::size_t n, Block& block) const;
    std::vector<std::uint16_t> codes_of(const columns::StageCodes& stages);
    template <class Label>
    std::uint16_t code_of(const Label& label);
    void copy(Stretch rows);
    Block& open_block();

    std::vector<Block> blocks_;
    std::uint64_t n_rows_ = 0;
    std::size_t n_kept_ = 0;
    Form form_ = Form::integers;
    std::string prefix_;  // of packed keys
    Labels labels_;
    std::unordered_map<std::string, std::uint16_t> code_of_text_;
    std::unordered_map<std::int64_t, std::uint16_t> code_of_number_;
    std::vector<std::uint64_t> rows_of_, first_row_of_;
};

}  // namespace stagefunnel::journeys
