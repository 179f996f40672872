#include "stagefunnel/journeys/row_stream.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "columns/checks.hpp"
#include "columns/label_hash.hpp"
#include "columns/packed_text.hpp"
#include "journeys/row_pieces.hpp"

namespace stagefunnel::journeys {
namespace {

// Blocks grow with the stream. Few rows take little memory; the blocks of many rows come from the pool, so
// that their pages return to the system one block at a time.
constexpr std::size_t kSmallestBlock = std::size_t{1} << 14U;
constexpr std::size_t kLargestBlock = std::size_t{1} << 21U;
// The code of a missing stage until the number of labels is final.
constexpr auto kMissingStage = static_cast<std::uint16_t>(columns::kMaxStages);

/// Returns the rows of a batch that are dropped or have the stage code `kLeftOut`.
std::vector<std::uint64_t> passed_over(const columns::StageCodes& stages,
                                       std::span<const std::uint64_t> dropped) {
    std::vector<std::uint64_t> rows(dropped.begin(), dropped.end());
    if (!stages.leaves_out) return rows;
    rows.clear();
    std::size_t next = 0;
    for (std::size_t row = 0; row < stages.code.size(); ++row) {
        const bool is_dropped = next < dropped.size() && dropped[next] == row;
        next += static_cast<std::size_t>(is_dropped);
        if (is_dropped || stages.code[row] == columns::kLeftOut) rows.push_back(row);
    }
    return rows;
}

}  // namespace

/// The codes of labels.
struct RowStream::CodeTables {
    template <class Label>
    using Table = std::unordered_map<Label, std::uint16_t, columns::LabelHash>;

