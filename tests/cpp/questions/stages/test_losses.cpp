#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "stagefunnel/questions/stages/losses.hpp"
#include "stagefunnel/scan/selection.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::stages {
namespace {

using namespace stagefunnel::testing;

const Stages kLossStages{{"New", "Offer"}, {"Won"}, {"Lost", "Spam"}};

constexpr std::int64_t kNotEnded = scan::Marks::kNotEnded;

Losses losses_of(const std::vector<Row>& rows) {
    const Log log = log_of(rows);
    return find_losses(log.journeys, kLossStages.read(log), 1);
}

TEST(FindLosses, ListsTheItemsThatAreLostNow) {
    const Losses losses =
        losses_of({{1, "New", 0}, {1, "Lost", 4}, {2, "Lost", 0}, {2, "Won", 1}, {3, "New", 0}});
    EXPECT_EQ(losses.item.size(), 1U);
    EXPECT_EQ(losses.from_stage, (std::vector<std::int32_t>{0}));
    EXPECT_EQ(losses.lost_stage, (std::vector<std::int32_t>{3}));
}

TEST(FindLosses, TimesTheFirstOfTheClosingLostVisits) {
    const Losses losses = losses_of({{1, "New", 1},
                                     {1, "Lost", 2},
                                     {1, "Offer", 10},
                                     {1, "Offer", 12},
                                     {1, "Lost", 15},
                                     {1, "Spam", 40}});
    EXPECT_EQ(losses.until_lost, (std::vector<std::uint64_t>{14}));
    EXPECT_EQ(losses.in_stage, (std::vector<std::uint64_t>{5}));
    EXPECT_EQ(losses.from_stage, (std::vector<std::int32_t>{1}));
    EXPECT_EQ(losses.lost_stage, (std::vector<std::int32_t>{4}));
}

TEST(FindLosses, AReturnIsLostFromItsWonStage) {
    const Losses losses = losses_of({{1, "New", 0}, {1, "Won", 3}, {1, "Lost", 9}});
    EXPECT_EQ(losses.from_stage, (std::vector<std::int32_t>{2}));
    EXPECT_EQ(losses.in_stage, (std::vector<std::uint64_t>{6}));
}

TEST(FindLosses, AnItemCreatedLostWasLostFromNowhere) {
    const Losses losses = losses_of({{1, "Lost", 3}, {1, "Spam", 9}});
    EXPECT_EQ(losses.from_stage, (std::vector<std::int32_t>{-1}));
    EXPECT_EQ(losses.until_lost, (std::vector<std::uint64_t>{0}));
    EXPECT_EQ(losses.in_stage, (std::vector<std::uint64_t>{0}));
}

TEST(FindLosses, EndsTheStageWhereItsVisitEnded) {
    const Log log = log_of({{1, "New", 0}, {1, "Offer", 2}, {1, "Lost", 9}});
    const std::vector<std::int64_t> ended{kNotEnded, 6, kNotEnded};
    const scan::Marks marks{.whole = log.journeys, .ended = ended};
    const Losses losses = find_losses(log.journeys, kLossStages.read(log), 1, &marks);
    EXPECT_EQ(losses.in_stage, (std::vector<std::uint64_t>{4}));
    EXPECT_EQ(losses.until_lost, (std::vector<std::uint64_t>{9}));
    EXPECT_EQ(losses.start_unknown, (std::vector<std::uint8_t>{0}));
}

TEST(FindLosses, SaysWhichTimesHaveNoKnownStart) {
    const Log log = log_of({{1, "New", 0}, {1, "Offer", 2}, {1, "Lost", 9}});
    const std::vector<std::uint8_t> first{1, 0, 0}, second{0, 1, 0};
    for (const auto& flags : {first, second}) {
        const scan::Marks marks{.whole = log.journeys, .start_unknown = flags};
        const Losses losses = find_losses(log.journeys, kLossStages.read(log), 1, &marks);
        EXPECT_EQ(losses.creation_unknown[0], flags[0]);
        EXPECT_EQ(losses.start_unknown[0], flags[1]);
    }
}

TEST(FindLosses, HoldsLengthsBeyondSignedIntegers) {
    constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min() + 1;
    constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();
    const Losses losses = losses_of({{1, "New", kLow}, {1, "Lost", kHigh}});
    EXPECT_EQ(losses.until_lost, (std::vector<std::uint64_t>{std::numeric_limits<std::uint64_t>::max() - 1}));
}

/// Rows of one item, as places in a log of this item alone.
struct OneItem {
    explicit OneItem(const Labels& stages)
        : log(log_of_journeys({stages})), pipeline(kLossStages.read(log)) {}

