#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/columns/encode.hpp"
#include "stagefunnel/journeys/journeys.hpp"

namespace stagefunnel::journeys {

/// Rows that arrive batch by batch and become journeys after the last batch.
///
/// Until then a row takes 18 bytes, or 26 bytes with a hashed key, however long its texts are. Text keys stay
/// packed as long as the keys of all batches can be packed with one prefix; after the first batch that does
/// not fit, all keys are hashed. Building frees the blocks of rows one by one while it fills its own memory,
/// so that the rows are never in memory twice.
class RowStream {
  public:
    using Labels = std::variant<std::vector<std::string>, std::vector<std::int64_t>>;

    /// @param hash the hash of all text keys that the stream is going to have.
    explicit RowStream(TextHash hash = TextHash());
    RowStream(RowStream&&) noexcept;
    RowStream& operator=(RowStream&&) noexcept;
    ~RowStream();

    /// Takes the rows of a batch, except dropped rows and rows of the stage code `kLeftOut`.
    ///
    /// @param stages the codes of the batch; `rows` and `first_row` must not count the dropped rows.
    /// @param dropped rising row numbers within the batch.
    /// @throws std::invalid_argument if the columns differ in length, if items or stages are text in one
    ///     batch and integers in another, if text keys have another hash than the stream, integer keys a sign
    ///     in one batch and none in another, or if the stream has more than 65,535 distinct stages or 2^32 -
    ///     2 rows.
    void append(const columns::ItemKeys& items, const columns::StageCodes& stages,
                const columns::Times& times, std::span<const std::uint64_t> dropped);

    /// Multiplies the times so far by a factor, for batches to come whose unit is finer.
    ///
    /// @throws std::invalid_argument if a time does not fit 64 bits then; in this case no time is changed.
    void refine_times(std::int64_t factor);

    /// Whether the next batch may have packed keys. If the stream holds hashed keys, packing only costs time.
    [[nodiscard]] bool packs() const { return form_ != Form::hashed; }
    /// Returns the number of rows of all batches, dropped rows included.
    [[nodiscard]] std::uint64_t n_rows() const { return n_rows_; }
    /// Returns the stages of all batches in order of first appearance, as for one column with all rows.
    [[nodiscard]] const Labels& labels() const { return labels_; }
    [[nodiscard]] const std::vector<std::uint64_t>& rows_of_labels() const { return rows_of_; }
    [[nodiscard]] const std::vector<std::uint64_t>& first_row_of_labels() const { return first_row_of_; }

    /// Builds the journeys of all rows and leaves the stream empty. Rows are numbered without those that were
    /// dropped or left out.
    ///
    /// @param many_rows the number of rows from which on blocks are freed as soon as their rows have moved,
    ///     at the price of page faults.
    [[nodiscard]] Journeys build(unsigned threads, std::size_t many_rows = kManyRows,
                                 RowNumbers numbers = RowNumbers::forget);

    static constexpr std::size_t kManyRows = std::size_t{1} << 24U;

  private:
    enum class Form : std::uint8_t { integers, packed, hashed };

    /// Rows of one or several batches; the vectors have room for more.
    struct RowBlock {
        LargeVector<std::uint64_t> key;
        LargeVector<std::uint64_t> high;
        LargeVector<std::uint16_t> stage;
        LargeVector<std::int64_t> time;
        std::size_t n_rows = 0;
        bool misses_stages = false;  // whether rows have no stage
    };
    /// The rows [from, to) of a batch, and the stream's codes of the batch's labels.
    struct BatchRows {
        const columns::ItemKeys& items;
        const columns::StageCodes& stages;
        const columns::Times& times;
        const std::vector<std::uint16_t>& codes;
        std::size_t from, to;
    };

    static Form form_of(const columns::ItemKeys& items);
    /// Converts the keys so far to a form that the keys of a batch can share.
    void agree_on_form(const columns::ItemKeys& items);
    bool repack(const std::string& prefix);
    void hash_packed();
    void copy_keys(const columns::ItemKeys& items, std::size_t from, std::size_t n, RowBlock& block) const;
    std::vector<std::uint16_t> codes_of(const columns::StageCodes& stages);
    template <class Label>
    std::uint16_t code_of(const Label& label);
    void copy(BatchRows rows);
    RowBlock& open_block();

    std::vector<RowBlock> blocks_;
    std::uint64_t n_rows_ = 0;
    std::size_t n_kept_ = 0;
    Form form_ = Form::integers;
    std::string prefix_;  // of packed keys
    TextHash hash_;
    bool is_unsigned_ = false;
    Labels labels_;
    struct CodeTables;
    std::unique_ptr<CodeTables> codes_;
    std::vector<std::uint64_t> rows_of_, first_row_of_;
};

}  // namespace stagefunnel::journeys
