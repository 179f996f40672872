// The table of the worked example in the definitions: thirteen journeys, read by every kind.

#include <gtest/gtest.h>

#include "stagefunnel/questions/funnel/funnel.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::funnel {
namespace {

using namespace stagefunnel::testing;

constexpr const char* kNotInReport = "left out";

/// One line of the table. A cell holds the counts of the four stages, then won, then lost.
struct Line {
    int number;
    Labels journey;
    const char *classic, *conversions_won, *conversions_moves, *furthest, *strict;
};

const std::vector<Line>& table() {
    static const std::vector<Line> lines{
        {1, {"New", "Delivery", "Won"}, "1001 1 0", "1111 1 0", "1111 1 0", "1111 1 0", "1000 0 0"},
        {2, {"New", "Won"}, "1000 1 0", "1111 1 0", "1111 1 0", "1111 1 0", "1000 0 0"},
        {3, {"Won"}, "0000 1 0", "1111 1 0", "1111 1 0", "1111 1 0", "0000 0 0"},
        {4, {"Prepayment"}, "0010 0 0", "0010 0 0", "1110 0 0", "1110 0 0", "0000 0 0"},
        {5, {"New", "Lost"}, "1000 0 1", "1000 0 1", "1000 0 1", "1000 0 1", "1000 0 1"},
        {6, {"Lost"}, "0000 0 1", "0000 0 1", "1000 0 1", "0000 0 1", "0000 0 1"},
        {7, {"New", "Prepayment", "Lost"}, "1010 0 1", "1010 0 1", "1110 0 1", "1110 0 1", "1000 0 1"},
        {8, {"New", "Lost", "Won"}, "1000 1 1", kNotInReport, kNotInReport, "1111 1 1", "1000 0 1"},
        {9, {"New", "Won", "Lost"}, "1000 1 1", "1111 1 1", "1111 1 1", "1111 1 1", "1000 0 1"},
        {10, {"New", "Delivery", "Discussion"}, "1101 0 0", "1101 0 0", "1111 0 0", "1111 0 0", "1100 0 0"},
        {11,
         {"New", "Prepayment", "Lost", "Discussion", "Won"},
         "1110 1 1",
         "1111 1 1",
         "1111 1 1",
         "1111 1 1",
         "1100 0 1"},
        {12, {"Delivery", "Won"}, "0001 1 0", "1111 1 0", "1111 1 0", "1111 1 0", "0000 0 0"},
        {13, {"New", "Lost", "Won", "Lost"}, "1000 1 1", "1000 1 1", "1000 1 1", "1111 1 1", "1000 0 1"},
    };
    return lines;
}

/// The rule for lost-then-won items that each kind has by default.
LostThenWon default_rule(Kind kind) {
    const bool conversions = kind == Kind::conversions_won || kind == Kind::conversions_moves;
    return conversions ? LostThenWon::exclude : LostThenWon::include;
}

/// The counts of a log of one item, written as a cell of the table.
std::string cell_of(const Labels& journey, Kind kind, LostThenWon rule) {
    const Log log = log_of_journeys({journey});
    Options options;
    options.kind = kind;
    options.lost_then_won = rule;
    const Counts counts = count_funnel(log.journeys, shop().read(log), options);
    const CountMatrix reached = counts.passed + counts.assumed;
    if (counts.left_out(0) == 1 && reached.isZero()) return kNotInReport;
    std::string cell;
    for (Eigen::Index row = 0; row < reached.cols(); ++row) {
        if (row >= 4) cell += ' ';
        cell += std::to_string(reached(0, row));
    }
    return cell;
}

class WorkedExample : public ::testing::TestWithParam<Line> {
  public:
    static void expect(Kind kind, const char* cell) {
        EXPECT_EQ(cell_of(GetParam().journey, kind, default_rule(kind)), cell);
    }
};

TEST_P(WorkedExample, CountsAsClassic) { expect(Kind::classic, GetParam().classic); }
TEST_P(WorkedExample, CountsAsConversionsFilledByWon) {
    expect(Kind::conversions_won, GetParam().conversions_won);
}
TEST_P(WorkedExample, CountsAsConversionsFilledByMoves) {
    expect(Kind::conversions_moves, GetParam().conversions_moves);
}
TEST_P(WorkedExample, CountsAsFurthest) { expect(Kind::furthest, GetParam().furthest); }
TEST_P(WorkedExample, CountsAsStrict) { expect(Kind::strict, GetParam().strict); }

INSTANTIATE_TEST_SUITE_P(Line, WorkedExample, ::testing::ValuesIn(table()),
                         [](const auto& line) { return std::to_string(line.param.number); });

TEST(WorkedExampleLine8, CountsItsOwnStagesInConversionsWhereItIsIncluded) {
    const Labels journey{"New", "Lost", "Won"};
    EXPECT_EQ(cell_of(journey, Kind::conversions_won, LostThenWon::include), "1000 1 1");
    EXPECT_EQ(cell_of(journey, Kind::conversions_moves, LostThenWon::include), "1000 1 1");
}

TEST(WorkedExampleTogether, AddsUpToTheTotalsOfTheClassicFunnel) {
    std::vector<Labels> journeys;
    for (const Line& line : table()) journeys.push_back(line.journey);
    const Log log = log_of_journeys(journeys);
    const Counts counts = count_funnel(log.journeys, shop().read(log), {});
    EXPECT_EQ(counts.passed, (CountMatrix{{9, 2, 3, 3, 8, 7}}));
    EXPECT_TRUE(counts.assumed.isZero());
    EXPECT_EQ(counts.skipped, (CountMatrix{{3, 9, 8, 6, 0, 0}}));
    EXPECT_EQ(counts.began_beyond, (CountMatrix{{3, 3, 2, 1, 0, 0}}));
    EXPECT_EQ(counts.lost_from, (CountMatrix{{1, 0, 1, 0, 2, 0}}));
    EXPECT_EQ(counts.open_at, (CountMatrix{{0, 1, 1, 0, 0, 0}}));
}

TEST(WorkedExampleTogether, AddsUpToTheTotalsOfConversions) {
    std::vector<Labels> journeys;
    for (const Line& line : table()) journeys.push_back(line.journey);
    const Log log = log_of_journeys(journeys);
    Options options;
    options.kind = Kind::conversions_won;
    options.lost_then_won = LostThenWon::exclude;
    const Counts counts = count_funnel(log.journeys, shop().read(log), options);
    EXPECT_EQ(counts.passed, (CountMatrix{{8, 2, 3, 3, 7, 6}}));
    EXPECT_EQ(counts.assumed, (CountMatrix{{2, 5, 5, 4, 0, 0}}));
    EXPECT_EQ(counts.skipped, (CountMatrix{{3, 8, 7, 5, 0, 0}}));
    EXPECT_EQ(counts.began_beyond, (CountMatrix{{3, 3, 2, 1, 0, 0}}));
    EXPECT_EQ(counts.lost_from, (CountMatrix{{1, 0, 1, 0, 2, 0}}));
    EXPECT_EQ(counts.left_out(0), 1);
}

}  // namespace
}  // namespace stagefunnel::funnel
