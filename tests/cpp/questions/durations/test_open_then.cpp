#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "stagefunnel/questions/durations/lives.hpp"
#include "stagefunnel/questions/durations/open_then.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::durations {
namespace {

using namespace stagefunnel::testing;
using Times = LargeVector<std::int64_t>;
using Flags = LargeVector<std::uint8_t>;
using Stage = LargeVector<std::int32_t>;

constexpr std::uint8_t kIsOpen = 0, kIsWon = 1, kIsLost = 2;
const Stages kStagesThen{{"New", "Offer"}, {"Won"}, {"Lost"}};

/// A log with its visits.
struct Visits {
    explicit Visits(const std::vector<Row>& rows)
        : log(log_of(rows)),
          pipeline(kStagesThen.read(log)),
          stays(list_stays(log.journeys, pipeline, 0, 4, scan::Marks{.whole = log.journeys}, 1)) {}

    [[nodiscard]] VisitColumns columns() const { return {stays.item, stays.stage, stays.began, stays.state}; }
    [[nodiscard]] OpenThen open(const Times& first, const Times& dates, const Times& ends,
                                unsigned threads = 1) const {
        return open_then(columns(), pipeline, first, dates, ends, threads);
    }

    Log log;
    Pipeline pipeline;
    StaySpells stays;
};

TEST(OpenThen, ListsWhoIsInProgressAndHowHeStandsAtTheEndOfTheHorizon) {
    const Visits visits({{1, "New", 1}, {1, "Offer", 5}, {1, "Won", 9}});
    const OpenThen found = visits.open({0}, {1, 2, 5, 6, 9, 10}, {20, 8, 9, 10, 20, 20});
    // At 1 it has not begun, at 5 it is not in Offer yet, at 9 it is not won yet.
    EXPECT_EQ(Times(found.bounds.begin(), found.bounds.end()), (Times{0, 0, 1, 2, 3, 4, 4}));
    EXPECT_EQ(found.visit, (Times{0, 0, 1, 1}));
    EXPECT_EQ(found.outcome, (Flags{kIsOpen, kIsOpen, kIsWon, kIsWon}));
    EXPECT_EQ(found.stage, (Stage{0, 0, 1, 1}));
    EXPECT_EQ(found.age, (Times{1, 4, 1, 4}));
}

TEST(OpenThen, FollowsAnItemThatIsWorkedOnAgain) {
    const Visits visits({{1, "New", 1}, {1, "Lost", 4}, {1, "Offer", 6}, {1, "Won", 8}, {1, "Lost", 12}});
    const OpenThen found = visits.open({0}, {3, 5, 7, 9}, {5, 9, 9, 20});
    EXPECT_EQ(Times(found.bounds.begin(), found.bounds.end()), (Times{0, 1, 1, 2, 2}));
    EXPECT_EQ(found.visit, (Times{0, 2}));
    EXPECT_EQ(found.outcome, (Flags{kIsLost, kIsWon}));
    EXPECT_EQ(visits.open({0}, {7}, {13}).outcome, (Flags{kIsLost}));
}

TEST(OpenThen, ListsItemsInTheOrderThatIsAskedForOnAnyNumberOfThreads) {
    std::vector<Row> rows;
    for (int item = 0; item < 50'000; ++item) {
        rows.push_back({item, "New", item % 10});
        if (item % 3 != 0) rows.push_back({item, item % 3 == 1 ? "Won" : "Lost", item % 10 + 5});
    }
    const Visits visits(rows);
    Times first;
    for (std::size_t at = visits.stays.item.size(); at-- > 0;)
        if (at == 0 || visits.stays.item[at - 1] != visits.stays.item[at])
            first.push_back(static_cast<std::int64_t>(at));
    const OpenThen found = visits.open(first, {4, 8, 12}, {6, 20, 20}, 1);
    const OpenThen same = visits.open(first, {4, 8, 12}, {6, 20, 20}, 4);
    EXPECT_EQ(found.bounds, same.bounds);
    EXPECT_EQ(found.visit, same.visit);
    EXPECT_EQ(found.outcome, same.outcome);
    ASSERT_GT(found.bounds[1], 1);
    EXPECT_GT(found.visit[0], found.visit[1]);
}

TEST(FirstVisits, AreThoseOfTheItemsInTheOrderOfTheirFirstRows) {
    const Visits visits(
        {{5, "New", 1}, {7, "New", 2}, {7, "Odd", 3}, {6, "New", 2}, {5, "Won", 4}, {8, "Odd", 1}});
    const LargeVector<std::int64_t> first = first_visits(visits.columns(), visits.log.journeys.first_row);
    std::vector<std::uint32_t> rows;
    for (const std::int64_t visit : first)
        rows.push_back(visits.log.journeys.first_row[visits.stays.item[static_cast<std::size_t>(visit)]]);
    EXPECT_EQ(rows, (std::vector<std::uint32_t>{0, 1, 3}));  // item 8 has no visit
    EXPECT_THROW((void)first_visits(visits.columns(), {}), std::invalid_argument);
}

TEST(OpenThen, RefusesWhatDoesNotFit) {
    const Visits visits({{1, "New", 1}, {1, "Won", 4}});
    EXPECT_THROW(static_cast<void>(visits.open({2}, {3}, {5})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(visits.open({0}, {3, 2}, {5, 5})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(visits.open({0}, {3}, {2})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(visits.open({0}, {3}, {})), std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::durations
