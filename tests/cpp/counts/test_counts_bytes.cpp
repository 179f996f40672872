// What no checksum finds: bytes that somebody wrote on purpose, whose checksum is right.

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "base/blake2b.hpp"
#include "stagefunnel/counts/counts.hpp"

namespace stagefunnel::counts {
namespace {

/// Puts blocks in order that the caller has just made.
Counts written(const std::vector<std::string>& labels, const std::vector<Block>& blocks) {
    std::vector<const Block*> pointers;
    for (const Block& block : blocks) pointers.push_back(&block);
    return in_order(labels, pointers);
}

std::string sealed(std::string bytes) {
    const auto words = blake2b(bytes, 16);
    for (std::size_t i = 0; i < 16; ++i)
        bytes.push_back(static_cast<char>(words[i / 8] >> (8 * (i % 8)) & 0xffU));
    return bytes;
}

TEST(CountsAsBytes, AreReadOrRefusedWhateverTheySay) {
    const Counts counts = written({"a", "b"}, {{.name = "rows",
                                                .keys = {Key::label},
                                                .rules = {Rule::sum, Rule::whole, Rule::fraction},
                                                .cells = {0, 1, 2, 3, 1, 4, 5, 6},
                                                .bounds = {0, 1, 3},
                                                .lengths = {5, 6, 7}}});
    const std::string bytes = to_bytes(counts);
    const std::string body = bytes.substr(0, bytes.size() - 16);
    std::size_t n_refused = 0;
    for (std::size_t at = 0; at < body.size(); ++at) {
        for (int change = 1; change < 256; ++change) {
            std::string other = body;
            other[at] = static_cast<char>(other[at] ^ change);
            try {
                // What is read is in order, and there is one way to write it.
                EXPECT_EQ(to_bytes(from_bytes(sealed(other))), sealed(other));
            } catch (const std::invalid_argument&) {
                ++n_refused;
            }
        }
        EXPECT_THROW(static_cast<void>(from_bytes(sealed(body.substr(0, at)))), std::invalid_argument);
    }
    EXPECT_GT(n_refused, 0U);
}

TEST(CountsAsBytes, TakeNoMemoryForRowsThatAreNotThere) {
    // 2^56 labels, of which there is none.
    const std::string labels("sfcounts\x01\xff\xff\xff\xff\xff\xff\xff\x7f", 17);
    EXPECT_THROW(static_cast<void>(from_bytes(sealed(labels))), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(from_bytes(sealed(std::string("sfcounts\x02\x00\x00", 11)))),
                 std::invalid_argument);
}

TEST(CountsAsBytes, HaveNumbersOf64Bits) {
    // No labels, as a number whose only bit is one too many, and no blocks.
    const std::string beyond = "sfcounts\x01" + std::string(9, '\x80');
    for (const char last : {'\x02', '\x03', '\x04', '\x7f'})
        EXPECT_THROW(static_cast<void>(from_bytes(sealed(beyond + last + std::string(1, '\0')))),
                     std::invalid_argument);
}

TEST(CountsAsBytes, HaveNoRowThatHoldsNothing) {
    // No labels, and one block without a name, keys and rules: of one row without samples.
    const std::string row("sfcounts\x01\x00\x01\x00\x00\x00\x01\x00", 16);
    EXPECT_THROW(static_cast<void>(from_bytes(sealed(row))), std::invalid_argument);
    // Of no rows, and of one row with an empty sample.
    for (const char* last : {"\x00\x00", "\x01\x01\x00"}) {
        const std::string bytes = sealed(row.substr(0, 14) + std::string(last, last[0] == 0 ? 2 : 3));
        EXPECT_EQ(to_bytes(from_bytes(bytes)), bytes);
    }
}

TEST(CountsAsBytes, HaveRowsThatRise) {
    // One block `r` with a number as key and a sum: the keys as differences, then the sums, and no samples.
    const auto of_keys = [](const std::string& keys) {
        return sealed(std::string("sfcounts\x01\x00\x01\x01r\x01\x00\x01\x00", 17) +
                      static_cast<char>(keys.size()) + keys + std::string(keys.size(), '\x04') +
                      std::string(1, '\0'));
    };
    const Counts counts = from_bytes(of_keys({0, 2, 2}));
    EXPECT_EQ(counts.blocks.at(0).cells, (std::vector<std::int64_t>{0, 2, 1, 2, 2, 2}));
    for (const std::string& keys : {std::string{0, 1}, std::string{0, 0}, std::string{2, 2, 1},
                                    std::string{4, 1, 2}, std::string{0, 2, 0}})
        EXPECT_THROW(static_cast<void>(from_bytes(of_keys(keys))), std::invalid_argument);
}

TEST(CountsAsBytes, HaveBlocksAndLabelsThatRise) {
    const auto of_blocks = [](const std::string& names) {
        std::string bytes("sfcounts\x01\x00", 10);
        bytes.push_back(static_cast<char>(names.size()));
        for (const char name : names) bytes += std::string("\x01") + name + std::string(4, '\0');
        return sealed(bytes);
    };
    EXPECT_EQ(from_bytes(of_blocks("ab")).blocks.size(), 2U);
    for (const char* names : {"ba", "aa", "aba"})
        EXPECT_THROW(static_cast<void>(from_bytes(of_blocks(names))), std::invalid_argument);
    const auto of_labels = [](const std::string& labels) {
        std::string bytes("sfcounts\x01");
        bytes.push_back(static_cast<char>(labels.size()));
        for (const char label : labels) bytes += std::string("\x01") + label;
        return sealed(bytes + std::string(1, '\0'));
    };
    EXPECT_EQ(from_bytes(of_labels("ab")).labels, (std::vector<std::string>{"a", "b"}));
    for (const char* labels : {"ba", "aa", "aba"})
        EXPECT_THROW(static_cast<void>(from_bytes(of_labels(labels))), std::invalid_argument);
}

TEST(CountsInOrder, RefuseColumnsThatDoNotFit) {
    const auto refused = [](const Block& block) {
        EXPECT_THROW(static_cast<void>(written({}, {block})), std::invalid_argument);
    };
    Block block{.name = "b", .keys = {}, .rules = {}, .cells = {}, .bounds = {}, .lengths = {}};
    block.cells = {1};  // of no column
    refused(block);
    block.cells = {};
    block.bounds = {0, 0, 0};  // two rows without keys
    refused(block);
    block.bounds = {0, 0};
    EXPECT_EQ(written({}, {block}).blocks.at(0).n_rows(), 1U);
    block.bounds = {};
    block.rules = {Rule::fraction, Rule::sum};  // without a whole before it
    block.cells = {1, 2};
    refused(block);
    block.rules = {Rule::whole, Rule::sum};
    refused(block);
    block.rules = {Rule::whole, Rule::fraction};
    EXPECT_EQ(written({}, {block}).blocks.at(0).cells, (std::vector<std::int64_t>{1, 2}));
}

}  // namespace
}  // namespace stagefunnel::counts
