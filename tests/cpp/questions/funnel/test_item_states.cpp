#include <gtest/gtest.h>

#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "stagefunnel/journeys/lookup.hpp"
#include "stagefunnel/questions/funnel/funnel.hpp"
#include "stagefunnel/questions/funnel/item_states.hpp"
#include "support/log_builder.hpp"
#include "support/random_log.hpp"

namespace stagefunnel::funnel {
namespace {

using namespace stagefunnel::testing;

TEST(ItemStates, AreNotFoundForFewItemsOrManyStages) {
    EXPECT_FALSE(find_states(random_log(100, 20, 6).build(), same_rows(4, 1, 1), 1).has_value());
    EXPECT_FALSE(find_states(random_log(40'000, 20'000, 13).build(), same_rows(11, 1, 1), 1).has_value());
}

TEST(ItemStates, CountAllItemsWithAListedRow) {
    const Journeys journeys = random_log(20'000, 6'000, 2).build();
    const auto item_states = find_states(journeys, Pipeline(1, 1, 0, {0, 1}), 7);
    ASSERT_TRUE(item_states.has_value());
    std::size_t n_items = 0;
    for (const ItemStates::State& state : item_states->states) n_items += state.items;
    EXPECT_EQ(n_items, journeys.n_items());
}

TEST(ItemStates, HoldTheStateOfEachItemOnRequest) {
    CodedRows rows = random_log(20'000, 6'000, 3);
    rows.add(7'000, 2, 0);  // this item has an unlisted row only
    const Journeys journeys = rows.build();
    const Pipeline pipeline(1, 1, 0, {0, 1, Pipeline::kUnlisted});
    EXPECT_TRUE(find_states(journeys, pipeline, 2)->of_item.empty());
    const auto item_states = find_states_of_items(journeys, pipeline, 2);
    ASSERT_EQ(item_states->of_item.size(), journeys.n_items());
    std::vector<std::uint32_t> items(item_states->states.size(), 0);
    for (std::size_t item = 0; item < journeys.n_items(); ++item) {
        const std::uint32_t state = item_states->of_item[item];
        if (journeys.key[item] == 7'000) {
            EXPECT_EQ(state, ItemStates::kNoState);
        } else if (state != ItemStates::kNoState) {
            ++items.at(state);
        }
    }
    for (std::size_t state = 0; state < items.size(); ++state)
        EXPECT_EQ(items[state], item_states->states[state].items);
    EXPECT_EQ(find_states_of_items(journeys, pipeline, 7)->of_item, item_states->of_item);
}

TEST(ItemStates, OfChosenItemsAreThoseOfALogOfThese) {
    CodedRows rows = random_log(40'000, 12'000, 4);
    rows.add(20'000, 3, 0);  // this item has an unlisted row only
    const Journeys journeys = rows.build();
    const Pipeline pipeline(1, 1, 1, {0, 1, 2, Pipeline::kUnlisted});
    std::vector<std::uint32_t> chosen;
    for (std::uint32_t item = 0; item < journeys.n_items(); ++item) {
        if (journeys.key[item] % 3 == 0 || journeys.key[item] == 20'000) chosen.push_back(item);
    }
    const auto all = find_states_of_items(journeys, pipeline, 2);
    const auto own = find_states_of_items(journeys::take_items(journeys, chosen), pipeline, 1);
    for (const unsigned threads : {1U, 3U}) {
        const ItemStates found = states_of_chosen(*all, chosen, threads);
        ASSERT_EQ(found.of_item.size(), chosen.size());
        for (std::size_t i = 0; i < chosen.size(); ++i) {
            ASSERT_EQ(found.of_item[i], all->of_item[chosen[i]]);
            if (found.of_item[i] == ItemStates::kNoState) continue;
            EXPECT_EQ(found.states[found.of_item[i]].items, own->states[own->of_item[i]].items);
        }
        for (const LostThenWon rule : {LostThenWon::include, LostThenWon::exclude}) {
            const std::vector<Options> funnels{
                {.kind = Kind::furthest, .lost_then_won = rule, .group = {}, .amount = {}}};
            const Counts counts = count_funnels(pipeline, funnels, found).front();
            const Counts expected = count_funnels(pipeline, funnels, *own).front();
            EXPECT_EQ(counts.passed, expected.passed);
            EXPECT_EQ(counts.skipped, expected.skipped);
            EXPECT_EQ(counts.won, expected.won);
            EXPECT_EQ(counts.left_out, expected.left_out);
        }
    }
}

TEST(ItemStates, OfChosenItemsAreFoundInTheirRowsAlone) {
    CodedRows rows = random_log(60'000, 20'000, 4);
    rows.add(30'000, 3, 0);  // this item has an unlisted row only
    const Journeys journeys = rows.build();
    std::vector<std::uint32_t> chosen;
    for (std::uint32_t item = 0; item < journeys.n_items(); ++item) {
        if (journeys.key[item] % 3 != 0 || journeys.key[item] == 30'000) chosen.push_back(item);
    }
    const std::int64_t always = StageRules::kAlways, forever = StageRules::kForever;
    const std::vector<StageRules> all_rules{
        {},
        {.optional = {0, 0}, .since = {always, 500}, .until = {forever, forever}},
        {.optional = {1, 0}, .since = {100, 300}, .until = {700, 900}}};
    const Journeys own = journeys::take_items(journeys, chosen);
    for (const StageRules& rules : all_rules) {
        const Pipeline pipeline(2, 1, 0, {0, 1, 2, Pipeline::kUnlisted}, rules);
        for (const Kind kind : {Kind::classic, Kind::conversions_won, Kind::furthest}) {
            const std::vector<Options> funnels{{.kind = kind, .group = {}, .amount = {}}};
            // Amounts make the core count by the state of each item.
            const std::vector<double> amounts(chosen.size(), 1.0);
            const std::vector<Options> summed{{.kind = kind, .group = {}, .amount = amounts}};
            const Counts expected = count_funnel(own, pipeline, summed.front(), nullptr);
            for (const unsigned threads : {1U, 3U}) {
                const auto found = find_states_of_chosen(journeys, pipeline, chosen, threads);
                ASSERT_TRUE(found.has_value());
                ASSERT_EQ(found->of_item.size(), chosen.size());
                for (const auto& asked : {funnels, summed}) {
                    const Counts counts = count_funnels(pipeline, asked, *found).front();
                    EXPECT_EQ(counts.passed, expected.passed);
                    EXPECT_EQ(counts.assumed, expected.assumed);
                    EXPECT_EQ(counts.skipped, expected.skipped);
                    EXPECT_EQ(counts.began_beyond, expected.began_beyond);
                    EXPECT_EQ(counts.beyond_absent, expected.beyond_absent);
                    EXPECT_EQ(counts.open_at, expected.open_at);
                    EXPECT_EQ(counts.won, expected.won);
                }
            }
        }
    }
}

TEST(ItemStates, OfFlaggedItemsAreThoseOfALogOfThese) {
    CodedRows rows = random_log(60'000, 20'000, 4);
    rows.add(30'000, 3, 0);  // this item has an unlisted row only
    const Journeys journeys = rows.build();
    std::vector<std::uint8_t> is_flagged(journeys.n_items());
    std::vector<std::uint32_t> flagged;
    for (std::uint32_t item = 0; item < journeys.n_items(); ++item) {
        is_flagged[item] = journeys.key[item] % 7 != 0 ? 1 : 0;
        if (is_flagged[item] != 0) flagged.push_back(item);
    }
    const Journeys own = journeys::take_items(journeys, flagged);
    const std::int64_t always = StageRules::kAlways, forever = StageRules::kForever;
    const std::vector<StageRules> all_rules{
        {}, {.optional = {0, 0}, .since = {always, 500}, .until = {forever, forever}}};
    for (const StageRules& rules : all_rules) {
        const Pipeline pipeline(2, 1, 0, {0, 1, 2, Pipeline::kUnlisted}, rules);
        for (const Kind kind : {Kind::classic, Kind::conversions_won, Kind::furthest}) {
            const std::vector<Options> funnels{{.kind = kind, .group = {}, .amount = {}}};
            // Amounts make the core count by the state of each item.
            const std::vector<double> amounts(journeys.n_items(), 1.0);
            const auto counted_alone = [&](const Journeys& items) {
                const Options options{
                    .kind = kind, .group = {}, .amount = std::span(amounts).first(items.n_items())};
                return count_funnel(items, pipeline, options, nullptr);
            };
            for (const unsigned threads : {1U, 3U}) {
                const auto found = find_states_of_flagged(journeys, pipeline, is_flagged, threads);
                ASSERT_TRUE(found.has_value());
                EXPECT_TRUE(found->all.of_item.empty());
                for (const auto& [states, items] :
                     {std::pair(&found->all, &journeys), std::pair(&found->flagged, &own)}) {
                    const Counts counts = count_funnels(pipeline, funnels, *states).front();
                    const Counts expected = counted_alone(*items);
                    EXPECT_EQ(counts.passed, expected.passed);
                    EXPECT_EQ(counts.assumed, expected.assumed);
                    EXPECT_EQ(counts.skipped, expected.skipped);
                    EXPECT_EQ(counts.beyond_absent, expected.beyond_absent);
                    EXPECT_EQ(counts.open_at, expected.open_at);
                    EXPECT_EQ(counts.won, expected.won);
                }
            }
        }
    }
    is_flagged.pop_back();
    EXPECT_THROW((void)find_states_of_flagged(journeys, same_rows(2, 1, 0), is_flagged, 1),
                 std::invalid_argument);
}

TEST(ItemStates, OfItemsThatTheLogDoesNotHaveAreRefused) {
    const Journeys journeys = random_log(20'000, 6'000, 2).build();
    const Pipeline pipeline(1, 1, 0, {0, 1});
    const auto all = find_states_of_items(journeys, pipeline, 1);
    const std::vector<std::uint32_t> beyond{0, static_cast<std::uint32_t>(journeys.n_items())}, first{0};
    EXPECT_THROW(static_cast<void>(states_of_chosen(*all, beyond, 1)), std::invalid_argument);
    std::vector<std::uint32_t> many(5'000, 0);
    many.back() = beyond.back();
    EXPECT_THROW(static_cast<void>(find_states_of_chosen(journeys, pipeline, many, 1)),
                 std::invalid_argument);
    EXPECT_THROW(static_cast<void>(states_of_chosen(*find_states(journeys, pipeline, 1), first, 1)),
                 std::invalid_argument);
}

TEST(ItemStates, AreOneWhereItemsBeganBeyondTheSameUnvisitedStages) {
    // Of the stages A, B and C the first item began beyond A, and visits it later; the second began beyond
    // none; the third began beyond A and B, and visits B later.
    CodedRows rows;
    rows.n_labels = 3;
    for (std::uint64_t item = 0; item < 3'000; ++item) {
        const std::vector<std::size_t> codes = item % 3 == 0   ? std::vector<std::size_t>{1, 0, 1}
                                               : item % 3 == 1 ? std::vector<std::size_t>{0, 1, 0, 1}
                                                               : std::vector<std::size_t>{2, 1};
        std::int64_t time = 0;
        for (const std::size_t code : codes) rows.add(item, code, time++);
    }
    const Journeys journeys = rows.build();
    const auto item_states = find_states_of_items(journeys, Pipeline(3, 0, 0, {0, 1, 2}), 2);
    ASSERT_EQ(item_states->states.size(), 2U);
    EXPECT_EQ(item_states->states[0].items + item_states->states[1].items, 3'000U);
    std::vector<std::uint32_t> state_of_key(3'000);
    for (std::size_t item = 0; item < journeys.n_items(); ++item)
        state_of_key[journeys.key[item]] = item_states->of_item[item];
    EXPECT_EQ(state_of_key[0], state_of_key[1]);
    EXPECT_NE(state_of_key[0], state_of_key[2]);
    for (std::size_t key = 0; key < 3'000; ++key) EXPECT_EQ(state_of_key[key], state_of_key[key % 3]);
}

}  // namespace
}  // namespace stagefunnel::funnel
