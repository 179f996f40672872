#include <gtest/gtest.h>

#include <random>

#include "stagefunnel/questions/stages/flow.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::stages {
namespace {

using namespace stagefunnel::testing;

const Stages kStages{{"New", "Offer"}, {"Won"}, {"Lost"}};

/// The flow of a log; "Ordered" belongs to another pipeline, and other unlisted rows are ignored.
Flow flow_of(const std::vector<Row>& rows, const Period& period = {10, 20}) {
    const Log log = log_of(rows);
    std::vector<std::uint8_t> elsewhere;
    for (const std::string& label : log.labels) elsewhere.push_back(label == "Ordered");
    return count_flow(log.journeys, kStages.read(log), period, elsewhere, 1);
}

/// One number per stage: New, Offer, Won, Lost.
CountVector list(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d) {
    return CountVector{{a, b, c, d}};
}

TEST(CountFlow, AnItemStartsInTheStageOfItsLastRowBeforeThePeriod) {
    const Flow flow = flow_of({{1, "New", 1}, {1, "Offer", 9}, {2, "New", 10}});
    EXPECT_EQ(flow.at_start, list(0, 1, 0, 0));
    EXPECT_EQ(flow.created, list(1, 0, 0, 0));
    EXPECT_EQ(flow.at_end, list(1, 1, 0, 0));
}

TEST(CountFlow, ARowAtTheEndOrLaterIsNotCounted) {
    const Flow flow = flow_of({{1, "New", 19}, {1, "Offer", 20}, {2, "New", 25}});
    EXPECT_EQ(flow.created, list(1, 0, 0, 0));
    EXPECT_EQ(flow.at_end, list(1, 0, 0, 0));
    EXPECT_TRUE(flow.advanced.isZero());
}

TEST(CountFlow, CountsWhereAVisitCameFromAndWhereItWent) {
    const Flow flow = flow_of(
        {{1, "New", 1}, {1, "Offer", 11}, {1, "New", 12}, {1, "Won", 13}, {1, "Lost", 14}, {1, "Offer", 15}});
    EXPECT_EQ(flow.from_earlier, list(0, 1, 1, 0));
    EXPECT_EQ(flow.from_later, list(1, 0, 0, 0));
    EXPECT_EQ(flow.from_closed, list(0, 1, 0, 1));
    EXPECT_EQ(flow.advanced, list(1, 0, 0, 0));
    EXPECT_EQ(flow.went_back, list(0, 1, 0, 1));
    EXPECT_EQ(flow.won, list(1, 0, 0, 0));
    EXPECT_EQ(flow.lost, list(0, 0, 1, 0));
}

TEST(CountFlow, CountsEachVisitOfAnItem) {
    const Flow flow = flow_of({{1, "New", 11}, {1, "Offer", 12}, {1, "New", 13}, {1, "Offer", 14}});
    EXPECT_EQ(flow.from_earlier, list(0, 2, 0, 0));
}

TEST(CountFlow, ARowOfAnotherPipelineEndsAVisitAndAnIgnoredRowDoesNot) {
    const Flow flow = flow_of({{1, "New", 11},
                               {1, "Ordered", 12},
                               {1, "New", 13},
                               {2, "New", 11},
                               {2, "Call", 12},
                               {2, "New", 13}});
    EXPECT_EQ(flow.created, list(2, 0, 0, 0));
    EXPECT_EQ(flow.moved_out, list(1, 0, 0, 0));
    EXPECT_EQ(flow.moved_in, list(1, 0, 0, 0));
    EXPECT_EQ(flow.at_end, list(2, 0, 0, 0));
}

TEST(CountFlow, AnItemThatCameFromElsewhereWasNotCreatedHere) {
    const Flow flow = flow_of({{1, "Ordered", 1}, {1, "Offer", 11}});
    EXPECT_EQ(flow.moved_in, list(0, 1, 0, 0));
    EXPECT_TRUE(flow.created.isZero());
    EXPECT_TRUE(flow.at_start.isZero());
}

TEST(CountFlow, WithoutBoundsThePeriodIsTheWholeLog) {
    const Flow flow = flow_of({{1, "New", 1}, {1, "Offer", 40}}, {});
    EXPECT_TRUE(flow.at_start.isZero());
    EXPECT_EQ(flow.created, list(1, 0, 0, 0));
    EXPECT_EQ(flow.at_end, list(0, 1, 0, 0));
}

TEST(CountFlow, BalancesForAnyLogAndIsTheSameForAnyNumberOfThreads) {
    CodedRows rows;
    rows.n_labels = 8;
    std::mt19937_64 random(5);
    for (std::uint64_t i = 0; i < 150'000; ++i)
        rows.add(i % 50'000, random() % 8, static_cast<std::int64_t>(random() % 1'000));
    const Journeys journeys = rows.build();
    const Pipeline pipeline(4, 1, 1, {0, 1, 2, 3, 4, 5, Pipeline::kUnlisted, Pipeline::kUnlisted});
    const std::vector<std::uint8_t> elsewhere{0, 0, 0, 0, 0, 0, 1, 0};
    const Flow flow = count_flow(journeys, pipeline, {200, 700}, elsewhere, 1);
    ASSERT_GT(flow.advanced.sum(), 0);
    EXPECT_EQ(
        CountVector(flow.at_start + flow.created + flow.from_earlier + flow.from_later + flow.from_closed +
                    flow.moved_in),
        CountVector(flow.advanced + flow.went_back + flow.won + flow.lost + flow.moved_out + flow.at_end));
    const Flow parted = count_flow(journeys, pipeline, {200, 700}, elsewhere, 3);
    EXPECT_EQ(parted.at_end, flow.at_end);
    EXPECT_EQ(parted.went_back, flow.went_back);
}

TEST(CountFlow, RefusesFlagsThatAreNotOnePerStage) {
    const Log log = log_of({{1, "New", 1}});
    const std::vector<std::uint8_t> two{0, 0};
    EXPECT_THROW(static_cast<void>(count_flow(log.journeys, kStages.read(log), {}, two, 1)),
                 std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::stages
