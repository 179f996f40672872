#include <gtest/gtest.h>

#include <random>

#include "stagefunnel/questions/durations/life_cells.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::durations {
namespace {

using namespace stagefunnel::testing;
using Counts = std::vector<std::uint32_t>;
using Groups = std::vector<std::int32_t>;

const Stages kCellStages{{"New", "Offer"}, {"Won"}, {"Lost"}};
constexpr std::int32_t kOutcome = Pipeline::kUnlisted;

// Won after 4, lost after 2, open since 4 and 2, and one without a listed row.
const std::vector<Row> kFiveItems{{1, "New", 10}, {1, "Won", 14}, {2, "New", 12}, {2, "Lost", 14},
                                  {3, "New", 12}, {4, "New", 14}, {5, "Odd", 10}};

Lives lives_of(const Log& log, std::int32_t target = kOutcome, Reopened reopened = Reopened::last,
               const std::vector<std::uint8_t>& unknown = {}) {
    const scan::Marks marks{.whole = log.journeys, .start_unknown = unknown};
    return find_lives(log.journeys, kCellStages.read(log), target, reopened, marks, 2);
}

TEST(PackedLives, HaveTheStepOfTheirClock) {
    const PackedLives packed = pack_lives(lives_of(log_of(kFiveItems)), 1).value();
    EXPECT_EQ(packed.first, 10);
    EXPECT_EQ(packed.step, 2);
    EXPECT_EQ(packed.longest, 2);
    EXPECT_EQ(packed.unknown, 0);
    EXPECT_EQ(packed.ever_lost, 1);
    EXPECT_EQ(packed.passed_through, 0);
}

TEST(PackedLives, AreNotMadeOfTimesThatAreTooFarApart) {
    const std::int64_t far = std::int64_t{1} << 40;
    EXPECT_FALSE(pack_lives(lives_of(log_of({{1, "New", 0}, {2, "New", 1}, {3, "New", far}})), 1));
    EXPECT_TRUE(pack_lives(lives_of(log_of({{1, "New", 0}, {3, "New", far}})), 1));
}

TEST(CountedLives, StandWhereTheyEndedOrWereSeenLast) {
    const Log log = log_of(kFiveItems);
    const auto cells =
        count_lives(pack_lives(lives_of(log), 1).value(), {.until = 16}, {}, 1, 2, 1).value().cells;
    EXPECT_EQ(cells.step, 2);
    EXPECT_EQ(cells.n_ages, 4);  // 0, 2, 4 and 6, which the oldest would be
    EXPECT_EQ(cells.left_out, 1);
    // By age: entered later, censored, won, lost.
    EXPECT_EQ(cells.ended, (Counts{0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0}));
    EXPECT_EQ(cells.followed, (Counts{0, 1, 2, 1}));
}

TEST(CountedLives, TakeAFinerStepWhereTheWatchEndsBetweenSteps) {
    const Log log = log_of(kFiveItems);
    const auto cells =
        count_lives(pack_lives(lives_of(log), 1).value(), {.until = 15}, {}, 1, 2, 1).value().cells;
    EXPECT_EQ(cells.step, 1);
    EXPECT_EQ(cells.followed, (Counts{0, 1, 0, 2, 0, 1}));
}

TEST(CountedLives, AreThoseOfEachGroup) {
    const Log log = log_of(kFiveItems);
    const PackedLives packed = pack_lives(lives_of(log), 1).value();
    const Groups group{1, 0, 0, 1, 0};
    const auto cells = count_lives(packed, {.until = 14}, group, 2, 2, 1).value().cells;
    EXPECT_EQ(cells.followed.size(), 2 * cells.n_ages);
    std::size_t of_first = 0;
    for (std::size_t age = 0; age < cells.n_ages; ++age) of_first += cells.followed[age];
    std::size_t n_first = 0;
    for (std::size_t item = 0; item < group.size(); ++item)
        n_first += group[item] == 0 && packed.end[item] <= static_cast<std::int8_t>(LifeEnd::open) ? 1 : 0;
    EXPECT_EQ(of_first, n_first);
    EXPECT_THROW((void)count_lives(packed, {.until = 14}, Groups{0, 1, 2, 0, 0}, 2, 2, 1),
                 std::invalid_argument);
    EXPECT_THROW((void)count_lives(packed, {.until = 14}, Groups{0, 1}, 2, 2, 1), std::invalid_argument);
    EXPECT_THROW((void)count_lives(packed, {.until = 14}, {}, 1, 1, 1), std::invalid_argument);
}

TEST(CountedLives, AreSeenFromTheBeginningOfTheWatchToItsEnd) {
    const PackedLives packed = pack_lives(lives_of(log_of(kFiveItems)), 1).value();
    // From 12 on item 1 is seen, when it is 2 old; up to 14 nothing has happened, for the watch is cut there.
    const LifeCells cut =
        count_lives(packed, {.start = 12, .until = 14, .is_cut = true}, {}, 1, 2, 1).value();
    EXPECT_EQ(cut.cells.step, 2);
    EXPECT_EQ(cut.cells.from_start, (std::vector<std::int64_t>{2}));
    EXPECT_EQ(cut.cells.left_out, 2);  // item 4 begins when the watch is over
    EXPECT_EQ(cut.ever_lost, 1);
    // By age: entered later, censored, won, lost.
    EXPECT_EQ(cut.cells.ended, (Counts{0, 0, 0, 0, 1, 2, 0, 0, 0, 1, 0, 0}));
    EXPECT_EQ(cut.cells.followed, (Counts{0, 2, 1}));
    // At 14 two end, which is still seen; from 15 on only what goes on is.
    const auto late = count_lives(packed, {.start = 14, .until = 16}, {}, 1, 2, 1).value();
    EXPECT_EQ(late.cells.left_out, 1);
    EXPECT_EQ(late.cells.from_start, (std::vector<std::int64_t>{1}));
    EXPECT_EQ(count_lives(packed, {.start = 15, .until = 16}, {}, 1, 2, 1).value().cells.left_out, 3);
}

TEST(CountedLives, AreWatchedNoLongerThanEachItemIs) {
    const Log log = log_of(kFiveItems);
    const PackedLives packed = pack_lives(lives_of(log), 1).value();
    const std::vector<std::int64_t> until_of_key{20, 14, 13, 15, 0};
    std::vector<std::int64_t> until;  // in the order of the journeys
    for (const std::uint64_t key : log.journeys.key) until.push_back(until_of_key[key - 1]);
    const auto cells = count_lives(packed, {.until = 16, .until_of_item = until}, {}, 1, 2, 1).value().cells;
    EXPECT_EQ(cells.step, 1);
    EXPECT_EQ(cells.followed, (Counts{0, 2, 1, 0, 0, 0, 1}));
    EXPECT_THROW(
        (void)count_lives(packed, {.until = 16, .until_of_item = std::span(until).first(2)}, {}, 1, 2, 1),
        std::invalid_argument);
}

TEST(CountedLives, AreNotCountedInCellsThatWouldBeMany) {
    const Log log = log_of({{1, "New", 0}, {2, "New", 1}, {3, "New", 1'000'000'000}});
    EXPECT_FALSE(count_lives(pack_lives(lives_of(log), 1).value(), {.until = 1'000'000'000}, {}, 1, 2, 1));
}

TEST(CountedStays, StandByStageAndLength) {
    const Log log = log_of({{1, "New", 0}, {1, "Offer", 3}, {1, "Offer", 4}, {1, "Won", 6}, {2, "New", 3}});
    const TimeRange range = range_of_times(log.journeys, 1);
    EXPECT_EQ(range.first, 0);
    EXPECT_EQ(range.last, 6);
    EXPECT_EQ(range.step, 1);
    const auto cells = count_stays(log.journeys, kCellStages.read(log), 2, range, 6, {}, {}, 1, 1).value();
    EXPECT_EQ(cells.n_groups, 2);
    EXPECT_EQ(cells.n_ages, 7);
    // New: one left after 3, one is seen for 3; Offer: left after 3.
    EXPECT_EQ((Counts{cells.ended.begin() + 9, cells.ended.begin() + 12}), (Counts{0, 1, 1}));
    EXPECT_EQ((Counts{cells.ended.begin() + 30, cells.ended.begin() + 33}), (Counts{0, 0, 1}));
    EXPECT_EQ(cells.followed, (Counts{0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0}));
    EXPECT_THROW((void)count_stays(log.journeys, kCellStages.read(log), 9, range, 6, {}, {}, 1, 1),
                 std::invalid_argument);
}

/// Journeys of many items, drawn from a seed.
Log drawn(unsigned seed) {
    std::mt19937 random(seed);
    const std::vector<std::string> stages{"New", "Offer", "Won", "Lost", "Odd"};
    std::vector<Row> rows;
    for (std::int64_t item = 0; item < 400; ++item) {
        std::int64_t time = 5 * static_cast<std::int64_t>(random() % 40);
        for (unsigned row = 0; row <= random() % 6; ++row) {
            rows.push_back({item, stages[random() % stages.size()], time});
            time += 5 * static_cast<std::int64_t>(random() % 9);
        }
    }
    return log_of(rows);
}

TEST(Lives, OfRowsWithoutMarksAreThoseOfRowsWhoseMarksSayNothing) {
    for (unsigned seed = 0; seed < 40; ++seed) {
        const Log log = drawn(seed);
        const std::vector<std::uint8_t> nothing(log.journeys.time.size(), 0);
        for (const std::int32_t target : {kOutcome, 0, 1, 2}) {
            for (const Reopened reopened : {Reopened::last, Reopened::first}) {
                const Lives plain = lives_of(log, target, reopened);
                const Lives marked = lives_of(log, target, reopened, nothing);
                ASSERT_EQ(plain.end, marked.end) << seed;
                ASSERT_EQ(plain.began, marked.began) << seed;
                ASSERT_EQ(plain.passed, marked.passed) << seed;
                for (std::size_t item = 0; item < plain.end.size(); ++item) {
                    if (plain.end[item] < static_cast<std::int8_t>(LifeEnd::open)) {
                        ASSERT_EQ(plain.ended[item], marked.ended[item]) << seed;
                    }
                }
            }
        }
    }
}

TEST(CountedStays, AreThoseThatAreListed) {
    for (unsigned seed = 0; seed < 40; ++seed) {
        const Log log = drawn(seed);
        const Pipeline pipeline = kCellStages.read(log);
        const scan::Marks marks{.whole = log.journeys};
        const TimeRange range = range_of_times(log.journeys, 2);
        ASSERT_EQ(range.step, 5);
        const StaySpells listed = list_stays(log.journeys, pipeline, 0, 2, marks, 1);
        const auto cells = count_stays(log.journeys, pipeline, 2, range, range.last, {}, {}, 1, 2).value();
        Counts ended(cells.ended.size()), followed(cells.followed.size());
        for (std::size_t i = 0; i < listed.item.size(); ++i) {
            const bool is_over = (listed.state[i] & StaySpells::kOver) != 0;
            const std::int64_t until = is_over ? listed.ended[i] : range.last;
            const auto first = static_cast<std::size_t>(listed.stage[i]) * cells.n_ages;
            const auto lasted = static_cast<std::size_t>((until - listed.began[i]) / 5);
            ++ended[(first + lasted) * 3 + (is_over ? 2U : 1U)];
            ++followed[first + static_cast<std::size_t>((range.last - listed.began[i]) / 5)];
        }
        ASSERT_EQ(cells.ended, ended) << seed;
        ASSERT_EQ(cells.followed, followed) << seed;
    }
}

}  // namespace
}  // namespace stagefunnel::durations
