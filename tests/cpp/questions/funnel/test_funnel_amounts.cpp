#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "stagefunnel/questions/funnel/funnel.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::funnel {
namespace {

using namespace stagefunnel::testing;

/// Counts a log whose item 1, 2, 3, … has the first, second, third, … amount.
Counts count(const std::vector<Labels>& journeys, const std::vector<double>& amounts,
             Kind kind = Kind::classic, LostThenWon rule = LostThenWon::include) {
    const Log log = log_of_journeys(journeys);
    std::vector<double> by_place(amounts.size());
    for (std::size_t i = 0; i < amounts.size(); ++i) {
        by_place[log.place_of(static_cast<std::int64_t>(i + 1))] = amounts[i];
    }
    Options options;
    options.kind = kind;
    options.lost_then_won = rule;
    options.amount = by_place;
    return count_funnel(log.journeys, Stages{{"New", "Offer"}, {"Won"}, {"Lost"}}.read(log), options);
}

/// The sum in the first stage, which all items visit.
double sum_of(const std::vector<double>& amounts) {
    return count(std::vector<Labels>(amounts.size(), Labels{"New"}), amounts).amount(0, 0);
}

TEST(Amounts, AddUpOverTheItemsThatPass) {
    const Counts counts = count({{"New"}, {"New", "Offer"}, {"New", "Lost"}}, {1, 20, 300});
    EXPECT_EQ(counts.amount, (SumMatrix{{321, 20, 0, 300}}));
}

TEST(Amounts, AddUpOverTheItemsThatAreAssumedAsWell) {
    const Counts counts = count({{"New", "Won"}, {"New"}}, {20, 1}, Kind::conversions_won);
    EXPECT_EQ(counts.amount, (SumMatrix{{21, 20, 20, 0}}));
}

TEST(Amounts, LeaveOutTheItemsThatTheRuleLeavesOut) {
    const Counts counts =
        count({{"New", "Lost", "Won"}, {"New"}}, {20, 1}, Kind::classic, LostThenWon::exclude);
    EXPECT_EQ(counts.amount, (SumMatrix{{1, 0, 0, 0}}));
}

TEST(Amounts, AreRoundedOnceAtTheEnd) { EXPECT_EQ(sum_of(std::vector<double>(10, 0.1)), 1.0); }

TEST(Amounts, KeepASmallOneBetweenLargeOnesThatCancel) { EXPECT_EQ(sum_of({1e18, 0.25, -1e18}), 0.25); }

/// Counts of items of the first stage, whose amounts and groups are given.
Counts in_groups(const std::vector<double>& amounts, const std::vector<std::int32_t>& groups) {
    const Log log = log_of_journeys(std::vector<Labels>(amounts.size(), Labels{"New"}));
    std::vector<double> by_place(amounts.size());
    std::vector<std::int32_t> group(amounts.size());
    for (std::size_t i = 0; i < amounts.size(); ++i) {
        const auto place = log.place_of(static_cast<std::int64_t>(i + 1));
        by_place[place] = amounts[i];
        group[place] = groups[i];
    }
    const Options options{.group = group, .n_groups = groups.back() + 1, .amount = by_place};
    return count_funnel(log.journeys, Stages{{"New"}, {"Won"}, {}}.read(log), options);
}

TEST(RoundedSums, JoinTwoGroupsBeforeTheyAreRounded) {
    // 2^53 + 1 lies between two doubles and is rounded to 2^53; another 1 makes it 2^53 + 2.
    const Counts counts = in_groups({0x1p53, 1, 1}, {0, 0, 1});
    EXPECT_EQ(counts.amount(0, 0), 0x1p53);
    const std::vector<std::int64_t> here{0}, moved{1};
    EXPECT_EQ(rounded_sums(counts, here, moved, 0)(0, 0), 0x1p53 + 2);
}

TEST(RoundedSums, AreRoundedOnceWhereTheyAreDividedToo) {
    // 2^53 + 1 and 2^53 + 3 cents: the first rounding alone would give 2^53 and 2^53 + 4.
    const Counts counts = in_groups({0x1p53, 1, 3, 25, -7}, {0, 1, 2, 3, 4});
    const std::vector<std::int64_t> large{0, 0, 0}, more{1, 2, 3};
    const SumMatrix sums = rounded_sums(counts, large, more, 2);
    EXPECT_EQ(sums(0, 0), 90071992547409.93);
    EXPECT_EQ(sums(1, 0), 90071992547409.95);
    EXPECT_EQ(sums(2, 0), 90071992547410.17);
    const std::vector<std::int64_t> small{3, 4};
    EXPECT_EQ(rounded_sums(counts, small, {}, 1)(0, 0), 2.5);
    EXPECT_EQ(rounded_sums(counts, small, {}, 1)(1, 0), -0.7);
    EXPECT_EQ(rounded_sums(counts, small, {}, 22)(1, 0), -7e-22);
}

TEST(RoundedSums, RefuseGroupsAndScalesOutOfRange) {
    const Counts counts = in_groups({1, 2}, {0, 1});
    const std::vector<std::int64_t> both{0, 1}, one{0}, third{2};
    EXPECT_THROW(static_cast<void>(rounded_sums(counts, both, one, 0)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(rounded_sums(counts, third, {}, 0)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(rounded_sums(counts, one, {}, 23)), std::invalid_argument);
}

TEST(Amounts, MayBeNegative) { EXPECT_EQ(sum_of({-2.5, 1}), -1.5); }

TEST(Amounts, CountAMissingOneInEachStageThatTheItemReaches) {
    const Counts counts = count({{"New", "Won"}, {"New"}}, {NAN, 5}, Kind::conversions_won);
    EXPECT_EQ(counts.amount, (SumMatrix{{5, 0, 0, 0}}));
    EXPECT_EQ(counts.amount_missing, (CountMatrix{{1, 1, 1, 0}}));
}

TEST(Amounts, AreAnEmptyTableWithoutAmounts) {
    const Counts counts = count({{"New"}}, {});
    EXPECT_EQ(counts.amount.size(), 0);
    EXPECT_EQ(counts.amount_missing.size(), 0);
}

TEST(Amounts, KeepGroupsApart) {
    const Log log = log_of_journeys({{"New"}, {"New"}});
    std::vector<double> amount(2);
    std::vector<std::int32_t> group(2);
    amount[log.place_of(1)] = 10;
    amount[log.place_of(2)] = NAN;
    group[log.place_of(2)] = 1;
    Options options;
    options.amount = amount;
    options.group = group;
    options.n_groups = 2;
    const Counts counts = count_funnel(log.journeys, Stages{{"New"}, {"Won"}, {}}.read(log), options);
    EXPECT_EQ(counts.amount, (SumMatrix{{10, 0}, {0, 0}}));
    EXPECT_EQ(counts.amount_missing, (CountMatrix{{0, 0}, {1, 0}}));
}

TEST(Amounts, AreRefusedWhereInfiniteOrTooLarge) {
    const std::string wanted = "amounts are infinite or add up beyond 4.6e18";
    const double infinity = std::numeric_limits<double>::infinity();
    EXPECT_EQ(message_of([&] { static_cast<void>(sum_of({1, infinity})); }), wanted);
    EXPECT_EQ(message_of([&] { static_cast<void>(sum_of({-infinity})); }), wanted);
    EXPECT_EQ(message_of([&] { static_cast<void>(sum_of({0x1p61, 0x1p61})); }), wanted);
    EXPECT_EQ(message_of([&] { static_cast<void>(sum_of({0x1p61, -0x1p61})); }), wanted);
    EXPECT_EQ(sum_of({0x1p61, 0x1p60}), 0x1.8p61);
}

TEST(Amounts, AreRefusedWhereTheyAreNotOnePerItem) {
    const Log log = log_of_journeys({{"New"}, {"New"}});
    const std::vector<double> one{1};
    Options options;
    options.amount = one;
    EXPECT_EQ(message_of([&] { static_cast<void>(count_funnel(log.journeys, same_rows(1, 0, 0), options)); }),
              "amounts must be one per item");
}

}  // namespace
}  // namespace stagefunnel::funnel