    [[nodiscard]] std::int64_t row(LossRow at) const {
        return rows_of_losses(log.journeys, pipeline, log.journeys, at, 1)[0];
    }
    [[nodiscard]] std::int64_t last_value(const std::vector<std::int32_t>& value) const {
        return last_values_of_losses(log.journeys, pipeline, log.journeys, value, 1)[0];
    }

    Log log;
    Pipeline pipeline;
};

TEST(RowsOfLosses, AreThoseThatClosedTheItemAndThatItWasLostFrom) {
    const OneItem item({"Lost", "New", "Offer", "Offer", "Lost", "Lost", "Spam"});
    EXPECT_EQ(item.row(LossRow::closed), 4);
    EXPECT_EQ(item.row(LossRow::left), 2);
}

TEST(RowsOfLosses, AnItemCreatedLostWasLeftWhereItWasClosed) {
    const OneItem item({"Elsewhere", "Lost", "Spam"});
    EXPECT_EQ(item.row(LossRow::closed), 1);
    EXPECT_EQ(item.row(LossRow::left), 1);
}

TEST(RowsOfLosses, HaveNoneForAnItemThatIsNotLostNow) {
    for (const Labels& stages :
         {Labels{"New"}, Labels{"Lost", "New"}, Labels{"Lost", "Won"}, Labels{"Elsewhere"}})
        EXPECT_EQ(OneItem(stages).row(LossRow::closed), -1);
}

TEST(LastValuesOfLosses, AreTheLastOfTheClosingLostVisits) {
    EXPECT_EQ(OneItem({"New", "Lost"}).last_value({1, 0}), 1);
    EXPECT_EQ(OneItem({"Lost", "Lost", "Lost"}).last_value({0, -1, 2}), 2);
    EXPECT_EQ(OneItem({"Lost", "Lost", "Lost"}).last_value({0, 1, -1}), 1);
    EXPECT_EQ(OneItem({"Lost", "Spam"}).last_value({0, -1}), 0);
}

TEST(LastValuesOfLosses, DoNotComeFromBeforeTheClosingLostVisitsNorFromUnlistedRows) {
    EXPECT_EQ(OneItem({"New", "Lost"}).last_value({1, -1}), -1);
    EXPECT_EQ(OneItem({"Lost", "New", "Lost"}).last_value({0, 1, -1}), -1);
    EXPECT_EQ(OneItem({"Lost", "Elsewhere"}).last_value({-1, 1}), -1);
    EXPECT_EQ(OneItem({"Lost", "New"}).last_value({0, -1}), -1);
}

TEST(LastValuesOfLosses, ArePlacesInTheWholeLog) {
    const Log log = log_of({{1, "New", 0}, {1, "Lost", 1}, {1, "Lost", 5}, {2, "Lost", 2}, {2, "New", 6}});
    const Pipeline pipeline = kLossStages.read(log);
    scan::Selection before;
    before.as_of = 5;
    const Journeys journeys = scan::select_journeys(log.journeys, pipeline, before, 1);
    const std::vector<std::int32_t> value(log.journeys.n_rows(), 0);
    const auto found = last_values_of_losses(journeys, pipeline, log.journeys, value, 1);
    for (const std::int64_t item : {1, 2}) {
        const std::size_t place = log.place_of(item);
        const std::uint64_t first = log.journeys.offsets[place];
        EXPECT_EQ(found[place], static_cast<std::int64_t>(first) + (item == 1 ? 1 : 0));
    }
}

TEST(LastValuesOfLosses, RefuseOtherItemsAndValuesThatAreNotOnePerRow) {
    const OneItem item({"New", "Lost"});
    EXPECT_THROW(static_cast<void>(item.last_value({1})), std::invalid_argument);
    const Log other = log_of_journeys({{"New"}, {"Lost"}});
    EXPECT_THROW(
        static_cast<void>(rows_of_losses(item.log.journeys, item.pipeline, other.journeys, LossRow::left, 1)),
        std::invalid_argument);
}

TEST(FindLosses, IsTheSameForAnyNumberOfThreads) {
    CodedRows rows;
    rows.n_labels = 5;
    std::mt19937_64 random(5);
    for (std::uint64_t i = 0; i < 150'000; ++i)
        rows.add(i % 50'000, random() % 5, static_cast<std::int64_t>(random() % 1'000));
    const Journeys journeys = rows.build();
    const Losses one = find_losses(journeys, same_rows(2, 1, 2), 1);
    const Losses many = find_losses(journeys, same_rows(2, 1, 2), 3);
    ASSERT_GT(one.item.size(), 0U);
    EXPECT_EQ(many.item, one.item);
    EXPECT_EQ(many.until_lost, one.until_lost);
    EXPECT_EQ(many.in_stage, one.in_stage);
}

}  // namespace
}  // namespace stagefunnel::stages
