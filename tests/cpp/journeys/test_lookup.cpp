#include <gtest/gtest.h>

#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/journeys/lookup.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::journeys {
namespace {

using namespace stagefunnel::testing;

Log small_log() { return log_of({{7, "New", 1}, {8, "New", 2}, {7, "Won", 3}}); }

/// Two items with texts as keys, "a" and "b".
Journeys text_journeys() {
    const Column item = texts_column({"a", "b", "a"}), time = numbers_column<std::int64_t>({1, 2, 3});
    const columns::StageCodes stages = columns::encode_stages(texts_column({"New", "New", "Won"}));
    return build_journeys(columns::encode_items(item), stages, columns::encode_times(time), {}, {}, 1);
}

/// The place of the item with each of some keys, -1 for one that no item has.
std::vector<std::int64_t> places_by_key(const Log& log, const std::vector<std::int64_t>& keys) {
    return places_of(log.journeys, columns::encode_items(numbers_column(keys)));
}

TEST(PlacesOf, AreTheSameForFewKeysAndForMany) {
    // Fewer keys than items are put in a table of their own; else the items are.
    const Log log = log_of({{7, "New", 1}, {8, "New", 2}, {7, "Won", 3}, {-3, "New", 1}, {40, "New", 1}});
    const auto place = [&](std::int64_t item) { return static_cast<std::int64_t>(log.place_of(item)); };
    const std::vector<std::int64_t> few{8, 9, 8}, many{8, 9, 8, 7, -3, 40, 9};
    EXPECT_EQ(places_by_key(log, few), (std::vector<std::int64_t>{place(8), -1, place(8)}));
    EXPECT_EQ(places_by_key(log, many),
              (std::vector<std::int64_t>{place(8), -1, place(8), place(7), place(-3), place(40), -1}));
}

TEST(PlacesOf, FewKeysWithAMissingOneFindNoItemForIt) {
    // The value under the mask is zero, which is also the key of an item of the log.
    const Log log = log_of({{0, "New", 1}, {7, "New", 1}, {8, "New", 1}});
    const Column keys = numbers_column<std::int64_t>({0, 8}, {1, 0});
    EXPECT_EQ(places_of(log.journeys, columns::encode_items(keys)),
              (std::vector<std::int64_t>{-1, static_cast<std::int64_t>(log.place_of(8))}));
}

TEST(PlacesOf, FewTextsAreFound) {
    const Journeys journeys = text_journeys();
    const std::vector<std::int64_t> places = places_of(journeys, columns::encode_items(texts_column({"b"})));
    ASSERT_EQ(places.size(), 1U);
    EXPECT_EQ(places[0], items_by_first_row(journeys)[1]);
    EXPECT_EQ(places_of(journeys, columns::encode_items(texts_column({"c"}))), std::vector<std::int64_t>{-1});
}

TEST(MatchItems, FindsTheRowOfEachItem) {
    const Log log = small_log();
    const Column table = numbers_column<std::int64_t>({9, 8, 7});
    const TableRows match = match_items(log.journeys, columns::encode_items(table));
    EXPECT_EQ(match.row.at(log.place_of(7)), 2);
    EXPECT_EQ(match.row.at(log.place_of(8)), 1);
    EXPECT_FALSE(match.duplicate);
}

TEST(MatchItems, GivesMinusOneForAnItemThatTheTableLacks) {
    const Log log = small_log();
    const Column table = numbers_column<std::int64_t>({8});
    const TableRows match = match_items(log.journeys, columns::encode_items(table));
    EXPECT_EQ(match.row.at(log.place_of(7)), -1);
    EXPECT_EQ(match.row.at(log.place_of(8)), 0);
}

TEST(MatchItems, FindsIntegersOfAnotherWidth) {
    const Log log = small_log();
    const Column table = numbers_column<double>({7, 8});
    EXPECT_EQ(match_items(log.journeys, columns::encode_items(table)).row.at(log.place_of(8)), 1);
}

TEST(MatchItems, FindsTexts) {
    const Journeys journeys = text_journeys();
    const Column table = texts_column({"c", "b"});
    std::vector<std::int64_t> rows;
    const TableRows match = match_items(journeys, columns::encode_items(table));
    for (const std::uint32_t item : items_by_first_row(journeys)) rows.push_back(match.row[item]);
    EXPECT_EQ(rows, (std::vector<std::int64_t>{-1, 1}));
}

TEST(MatchItems, ReportsTheFirstDuplicateOfTheTable) {
    const Column table = numbers_column<std::int64_t>({5, 6, 9, 6, 5});
    const TableRows match = match_items(small_log().journeys, columns::encode_items(table));
    ASSERT_TRUE(match.duplicate);
    EXPECT_EQ(match.duplicate->first_row, 1U);
    EXPECT_EQ(match.duplicate->second_row, 3U);
}

TEST(MatchItems, ReportsADuplicateText) {
    const Column table = texts_column({"b", "a", "b"});
    const TableRows match = match_items(text_journeys(), columns::encode_items(table));
    ASSERT_TRUE(match.duplicate);
    EXPECT_EQ(match.duplicate->first_row, 0U);
    EXPECT_EQ(match.duplicate->second_row, 2U);
}

TEST(MatchItems, TakesMissingKeysNeitherAsDuplicatesNorAsAMatch) {
    // The values under the mask are zero, which is also the key of an item of the log.
    const Log log = log_of({{0, "New", 1}, {7, "New", 1}});
    const Column table = numbers_column<std::int64_t>({0, 0, 7}, {1, 1, 0});
    const TableRows match = match_items(log.journeys, columns::encode_items(table));
    EXPECT_FALSE(match.duplicate);
    EXPECT_EQ(match.row.at(log.place_of(0)), -1);
    EXPECT_EQ(match.row.at(log.place_of(7)), 2);
}

TEST(MatchItems, TakesATableWithoutRows) {
    EXPECT_EQ(match_items(text_journeys(), columns::encode_items(texts_column({}))).row,
              (std::vector<std::int64_t>{-1, -1}));
}

TEST(MatchItems, TakesALogWithoutItems) {
    const Column table = numbers_column<std::int64_t>({1});
    EXPECT_TRUE(match_items(log_of({}).journeys, columns::encode_items(table)).row.empty());
}

TEST(MatchItems, FindsEveryOneOfManyItems) {
    CodedRows log;
    std::vector<std::int64_t> keys;
    for (std::int64_t i = 0; i < 50'000; ++i) {
        log.add(static_cast<std::uint64_t>(i), 0, 0);
        keys.push_back(49'999 - i);
    }
    const Journeys journeys = log.build();
    const Column table = numbers_column(keys);
    const TableRows match = match_items(journeys, columns::encode_items(table));
    std::size_t wrong = 0;
    for (std::size_t item = 0; item < journeys.n_items(); ++item) {
        if (match.row[item] != 49'999 - static_cast<std::int64_t>(journeys.key[item])) ++wrong;
    }
    EXPECT_EQ(wrong, 0U);
}

TEST(TakeItems, ReturnsJourneysInTheOrderAskedForAsOftenAsAskedFor) {
    const Journeys all = small_log().journeys;
    ASSERT_EQ(all.n_items(), 2U);
    const std::vector<std::uint32_t> places{1, 0, 1};
    const Journeys taken = take_items(all, places);
    ASSERT_EQ(taken.n_items(), 3U);
    for (std::size_t i = 0; i < places.size(); ++i) {
        const std::uint32_t item = places[i];
        EXPECT_EQ(taken.key[i], all.key[item]);
        EXPECT_EQ(taken.first_row[i], all.first_row[item]);
        const auto times = [](const Journeys& journeys, std::size_t at) {
            return std::vector<std::int64_t>(
                journeys.time.begin() + static_cast<std::ptrdiff_t>(journeys.offsets[at]),
                journeys.time.begin() + static_cast<std::ptrdiff_t>(journeys.offsets[at + 1]));
        };
        EXPECT_EQ(times(taken, i), times(all, item));
    }
}

TEST(TakeItems, RefusesAnItemThatTheLogDoesNotHave) {
    const std::vector<std::uint32_t> places{2};
    EXPECT_THROW(static_cast<void>(take_items(small_log().journeys, places)), std::invalid_argument);
}

TEST(RowsOfCodes, CountsTheRowsOfItemsByStage) {
    // Item 5 has the codes 0, 1, 1 and a row without a stage; item 6 has 1.
    CodedRows rows;
    rows.n_labels = 2;
    for (const std::size_t code : {0, 1, 1, 2}) rows.add(5, code, 0);
    rows.add(6, 1, 0);
    const Journeys journeys = rows.build();
    const std::uint32_t five = journeys.key[0] == 5 ? 0 : 1;
    using Rows = std::vector<std::uint64_t>;
    EXPECT_EQ(rows_of_codes(journeys, std::vector<std::uint32_t>{five}, 1), (Rows{1, 2, 1}));
    EXPECT_EQ(rows_of_codes(journeys, std::vector<std::uint32_t>{0, 1}, 2), (Rows{1, 3, 1}));
    EXPECT_EQ(rows_of_codes(journeys, {}, 1), (Rows{0, 0, 0}));
    EXPECT_THROW(static_cast<void>(rows_of_codes(journeys, std::vector<std::uint32_t>{2}, 1)),
                 std::invalid_argument);
}

TEST(JourneyOf, ReturnsTheJourneyOfOneItemAsALogOfItsOwn) {
    const Log log = small_log();
    const Column key = numbers_column<std::int64_t>({7});
    const std::optional<Journeys> one = journey_of(log.journeys, columns::encode_items(key));
    ASSERT_TRUE(one);
    const Log single{*one, log.labels};
    EXPECT_EQ(single.journeys.n_items(), 1U);
    EXPECT_EQ(list_of(single.journeys.offsets), (std::vector<std::uint64_t>{0, 2}));
    EXPECT_EQ(single.journeys.n_labels, 2U);
    EXPECT_EQ(single.stages_of(7), (Labels{"New", "Won"}));
    EXPECT_EQ(single.times_of(7), (std::vector<std::int64_t>{1, 3}));
    EXPECT_EQ(list_of(single.journeys.first_row), (std::vector<std::uint32_t>{0}));
}

TEST(JourneyOf, FindsAnItemByItsText) {
    const Journeys journeys = text_journeys();
    const Column key = texts_column({"b"});
    const std::optional<Journeys> one = journey_of(journeys, columns::encode_items(key));
    ASSERT_TRUE(one);
    EXPECT_EQ(list_of(one->time), (std::vector<std::int64_t>{2}));
    EXPECT_EQ(one->high.size(), 1U);
}

TEST(JourneyOf, FindsNothingForAnItemThatTheLogDoesNotHave) {
    const Column number = numbers_column<std::int64_t>({9});
    EXPECT_FALSE(journey_of(small_log().journeys, columns::encode_items(number)));
    const Column text = texts_column({"c"});
    EXPECT_FALSE(journey_of(text_journeys(), columns::encode_items(text)));
}

}  // namespace
}  // namespace stagefunnel::journeys
