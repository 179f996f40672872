#include <algorithm>
#include <map>
#include <numeric>
#include <stdexcept>

#include "base/fixed_sums.hpp"
#include "counts/checks.hpp"
#include "counts/runs.hpp"
#include "stagefunnel/counts/counts.hpp"

namespace stagefunnel::counts {
namespace {

/// A block of one part, and where its labels are among all.
struct Source {
    const Block* block;
    const std::vector<std::int64_t>* place_of_label;
};

/// A row of one of several sources.
struct Row {
    std::size_t source, row;
};

void add_fixed(std::int64_t* sum, const std::int64_t* more) {
    const auto number = [](const std::int64_t* words) {
        return static_cast<int128>(words[0]) * (static_cast<int128>(1) << kFractionBits) +
               static_cast<std::uint64_t>(words[1]);
    };
    int128 total = 0;
    if (__builtin_add_overflow(number(sum), number(more), &total))
        throw std::invalid_argument("a sum of amounts goes beyond 128 bits");
    sum[0] = static_cast<std::int64_t>(total >> kFractionBits);
    sum[1] = static_cast<std::int64_t>(static_cast<std::uint64_t>(total));
}

/// Adds the values of a row to those of another one with the same keys.
void add_values(std::span<const Rule> rules, std::int64_t* sum, const std::int64_t* more) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
        switch (rules[i]) {
            case Rule::sum:
                if (__builtin_add_overflow(sum[i], more[i], &sum[i]))
                    throw std::invalid_argument("a count goes beyond 64 bits");
                break;
            case Rule::least:
                sum[i] = std::min(sum[i], more[i]);
                break;
            case Rule::most:
                sum[i] = std::max(sum[i], more[i]);
                break;
            case Rule::whole:
                add_fixed(sum + i, more + i);
                ++i;
                break;
            case Rule::fraction:
                break;  // a block that was checked has it behind its whole alone
        }
    }
}

/// Puts blocks of one name together.
class Merger {
  public:
    explicit Merger(std::span<const Source> sources)
        : sources_(sources),
          n_keys_(sources.front().block->keys.size()),
          width_(sources.front().block->width()) {}

    [[nodiscard]] Block block() {
        const Block& first = *sources_.front().block;
        merged_.name = first.name;
        merged_.keys = first.keys;
        merged_.rules = first.rules;
        take_rows();
        if (!first.bounds.empty()) merged_.bounds.push_back(0);
        for (std::size_t i = 0, end = 0; i < order_.size(); i = end) {
            for (end = i + 1; end < order_.size() && are_equal(order_[i], order_[end]);) ++end;
            add_row(std::span(order_).subspan(i, end - i), !first.bounds.empty());
        }
        return std::move(merged_);
    }

  private:
    [[nodiscard]] const std::int64_t* keys_of(std::size_t number) const {
        return keys_.data() + number * n_keys_;
    }
    [[nodiscard]] bool are_equal(std::size_t one, std::size_t other) const {
        return std::equal(keys_of(one), keys_of(one) + n_keys_, keys_of(other));
    }

    void take_rows() {
        for (std::size_t s = 0; s < sources_.size(); ++s) {
            const Block& block = *sources_[s].block;
            for (std::size_t row = 0; row < block.n_rows(); ++row) {
                rows_.push_back({s, row});
                for (std::size_t k = 0; k < n_keys_; ++k) {
                    const std::int64_t key = block.cells[row * width_ + k];
                    keys_.push_back(block.keys[k] == Key::number
                                        ? key
                                        : (*sources_[s].place_of_label)[static_cast<std::size_t>(key)]);
                }
            }
        }
        std::size_t n_lengths = 0;
        for (const Source& source : sources_) n_lengths += source.block->lengths.size();
        merged_.lengths.reserve(n_lengths);  // they are the most by far, and lie twice in memory as it is
        order_.resize(rows_.size());
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        std::sort(order_.begin(), order_.end(), [&](std::size_t one, std::size_t other) {
            return std::lexicographical_compare(keys_of(one), keys_of(one) + n_keys_, keys_of(other),
                                                keys_of(other) + n_keys_);
        });
    }

