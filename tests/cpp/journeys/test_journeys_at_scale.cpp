#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <tuple>

#include "base/hashing.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/journeys/lookup.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::journeys {
namespace {

using namespace stagefunnel::testing;

void expect_same_bytes(const Journeys& a, const Journeys& b) {
    EXPECT_EQ(a.offsets, b.offsets);
    EXPECT_EQ(a.stage, b.stage);
    EXPECT_EQ(a.time, b.time);
    EXPECT_EQ(a.first_row, b.first_row);
    EXPECT_EQ(a.key, b.key);
    EXPECT_EQ(a.high, b.high);
    EXPECT_EQ(a.n_labels, b.n_labels);
}

Journeys build_with_rows(const CodedRows& log, unsigned threads, const Rows& dropped = {},
                         const columns::RowOrder& order = {}) {
    return log.build(threads, dropped, order, RowNumbers::keep);
}

/// A row of a journey, with its item.
struct Step {
    std::uint64_t key, high;
    std::int64_t time;
    std::size_t stage;
    std::size_t row;  // of the input

    bool operator==(const Step&) const = default;
};

/// Returns the rows of the journeys, item after item in the order of their first rows in the input.
std::vector<Step> steps_of(const Journeys& journeys) {
    std::vector<Step> steps;
    for (const std::uint32_t item : items_by_first_row(journeys)) {
        for (std::size_t i = journeys.offsets[item]; i < journeys.offsets[item + 1]; ++i) {
            const std::size_t code =
                std::visit([&](const auto& codes) { return std::size_t{codes[i]}; }, journeys.stage);
            steps.push_back({journeys.key[item], journeys.high.empty() ? 0 : journeys.high[item],
                             journeys.time[i], code, journeys.row[i]});
        }
    }
    return steps;
}

/// Returns the same by one stable sort of all rows.
std::vector<Step> sorted_steps(const CodedRows& log, const std::vector<std::int64_t>& order,
                               const Rows& dropped) {
    const auto high = [&](std::size_t row) { return log.high.empty() ? 0 : log.high[row]; };
    std::vector<std::size_t> rows(log.item.size());
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    std::erase_if(rows,
                  [&](std::size_t row) { return std::binary_search(dropped.begin(), dropped.end(), row); });
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::size_t> first;
    for (const std::size_t row : rows) first.emplace(std::pair(log.item[row], high(row)), row);
    const auto rank = [&](std::size_t row) {
        return std::tuple(first.at({log.item[row], high(row)}), log.time[row],
                          order.empty() ? 0 : order[row]);
    };
    std::stable_sort(rows.begin(), rows.end(), [&](auto a, auto b) { return rank(a) < rank(b); });
    std::vector<Step> steps;
    for (const std::size_t row : rows) {
        steps.push_back({log.item[row], high(row), log.time[row], log.stage[row], row});
    }
    return steps;
}

/// The shape of random logs; each is tried with several seeds.
struct Shape {
    const char* name;
    std::size_t n_rows;
    std::uint64_t n_items;
    std::int64_t n_times;  // few: many ties
    std::size_t n_labels;
    bool hashed, ordered, drops;
};

class RandomLog : public ::testing::TestWithParam<Shape> {};

TEST_P(RandomLog, IsOrderedAsOneStableSortOrdersIt) {
    const Shape& shape = GetParam();
    std::mt19937_64 random(20'260'301);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    for (int trial = 0; trial < 8; ++trial) {
        CodedRows log;
        log.n_labels = shape.n_labels;
        std::vector<std::int64_t> order;
        Rows dropped;
        for (std::size_t row = 0; row < shape.n_rows; ++row) {
            log.add(below(shape.n_items), below(shape.n_labels + 1),
                    static_cast<std::int64_t>(below(static_cast<std::uint64_t>(shape.n_times))) -
                        shape.n_times / 2);
            if (shape.hashed) log.high.push_back(below(3));
            if (shape.ordered) order.push_back(static_cast<std::int64_t>(below(4)));
            if (shape.drops && below(5) == 0) dropped.push_back(row);
        }
        const Column order_column = numbers_column(order);
        const columns::RowOrder row_order =
            shape.ordered ? columns::RowOrder(order_column) : columns::RowOrder();
        const std::vector<Step> expected = sorted_steps(log, order, dropped);
        const Journeys journeys = build_with_rows(log, 1, dropped, row_order);
        ASSERT_EQ(steps_of(journeys), expected);
        for (const unsigned threads : {2U, 7U}) {
            const Journeys again = build_with_rows(log, threads, dropped, row_order);
            expect_same_bytes(again, journeys);
            EXPECT_EQ(again.row, journeys.row);
            expect_same_bytes(log.build(threads, dropped, row_order), journeys);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    BuildJourneys, RandomLog,
    ::testing::Values(Shape{"FewRows", 9, 3, 4, 3, false, false, false},
                      Shape{"ShortJourneys", 500, 100, 20, 5, false, false, true},
                      Shape{"LongJourneys", 2'000, 9, 50, 300, false, false, false},
                      Shape{"OnlyTies", 2'000, 20, 1, 5, false, true, true},
                      Shape{"Hashed", 1'000, 60, 9, 255, true, false, true},
                      Shape{"HashedAndOrdered", 1'000, 9, 5, 256, true, true, false},
                      Shape{"SeveralPartitions", 40'000, 9'000, 100, 8, false, false, true},
                      Shape{"SeveralPartitionsHashed", 30'000, 3'000, 3, 8, true, true, false}),
    [](const auto& shape) { return shape.param.name; });

/// Makes a log whose rows are grouped by item, as in an export that is sorted by item.
CodedRows grouped_log(std::mt19937_64& random, bool hashed) {
    CodedRows log;
    log.n_labels = 9;
    for (std::uint64_t item = 0; log.item.size() < 90'000; ++item) {
        // Lengths below and above the limits of a sorting network and of the bits for arrivals.
        const std::uint64_t length = item % 500 == 7 ? 63 + random() % 4 : 1 + random() % 18;
        for (std::uint64_t row = 0; row < length; ++row) {
            log.add(item << 33U, random() % 10, static_cast<std::int64_t>(random() % 12));
            if (hashed) log.high.push_back(item);
        }
    }
    return log;
}

TEST(BuildJourneys, OrdersGroupedInputAsOneStableSortOrdersIt) {
    std::mt19937_64 random(7);
    for (const bool hashed : {false, true}) {
        const CodedRows log = grouped_log(random, hashed);
        const Journeys journeys = build_with_rows(log, 1);
        ASSERT_EQ(steps_of(journeys), sorted_steps(log, {}, {}));
        for (const unsigned threads : {2U, 7U}) {
            expect_same_bytes(log.build(threads), journeys);
            EXPECT_EQ(build_with_rows(log, threads).row, journeys.row);
        }
    }
}

TEST(BuildJourneys, JoinsTheRowsOfAnItemThatRecursInGroupedInput) {
    std::mt19937_64 random(8);
    for (const std::size_t back : {std::size_t{1}, std::size_t{50'000}, std::size_t{89'990}}) {
        CodedRows log = grouped_log(random, false);
        log.item[back] = log.item.back();
        const Journeys journeys = build_with_rows(log, 2);
        ASSERT_EQ(steps_of(journeys), sorted_steps(log, {}, {}));
        expect_same_bytes(log.build(7), journeys);
    }
}

TEST(BuildJourneys, TakesTheKeyOfAllBitsInGroupedInput) {
    std::mt19937_64 random(9);
    CodedRows log = grouped_log(random, false);
    for (std::size_t row = 0; row < 70'000; ++row) log.item[row] = Spread::of_process().gather(~(row / 5));
    ASSERT_EQ(steps_of(build_with_rows(log, 2)), sorted_steps(log, {}, {}));
}

TEST(BuildJourneys, OrdersOneItemOf300000Rows) {
    CodedRows log;
    log.n_labels = 2;
    for (std::int64_t row = 0; row < 300'000; ++row)
        log.add(42, static_cast<std::size_t>(row % 2), 300'000 - row);
    const Journeys journeys = build_with_rows(log, 2);
    ASSERT_EQ(journeys.n_items(), 1U);
    ASSERT_EQ(journeys.n_rows(), 300'000U);
    std::vector<std::int64_t> rising(300'000);
    std::iota(rising.begin(), rising.end(), 1);
    EXPECT_EQ(list_of(journeys.time), rising);
    EXPECT_EQ(std::get<0>(journeys.stage).front(), 1);
    EXPECT_EQ(std::get<0>(journeys.stage).back(), 0);
    EXPECT_EQ(steps_of(journeys), sorted_steps(log, {}, {}));
}

TEST(BuildJourneys, KeepsTheOrderOfTheInputOfOneItemWhoseRowsAreAllTied) {
    CodedRows log;
    log.n_labels = 50'000;
    for (std::size_t row = 0; row < 50'000; ++row) log.add(42, row, 0);
    EXPECT_EQ(list_of(std::get<1>(log.build(2).stage)), log.stage);
}

/// Keys for which a weak hash has many collisions.
struct Keys {
    const char* name;
    std::uint64_t (*key_of)(std::uint64_t);
};

class KeyPattern : public ::testing::TestWithParam<Keys> {};

TEST_P(KeyPattern, Gives200000ItemsOfTwoRowsEach) {
    constexpr std::uint64_t kItems = 200'000;
    CodedRows log;
    log.n_labels = 2;
    for (std::uint64_t pass = 0; pass < 2; ++pass) {
        for (std::uint64_t i = 0; i < kItems; ++i) {
            log.add(GetParam().key_of(i), pass, static_cast<std::int64_t>(pass));
        }
    }
    const Journeys journeys = build_with_rows(log, 2);
    ASSERT_EQ(journeys.n_items(), kItems);
    const std::vector<Step> steps = steps_of(journeys);
    std::size_t wrong = 0;
    for (std::uint64_t i = 0; i < kItems; ++i) {
        const std::uint64_t key = GetParam().key_of(i);
        if (steps[2 * i] != Step{key, 0, 0, 0, i} || steps[2 * i + 1] != Step{key, 0, 1, 1, kItems + i})
            ++wrong;
    }
    EXPECT_EQ(wrong, 0U);
}

INSTANTIATE_TEST_SUITE_P(BuildJourneys, KeyPattern,
                         ::testing::Values(Keys{"Dense", [](std::uint64_t i) { return i; }},
                                           Keys{"Negative", [](std::uint64_t i) { return ~i; }},
                                           Keys{"HighBitsOnly", [](std::uint64_t i) { return i << 46U; }},
                                           Keys{"UpperHalfOnly", [](std::uint64_t i) { return i << 32U; }},
                                           Keys{"BothHalvesEqual",
                                                [](std::uint64_t i) { return i << 32U | i; }},
                                           Keys{"Round", [](std::uint64_t i) { return i * 1'000'000; }}),
                         [](const auto& keys) { return keys.param.name; });

TEST(BuildJourneys, GivesTheSameBytesWhateverTheNumberOfThreads) {
    CodedRows log;
    log.n_labels = 6;
    std::mt19937_64 random(7);
    for (std::size_t row = 0; row < 200'000; ++row) {
        log.add(random() % 60'000, random() % 6, static_cast<std::int64_t>(random() % 50));
    }
    const Journeys alone = log.build(1);
    for (const unsigned threads : {2U, 3U, 7U, 64U}) expect_same_bytes(log.build(threads), alone);
}

}  // namespace
}  // namespace stagefunnel::journeys
