#include <gtest/gtest.h>

#include "stagefunnel/questions/stages/arrivals.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::stages {
namespace {

using namespace stagefunnel::testing;

constexpr std::size_t kUsedStage = 1;  // Discussion

StageArrivals arrivals_of(const std::vector<Row>& rows, std::size_t stage = kUsedStage) {
    const Log log = log_of(rows);
    return find_arrivals(log.journeys, shop().read(log), 1)[stage];
}

TEST(FindArrivals, HasTheFirstAndTheLastEntry) {
    EXPECT_EQ(arrivals_of({{1, "New", 1}, {1, "Discussion", 4}, {1, "Discussion", 9}, {2, "Discussion", 6}})
                  .entered,
              std::make_pair(std::int64_t{4}, std::int64_t{6}));
    EXPECT_FALSE(arrivals_of({{1, "New", 1}}).entered);
}

TEST(FindArrivals, KnowsTheFirstMoveToAStageOrBeyond) {
    const StageArrivals found = arrivals_of({{1, "New", 1},
                                             {1, "Prepayment", 3},
                                             {1, "Discussion", 5},  // passes it by
                                             {2, "New", 1},
                                             {2, "Discussion", 4},
                                             {2, "Won", 6},  // enters it
                                             {3, "New", 1},
                                             {3, "Won", 2},  // passes it by
                                             {4, "Discussion", 1},
                                             {4, "Won", 2},  // began there
                                             {5, "Prepayment", 1},
                                             {5, "Discussion", 2},  // began beyond
                                             {6, "New", 1},
                                             {6, "Lost", 2}});  // not there
    EXPECT_EQ(found.earliest, (std::vector<Arrival>{{2, false}, {3, false}, {4, true}}));
    EXPECT_EQ(found.latest, found.earliest);
}

TEST(FindArrivals, KeepsTheThirtyEarliestAndLatest) {
    std::vector<Row> rows;
    for (std::int64_t item = 1; item <= 100; ++item) {
        rows.push_back({item, "New", 0});
        rows.push_back({item, "Won", item * 37 % 101});
    }
    const StageArrivals found = arrivals_of(rows);
    ASSERT_EQ(found.earliest.size(), StageArrivals::kMost);
    ASSERT_EQ(found.latest.size(), StageArrivals::kMost);
    EXPECT_EQ(found.earliest.front().time, 1);
    EXPECT_EQ(found.earliest.back().time, 30);
    EXPECT_EQ(found.latest.front().time, 71);
    EXPECT_EQ(found.latest.back().time, 100);
}

TEST(FindArrivals, AreTheSameForAnyNumberOfThreads) {
    CodedRows rows;
    rows.n_labels = 4;
    for (std::uint64_t item = 0; item < 60'000; ++item) {
        for (std::uint64_t i = 0; i < 3; ++i) {
            rows.add(item, (item * 7 + i * i) % 4, static_cast<std::int64_t>((item * 31 + i * 5) % 1'000));
        }
    }
    const Journeys journeys = rows.build();
    const auto one = find_arrivals(journeys, same_rows(3, 1, 0), 1),
               many = find_arrivals(journeys, same_rows(3, 1, 0), 3);
    for (std::size_t stage = 0; stage < 3; ++stage) {
        EXPECT_EQ(one[stage].entered, many[stage].entered);
        EXPECT_EQ(one[stage].earliest, many[stage].earliest);
        EXPECT_EQ(one[stage].latest, many[stage].latest);
    }
}

TEST(AreEnteredThroughout, WantsAnEntryBeforeAndAnotherAfter) {
    const Log log =
        log_of({{1, "New", 1}, {1, "Discussion", 4}, {2, "New", 8}, {2, "Discussion", 9}, {2, "Won", 20}});
    const Pipeline pipeline = shop().read(log);
    const std::vector<std::uint8_t> both{1, 1, 0, 0};
    EXPECT_TRUE(are_entered_throughout(log.journeys, pipeline, both, 5, 7));
    EXPECT_FALSE(are_entered_throughout(log.journeys, pipeline, both, 4, 7));
    EXPECT_FALSE(are_entered_throughout(log.journeys, pipeline, both, 5, 8));
    EXPECT_TRUE(are_entered_throughout(log.journeys, pipeline, std::vector<std::uint8_t>(4, 0), 0, 99));
    EXPECT_FALSE(are_entered_throughout(log.journeys, pipeline, std::vector<std::uint8_t>{0, 0, 1, 0}, 5, 7));
    EXPECT_EQ(message_of([&] {
                  static_cast<void>(
                      are_entered_throughout(log.journeys, pipeline, std::vector<std::uint8_t>(6), 5, 7));
              }),
              "wanted must have one value per stage in progress, got 6 values for 4 stages");
}

}  // namespace
}  // namespace stagefunnel::stages
