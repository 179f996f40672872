#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "stagefunnel/counts/counts.hpp"

namespace stagefunnel::counts {
namespace {

/// Puts blocks in order that the caller has just made.
Counts ordered(const std::vector<std::string>& labels, const std::vector<Block>& blocks) {
    std::vector<const Block*> pointers;
    for (const Block& block : blocks) pointers.push_back(&block);
    return in_order(labels, pointers);
}

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

/// Rows of a label and a number, with values of each rule.
Block rows(std::vector<std::int64_t> cells) {
    return {.name = "rows",
            .keys = {Key::label, Key::number},
            .rules = {Rule::sum, Rule::least, Rule::most},
            .cells = std::move(cells),
            .bounds = {},
            .lengths = {}};
}

Block lengths(std::vector<std::uint64_t> of_one_row) {
    const std::size_t n = of_one_row.size();
    return {.name = "lengths",
            .keys = {},
            .rules = {},
            .cells = {},
            .bounds = {0, n},
            .lengths = {of_one_row.begin(), of_one_row.end()}};
}

Block fixed(std::int64_t whole, std::uint64_t fraction) {
    return {.name = "sum",
            .keys = {},
            .rules = {Rule::whole, Rule::fraction},
            .cells = {whole, static_cast<std::int64_t>(fraction)},
            .bounds = {},
            .lengths = {}};
}

Counts both(const Counts& one, const Counts& other) {
    const Counts* const parts[] = {&one, &other};
    return merged(parts);
}

Counts small() {
    return ordered({"b", "a"}, {rows({0, 7, 1, 5, 5, 1, -1, 2, 6, 6}), lengths({1, 300}), fixed(-3, 1)});
}

std::string refused(const std::string& bytes) {
    try {
        static_cast<void>(from_bytes(bytes));
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

TEST(Counts, PutRowsInTheOrderOfTheirLabelsAndNumbers) {
    const Counts counts = small();
    EXPECT_EQ(counts.labels, (std::vector<std::string>{"a", "b"}));
    ASSERT_EQ(counts.blocks.size(), 3U);
    EXPECT_EQ(counts.blocks[1].name, "rows");
    EXPECT_EQ(counts.blocks[1].cells, (std::vector<std::int64_t>{0, -1, 2, 6, 6, 1, 7, 1, 5, 5}));
}

TEST(Counts, JoinRowsOfEqualKeysByTheRuleOfEachColumn) {
    const Counts one = ordered({"b"}, {rows({0, 7, 1, 5, 5})});
    const Counts other = ordered({"a", "b"}, {rows({1, 7, 2, 4, 9, 0, 7, 8, 8, 8})});
    const Counts total = both(one, other);
    EXPECT_EQ(total.blocks[0].cells, (std::vector<std::int64_t>{0, 7, 8, 8, 8, 1, 7, 3, 4, 9}));
    EXPECT_EQ(to_bytes(both(other, one)), to_bytes(total));
}

TEST(Counts, JoinRowsOfOnePartToo) {
    EXPECT_EQ(ordered({"a"}, {rows({0, 1, 2, 3, 4, 0, 1, 5, 6, 7})}).blocks[0].cells,
              (std::vector<std::int64_t>{0, 1, 7, 3, 7}));
}

TEST(Counts, JoinRowsThatHaveOneColumnAlone) {
    const auto value = [](std::int64_t number) {
        return Block{
            .name = "n", .keys = {}, .rules = {Rule::sum}, .cells = {number}, .bounds = {}, .lengths = {}};
    };
    EXPECT_EQ(ordered({}, {value(5)}).blocks[0].cells, (std::vector<std::int64_t>{5}));
    EXPECT_EQ(both(ordered({}, {value(5)}), ordered({}, {value(6)})).blocks[0].cells,
              (std::vector<std::int64_t>{11}));
    const auto keys = [](std::vector<std::int64_t> numbers) {
        return Block{.name = "n",
                     .keys = {Key::number},
                     .rules = {},
                     .cells = std::move(numbers),
                     .bounds = {},
                     .lengths = {}};
    };
    EXPECT_EQ(both(ordered({}, {keys({3, 1})}), ordered({}, {keys({2, 3})})).blocks[0].cells,
              (std::vector<std::int64_t>{1, 2, 3}));
}

TEST(Counts, KeepSamplesInRisingOrder) {
    const Counts total = both(ordered({}, {lengths({1, 9, 9})}), ordered({}, {lengths({2, 10})}));
    EXPECT_EQ(total.blocks[0].bounds, (std::vector<std::uint64_t>{0, 5}));
    EXPECT_TRUE(std::equal(total.blocks[0].lengths.begin(), total.blocks[0].lengths.end(),
                           std::vector<std::uint64_t>{1, 2, 9, 9, 10}.begin()));
}

TEST(Counts, MergeSamplesOfAnyNumberOfPartsAsIfTheyWereSortedTogether) {
    std::mt19937_64 random(5);
    for (std::size_t n_parts = 1; n_parts <= 17; ++n_parts) {
        std::vector<Counts> parts;
        std::vector<std::uint64_t> all;
        for (std::size_t i = 0; i < n_parts; ++i) {
            std::vector<std::uint64_t> sample(random() % 40);  // some are empty
            for (std::uint64_t& length : sample) length = random() % 50 == 0 ? ~random() : random() % 100;
            std::sort(sample.begin(), sample.end());
            all.insert(all.end(), sample.begin(), sample.end());
            parts.push_back(ordered({}, {lengths(sample)}));
        }
        std::sort(all.begin(), all.end());
        std::vector<const Counts*> pointers;
        for (const Counts& part : parts) pointers.push_back(&part);
        const Counts total = merged(pointers);
        const auto& found = total.blocks[0].lengths;
        EXPECT_EQ(std::vector<std::uint64_t>(found.begin(), found.end()), all) << n_parts;
    }
}

TEST(Counts, AddSumsOfAmountsUpExactly) {
    // Minus a quarter and a half make a quarter: the fraction of a negative sum is above its whole.
    const std::uint64_t quarter = std::uint64_t{1} << 62U;
    const Counts total = both(ordered({}, {fixed(-1, 3 * quarter)}), ordered({}, {fixed(0, 2 * quarter)}));
    EXPECT_EQ(total.blocks[0].cells, (std::vector<std::int64_t>{0, static_cast<std::int64_t>(quarter)}));
}

TEST(Counts, MayLackBlocksThatOtherPartsHave) {
    const Counts total = both(ordered({}, {lengths({3})}), ordered({"a"}, {rows({0, 0, 1, 1, 1})}));
    EXPECT_EQ(total.blocks.size(), 2U);
    EXPECT_EQ(both(Counts{}, Counts{}).blocks.size(), 0U);
}

TEST(Counts, RefuseSumsBeyondTheirType) {
    const Counts most = ordered({"a"}, {rows({0, 0, kMost, 0, 0})}),
                 one = ordered({"a"}, {rows({0, 0, 1, 0, 0})});
    EXPECT_THROW(static_cast<void>(both(most, one)), std::invalid_argument);
    const Counts sum = ordered({}, {fixed(kMost, 0)});
    EXPECT_THROW(static_cast<void>(both(sum, sum)), std::invalid_argument);
}

TEST(Counts, RefuseColumnsThatDoNotFit) {
    Block other = rows({0, 0, 1, 1, 1});
    other.rules[0] = Rule::most;
    EXPECT_THROW(static_cast<void>(both(ordered({"a"}, {rows({})}), ordered({"a"}, {other}))),
                 std::invalid_argument);
    EXPECT_THROW(static_cast<void>(ordered({"a"}, {rows({1, 0, 1, 1, 1})})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(ordered({"a"}, {rows({0, 0, 1, 1})})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(ordered({}, {lengths({2, 1})})), std::invalid_argument);
    Block half = fixed(0, 0);
    half.rules = {Rule::fraction, Rule::whole};
    EXPECT_THROW(static_cast<void>(ordered({}, {half})), std::invalid_argument);
}

TEST(CountsAsBytes, AreReadAsTheyWere) {
    const Counts counts = small();
    const std::string bytes = to_bytes(counts);
    const Counts read = from_bytes(bytes);
    EXPECT_EQ(to_bytes(read), bytes);
    EXPECT_EQ(read.labels, counts.labels);
    EXPECT_EQ(read.blocks[1].cells, counts.blocks[1].cells);
    EXPECT_EQ(to_bytes(from_bytes(to_bytes(Counts{}))), to_bytes(Counts{}));
    // The magic, the version, two numbers of things and the checksum: the same bytes everywhere.
    EXPECT_EQ(to_bytes(Counts{}).substr(0, 11), std::string("sfcounts\x01\x00\x00", 11));
    EXPECT_EQ(to_bytes(Counts{}).size(), 27U);
}

TEST(CountsAsBytes, KeepTheFurthestNumbers) {
    const Counts counts = ordered({"a"}, {rows({0, kMost, -kMost - 1, kMost, -1, 0, -kMost - 1, 0, 0, 0}),
                                          lengths({0, ~std::uint64_t{0}})});
    const Counts read = from_bytes(to_bytes(counts));
    EXPECT_EQ(read.blocks[1].cells, counts.blocks[1].cells);
    EXPECT_EQ(read.blocks[0].lengths[1], ~std::uint64_t{0});
}

TEST(CountsAsBytes, AreRefusedWhereAnyByteIsAnotherOneOrMissing) {
    const std::string bytes = to_bytes(small());
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (int change = 1; change < 256; ++change) {
            std::string other = bytes;
            other[at] = static_cast<char>(other[at] ^ change);
            EXPECT_NE(refused(other), "") << at << ' ' << change;
        }
        EXPECT_NE(refused(bytes.substr(0, at)), "") << at;
    }
    EXPECT_NE(refused(bytes + '\0'), "");
    EXPECT_EQ(refused("pickled"), "the bytes are not counts");
    EXPECT_NE(refused(bytes.substr(0, bytes.size() - 1)).find("damaged"), std::string::npos);
}

}  // namespace
}  // namespace stagefunnel::counts
