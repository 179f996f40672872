// The units of one set of journeys in funnels, facts and trends: all tests share these helpers.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <optional>
#include <random>
#include <span>
#include <tuple>
#include <vector>

#include "stagefunnel/questions/funnel/units.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::funnel {
namespace {

using namespace stagefunnel::testing;

const Stages kUnitStages{{"New", "Offer", "Delivery"}, {"Won"}, {"Lost"}};

// The worked example of the definitions: Acme 1 and 2, Birch 3 and 4, Cedar 5 and 6, Dune 7; 8 and 9 alone.
const std::vector<Row> kRows{{1, "New", 0},   {1, "Offer", 2}, {1, "Lost", 5},    {2, "New", 3},
                             {2, "Won", 10},  {3, "New", 1},   {3, "Offer", 4},   {4, "New", 6},
                             {4, "Lost", 9},  {5, "New", 2},   {5, "Lost", 7},    {6, "Offer", 4},
                             {6, "Lost", 12}, {7, "New", 5},   {7, "Lost", 6},    {7, "Won", 11},
                             {8, "New", 7},   {8, "Lost", 9},  {9, "Delivery", 9}};
const std::vector<std::uint32_t> kUnits{0, 0, 1, 1, 2, 2, 3, 4, 5};

struct Accounts {
    Log log;
    Pipeline pipeline = kUnitStages.read(log);
    ByKey items;

    /// @param units the unit of the items 1, 2, 3, …
    Accounts(const std::vector<Row>& rows, const std::vector<std::uint32_t>& units, std::size_t n_units)
        : log(log_of(rows)), items(items_of_units(in_order(units), n_units)) {}

