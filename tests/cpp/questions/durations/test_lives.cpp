#include <gtest/gtest.h>

#include "stagefunnel/questions/durations/lives.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::durations {
namespace {

using namespace stagefunnel::testing;

const Stages kLifeStages{{"New", "Offer"}, {"Won"}, {"Lost"}};
constexpr std::int32_t kNoTarget = Pipeline::kUnlisted, kOfferRow = 1, kWonRow = 2, kLostRow = 3;

struct Life {
    LifeEnd end;
    std::int64_t ended = 0;
    bool operator==(const Life&) const = default;
};

Lives lives_of(const std::vector<Row>& rows, std::int32_t target = kNoTarget,
               Reopened reopened = Reopened::last, const std::vector<std::uint8_t>& start_unknown = {}) {
    const Log log = log_of(rows);
    const scan::Marks marks{.whole = log.journeys, .start_unknown = start_unknown};
    return find_lives(log.journeys, kLifeStages.read(log), target, reopened, marks, 1);
}

Life life_of(const std::vector<Row>& rows, std::int32_t target = kNoTarget,
             Reopened reopened = Reopened::last, const std::vector<std::uint8_t>& start_unknown = {}) {
    const Lives lives = lives_of(rows, target, reopened, start_unknown);
    const auto end = static_cast<LifeEnd>(lives.end[0]);
    const bool is_over = end == LifeEnd::won || end == LifeEnd::lost;
    return {end, is_over ? lives.ended[0] - lives.began[0] : 0};
}

const std::vector<Row> kReopened{
    {1, "New", 1}, {1, "Lost", 4}, {1, "Offer", 6}, {1, "Won", 9}, {1, "Won", 12}};

TEST(Lives, EndAtTheFirstOfTheClosingVisitsWithTheOutcomeNow) {
    EXPECT_EQ(life_of({{1, "New", 1}, {1, "Won", 4}}), (Life{LifeEnd::won, 3}));
    EXPECT_EQ(life_of({{1, "New", 1}, {1, "Won", 4}, {1, "Lost", 6}}), (Life{LifeEnd::lost, 3}));
    EXPECT_EQ(life_of({{1, "New", 1}, {1, "Offer", 4}}), (Life{LifeEnd::open}));
    EXPECT_EQ(life_of({{1, "Odd", 1}}), (Life{LifeEnd::none}));
}

TEST(Lives, PassThroughAClosingThatDoesNotStand) {
    EXPECT_EQ(life_of(kReopened), (Life{LifeEnd::won, 8}));
    EXPECT_EQ(life_of(kReopened, kNoTarget, Reopened::first), (Life{LifeEnd::lost, 3}));
}

TEST(Lives, CountWhatWasPassedThrough) {
    EXPECT_EQ(lives_of(kReopened).passed[0], Passed::kFinal | Passed::kLost | Passed::kReopened);
    EXPECT_EQ(lives_of({{1, "New", 1}, {1, "Lost", 4}}).passed[0], Passed::kLost);
    EXPECT_EQ(lives_of({{1, "Won", 1}, {1, "Lost", 4}}).passed[0], Passed::kFinal | Passed::kLost);
    EXPECT_EQ(lives_of({{1, "New", 1}, {1, "Won", 4}}).passed[0], 0);
}

TEST(Lives, EndAtATargetOrBeyondIt) {
    EXPECT_EQ(life_of({{1, "New", 1}, {1, "Offer", 4}, {1, "Lost", 9}}, kOfferRow), (Life{LifeEnd::won, 3}));
    EXPECT_EQ(life_of({{1, "New", 1}, {1, "Won", 5}}, kOfferRow), (Life{LifeEnd::won, 4}));
    EXPECT_EQ(life_of({{1, "New", 1}, {1, "Lost", 9}}, kOfferRow), (Life{LifeEnd::lost, 8}));
    EXPECT_EQ(life_of({{1, "New", 1}, {1, "Offer", 9}}, kWonRow), (Life{LifeEnd::open}));
    EXPECT_EQ(life_of(kReopened, kOfferRow), (Life{LifeEnd::won, 5}));
    EXPECT_EQ(life_of(kReopened, kOfferRow, Reopened::first), (Life{LifeEnd::lost, 3}));
}

TEST(Lives, OfWhichAnEndIsNotKnownAreUnknown) {
    const std::vector<Row> rows{{1, "New", 4}, {1, "Offer", 6}, {1, "Won", 9}};
    EXPECT_EQ(life_of(rows, kNoTarget, Reopened::last, {1, 0, 0}), (Life{LifeEnd::unknown}));
    EXPECT_EQ(life_of(rows, kNoTarget, Reopened::last, {0, 0, 1}), (Life{LifeEnd::unknown}));
    EXPECT_EQ(life_of(rows, kNoTarget, Reopened::last, {0, 1, 0}), (Life{LifeEnd::won, 5}));
    EXPECT_EQ(life_of(rows, kOfferRow, Reopened::last, {0, 1, 0}), (Life{LifeEnd::unknown}));
}

TEST(Stays, AreThoseOfSomeStagesWithWhatFollows) {
    const Log log = log_of({{1, "New", 1}, {1, "Offer", 4}, {1, "New", 6}});
    const scan::Marks marks{.whole = log.journeys};
    const StaySpells stays = list_stays(log.journeys, kLifeStages.read(log), 0, 1, marks, 1);
    EXPECT_EQ(stays.item, (LargeVector<std::uint32_t>{0, 0}));
    EXPECT_EQ(stays.stage, (LargeVector<std::int32_t>{0, 0}));
    EXPECT_EQ(stays.next, (LargeVector<std::int32_t>{1, -1}));
    EXPECT_EQ(stays.began, (LargeVector<std::int64_t>{1, 6}));
    EXPECT_EQ(stays.ended[0], 4);
    EXPECT_EQ(stays.state, (LargeVector<std::uint8_t>{StaySpells::kOver, StaySpells::kLast}));
    EXPECT_THROW((void)list_stays(log.journeys, kLifeStages.read(log), 0, 5, marks, 1),
                 std::invalid_argument);
}

TEST(Lives, RefuseATargetThatIsLostOrNoRow) {
    EXPECT_THROW((void)life_of(kReopened, kLostRow), std::invalid_argument);
    EXPECT_THROW((void)life_of(kReopened, 4), std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::durations
