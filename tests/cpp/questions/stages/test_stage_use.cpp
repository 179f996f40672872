#include <gtest/gtest.h>

#include "stagefunnel/questions/stages/stage_use.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::stages {
namespace {

using namespace stagefunnel::testing;

constexpr std::size_t kUsedStage = 1;  // Discussion

StageUse use_of(const std::vector<Row>& rows, std::size_t stage = kUsedStage) {
    const Log log = log_of(rows);
    return stage_use(log.journeys, shop().read(log), 1)[stage];
}

TEST(StageUse, HasTheFirstAndTheLastEntry) {
    EXPECT_EQ(
        use_of({{1, "New", 1}, {1, "Discussion", 4}, {1, "Discussion", 9}, {2, "Discussion", 6}}).entered,
        std::make_pair(std::int64_t{4}, std::int64_t{6}));
    EXPECT_FALSE(use_of({{1, "New", 1}}).entered);
}

TEST(StageUse, CountsWhoMovedBeyondAStage) {
    const StageUse use = use_of({{1, "New", 1},
                                 {1, "Prepayment", 3},
                                 {1, "Won", 5},  // without a visit
                                 {2, "Discussion", 1},
                                 {2, "Won", 4},  // with one
                                 {3, "New", 1},
                                 {3, "Delivery", 2},
                                 {3, "Discussion", 6},  // with one, later
                                 {4, "Prepayment", 1},
                                 {4, "Won", 2},  // began beyond
                                 {5, "New", 1},
                                 {5, "Lost", 2}});  // not beyond
    EXPECT_EQ(use.beyond, 3);
    EXPECT_EQ(use.passed, 2);
}

TEST(StageUse, KnowsTheFirstMoveToAStageOrBeyond) {
    const StageUse use = use_of({{1, "New", 1},
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
    EXPECT_EQ(use.earliest, (std::vector<Arrival>{{2, false}, {3, false}, {4, true}}));
    EXPECT_EQ(use.latest, use.earliest);
}

TEST(StageUse, CountsVisitsThatAreLeftBackwards) {
    const StageUse use = use_of({{1, "Discussion", 1},
                                 {1, "New", 2},
                                 {1, "Discussion", 3},
                                 {1, "Delivery", 4},
                                 {1, "Discussion", 5},
                                 {1, "Lost", 6},
                                 {2, "Discussion", 1}});
    EXPECT_EQ(use.left, 3);
    EXPECT_EQ(use.left_back, 1);
}

TEST(StageUse, KeepsTheThirtyEarliestAndLatest) {
    std::vector<Row> rows;
    for (std::int64_t item = 1; item <= 100; ++item) {
        rows.push_back({item, "New", 0});
        rows.push_back({item, "Won", item * 37 % 101});
    }
    const StageUse use = use_of(rows);
    ASSERT_EQ(use.earliest.size(), StageUse::kMostArrivals);
    ASSERT_EQ(use.latest.size(), StageUse::kMostArrivals);
    EXPECT_EQ(use.earliest.front().time, 1);
    EXPECT_EQ(use.earliest.back().time, 30);
    EXPECT_EQ(use.latest.front().time, 71);
    EXPECT_EQ(use.latest.back().time, 100);
}

TEST(StageUse, IsTheSameForAnyNumberOfThreads) {
    CodedRows rows;
    rows.n_labels = 4;
    for (std::uint64_t item = 0; item < 60'000; ++item) {
        for (std::uint64_t i = 0; i < 3; ++i) {
            rows.add(item, (item * 7 + i * i) % 4, static_cast<std::int64_t>((item * 31 + i * 5) % 1'000));
        }
    }
    const Journeys journeys = rows.build();
    const auto one = stage_use(journeys, same_rows(3, 1, 0), 1),
               many = stage_use(journeys, same_rows(3, 1, 0), 3);
    for (std::size_t stage = 0; stage < 3; ++stage) {
        EXPECT_EQ(one[stage].entered, many[stage].entered);
        EXPECT_EQ(one[stage].beyond, many[stage].beyond);
        EXPECT_EQ(one[stage].passed, many[stage].passed);
        EXPECT_EQ(one[stage].left, many[stage].left);
        EXPECT_EQ(one[stage].left_back, many[stage].left_back);
        EXPECT_EQ(one[stage].earliest, many[stage].earliest);
        EXPECT_EQ(one[stage].latest, many[stage].latest);
    }
}

}  // namespace
}  // namespace stagefunnel::stages
