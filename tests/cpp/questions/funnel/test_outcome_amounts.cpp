#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "stagefunnel/questions/funnel/outcome_amounts.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::funnel {
namespace {

using namespace stagefunnel::testing;

const Stages kFourOfOutcomes{{"New", "Offer"}, {"Won"}, {"Lost"}};
constexpr double kLacking = std::numeric_limits<double>::quiet_NaN();

/// How one item stands under a rule.
ItemOutcome outcome_of(const std::vector<Row>& rows, LostThenWon rule = LostThenWon::include) {
    const Log log = log_of(rows);
    return static_cast<ItemOutcome>(
        outcomes_of_items(log.journeys, kFourOfOutcomes.read(log), rule, 1).at(0));
}

TEST(OutcomesOfItems, SayHowEachStandsAfterItsLastVisit) {
    EXPECT_EQ(outcome_of({{1, "New", 1}, {1, "Won", 2}, {1, "New", 3}}), ItemOutcome::open);
    EXPECT_EQ(outcome_of({{1, "New", 1}, {1, "Won", 2}}), ItemOutcome::won);
    EXPECT_EQ(outcome_of({{1, "Won", 1}, {1, "Lost", 2}}), ItemOutcome::lost);
    EXPECT_EQ(outcome_of({{1, "Call", 1}}), ItemOutcome::none);
}

TEST(OutcomesOfItems, ObeyTheRuleForLostThenWonItems) {
    const std::vector<Row> turned{{1, "New", 1}, {1, "Lost", 2}, {1, "Won", 3}};
    const std::vector<Row> reopened{{1, "Lost", 2}, {1, "New", 3}, {1, "Won", 4}};
    EXPECT_EQ(outcome_of(turned), ItemOutcome::won);
    EXPECT_EQ(outcome_of(turned, LostThenWon::exclude), ItemOutcome::left_out);
    EXPECT_EQ(outcome_of(reopened, LostThenWon::exclude), ItemOutcome::won);
    EXPECT_EQ(outcome_of(reopened, LostThenWon::exclude_reopened), ItemOutcome::left_out);
}

TEST(SumsOfCells, AddUpWhatIsThereAndCountWhatIsNot) {
    const std::vector<double> amount{1, kLacking, 2, 4, 8};
    const std::vector<std::int64_t> cell{0, 0, 1, 0, -1};
    const CellSums found = sums_of_cells(amount, cell, 3, 0);
    EXPECT_EQ(found.sum, (std::vector<double>{5, 2, 0}));
    EXPECT_EQ(found.present, (std::vector<std::int64_t>{2, 1, 0}));
    EXPECT_EQ(found.missing, (std::vector<std::int64_t>{1, 0, 0}));
}

TEST(SumsOfCells, AreRoundedOnce) {
    const std::vector<std::int64_t> cell{0, 0, 0};
    EXPECT_EQ(sums_of_cells(std::vector<double>{0x1p53, 1, 1}, cell, 1, 0).sum[0], 0x1p53 + 2);
    EXPECT_EQ(sums_of_cells(std::vector<double>{10, 20, -25}, cell, 1, 2).sum[0], 0.05);
}

TEST(SumsOfCells, AddUpExactlyOverSeveralCalls) {
    const std::vector<std::int64_t> one{0};
    const ExactSum large = sums_of_cells(std::vector<double>{0x1p53}, one, 1, 0).exact[0];
    const ExactSum small = sums_of_cells(std::vector<double>{0.75}, one, 1, 0).exact[0];
    EXPECT_EQ(large.whole + 2 * small.whole, std::int64_t{1} << 53U);
    EXPECT_EQ(small.fraction, std::uint64_t{3} << 62U);
    const std::vector<std::int64_t> whole{(std::int64_t{1} << 53U) + 1, -1};
    const std::vector<std::uint64_t> fraction{std::uint64_t{1} << 63U, std::uint64_t{3} << 62U};
    EXPECT_EQ(rounded(whole, fraction, 0), (std::vector<double>{0x1p53 + 2, -0.25}));
    EXPECT_THROW(static_cast<void>(rounded(whole, std::vector<std::uint64_t>{0}, 0)), std::invalid_argument);
}

TEST(SumsOfCells, RefuseWhatDoesNotFit) {
    const std::vector<double> amount{1, 2};
    const std::vector<std::int64_t> one{0}, outside{0, 2}, both{0, 0};
    EXPECT_THROW(static_cast<void>(sums_of_cells(amount, one, 2, 0)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(sums_of_cells(amount, outside, 2, 0)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(sums_of_cells(amount, both, 1, 23)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(sums_of_cells(std::vector<double>{0x1p61, 0x1p61}, both, 1, 0)),
                 std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::funnel
