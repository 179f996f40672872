#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "stagefunnel/questions/funnel/funnel.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::funnel {
namespace {

using namespace stagefunnel::testing;

// A log with more items than a small pipeline has states is counted state by state, a smaller log item by
// item. So the counts of a log must equal the sums of the counts of its small parts.

constexpr std::size_t kStages = 5;  // 2 in progress, 1 won, 2 lost; one more label is unlisted
constexpr std::int32_t kGroups = 7;

Pipeline five_of_six() { return {2, 1, 2, {0, 1, 2, 3, 4, Pipeline::kUnlisted}}; }

/// Items whose groups and amounts follow from their keys.
struct Items {
    explicit Items(std::uint64_t n) {
        rows.n_labels = kStages + 1;
        std::mt19937_64 random(20261124);
        for (std::uint64_t item = 0; item < n; ++item) {
            for (std::uint64_t i = 0, length = 1 + random() % 6; i < length; ++i)
                rows.add(item, random() % (kStages + 1), static_cast<std::int64_t>(i));
        }
    }

    /// Parts with too few items to be counted by state.
    [[nodiscard]] std::vector<CodedRows> parts() const {
        constexpr std::uint64_t kItems = 400;
        std::vector<CodedRows> parts;
        for (std::size_t row = 0; row < rows.item.size(); ++row) {
            if (rows.item[row] >= parts.size() * kItems) parts.emplace_back().n_labels = rows.n_labels;
            parts.back().add(rows.item[row], rows.stage[row], rows.time[row]);
        }
        return parts;
    }

    CodedRows rows;
};

enum class With { nothing, groups, amounts, both };

Counts count(const Journeys& journeys, Options options, With with, const ItemStates* item_states = nullptr) {
    std::vector<std::int32_t> group;
    std::vector<double> amount;
    for (const std::uint64_t key : journeys.key) {
        group.push_back(static_cast<std::int32_t>(key % 13 % kGroups));
        amount.push_back(key % 5 == 0 ? NAN : static_cast<double>(key % 1000) / 8 - 20);
    }
    if (with == With::groups || with == With::both) {
        options.group = group;
        options.n_groups = kGroups;
    }
    if (with == With::amounts || with == With::both) options.amount = amount;
    return count_funnel(journeys, five_of_six(), options, item_states);
}

Counts count_in_parts(const Items& items, const Options& options, With with) {
    Counts total;
    for (const CodedRows& part : items.parts()) {
        const Journeys journeys = part.build();
        EXPECT_FALSE(find_states(journeys, five_of_six(), 1).has_value());
        const Counts counts = count(journeys, options, with);
        if (total.passed.size() == 0) {
            total = counts;
            continue;
        }
        for (const auto& [name, table] : kStageTables) total.*table += counts.*table;
        for (const auto& [name, table] : kGroupTables) total.*table += counts.*table;
        total.amount += counts.amount;  // eighths, so that nothing is rounded
    }
    return total;
}

void expect_same(const Counts& a, const Counts& b) {
    for (const auto& [name, table] : kStageTables) EXPECT_EQ(a.*table, b.*table) << name;
    for (const auto& [name, table] : kGroupTables) EXPECT_EQ(a.*table, b.*table) << name;
    EXPECT_EQ(a.amount, b.amount);
}

class CountedByState : public ::testing::TestWithParam<std::tuple<Kind, LostThenWon, With>> {};

TEST_P(CountedByState, EqualsCountingItemByItem) {
    static const Items items(20'000);
    static const Journeys journeys = items.rows.build();
    static const auto item_states = find_states_of_items(journeys, five_of_six(), 2);
    ASSERT_TRUE(item_states.has_value());
    const auto [kind, rule, with] = GetParam();
    Options options;
    options.kind = kind;
    options.lost_then_won = rule;
    const Counts item_by_item = count_in_parts(items, options, with);
    for (const unsigned threads : {1U, 2U, 7U}) {
        options.threads = threads;
        expect_same(count(journeys, options, with), item_by_item);
        expect_same(count(journeys, options, with, &*item_states), item_by_item);
    }
}

TEST(CountFunnels, EqualsEachFunnelAlone) {
    const Journeys journeys = Items(20'000).rows.build();
    const auto item_states = find_states_of_items(journeys, five_of_six(), 2);
    std::vector<std::int32_t> group;
    std::vector<double> amount;
    for (const std::uint64_t key : journeys.key) {
        group.push_back(static_cast<std::int32_t>(key % kGroups));
        amount.push_back(key % 5 == 0 ? NAN : static_cast<double>(key % 100) / 8);
    }
    Options classic;
    classic.group = group;
    classic.n_groups = kGroups;
    classic.amount = amount;
    Options conversions = classic;
    conversions.kind = Kind::conversions_won;
    conversions.lost_then_won = LostThenWon::exclude;
    const std::vector<Options> funnels{classic, conversions};
    const std::vector<Counts> found = count_funnels(five_of_six(), funnels, *item_states);
    ASSERT_EQ(found.size(), 2U);
    expect_same(found[0], count_funnel(journeys, five_of_six(), classic));
    expect_same(found[1], count_funnel(journeys, five_of_six(), conversions));
}

TEST(CountFunnels, RefusesWhatItemStatesDoNotAnswer) {
    const Journeys journeys = Items(20'000).rows.build();
    const auto with_items = find_states_of_items(journeys, five_of_six(), 1);
    const auto without = find_states(journeys, five_of_six(), 1);
    const std::vector<std::int32_t> group(journeys.n_items(), 0);
    const auto refuses = [&](std::vector<Options> funnels, const ItemStates& item_states) {
        EXPECT_THROW(static_cast<void>(count_funnels(five_of_six(), funnels, item_states)),
                     std::invalid_argument);
    };
    Options plain, grouped, strict;
    grouped.group = group;
    strict.kind = Kind::strict;
    refuses({strict}, *with_items);
    refuses({plain, grouped}, *with_items);
    refuses({grouped}, *without);
    EXPECT_TRUE(count_funnels(five_of_six(), {}, *with_items).empty());
}

INSTANTIATE_TEST_SUITE_P(
    KindsAndRules, CountedByState,
    ::testing::Combine(::testing::Values(Kind::classic, Kind::conversions_won, Kind::conversions_moves,
                                         Kind::furthest, Kind::strict),
                       ::testing::Values(LostThenWon::include, LostThenWon::exclude,
                                         LostThenWon::exclude_reopened),
                       ::testing::Values(With::nothing, With::groups, With::amounts, With::both)));

}  // namespace
}  // namespace stagefunnel::funnel
