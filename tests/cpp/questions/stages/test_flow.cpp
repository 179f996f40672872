#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <random>
#include <string_view>
#include <vector>

#include "stagefunnel/questions/stages/flow.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::stages {
namespace {

using namespace stagefunnel::testing;

const Stages kStages{{"New", "Offer"}, {"Won"}, {"Lost"}};
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kNoStart = std::numeric_limits<std::int64_t>::min();

/// A stretch of time, cut into periods that begin at `starts`.
struct Stretch {
    std::vector<std::int64_t> starts{10};
    std::optional<std::int64_t> end = 20;
};

/// The flow of a log; "Ordered" belongs to another pipeline, and other unlisted rows are ignored.
Flow flow_of(const std::vector<Row>& rows, const Stretch& stretch = {},
             const std::vector<double>& amount = {}, bool amount_of_item = false) {
    const Log log = log_of(rows);
    std::vector<std::uint8_t> elsewhere;
    for (const std::string& label : log.labels) elsewhere.push_back(label == "Ordered");
    return count_flow(log.journeys, kStages.read(log),
                      {.starts = stretch.starts,
                       .end = stretch.end,
                       .elsewhere = elsewhere,
                       .amount = amount,
                       .amount_of_item = amount_of_item});
}

/// One number per stage: New, Offer, Won, Lost.
CountVector list(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d) {
    return CountVector{{a, b, c, d}};
}
SumVector sums(double a, double b, double c, double d) { return SumVector{{a, b, c, d}}; }

TEST(CountFlow, AnItemStartsInTheStageOfItsLastRowBeforeThePeriod) {
    const Flow flow = flow_of({{1, "New", 1}, {1, "Offer", 9}, {2, "New", 10}});
    EXPECT_EQ(flow.at_start, list(0, 1, 0, 0));
    EXPECT_EQ(flow.created, list(1, 0, 0, 0));
    EXPECT_EQ(flow.at_end, list(1, 1, 0, 0));
}

TEST(CountFlow, ExactSumsAreThoseThatAreRounded) {
    const Log log =
        log_of({{1, "New", 1}, {1, "Offer", 12}, {1, "Offer", 13}, {1, "New", 14}, {1, "Lost", 15}});
    const std::vector<std::int64_t> starts{10, 14};
    const std::vector<double> amount{0.5, 3, 2.25, kUnknown, -1.5};
    const Flow flow = count_flow(log.journeys, kStages.read(log),
                                 {.starts = starts, .amount = amount, .sums = FlowSums::exact});
    const std::size_t n = kExactFlowSums.size();
    ASSERT_EQ(flow.exact_whole.size(), 2 * 4 * n);
    ASSERT_EQ(flow.exact_fraction.size(), 2 * 4 * n);
    for (const auto& [name, column] : kFlowAmounts) {
        const auto found = std::find(kExactFlowSums.begin(), kExactFlowSums.end(), std::string_view(name));
        if (found == kExactFlowSums.end()) continue;
        const auto k = static_cast<std::size_t>(found - kExactFlowSums.begin());
        for (std::size_t place = 0; place < 8; ++place) {
            const std::size_t at = place * n + k;
            const double sum = static_cast<double>(flow.exact_whole[at]) +
                               static_cast<double>(flow.exact_fraction[at]) * 0x1p-64;
            EXPECT_EQ(sum, (flow.amount.*column)(static_cast<Eigen::Index>(place))) << name << " " << place;
        }
    }
    // New is raised by 2.5 at the move to Offer, which is lowered by 0.75.
    EXPECT_EQ(flow.exact_whole[11], 2);
    EXPECT_EQ(flow.exact_fraction[11], std::uint64_t{1} << 63);
    EXPECT_EQ(flow.exact_fraction[n + 12], std::uint64_t{3} << 62);
}

TEST(CountFlow, ExactSumsAreKeptOnlyIfTheyAreAskedFor) {
    const Flow flow = flow_of({{1, "New", 12}}, {}, {5.0});
    EXPECT_TRUE(flow.exact_whole.empty());
    EXPECT_TRUE(flow.exact_fraction.empty());
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
    const Flow flow = flow_of({{1, "New", 1}, {1, "Offer", 40}}, {{kNoStart}, std::nullopt});
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
    const std::vector<std::int64_t> starts{200, 350, 500};
    std::vector<double> amount;
    for (std::size_t i = 0; i < journeys.n_rows(); ++i)
        amount.push_back(random() % 4 == 0 ? kUnknown : 0.25 * static_cast<double>(random() % 1'000));
    FlowOptions options{.starts = starts, .end = 700, .elsewhere = elsewhere, .amount = amount};
    const Flow flow = count_flow(journeys, pipeline, options);
    ASSERT_GT(flow.advanced.sum(), 0);
    EXPECT_EQ(
        CountVector(flow.at_start + flow.created + flow.from_earlier + flow.from_later + flow.from_closed +
                    flow.moved_in),
        CountVector(flow.advanced + flow.went_back + flow.won + flow.lost + flow.moved_out + flow.at_end));
    EXPECT_EQ(flow.at_end.head(12), flow.at_start.tail(12));
    const FlowAmounts& sum = flow.amount;
    ASSERT_GT(sum.lowered.sum(), 0);
    // Quarters add up without rounding.
    EXPECT_EQ(SumVector(sum.at_start + sum.entered + sum.raised),
              SumVector(sum.advanced + sum.went_back + sum.won + sum.lost + sum.moved_out + sum.lowered +
                        sum.at_end));
    EXPECT_EQ(sum.at_end.head(12), sum.at_start.tail(12));
    options.threads = 3;
    const Flow parted = count_flow(journeys, pipeline, options);
    EXPECT_EQ(parted.amount.raised, sum.raised);
    EXPECT_EQ(parted.amount_missing, flow.amount_missing);
    EXPECT_EQ(parted.at_end, flow.at_end);
    EXPECT_EQ(parted.went_back, flow.went_back);
}

TEST(CountFlow, RefusesFlagsThatAreNotOnePerStage) {
    const Log log = log_of({{1, "New", 1}});
    const std::vector<std::uint8_t> two{0, 0};
    const std::vector<std::int64_t> starts{0};
    EXPECT_THROW(
        static_cast<void>(count_flow(log.journeys, kStages.read(log), {.starts = starts, .elsewhere = two})),
        std::invalid_argument);
}

TEST(CountFlow, RefusesPeriodsThatDoNotFollowEachOther) {
    EXPECT_THROW(static_cast<void>(flow_of({{1, "New", 1}}, {{}, 20})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(flow_of({{1, "New", 1}}, {{10, 10}, 20})), std::invalid_argument);
}

TEST(CountFlow, RefusesAmountsOfAnotherLogAndThoseThatDoNotAddUp) {
    const std::vector<Row> rows{{1, "New", 11}, {1, "Offer", 12}};
    EXPECT_THROW(static_cast<void>(flow_of(rows, {}, {1})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(flow_of(rows, {}, {1, 2}, true)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(flow_of(rows, {}, {1, 0x1p61})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(flow_of(rows, {}, {1, std::numeric_limits<double>::infinity()})),
                 std::invalid_argument);
}

TEST(CountFlow, EachPeriodIsTheBalanceOfItsOwnTime) {
    const std::vector<Row> rows{{1, "New", 5}, {1, "Offer", 12}, {1, "Won", 31}, {2, "New", 21}};
    const Flow flow = flow_of(rows, {{10, 20, 30, 40}, 50});
    EXPECT_EQ(flow.at_start.segment(0, 4), list(1, 0, 0, 0));
    EXPECT_EQ(flow.at_end.segment(0, 4), list(0, 1, 0, 0));
    EXPECT_EQ(flow.created.segment(4, 4), list(1, 0, 0, 0));
    EXPECT_EQ(flow.at_end.segment(4, 4), list(1, 1, 0, 0));
    EXPECT_EQ(flow.won.segment(8, 4), list(0, 1, 0, 0));
    EXPECT_EQ(flow.at_end.segment(8, 4), list(1, 0, 1, 0));
    EXPECT_EQ(flow.at_start.segment(12, 4), list(1, 0, 1, 0));
    EXPECT_EQ(flow.at_end.segment(12, 4), list(1, 0, 1, 0));
}

TEST(CountFlow, TheAmountOfAVisitIsTheLastOneThatIsKnown) {
    const Flow flow = flow_of({{1, "New", 1}, {1, "New", 2}, {1, "New", 3}}, {}, {7, 9, kUnknown});
    EXPECT_EQ(flow.amount.at_start, sums(9, 0, 0, 0));
    EXPECT_EQ(flow.amount.at_end, sums(9, 0, 0, 0));
    EXPECT_TRUE(flow.amount.raised.isZero());
}

TEST(CountFlow, WhatChangesWhileAVisitGoesOnIsRaisedOrLowered) {
    const Flow flow =
        flow_of({{1, "New", 1}, {1, "New", 11}, {1, "New", 12}, {1, "New", 20}}, {}, {7, 10, 4, 90});
    EXPECT_EQ(flow.amount.raised, sums(3, 0, 0, 0));
    EXPECT_EQ(flow.amount.lowered, sums(6, 0, 0, 0));
    EXPECT_EQ(flow.amount.at_end, sums(4, 0, 0, 0));
}

TEST(CountFlow, AChangeInTheRowOfAMoveIsOneInTheStageThatIsLeft) {
    const Flow flow = flow_of({{1, "New", 1}, {1, "Offer", 11}, {1, "Won", 12}}, {}, {7, 10, 4});
    EXPECT_EQ(flow.amount.raised, sums(3, 0, 0, 0));
    EXPECT_EQ(flow.amount.advanced, sums(10, 0, 0, 0));
    EXPECT_EQ(flow.amount.lowered, sums(0, 6, 0, 0));
    EXPECT_EQ(flow.amount.won, sums(0, 4, 0, 0));
    EXPECT_EQ(flow.amount.at_end, sums(0, 0, 4, 0));
}

TEST(CountFlow, AnAmountThatBecomesKnownIsRaisedAndOneThatNeverDoesIsMissing) {
    const Flow flow = flow_of(
        {{1, "New", 1}, {1, "New", 25}, {1, "Offer", 35}, {2, "New", 12}, {2, "Offer", 13}, {2, "Lost", 14}},
        {{10, 20, 30}, 40}, {kUnknown, 5, kUnknown, kUnknown, kUnknown, 8});
    EXPECT_EQ(flow.amount_missing.segment(0, 4), list(2, 0, 0, 0));
    EXPECT_EQ(flow.amount_missing.segment(4, 4), list(0, 0, 0, 0));
    EXPECT_EQ(flow.amount_missing.segment(8, 4), list(0, 0, 0, 0));
    EXPECT_EQ(flow.amount.raised.segment(0, 4), sums(0, 8, 0, 0));
    EXPECT_EQ(flow.amount.raised.segment(4, 4), sums(5, 0, 0, 0));
    EXPECT_EQ(flow.amount.lost.segment(0, 4), sums(0, 8, 0, 0));
}

TEST(CountFlow, WhatChangesElsewhereIsNoChangeHere) {
    const Flow flow = flow_of({{1, "New", 11}, {1, "Ordered", 12}, {1, "Ordered", 13}, {1, "New", 14}}, {},
                              {7, 10, 20, 30});
    EXPECT_EQ(flow.amount.created, sums(7, 0, 0, 0));
    EXPECT_EQ(flow.amount.raised, sums(3, 0, 0, 0));
    EXPECT_EQ(flow.amount.moved_out, sums(10, 0, 0, 0));
    EXPECT_EQ(flow.amount.moved_in, sums(30, 0, 0, 0));
}

TEST(CountFlow, AnAmountOfTheItemAlwaysHolds) {
    const Flow flow =
        flow_of({{1, "New", 1}, {1, "Offer", 11}, {2, "New", 12}, {2, "Won", 13}}, {}, {7, kUnknown}, true);
    EXPECT_EQ(flow.amount.at_start, sums(7, 0, 0, 0));
    EXPECT_EQ(flow.amount.advanced, sums(7, 0, 0, 0));
    EXPECT_EQ(flow.amount_missing, list(1, 0, 1, 0));
    EXPECT_TRUE(flow.amount.raised.isZero());
}

}  // namespace
}  // namespace stagefunnel::stages