    void add_row(std::span<const std::size_t> equal, bool has_samples) {
        const auto values_of = [&](std::size_t number) {
            const auto [source, row] = rows_[number];
            return sources_[source].block->cells.data() + row * width_ + n_keys_;
        };
        const std::size_t begin = merged_.cells.size();
        merged_.cells.insert(merged_.cells.end(), keys_of(equal[0]), keys_of(equal[0]) + n_keys_);
        if (width_ > 0)
            merged_.cells.insert(merged_.cells.end(), values_of(equal[0]),
                                 values_of(equal[0]) + (width_ - n_keys_));
        for (const std::size_t number : equal.subspan(1))
            add_values(merged_.rules, merged_.cells.data() + begin + n_keys_, values_of(number));
        if (!has_samples) return;
        const std::size_t start = merged_.lengths.size();
        std::vector<std::size_t> ends;
        for (const std::size_t number : equal) {
            const auto [source, row] = rows_[number];
            const Block& block = *sources_[source].block;
            merged_.lengths.insert(
                merged_.lengths.end(), block.lengths.begin() + static_cast<std::ptrdiff_t>(block.bounds[row]),
                block.lengths.begin() + static_cast<std::ptrdiff_t>(block.bounds[row + 1]));
            ends.push_back(merged_.lengths.size() - start);
        }
        merge_runs(std::span(merged_.lengths).subspan(start), std::move(ends));
        merged_.bounds.push_back(merged_.lengths.size());
    }

    std::span<const Source> sources_;
    std::size_t n_keys_, width_;
    std::vector<Row> rows_;
    std::vector<std::int64_t> keys_;  // of the rows, with places among all labels
    std::vector<std::size_t> order_;
    Block merged_;
};

void check_columns(const Block& one, const Block& other) {
    if (one.keys != other.keys || one.rules != other.rules || one.bounds.empty() != other.bounds.empty())
        throw std::invalid_argument("the parts have other columns of '" + one.name + "'");
}

using SourcesByName = std::map<std::string_view, std::vector<Source>>;

/// Adds a block whose labels are at some places among all.
void add_block(SourcesByName& sources_of, const Block& block, const std::vector<std::int64_t>& places) {
    std::vector<Source>& sources = sources_of[block.name];
    if (!sources.empty()) check_columns(*sources.front().block, block);
    sources.push_back({&block, &places});
}

std::vector<Block> blocks_of(const SourcesByName& sources_of) {
    std::vector<Block> blocks;
    for (const auto& [name, sources] : sources_of) blocks.push_back(Merger(sources).block());
    return blocks;
}

std::vector<std::int64_t> places_of(std::span<const std::string> labels, std::span<const std::string> all) {
    std::vector<std::int64_t> places;
    for (const std::string& label : labels)
        places.push_back(std::lower_bound(all.begin(), all.end(), label) - all.begin());
    return places;
}

void sort_labels(std::vector<std::string>& labels) {
    std::sort(labels.begin(), labels.end());
    labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
}

}  // namespace

Counts merged(std::span<const Counts* const> parts) {
    Counts total;
    for (const Counts* part : parts)
        total.labels.insert(total.labels.end(), part->labels.begin(), part->labels.end());
    sort_labels(total.labels);
    std::vector<std::vector<std::int64_t>> places(parts.size());
    SourcesByName sources_of;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        places[i] = places_of(parts[i]->labels, total.labels);
        for (const Block& block : parts[i]->blocks) add_block(sources_of, block, places[i]);
    }
    total.blocks = blocks_of(sources_of);
    return total;
}

Counts in_order(std::span<const std::string> labels, std::span<const Block* const> blocks) {
    Counts total;
    total.labels.assign(labels.begin(), labels.end());
    sort_labels(total.labels);
    const std::vector<std::int64_t> places = places_of(labels, total.labels);
    SourcesByName sources_of;
    for (const Block* block : blocks) {
        check_block(*block, labels.size());
        add_block(sources_of, *block, places);
    }
    total.blocks = blocks_of(sources_of);
    return total;
}

}  // namespace stagefunnel::counts
