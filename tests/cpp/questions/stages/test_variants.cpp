#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <stdexcept>
#include <vector>

#include "stagefunnel/questions/stages/variants.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::stages {
namespace {

using namespace stagefunnel::testing;

const Stages kVariantStages{{"New", "Offer"}, {"Won"}, {"Lost"}};
using Rows = std::vector<std::int32_t>;

TEST(FindVariants, PutsItemsOfTheSameStagesInTheSameOrderTogether) {
    const Log log = log_of({{1, "New", 0},
                            {1, "New", 1},
                            {1, "Note", 2},
                            {1, "New", 3},
                            {1, "Won", 4},
                            {2, "New", 9},
                            {2, "Won", 9},
                            {3, "Won", 1},
                            {3, "New", 2},
                            {4, "Note", 0},
                            {5, "New", 0},
                            {5, "Won", 1},
                            {5, "New", 2}});
    const Pipeline pipeline = kVariantStages.read(log);
    const Variants found = find_variants(log.journeys, pipeline, 1);
    const auto of = [&](std::int64_t item) { return found.of_item[log.place_of(item)]; };
    EXPECT_EQ(of(1), of(2));
    EXPECT_EQ(of(4), Variants::kNone);
    EXPECT_EQ(found.example.size(), 3U);
    EXPECT_NE(of(3), of(1));
    EXPECT_NE(of(5), of(1));
    EXPECT_EQ(stages_visited(log.journeys, pipeline, log.place_of(5)), (Rows{0, 2, 0}));
    EXPECT_EQ(stages_visited(log.journeys, pipeline, log.place_of(4)), Rows{});
}

TEST(FindVariants, EqualsAMapOfSequencesWithAnyNumberOfThreads) {
    std::mt19937 random(5);
    CodedRows rows;
    rows.n_labels = 4;
    for (std::uint64_t item = 0; item < 40'000; ++item) {
        const auto n_rows = static_cast<std::int64_t>(random() % 9);
        for (std::int64_t time = 0; time < n_rows; ++time) rows.add(item, random() % 4, time);
    }
    const Journeys journeys = rows.build();
    const Pipeline pipeline(1, 1, 1, {0, 1, 2, Pipeline::kUnlisted});
    std::map<Rows, std::uint32_t> numbers;
    std::vector<std::uint32_t> expected, example;
    for (std::size_t item = 0; item < journeys.n_items(); ++item) {
        const Rows stages = stages_visited(journeys, pipeline, item);
        const auto next = static_cast<std::uint32_t>(numbers.size());
        const auto [found, is_new] = numbers.try_emplace(stages, next);
        if (stages.empty()) {
            if (is_new) numbers.erase(found);
            expected.push_back(Variants::kNone);
            continue;
        }
        expected.push_back(found->second);
        if (is_new) example.push_back(static_cast<std::uint32_t>(item));
    }
    for (const unsigned threads : {1U, 2U, 5U}) {
        const Variants found = find_variants(journeys, pipeline, threads);
        EXPECT_TRUE(std::equal(found.of_item.begin(), found.of_item.end(), expected.begin(), expected.end()));
        EXPECT_EQ(found.example, example);
    }
}

TEST(MostFrequent, ComesFirstAndTiesAreInTheOrderOfTheirStages) {
    const Log log = log_of(
        {{1, "Offer", 0}, {2, "New", 0}, {2, "Offer", 1}, {3, "New", 0}, {4, "Won", 0}, {5, "Won", 0}});
    const Pipeline pipeline = kVariantStages.read(log);
    const Variants found = find_variants(log.journeys, pipeline, 1);
    const auto of = [&](std::int64_t item) { return found.of_item[log.place_of(item)]; };
    const std::vector<std::uint32_t> variant{of(1), of(2), of(3), of(4), of(1), of(3)};
    const std::vector<std::int64_t> items{1, 1, 1, 2, 7, 7}, bounds{0, 4, 6};
    using Places = std::vector<std::uint64_t>;
    EXPECT_EQ(most_frequent(log.journeys, pipeline, found, variant, items, bounds, 9),
              (Places{3, 2, 1, 0, 5, 4}));
    EXPECT_EQ(most_frequent(log.journeys, pipeline, found, variant, items, bounds, 2), (Places{3, 2, 5, 4}));
}

TEST(MostFrequent, RefusesVariantsAndBoundsThatAreNotThere) {
    const Log log = log_of({{1, "New", 0}});
    const Pipeline pipeline = kVariantStages.read(log);
    const Variants found = find_variants(log.journeys, pipeline, 1);
    const auto refuses = [&](const std::vector<std::uint32_t>& variant,
                             const std::vector<std::int64_t>& items,
                             const std::vector<std::int64_t>& bounds) {
        EXPECT_THROW(
            static_cast<void>(most_frequent(log.journeys, pipeline, found, variant, items, bounds, 1)),
            std::invalid_argument);
    };
    refuses({0}, {}, {0, 1});
    refuses({1}, {1}, {0, 1});
    refuses({0}, {1}, {0, 2});
    refuses({0}, {1}, {1, 0});
    EXPECT_THROW(static_cast<void>(stages_visited(log.journeys, pipeline, 1)), std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::stages
