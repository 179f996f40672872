// Counts of parts, drawn at will: merged they are what a map adds up, and their bytes are read back or
// refused.

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/blake2b.hpp"
#include "expect.hpp"
#include "kernels.hpp"
#include "stagefunnel/counts/counts.hpp"

namespace stagefunnel::fuzz {
namespace {

using counts::Block;
using counts::Counts;
using counts::Key;
using counts::Rule;

/// What all parts have in common: the columns of each block.
struct Columns {
    std::vector<Key> keys;
    std::vector<Rule> rules;
    bool has_samples = false;
};

/// A row with its labels as texts, so that it means the same in each part.
struct SlowRow {
    std::vector<std::int64_t> values;
    std::vector<std::uint64_t> sample;
};
using SlowKey = std::vector<std::pair<std::int64_t, std::string>>;
using SlowBlock = std::map<SlowKey, SlowRow>;

Columns draw_columns(Choices& choices) {
    Columns columns;
    for (std::size_t i = 0, n = choices.below(4); i < n; ++i)
        columns.keys.push_back(choices.one_in(2) ? Key::label : Key::number);
    for (std::size_t i = 0, n = choices.below(4); i < n; ++i) {
        constexpr std::array kRules{Rule::sum, Rule::least, Rule::most, Rule::whole};
        columns.rules.push_back(choices.of(kRules));
        if (columns.rules.back() == Rule::whole) columns.rules.push_back(Rule::fraction);
    }
    columns.has_samples = choices.one_in(2);
    return columns;
}

/// Numbers whose sums stay within their types, as those of counts do.
std::int64_t draw_number(Choices& choices) {
    const auto number = static_cast<std::int64_t>(choices.byte()) - 128;
    return choices.one_in(4) ? number << 48U : number;
}

Block draw_block(Choices& choices, std::string name, const Columns& columns, std::size_t n_labels) {
    Block block;
    block.name = std::move(name);
    block.keys = columns.keys;
    block.rules = columns.rules;
    const std::size_t n_rows = block.width() == 0 ? choices.below(2) : choices.below(5);
    if (columns.has_samples) block.bounds.push_back(0);
    for (std::size_t row = 0; row < n_rows; ++row) {
        for (const Key key : block.keys) {
            block.cells.push_back(key == Key::label ? static_cast<std::int64_t>(choices.below(n_labels))
                                                    : draw_number(choices));
        }
        for (const Rule rule : block.rules) {
            block.cells.push_back(rule == Rule::fraction ? static_cast<std::int64_t>(choices.word())
                                                         : draw_number(choices));
        }
        if (!columns.has_samples) continue;
        std::uint64_t length = 0;
        for (std::size_t i = 0, n = choices.below(4); i < n; ++i)
            block.lengths.push_back(length += choices.byte());
        block.bounds.push_back(block.lengths.size());
    }
    return block;
}

void add_slowly(SlowBlock& total, const Block& block, std::span<const std::string> labels) {
    const std::size_t n_keys = block.keys.size();
    for (std::size_t row = 0; row < block.n_rows(); ++row) {
        const auto cell = [&](std::size_t i) { return block.cells[row * block.width() + i]; };
        SlowKey key;
        for (std::size_t i = 0; i < n_keys; ++i) {
            if (block.keys[i] == Key::label) {
                key.emplace_back(0, labels[static_cast<std::size_t>(cell(i))]);
            } else {
                key.emplace_back(cell(i), "");
            }
        }
        const bool is_new = !total.contains(key);
        SlowRow& sum = total[key];
        for (std::size_t i = 0; i < block.rules.size(); ++i) {
            const std::int64_t more = cell(n_keys + i);
            if (is_new) {
                sum.values.push_back(more);
            } else if (block.rules[i] == Rule::least) {
                sum.values[i] = std::min(sum.values[i], more);
            } else if (block.rules[i] == Rule::most) {
                sum.values[i] = std::max(sum.values[i], more);
            } else if (block.rules[i] == Rule::fraction) {
                const auto before = static_cast<std::uint64_t>(sum.values[i]);
                const std::uint64_t after = before + static_cast<std::uint64_t>(more);
                sum.values[i] = static_cast<std::int64_t>(after);
                sum.values[i - 1] += after < before ? 1 : 0;
            } else {
                sum.values[i] += more;
            }
        }
        for (std::size_t i = block.bounds.empty() ? 0 : block.bounds[row];
             i < (block.bounds.empty() ? 0 : block.bounds[row + 1]); ++i)
            sum.sample.push_back(block.lengths[i]);
        std::sort(sum.sample.begin(), sum.sample.end());
    }
}

std::map<std::string, SlowBlock> slowly(const Counts& counts) {
    std::map<std::string, SlowBlock> blocks;
    for (const Block& block : counts.blocks) add_slowly(blocks[block.name], block, counts.labels);
    return blocks;
}

bool operator==(const SlowRow& one, const SlowRow& other) {
    return one.values == other.values && one.sample == other.sample;
}

std::string sealed(std::string bytes) {
    const auto words = blake2b(bytes, 16);
    for (std::size_t i = 0; i < 16; ++i)
        bytes.push_back(static_cast<char>(words[i / 8] >> (8 * (i % 8)) & 0xffU));
    return bytes;
}

/// Reads bytes whose checksum is right: there is one way to write what they say, or they are refused.
void read_or_refuse(const std::string& bytes) {
    Counts read;
    try {
        read = counts::from_bytes(bytes);
    } catch (const std::invalid_argument&) {
        return;
    }
    expect(counts::to_bytes(read) == bytes, "bytes that are read are those that are written");
    const Counts* const one = &read;
    expect(counts::to_bytes(counts::merged({&one, 1})) == bytes, "what is read is in order");
}

std::string damaged(Choices& choices, std::string bytes) {
    switch (choices.below(4)) {
        case 0:
            bytes.resize(choices.byte() * bytes.size() / 256);  // shorter by a byte at least
            break;
        case 1:
            bytes.insert(choices.byte() * bytes.size() / 256, 1, static_cast<char>(choices.byte()));
            break;
        default:
            for (std::size_t i = 0, n = 1 + choices.below(3); i < n; ++i)
                bytes[choices.byte() * bytes.size() / 256] = static_cast<char>(choices.byte());
    }
    return bytes;
}

void expect_damage_is_found(Choices& choices, const std::string& bytes) {
    const std::string other = damaged(choices, bytes);
    if (other == bytes) return;
    bool is_refused = false;
    try {
        static_cast<void>(counts::from_bytes(other));
    } catch (const std::invalid_argument&) {
        is_refused = true;
    }
    expect(is_refused, "the checksum finds each change");
    read_or_refuse(sealed(damaged(choices, bytes.substr(0, bytes.size() - 16))));
}

}  // namespace

void check_counts(Choices& choices) {
    if (choices.one_in(4)) {
        read_or_refuse(sealed("sfcounts\x01" + choices.text(choices.left())));
        return;
    }
    constexpr std::array<std::string_view, 2> kNames{"ends", "starts"};
    const std::array<Columns, 2> columns{draw_columns(choices), draw_columns(choices)};
    const std::size_t n_parts = 1 + choices.below(3);
    std::vector<Counts> parts;
    std::map<std::string, SlowBlock> expected;
    for (std::size_t part = 0; part < n_parts; ++part) {
        std::vector<std::string> labels;
        for (std::size_t i = 0, n = 1 + choices.below(4); i < n; ++i)
            labels.push_back(choices.text(choices.below(3)));  // not in order, and some come twice
        std::vector<Block> blocks;
        for (std::size_t i = 0; i < kNames.size(); ++i) {
            // A part may lack a block, or give it in two pieces.
            for (std::size_t piece = 0, n = choices.below(3); piece < n; ++piece) {
                blocks.push_back(draw_block(choices, std::string(kNames[i]), columns[i], labels.size()));
                add_slowly(expected[std::string(kNames[i])], blocks.back(), labels);
            }
        }
        std::vector<const Block*> pointers;
        for (const Block& block : blocks) pointers.push_back(&block);
        parts.push_back(counts::in_order(labels, pointers));
        const std::string bytes = counts::to_bytes(parts.back());
        expect(slowly(counts::from_bytes(bytes)) == slowly(parts.back()), "counts are read as written");
        expect_damage_is_found(choices, bytes);
    }
    std::vector<const Counts*> pointers;
    for (const Counts& part : parts) pointers.push_back(&part);
    const Counts total = counts::merged(pointers);
    expect(slowly(total) == expected, "parts are put together as a map adds them up");
    std::reverse(pointers.begin(), pointers.end());
    expect(counts::to_bytes(counts::merged(pointers)) == counts::to_bytes(total), "in any order");
}

}  // namespace stagefunnel::fuzz