    /// Puts values of the items 1, 2, 3, … in the order of the journeys.
    template <class Value>
    [[nodiscard]] std::vector<Value> in_order(const std::vector<Value>& values) const {
        std::vector<Value> placed(values.size());
        for (std::size_t i = 0; i < values.size(); ++i)
            placed[log.place_of(static_cast<std::int64_t>(i) + 1)] = values[i];
        return placed;
    }
    [[nodiscard]] UnitCounts count(const Options& options = {},
                                   std::span<const std::uint8_t> moved = {}) const {
        return count_units(log.journeys, pipeline, options, items, {}, moved);
    }
    [[nodiscard]] UnitFacts facts(std::span<const std::uint8_t> elsewhere = {},
                                  LostThenWon rule = LostThenWon::include) const {
        return facts_of_units(log.journeys, pipeline, elsewhere, rule, items, 1);
    }
    [[nodiscard]] std::int64_t place(std::int64_t item) const {
        return static_cast<std::int64_t>(log.place_of(item));
    }
};

const Accounts& example() {
    static const Accounts accounts(kRows, kUnits, 6);
    return accounts;
}

/// One row of counts, one per stage: New, Offer, Delivery, Won, Lost.
CountMatrix unit_row(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d, std::int64_t e) {
    return CountMatrix{{a, b, c, d, e}};
}

using Numbers = std::vector<std::int64_t>;

TEST(CountUnits, CountsTheWorkedExample) {
    const Counts counts = example().count().counts;
    EXPECT_EQ(counts.passed, unit_row(5, 3, 1, 2, 5));
    EXPECT_TRUE(counts.assumed.isZero());
    EXPECT_EQ(counts.skipped, unit_row(1, 2, 2, 0, 0));
    EXPECT_EQ(counts.began_beyond, unit_row(1, 1, 0, 0, 0));
    EXPECT_EQ(counts.open_at, unit_row(0, 1, 1, 0, 0));
    EXPECT_EQ(counts.lost_from, unit_row(1, 1, 0, 0, 0));
    EXPECT_EQ((Numbers{counts.won(0), counts.open(0), counts.lost(0), counts.left_out(0)}),
              (Numbers{2, 2, 2, 0}));
}

TEST(CountUnits, LeavesOutAUnitOfWhichTheRuleForLostThenWonItemsLeavesNoItem) {
    const Options options{
        .kind = Kind::conversions_won, .lost_then_won = LostThenWon::exclude, .group = {}, .amount = {}};
    const Counts counts = example().count(options).counts;
    EXPECT_EQ(counts.left_out, CountVector{{1}});
    EXPECT_EQ(counts.passed + counts.assumed, unit_row(4, 3, 2, 1, 4));
    EXPECT_EQ(counts.assumed, unit_row(0, 0, 1, 0, 0));
}

TEST(CountUnits, CountsAUnitInTheGroupOfTheItemWhoseFirstRowComesFirst) {
    // Item 2 comes first in time; 3 and 4 begin together, and 3 comes first in the input.
    const Accounts accounts({{1, "New", 5}, {2, "Note", 0}, {2, "New", 4}, {3, "New", 1}, {4, "New", 1}},
                            {0, 0, 1, 1}, 2);
    const std::vector<std::int32_t> groups = accounts.in_order(std::vector<std::int32_t>{0, 1, 2, 3});
    const Options options{.group = groups, .n_groups = 4, .amount = {}};
    EXPECT_EQ(accounts.count(options).counts.open, (CountVector{{0, 1, 1, 0}}));
}

TEST(CountUnits, AddsTheAmountOfEachItemInTheStagesThatItReaches) {
    const Accounts accounts({{1, "New", 0}, {1, "Offer", 1}, {2, "New", 0}, {3, "Offer", 0}}, {0, 0, 0}, 1);
    const std::vector<double> amounts = accounts.in_order(std::vector<double>{0.5, 2, std::nan("")});
    const Counts counts = accounts.count({.group = {}, .amount = amounts}).counts;
    EXPECT_EQ(counts.amount(0, 0), 2.5);
    EXPECT_EQ(counts.amount(0, 1), 0.5);
    EXPECT_EQ(counts.amount_missing, unit_row(0, 1, 0, 0, 0));
}

TEST(CountUnits, AUnitHasMovedOutWhereAnItemHasAndNoneIsHere) {
    const Accounts accounts({{1, "New", 0}, {2, "New", 0}, {3, "New", 0}}, {0, 1, 1}, 2);
    const std::vector<std::uint8_t> moved = accounts.in_order(std::vector<std::uint8_t>{1, 1, 0});
    const UnitCounts counts = accounts.count({}, moved);
    EXPECT_EQ(counts.moved_out, CountVector{{1}});
    EXPECT_EQ(counts.counts.open, CountVector{{1}});
    EXPECT_EQ(counts.counts.passed(0, 0), 2);
}

TEST(CountUnits, AUnitWithoutAListedRowIsInNoCount) {
    const Accounts accounts({{1, "Note", 0}, {2, "New", 0}}, {0, 2}, 3);
    const Counts counts = accounts.count().counts;
    EXPECT_EQ(counts.open, CountVector{{1}});
    EXPECT_EQ(counts.left_out, CountVector{{0}});
}

TEST(CountUnits, UnitsOfOneItemAndAnyNumberOfThreadsCountAsTheItemsDo) {
    std::mt19937 random(7);
    CodedRows rows;
    rows.n_labels = 80;
    std::vector<std::uint32_t> units;
    for (std::uint64_t item = 0; item < 40'000; ++item) {
        units.push_back(static_cast<std::uint32_t>(item));
        for (std::int64_t time = 0; time < 4; ++time) rows.add(item, random() % 80, time);
    }
    const Journeys journeys = rows.build();
    const Pipeline pipeline = same_rows(76, 2, 2);
    for (const Kind kind : {Kind::classic, Kind::conversions_moves, Kind::furthest, Kind::strict}) {
        Options options{.kind = kind, .lost_then_won = LostThenWon::exclude, .group = {}, .amount = {}};
        const Counts alone = count_funnel(journeys, pipeline, options);
        for (const unsigned threads : {1U, 3U}) {
            options.threads = threads;
            const Counts together =
                count_units(journeys, pipeline, options, items_of_units(units, units.size()), {}, {}).counts;
            for (const auto& [name, table] : kStageTables) EXPECT_EQ(together.*table, alone.*table) << name;
            for (const auto& [name, table] : kGroupTables) EXPECT_EQ(together.*table, alone.*table) << name;
        }
    }
}

TEST(Units, HaveTheirItemsInTheOrderOfThese) {
    std::mt19937_64 random(20'261'130);
    for (const std::size_t n_units : {std::size_t{1}, std::size_t{1'024}, std::size_t{5'000}}) {
        std::vector<std::uint32_t> unit_of_item(20'000);
        std::vector<std::vector<std::uint32_t>> expected(n_units);
        for (std::uint32_t item = 0; item < unit_of_item.size(); ++item) {
            unit_of_item[item] = static_cast<std::uint32_t>(random() % n_units);
            expected[unit_of_item[item]].push_back(item);
        }
        const ByKey items = items_of_units(unit_of_item, n_units);
        ASSERT_EQ(items.n_keys(), n_units);
        for (std::size_t unit = 0; unit < n_units; ++unit) {
            const auto own = items.of(unit);
            EXPECT_EQ(std::vector<std::uint32_t>(own.begin(), own.end()), expected[unit]);
        }
    }
    EXPECT_EQ(items_of_units({}, 0).n_keys(), 0U);
}

/// A random log of 40,000 items in 7,000 units; a stage of it comes and another goes.
struct RandomUnits {
    Journeys journeys;
    Pipeline pipeline = Pipeline(3, 1, 2, {0, 1, 2, 3, 4, 5, Pipeline::kUnlisted}, rules());
    std::vector<std::uint32_t> units;
    ByKey items;
    std::vector<std::int32_t> group;
    std::vector<double> amount;
    std::vector<std::uint8_t> in_report, moved;

    RandomUnits() {
        std::mt19937 random(11);
        CodedRows rows;
        rows.n_labels = 7;
        for (std::uint64_t item = 0; item < 40'000; ++item) {
            const std::uint64_t n_rows = 1 + random() % 4;
            for (std::uint64_t row = 0; row < n_rows; ++row)
                rows.add(item, random() % 7, static_cast<std::int64_t>(random() % 40));
        }
        journeys = rows.build();
        for (std::size_t item = 0; item < journeys.n_items(); ++item) {
            units.push_back(static_cast<std::uint32_t>(random() % 7'000));
            group.push_back(static_cast<std::int32_t>(random() % 3));
            amount.push_back(random() % 5 == 0 ? std::nan("") : static_cast<double>(random() % 100) / 8);
            moved.push_back(random() % 4 == 0 ? 1 : 0);
        }
        items = items_of_units(units, 7'000);
        for (std::size_t unit = 0; unit < 7'000; ++unit) in_report.push_back(random() % 3 != 0 ? 1 : 0);
    }

    static StageRules rules() {
        const std::int64_t always = StageRules::kAlways, forever = StageRules::kForever;
        return {.optional = {0, 0, 0}, .since = {always, 20, always}, .until = {forever, forever, 30}};
    }
};

class UnitsByState : public ::testing::TestWithParam<std::tuple<Kind, LostThenWon>> {};

TEST_P(UnitsByState, CountAsUnitsWhoseRowsAreRead) {
    static const RandomUnits random;
    const auto states = find_states_of_items(random.journeys, random.pipeline, 2);
    ASSERT_TRUE(states.has_value());
    const auto [kind, rule] = GetParam();
    for (const auto& [is_grouped, has_moved] :
         {std::pair{false, false}, std::pair{false, true}, std::pair{true, true}}) {
        for (const unsigned threads : {1U, 3U}) {
            Options options{
                .kind = kind, .lost_then_won = rule, .group = {}, .amount = {}, .threads = threads};
            if (is_grouped) {
                options.group = random.group;
                options.n_groups = 3;
                options.amount = random.amount;
            }
            const std::span<const std::uint8_t> in_report =
                is_grouped ? std::span<const std::uint8_t>(random.in_report)
                           : std::span<const std::uint8_t>();
            const std::span<const std::uint8_t> moved =
                has_moved ? std::span<const std::uint8_t>(random.moved) : std::span<const std::uint8_t>();
            const auto count = [&](const ItemStates* item_states) {
                return count_units(random.journeys, random.pipeline, options, random.items, in_report, moved,
                                   item_states);
            };
            const UnitCounts rows = count(nullptr), by_state = count(&*states);
            for (const auto& [name, table] : kStageTables)
                EXPECT_EQ(by_state.counts.*table, rows.counts.*table) << name;
            for (const auto& [name, table] : kGroupTables)
                EXPECT_EQ(by_state.counts.*table, rows.counts.*table) << name;
            EXPECT_EQ(by_state.counts.amount, rows.counts.amount);
            EXPECT_EQ(by_state.moved_out, rows.moved_out);
        }
    }
}

TEST_P(UnitsByState, UnitedInPlaceTheyAreCountedAsWhereTheirItemsAreBroughtTogether) {
    static const RandomUnits random;
    const auto states = find_states_of_items(random.journeys, random.pipeline, 2);
    const auto [kind, rule] = GetParam();
    for (const std::span<const std::uint8_t> in_report :
         {std::span<const std::uint8_t>(), std::span<const std::uint8_t>(random.in_report)}) {
        for (const unsigned threads : {1U, 2U}) {
            const Options options{
                .kind = kind, .lost_then_won = rule, .group = {}, .amount = {}, .threads = threads};
            const Counts rows =
                count_units(random.journeys, random.pipeline, options, random.items, in_report, {}).counts;
            const Counts counts = count_units_in_place(random.journeys, random.pipeline, options,
                                                       random.units, 7'000, in_report, *states)
                                      .counts;
            for (const auto& [name, table] : kStageTables) EXPECT_EQ(counts.*table, rows.*table) << name;
            for (const auto& [name, table] : kGroupTables) EXPECT_EQ(counts.*table, rows.*table) << name;
        }
    }
}

TEST(UnitsInPlace, AreRefusedWhereTheyAreNotThoseOfTheItems) {
    const Accounts& accounts = example();
    ItemStates own;
    own.of_item.assign(accounts.log.journeys.n_items(), ItemStates::kNoState);
    const auto count = [&](std::span<const std::uint32_t> units, std::span<const std::uint8_t> in_report) {
        return count_units_in_place(accounts.log.journeys, accounts.pipeline, {}, units, 6, in_report, own);
    };
    const std::vector<std::uint32_t> units = accounts.in_order(kUnits), few{0, 1};
    std::vector<std::uint32_t> beyond = units;
    beyond.back() = 6;
    EXPECT_NO_THROW(static_cast<void>(count(units, {})));
    EXPECT_THROW(static_cast<void>(count(few, {})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(count(beyond, {})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(count(units, std::vector<std::uint8_t>{1})), std::invalid_argument);
}

TEST_P(UnitsByState, UnitedOnceTheyAreCountedByAnyGroups) {
    static const RandomUnits random;
    const auto states = find_states_of_items(random.journeys, random.pipeline, 2);
    const auto [kind, rule] = GetParam();
    for (const std::span<const std::uint8_t> in_report :
         {std::span<const std::uint8_t>(), std::span<const std::uint8_t>(random.in_report)}) {
        for (const unsigned threads : {1U, 3U}) {
            Options options{
                .kind = kind, .lost_then_won = rule, .group = {}, .amount = {}, .threads = threads};
            const UnitWords united =
                unite_items(random.journeys, random.pipeline, options, random.items, in_report, *states);
            for (const bool is_grouped : {false, true}) {
                options.group = is_grouped ? std::span<const std::int32_t>(random.group)
                                           : std::span<const std::int32_t>();
                options.n_groups = is_grouped ? 3 : 1;
                const Counts rows =
                    count_units(random.journeys, random.pipeline, options, random.items, in_report, {})
                        .counts;
                const Counts counts = count_united(random.pipeline, options, united).counts;
                for (const auto& [name, table] : kStageTables) EXPECT_EQ(counts.*table, rows.*table) << name;
                for (const auto& [name, table] : kGroupTables) EXPECT_EQ(counts.*table, rows.*table) << name;
            }
        }
    }
}

TEST(CountUnits, UnitedItemsAreRefusedWhereStatesOrGroupsAreOfOthers) {
    const RandomUnits random;
    const auto states = find_states_of_items(random.journeys, random.pipeline, 1);
    const Options plain{.group = {}, .amount = {}};
    const Accounts& others = example();
    EXPECT_THROW(static_cast<void>(
                     unite_items(others.log.journeys, others.pipeline, plain, others.items, {}, *states)),
                 std::invalid_argument);
    EXPECT_THROW(static_cast<void>(unite_items(random.journeys, random.pipeline,
                                               {.kind = Kind::strict, .group = {}, .amount = {}},
                                               random.items, {}, *states)),
                 std::invalid_argument);
    const UnitWords united = unite_items(random.journeys, random.pipeline, plain, random.items, {}, *states);
    const std::vector<std::int32_t> few{0, 1}, beyond(random.group.size(), 1);
    EXPECT_THROW(
        static_cast<void>(count_united(random.pipeline, {.group = few, .n_groups = 2, .amount = {}}, united)),
        std::invalid_argument);
    EXPECT_THROW(static_cast<void>(
                     count_united(random.pipeline, {.group = beyond, .n_groups = 1, .amount = {}}, united)),
                 std::invalid_argument);
}

class UnitTrends : public ::testing::TestWithParam<std::tuple<Kind, LostThenWon>> {};

TEST_P(UnitTrends, StepsOfItemsCountAsRowsThatAreReadAgainForEachPeriod) {
    static const RandomUnits random;
    const auto [kind, rule] = GetParam();
    // Units of three items and of seventy.
    std::vector<std::uint32_t> few_units;
    for (std::size_t item = 0; item < random.journeys.n_items(); ++item)
        few_units.push_back(static_cast<std::uint32_t>(item * 7 % 300));
    const ByKey large = items_of_units(few_units, 300);
    const std::vector<std::int64_t> bounds{3, 10, 11, 20, 29, 37};
    const std::vector<std::uint8_t> nowhere(7, 0), elsewhere{0, 0, 0, 0, 0, 0, 1};
    using Flags = std::span<const std::uint8_t>;
    const auto check = [&](const ByKey& items, Flags flags, scan::MovedOut moved_out,
                           std::optional<std::int64_t> as_of, bool is_grouped, unsigned threads) {
        const Periods periods{.bounds = bounds, .as_of = as_of, .elsewhere = flags, .moved_out = moved_out};
        Options options{.kind = kind, .lost_then_won = rule, .group = {}, .amount = {}, .threads = threads};
        if (is_grouped) options.group = random.group;
        options.n_groups = is_grouped ? 3 : 1;
        const UnitCounts steps = count_unit_trend(random.journeys, random.pipeline, options, periods, items);
        // Amounts are those of rows that are read again.
        options.amount = random.amount;
        const UnitCounts rows = count_unit_trend(random.journeys, random.pipeline, options, periods, items);
        EXPECT_TRUE(rows.counts.visited.any());
        for (const auto& [name, table] : kStageTables) {
            if (table != &Counts::amount_missing) {
                EXPECT_EQ(steps.counts.*table, rows.counts.*table) << name;
            }
        }
        for (const auto& [name, table] : kGroupTables)
            EXPECT_EQ(steps.counts.*table, rows.counts.*table) << name;
        EXPECT_EQ(steps.moved_out, rows.moved_out);
    };
    for (const ByKey* items : std::array<const ByKey*, 2>{&random.items, &large}) {
        check(*items, nowhere, scan::MovedOut::exclude, std::nullopt, false, 1);
        check(*items, elsewhere, scan::MovedOut::exclude, std::nullopt, true, 3);
        check(*items, elsewhere, scan::MovedOut::include, 25, true, 1);
        check(*items, elsewhere, scan::MovedOut::include, std::nullopt, false, 3);
    }
}

INSTANTIATE_TEST_SUITE_P(AllKinds, UnitTrends,
                         ::testing::Combine(::testing::Values(Kind::classic, Kind::conversions_won,
                                                              Kind::conversions_moves, Kind::furthest,
                                                              Kind::strict),
                                            ::testing::Values(LostThenWon::include, LostThenWon::exclude,
                                                              LostThenWon::exclude_reopened)));

INSTANTIATE_TEST_SUITE_P(AllKinds, UnitsByState,
                         ::testing::Combine(::testing::Values(Kind::classic, Kind::conversions_won,
                                                              Kind::furthest),
                                            ::testing::Values(LostThenWon::include, LostThenWon::exclude,
                                                              LostThenWon::exclude_reopened)));

TEST(CountUnits, RefusesStatesOfOtherItemsOrForAKindThatTheyDoNotAnswer) {
    const Accounts& accounts = example();
    ItemStates states;
    const auto count = [&](Kind kind) {
        return count_units(accounts.log.journeys, accounts.pipeline,
                           {.kind = kind, .group = {}, .amount = {}}, accounts.items, {}, {}, &states);
    };
    EXPECT_THROW(static_cast<void>(count(Kind::classic)), std::invalid_argument);
    states.of_item.assign(accounts.log.journeys.n_items(), ItemStates::kNoState);
    EXPECT_NO_THROW(static_cast<void>(count(Kind::classic)));
    EXPECT_THROW(static_cast<void>(count(Kind::strict)), std::invalid_argument);
}

TEST(CountUnits, RefusesUnitsOfOtherItems) {
    const ByKey two = items_of_units(std::vector<std::uint32_t>{0, 1}, 2);
    const Accounts& accounts = example();
    EXPECT_THROW(static_cast<void>(count_units(accounts.log.journeys, accounts.pipeline, {}, two, {}, {})),
                 std::invalid_argument);
    const std::vector<std::uint8_t> moved{1};
    EXPECT_THROW(static_cast<void>(accounts.count({}, moved)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(items_of_units(std::vector<std::uint32_t>{0, 2}, 2)),
                 std::invalid_argument);
}

TEST(FactsOfUnits, AWonUnitClosedWithItsFirstWonItemAndALostOneWithItsLast) {
    const UnitFacts facts = example().facts();
    const auto standing = [](Standing one) { return static_cast<std::uint8_t>(one); };
    EXPECT_EQ(list_of(facts.standing),
              (std::vector<std::uint8_t>{standing(Standing::won), standing(Standing::open),
                                         standing(Standing::lost), standing(Standing::won),
                                         standing(Standing::lost), standing(Standing::open)}));
    EXPECT_EQ(list_of(facts.first_time), (Numbers{0, 1, 2, 5, 7, 9}));
    EXPECT_EQ(facts.gone_at[0], 10);
    EXPECT_EQ(facts.gone_at[2], 12);
    EXPECT_EQ(facts.deciding_item[0], example().place(2));
    EXPECT_EQ(facts.deciding_item[1], -1);
    EXPECT_EQ(facts.deciding_item[2], example().place(6));
    EXPECT_EQ(facts.first_item[2], example().place(5));
    const Accounts won({{1, "Won", 9}, {2, "Won", 4}, {3, "Lost", 12}}, {0, 0, 0}, 1);
    EXPECT_EQ(won.facts().gone_at[0], 4);
}

TEST(FactsOfUnits, OfItemsThatCloseTogetherTheFurthestDecidesThenTheFirst) {
    const Accounts lost({{1, "Lost", 5}, {2, "Offer", 1}, {2, "Lost", 5}, {3, "Offer", 0}, {3, "Lost", 5}},
                        {0, 0, 0}, 1);
    EXPECT_EQ(lost.facts().deciding_item[0], lost.place(2));
}

TEST(FactsOfUnits, AUnitThatMovedOutLeftWithItsLastItem) {
    const Accounts accounts({{1, "New", 0}, {1, "Away", 4}, {2, "New", 1}, {2, "Away", 6}, {2, "Away", 8}},
                            {0, 0}, 1);
    std::vector<std::uint8_t> elsewhere;
    for (const std::string& label : accounts.log.labels) elsewhere.push_back(label == "Away" ? 1 : 0);
    const UnitFacts facts = accounts.facts(elsewhere);
    EXPECT_EQ(facts.standing[0], static_cast<std::uint8_t>(Standing::moved_out));
    EXPECT_EQ(facts.gone_at[0], 6);
    EXPECT_EQ(facts.deciding_item[0], accounts.place(2));
}

TEST(FactsOfUnits, PassOverItemsThatTheRuleForLostThenWonItemsLeavesOutWhereThereAreOthers) {
    const std::vector<Row> rows{{1, "New", 0}, {1, "Lost", 2}, {1, "Won", 5}, {2, "New", 3}};
    const Accounts both(rows, {0, 0}, 1), alone(rows, {0, 1}, 2);
    EXPECT_EQ(both.facts().gone_at[0], 2);
    const UnitFacts facts = both.facts({}, LostThenWon::exclude);
    EXPECT_EQ(facts.standing[0], static_cast<std::uint8_t>(Standing::open));
    EXPECT_EQ(facts.first_time[0], 3);
    EXPECT_EQ(alone.facts({}, LostThenWon::exclude).standing[0], static_cast<std::uint8_t>(Standing::won));
}

TEST(CountUnits, CountsTheUnitsOfTheReportAlone) {
    const std::vector<std::uint8_t> in_report{0, 1, 0, 0, 0, 1};
    const Accounts& accounts = example();
    const Counts counts =
        count_units(accounts.log.journeys, accounts.pipeline, {}, accounts.items, in_report, {}).counts;
    EXPECT_EQ(counts.open, CountVector{{2}});
    EXPECT_EQ(counts.won, CountVector{{0}});
}

TEST(CountUnitTrend, CountsAUnitInEachPeriodInWhichItIsNotClosed) {
    const Numbers bounds{0, 5, 8, 11, 14};
    const Accounts& accounts = example();
    const Counts counts = count_unit_trend(accounts.log.journeys, accounts.pipeline, {},
                                           {.bounds = bounds, .as_of = {}, .elsewhere = {}}, accounts.items)
                              .counts;
    // From 8 to 11: Acme is won, item 8 lost, Birch, Cedar and item 9 are open, and Dune was lost before.
    EXPECT_EQ(list_of(counts.won), (Numbers{0, 0, 1, 0}));  // Dune closed on day 6
    EXPECT_EQ(list_of(counts.lost), (Numbers{0, 1, 1, 1}));
    EXPECT_EQ(list_of(counts.open), (Numbers{3, 4, 3, 2}));
}

TEST(CountUnitTrend, AmountsComeAndGoWithTheUnits) {
    const Accounts accounts({{1, "New", 0}, {2, "New", 2}, {2, "Won", 3}}, {0, 0}, 1);
    const std::vector<double> amounts = accounts.in_order(std::vector<double>{1, 2});
    const Numbers bounds{0, 1, 2, 3, 4, 5};
    const Counts counts =
        count_unit_trend(accounts.log.journeys, accounts.pipeline, {.group = {}, .amount = amounts},
                         {.bounds = bounds, .as_of = {}, .elsewhere = {}}, accounts.items)
            .counts;
    EXPECT_EQ(counts.amount.col(0), (Eigen::VectorXd{{1, 1, 3, 3, 0}}));
}

}  // namespace
}  // namespace stagefunnel::funnel
