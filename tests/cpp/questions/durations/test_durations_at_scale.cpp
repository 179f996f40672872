#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "support/plain_durations.hpp"

namespace stagefunnel::durations {
namespace {

using namespace stagefunnel::testing;

// Logs so large that most durations are not kept. Whatever brackets are guessed, the answer equals that of
// sorting.

const std::vector<stats::Quantile> kQuantiles{{1, 2}, {1, 4}, {3, 4}, {9, 10},
                                              {0, 1}, {1, 1}, {1, 3}, {501, 1000}};
constexpr std::size_t kEnoughRows = 400'000;

void expect_equal(const stats::Duration& found, const stats::Duration& expected) {
    EXPECT_EQ(found.whole, expected.whole);
    EXPECT_EQ(found.rest * expected.of, expected.rest * found.of);
}

void expect_equal(const VisitCounts& found, const VisitCounts& expected) {
    EXPECT_EQ(found.visits, expected.visits);
    EXPECT_EQ(found.completed, expected.completed);
    EXPECT_EQ(found.open, expected.open);
    EXPECT_EQ(found.items, expected.items);
}

void expect_equal(const StageTime& found, const PlainStage& expected,
                  const std::vector<stats::Quantile>& quantiles) {
    expect_equal(static_cast<const VisitCounts&>(found), expected);
    if (expected.sorted.empty()) return;
    expect_equal(found.mean, expected.mean());
    for (std::size_t q = 0; q < quantiles.size(); ++q) {
        SCOPED_TRACE("quantile " + std::to_string(q));
        expect_equal(found.quantiles[q], expected.quantile(quantiles[q]));
    }
}

void expect_as_by_sorting(const CodedRows& rows, const std::vector<std::int32_t>& row_of_label,
                          const std::vector<Per>& pers = {Per::visit},
                          const std::vector<stats::Quantile>& quantiles = kQuantiles) {
    const std::int32_t n_rows = *std::max_element(row_of_label.begin(), row_of_label.end()) + 1;
    const Pipeline pipeline(n_rows - 2, 1, 1, row_of_label);
    const Journeys journeys = rows.build(2);
    ASSERT_GE(journeys.n_rows(), kEnoughRows);
    for (const Per per : pers) {
        const auto expected = plain_durations(rows, row_of_label, static_cast<std::size_t>(n_rows), per);
        for (const unsigned threads : {1U, 2U, 7U}) {
            const auto found = time_in_stage(journeys, pipeline, per, quantiles, threads);
            ASSERT_EQ(found.size(), expected.size());
            for (std::size_t row = 0; row < found.size(); ++row) {
                SCOPED_TRACE("row " + std::to_string(row) + ", threads " + std::to_string(threads));
                expect_equal(found[row], expected[row], quantiles);
            }
        }
    }
}

std::vector<std::int32_t> all_listed(std::int32_t n) {
    std::vector<std::int32_t> rows(static_cast<std::size_t>(n));
    std::iota(rows.begin(), rows.end(), 0);
    return rows;
}

/// Journeys of up to 12 rows; `step(stage, random)` is the time until the next row.
template <class Step>
CodedRows random_journeys(std::size_t n_labels, Step step) {
    CodedRows rows;
    rows.n_labels = n_labels;
    std::mt19937_64 random(20261125);
    for (std::uint64_t item = 0; rows.item.size() < kEnoughRows; ++item) {
        std::uint64_t time = random() % 1'000;
        const std::uint64_t n = 1 + random() % 12;
        for (std::uint64_t i = 0; i < n; ++i) {
            const std::size_t stage = random() % n_labels;
            rows.add(item, stage, static_cast<std::int64_t>(time));
            time += step(stage, random);
        }
    }
    return rows;
}

std::uint64_t any_step(std::size_t stage, std::mt19937_64& random) {
    switch (stage) {
        case 0:
            return random() % 1'000'000'007;
        case 1:
            return random() % 4;  // mostly ties
        case 2:
            return 77;  // nothing but ties
        case 3:
            return std::uint64_t{1} << (random() % 40);
        default:
            return random() % (1 + stage * 1'000);
    }
}

const std::vector<Per> kEvery{Per::visit, Per::item, Per::longest};

TEST(TimeInStageAtScale, EqualsSorting) {
    expect_as_by_sorting(random_journeys(6, any_step), all_listed(6), kEvery);
}

TEST(TimeInStageAtScale, BridgesUnlistedRows) {
    expect_as_by_sorting(random_journeys(6, any_step), {0, 1, -1, 3, 2, -1}, kEvery);
}

TEST(TimeInStageAtScale, AcceptsAsManyStagesAsAWordHasBits) {
    expect_as_by_sorting(random_journeys(64, any_step), all_listed(64));
}

TEST(TimeInStageAtScale, AcceptsMoreStagesThanAWordHasBits) {
    expect_as_by_sorting(random_journeys(300, any_step), all_listed(300), kEvery);
}

TEST(TimeInStageAtScale, AcceptsDurationsBeyondInt64) {
    CodedRows rows;
    rows.n_labels = 3;
    std::mt19937_64 random(3);
    constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
    for (std::uint64_t item = 0; item < kEnoughRows / 2; ++item) {
        rows.add(item, 0, kLowest + static_cast<std::int64_t>(random() % 1'000));
        rows.add(item, 2, static_cast<std::int64_t>(random() >> 1U));
    }
    expect_as_by_sorting(rows, all_listed(3));
}

TEST(TimeInStageAtScale, IsNotMisledByOneItemWithMostRows) {
    // A few items give the brackets, and this item is hardly among them. Without the highest quantile nothing
    // else keeps its durations, so they must be read again.
    CodedRows rows;
    rows.n_labels = 4;
    std::mt19937_64 random(8);
    for (std::uint64_t item = 0; item < 50'000; ++item) {
        rows.add(item, 0, 0);
        rows.add(item, 3, static_cast<std::int64_t>(random() % 100));
    }
    std::int64_t time = 0;
    for (std::size_t i = 0; i < kEnoughRows; ++i) {
        rows.add(50'000, i % 2, time);
        time += 1'000'000 + static_cast<std::int64_t>(random() % 1'000'000);
    }
    expect_as_by_sorting(rows, all_listed(4), {Per::visit}, {{1, 2}, {1, 4}, {7, 8}});
}

TEST(TimeInStageAtScale, EqualsSortingForAFewLongJourneys) {
    CodedRows rows;
    rows.n_labels = 5;
    std::mt19937_64 random(9);
    for (std::uint64_t item = 0; item < 40; ++item) {
        std::int64_t time = 0;
        for (std::size_t i = 0; i < kEnoughRows / 40; ++i) {
            rows.add(item, random() % 5, time);
            time += static_cast<std::int64_t>(random() % (1'000 * (item + 1)));
        }
    }
    expect_as_by_sorting(rows, all_listed(5), kEvery);
}

TEST(TimeInStageAtScale, EqualsSortingWhereDurationsRiseWithThePlaceOfTheItem) {
    // The hash of the keys decides where items lie; whatever it is, each duration follows from the item's
    // place.
    CodedRows order;
    for (std::uint64_t item = 0; item < kEnoughRows / 2; ++item) order.add(item, 0, 0);
    const Journeys placed = order.build();
    CodedRows rows;
    rows.n_labels = 3;
    for (std::size_t place = 0; place < placed.n_items(); ++place) {
        rows.add(placed.key[place], 0, 0);
        rows.add(placed.key[place], 1 + place % 2, static_cast<std::int64_t>(place * place));
    }
    expect_as_by_sorting(rows, all_listed(3));
}

}  // namespace
}  // namespace stagefunnel::durations
