#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "log_builder.hpp"
#include "stagefunnel/digest.hpp"

namespace stagefunnel::testing {
namespace {

CodedRows random_log(std::size_t n_rows, std::uint64_t n_items, std::size_t n_labels) {
    std::mt19937_64 random(20'261'124);
    CodedRows log;
    log.n_labels = n_labels;
    for (std::size_t row = 0; row < n_rows; ++row) {
        log.add(random() % n_items, random() % n_labels, static_cast<std::int64_t>(random() % 1'000));
    }
    return log;
}

TEST(Digest, IsNotMadeOfFewItemsOrManyStages) {
    EXPECT_FALSE(digest_of(random_log(100, 20, 6).build(), same_rows(4, 1, 1), 1).has_value());
    EXPECT_FALSE(digest_of(random_log(40'000, 20'000, 13).build(), same_rows(11, 1, 1), 1).has_value());
}

TEST(Digest, HasAllItemsWithAListedRow) {
    const Journeys journeys = random_log(20'000, 6'000, 2).build();
    const auto digest = digest_of(journeys, Pipeline(1, 1, 0, {0, 1}), 7);
    ASSERT_TRUE(digest.has_value());
    std::size_t n_items = 0;
    for (const Digest::State& state : digest->states) n_items += state.items;
    EXPECT_EQ(n_items, journeys.n_items());
}

TEST(Digest, KnowsTheStateOfEachItemWhereThatIsAskedFor) {
    CodedRows rows = random_log(20'000, 6'000, 3);
    rows.add(7'000, 2, 0);  // this item has an unlisted row only
    const Journeys journeys = rows.build();
    const Pipeline pipeline(1, 1, 0, {0, 1, Pipeline::kUnlisted});
    EXPECT_TRUE(digest_of(journeys, pipeline, 2)->of_item.empty());
    const auto digest = digest_of_items(journeys, pipeline, 2);
    ASSERT_EQ(digest->of_item.size(), journeys.n_items());
    std::vector<std::uint32_t> items(digest->states.size(), 0);
    for (std::size_t item = 0; item < journeys.n_items(); ++item) {
        const std::uint32_t state = digest->of_item[item];
        if (journeys.key[item] == 7'000) {
            EXPECT_EQ(state, Digest::kNoState);
        } else if (state != Digest::kNoState) {
            ++items.at(state);
        }
    }
    for (std::size_t state = 0; state < items.size(); ++state)
        EXPECT_EQ(items[state], digest->states[state].items);
    EXPECT_EQ(digest_of_items(journeys, pipeline, 7)->of_item, digest->of_item);
}

}  // namespace
}  // namespace stagefunnel::testing