    Table<std::string> of_text;
    Table<std::int64_t> of_number;
};

RowStream::RowStream(TextHash hash) : hash_(std::move(hash)), codes_(std::make_unique<CodeTables>()) {}
RowStream::RowStream(RowStream&&) noexcept = default;
RowStream& RowStream::operator=(RowStream&&) noexcept = default;
RowStream::~RowStream() = default;

void RowStream::append(const columns::ItemKeys& items, const columns::StageCodes& stages,
                       const columns::Times& times, std::span<const std::uint64_t> dropped) {
    columns::check_lengths(items, stages, times);
    const std::vector<std::uint64_t> passed = passed_over(stages, dropped);
    const std::size_t n = items.size(), n_kept = n - passed.size();
    if (n_kept >= std::numeric_limits<std::uint32_t>::max() - n_kept_) {
        throw std::invalid_argument("a log takes at most 4,294,967,294 rows, and the stream has more");
    }
    if (n_kept > 0) agree_on_form(items);
    const std::vector<std::uint16_t> codes = codes_of(stages);
    std::size_t from = 0;
    for (const std::uint64_t row : passed) {
        copy({items, stages, times, codes, from, static_cast<std::size_t>(row)});
        from = static_cast<std::size_t>(row) + 1;
    }
    copy({items, stages, times, codes, from, n});
    n_rows_ += n;
    n_kept_ += n_kept;
}

void RowStream::refine_times(std::int64_t factor) {
    const std::int64_t most = std::numeric_limits<std::int64_t>::max() / factor;
    const auto times_of = [](RowBlock& block) { return std::span(block.time.data(), block.n_rows); };
    for (RowBlock& block : blocks_) {
        for (const std::int64_t time : times_of(block)) {
            if (time > most || time < -most) {
                throw std::invalid_argument("a time does not fit 64 bits in a finer unit");
            }
        }
    }
    for (RowBlock& block : blocks_) {
        for (std::int64_t& time : times_of(block)) time *= factor;
    }
}

RowStream::Form RowStream::form_of(const columns::ItemKeys& items) {
    if (items.hashed()) return Form::hashed;
    return items.prefix ? Form::packed : Form::integers;
}

void RowStream::agree_on_form(const columns::ItemKeys& items) {
    const Form form = form_of(items);
    if (form != Form::integers && items.hash != hash_) {
        throw std::invalid_argument("the keys of a batch have another hash than those of the stream");
    }
    if (n_kept_ == 0) {
        form_ = form;
        is_unsigned_ = items.is_unsigned;
        prefix_ = items.prefix.value_or("");
        return;
    }
    if ((form == Form::integers) != (form_ == Form::integers)) {
        throw std::invalid_argument("the keys of one batch are text, the keys of another batch are integers");
    }
    if (form == Form::integers && items.is_unsigned != is_unsigned_) {
        throw std::invalid_argument("the keys of one batch have a sign, the keys of another batch have none");
    }
    if (form_ != Form::packed) return;
    if (form == Form::hashed) {
        hash_packed();
        return;
    }
    const std::string prefix = columns::common_prefix(prefix_, *items.prefix);
    const columns::Repacker repacker(*items.prefix, prefix);
    const auto fits = [&](std::uint64_t key) { return repacker.fits(key); };
    if (!std::all_of(items.key.begin(), items.key.end(), fits) || !repack(prefix)) hash_packed();
}

bool RowStream::repack(const std::string& prefix) {
    if (prefix == prefix_) return true;
    const columns::Repacker repacker(prefix_, prefix);
    for (const RowBlock& block : blocks_) {
        const auto fits = [&](std::uint64_t key) { return repacker.fits(key); };
        if (!std::all_of(block.key.data(), block.key.data() + block.n_rows, fits)) return false;
    }
    for (RowBlock& block : blocks_) {
        for (std::size_t i = 0; i < block.n_rows; ++i) block.key[i] = repacker.repacked(block.key[i]);
    }
    prefix_ = prefix;
    return true;
}

void RowStream::hash_packed() {
    const columns::PackedHasher hash_of(prefix_, hash_);
    for (RowBlock& block : blocks_) {
        block.high.resize(block.key.size());
        for (std::size_t i = 0; i < block.n_rows; ++i) {
            const Hash128 hash = hash_of(block.key[i]);
            block.key[i] = hash.low;
            block.high[i] = hash.high;
        }
    }
    form_ = Form::hashed;
}

std::vector<std::uint16_t> RowStream::codes_of(const columns::StageCodes& stages) {
    if (stages.n_labels() > 0 && stages.labels.index() != labels_.index()) {
        if (!rows_of_.empty()) {
            throw std::invalid_argument(
                "the stages of one batch are text, the stages of another batch are integers");
        }
        labels_ = decltype(labels_)(stages.labels);
        std::visit([](auto& labels) { labels.clear(); }, labels_);
    }
    std::vector<std::uint16_t> codes;
    codes.reserve(stages.n_labels() + 1);
    std::visit(
        [&](const auto& labels) {
            for (std::size_t label = 0; label < stages.n_labels(); ++label) {
                const std::uint16_t code = code_of(labels[label]);
                if (rows_of_[code] == 0) first_row_of_[code] = n_rows_ + stages.first_row[label];
                rows_of_[code] += stages.rows[label];
                codes.push_back(code);
            }
        },
        stages.labels);
    codes.push_back(kMissingStage);
    return codes;
}

template <class Label>
std::uint16_t RowStream::code_of(const Label& label) {
    auto& labels = std::get<std::vector<Label>>(labels_);
    auto& known = [&]() -> auto& {
        if constexpr (std::is_same_v<Label, std::string>) {
            return codes_->of_text;
        } else {
            return codes_->of_number;
        }
    }();
    const auto found = known.find(label);
    if (found != known.end()) return found->second;
    columns::refuse_more_stages(labels.size());
    const auto code = static_cast<std::uint16_t>(labels.size());
    known.emplace(label, code);
    labels.push_back(label);
    rows_of_.push_back(0);
    first_row_of_.push_back(0);
    return code;
}

RowStream::RowBlock& RowStream::open_block() {
    if (!blocks_.empty() && blocks_.back().n_rows < blocks_.back().key.size()) return blocks_.back();
    std::size_t room = kSmallestBlock;
    if (!blocks_.empty()) room = std::min(2 * blocks_.back().key.size(), kLargestBlock);
    RowBlock block;
    block.key.resize(room);
    if (form_ == Form::hashed) block.high.resize(room);
    block.stage.resize(room);
    block.time.resize(room);
    return blocks_.emplace_back(std::move(block));
}

void RowStream::copy(BatchRows rows) {
    while (rows.from < rows.to) {
        RowBlock& block = open_block();
        const std::size_t n = std::min(rows.to - rows.from, block.key.size() - block.n_rows);
        const std::size_t at = block.n_rows;
        copy_keys(rows.items, rows.from, n, block);
        std::copy_n(rows.times.time.data() + rows.from, n, block.time.data() + at);
        const std::uint16_t* const own = rows.stages.code.data() + rows.from;
        for (std::size_t i = 0; i < n; ++i) block.stage[at + i] = rows.codes[own[i]];
        block.misses_stages = block.misses_stages || !rows.stages.missing_rows.empty();
        block.n_rows += n;
        rows.from += n;
    }
}

void RowStream::copy_keys(const columns::ItemKeys& items, std::size_t from, std::size_t n,
                          RowBlock& block) const {
    const std::span<const std::uint64_t> keys = items.key.subspan(from, n);
    std::uint64_t* const key = block.key.data() + block.n_rows;
    if (form_ == Form::hashed) {
        std::uint64_t* const high = block.high.data() + block.n_rows;
        if (items.hashed()) {
            std::copy(keys.begin(), keys.end(), key);
            std::copy_n(items.high.data() + from, n, high);
            return;
        }
        const columns::PackedHasher hash_of(*items.prefix, hash_);
        for (std::size_t i = 0; i < n; ++i) {
            const Hash128 hash = hash_of(keys[i]);
            key[i] = hash.low;
            high[i] = hash.high;
        }
    } else if (form_ == Form::packed && *items.prefix != prefix_) {
        const columns::Repacker repacker(*items.prefix, prefix_);
        std::transform(keys.begin(), keys.end(), key, [&](std::uint64_t k) { return repacker.repacked(k); });
    } else {
        std::copy(keys.begin(), keys.end(), key);
    }
}

Journeys RowStream::build(unsigned threads, std::size_t many_rows, RowNumbers numbers) {
    const auto n_labels = static_cast<std::uint16_t>(rows_of_.size());
    const bool hashed = form_ == Form::hashed;
    RowPieces rows;
    rows.n_rows = n_kept_;
    rows.n_labels = n_labels;
    rows.numbers = numbers;
    if (hashed) rows.key_width = KeyWidth::bits128;
    for (RowBlock& block : blocks_) {
        if (block.misses_stages) {
            std::replace(block.stage.data(), block.stage.data() + block.n_rows, kMissingStage, n_labels);
        }
        rows.pieces.push_back({block.key.data(), hashed ? block.high.data() : nullptr, block.stage.data(),
                               block.time.data(), block.n_rows});
    }
    if (n_kept_ >= many_rows) {
        rows.release = [&](std::size_t p) {
            blocks_[p] = RowBlock{};
            release_idle();  // memory that the pool keeps stays resident
        };
    }
    Journeys journeys = build_journeys(rows, columns::RowOrder{}, threads);
    if (form_ == Form::packed) journeys.prefix = prefix_;
    journeys.hash = hash_;
    journeys.is_unsigned = is_unsigned_;
    blocks_.clear();
    n_kept_ = 0;
    return journeys;
}

}  // namespace stagefunnel::journeys
