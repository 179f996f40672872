#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "stagefunnel/stats/spell_counts.hpp"

namespace stagefunnel::stats {
namespace {

using Times = std::vector<std::int64_t>;
using Reals = std::vector<double>;
using Bytes = std::vector<std::int8_t>;
using Codes = std::vector<std::int32_t>;
using Counts = std::vector<std::uint32_t>;

template <class T>
std::span<const T> all(const std::vector<T>& values) {
    return values;
}

SpellColumns columns(TimeColumn exit, CodeColumn cause, std::int32_t n_causes = 2) {
    return {.exit = exit,
            .entry = std::nullopt,
            .cause = cause,
            .group = std::nullopt,
            .n_causes = n_causes,
            .n_groups = 0,
            .unit = 1};
}

TEST(SpellCounts, CountsHowSpellsEndAtEachTime) {
    const Times exit{2, 4, 5, 2};
    const Bytes cause{0, 1, -1, 0};
    const auto found = count_spells(columns(all(exit), all(cause)));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->cells.n_ages, 6);
    EXPECT_EQ(found->cells.step, 1);
    // By time: those that enter, are censored, end of cause 0 and of cause 1.
    EXPECT_EQ(found->cells.ended,
              (Counts{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0}));
    EXPECT_EQ(found->cells.from_start, Times{4});
    EXPECT_EQ(found->last_exit, Times{5});
    EXPECT_EQ(found->causes, (Codes{0, 1}));
    EXPECT_TRUE(found->groups.empty());
}

TEST(SpellCounts, LeavesOutCausesAndGroupsThatAreNotThereAndPutsThoseWithoutALabelLast) {
    const Times exit{1, 1, 1};
    const Bytes cause{2, -1, 2};
    const Codes group{3, -1, 1};
    SpellColumns spells = columns(all(exit), all(cause), 4);
    spells.group = all(group);
    spells.n_groups = 5;
    const auto found = count_spells(spells);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->causes, Codes{2});
    EXPECT_EQ(found->groups, (Codes{1, 3, 5}));
    EXPECT_EQ(found->cells.ended, (Counts{0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}));
    EXPECT_EQ(found->cells.from_start, (Times{1, 1, 1}));
}

TEST(SpellCounts, CountsInTheCommonStepOfTimes) {
    Times exit(3000);
    for (std::size_t i = 0; i < exit.size(); ++i) exit[i] = static_cast<std::int64_t>(i % 50) * 86'400;
    const Bytes cause(exit.size(), 0);
    SpellColumns spells = columns(all(exit), all(cause));
    spells.unit = 1000;
    const auto found = count_spells(spells);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->cells.step, 86'400'000);
    EXPECT_EQ(found->cells.n_ages, 50);
    EXPECT_EQ(found->last_exit, Times{49 * 86'400'000LL});
}

TEST(SpellCounts, ReadsRealTimesThatAreWholeNumbers) {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    const Reals exit{2, 4, -0.0, 3}, entry{kNone, 1, -std::numeric_limits<double>::infinity(), 0};
    const Bytes cause{0, 0, -1, 0};
    SpellColumns spells = columns(all(exit), all(cause), 1);
    spells.entry = all(entry);
    const auto found = count_spells(spells);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->cells.ended, (Counts{1, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1}));
    EXPECT_EQ(found->cells.from_start, Times{2});
    EXPECT_FALSE(found->cells.enters_before);
}

TEST(SpellCounts, LeavesToAListWhatItCannotCount) {
    const Bytes cause{0, 0};
    const auto is_counted = [&](TimeColumn exit) {
        return count_spells(columns(exit, all(cause))).has_value();
    };
    for (const double odd : {0.5, -1.0, 1e300, std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::infinity()}) {
        const Reals exit{1, odd};
        EXPECT_FALSE(is_counted(all(exit))) << odd;
    }
    for (const std::int64_t odd :
         {std::int64_t{-1}, std::int64_t{-60}, std::numeric_limits<std::int64_t>::min(),
          std::numeric_limits<std::int64_t>::max()}) {
        const Times exit{60, odd};
        EXPECT_FALSE(is_counted(all(exit))) << odd;
    }
    const Times exit{3, 3};
    for (const std::int64_t entry : {3, 4, -1}) {
        const Times entries{0, entry};
        SpellColumns spells = columns(all(exit), all(cause));
        spells.entry = all(entries);
        EXPECT_FALSE(count_spells(spells)) << entry;
    }
}

TEST(SpellCounts, RefusesCodesOutOfRangeAndColumnsOfOtherLengths) {
    const Times exit{1, 2};
    const Bytes wrong{0, 2}, below{-2, 0}, one{0}, right{0, 1};
    EXPECT_THROW(static_cast<void>(count_spells(columns(all(exit), all(wrong)))), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(count_spells(columns(all(exit), all(below)))), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(count_spells(columns(all(exit), all(one)))), std::invalid_argument);
    SpellColumns spells = columns(all(exit), all(right));
    spells.group = all(wrong);
    spells.n_groups = 2;
    EXPECT_THROW(static_cast<void>(count_spells(spells)), std::invalid_argument);
}

TEST(SpellCounts, HasTheCurvesOfAList) {
    std::mt19937 random(25);
    for (int trial = 0; trial < 300; ++trial) {
        const std::size_t n = 1 + random() % 3000;
        const auto most = static_cast<std::int64_t>(1 + random() % (trial % 2 == 0 ? 4000 : 20));
        const std::int64_t step = trial % 3 == 0 ? 1440 : 1;
        Times exit(n), entry(n);
        Codes cause(n), group(n);
        for (std::size_t i = 0; i < n; ++i) {
            exit[i] = step * static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most + 1));
            const bool is_late = exit[i] > 0 && random() % 2 == 0;
            entry[i] =
                is_late
                    ? step * static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(exit[i] / step))
                    : Spells::kFromStart;
            cause[i] = static_cast<std::int32_t>(random() % 3) - 1;
            group[i] = static_cast<std::int32_t>(random() % 3);
        }
        // Each cause and group is there, so that none is left out.
        for (std::size_t i = 0; i < std::min<std::size_t>(n, 6); ++i) {
            cause[i] = static_cast<std::int32_t>(i % 2);
            group[i] = static_cast<std::int32_t>(i % 3);
        }
        if (n < 6) continue;
        SpellColumns spells = columns(all(exit), all(cause));
        spells.entry = all(entry);
        spells.group = all(group);
        spells.n_groups = 3;
        const auto counted = count_spells(spells);
        ASSERT_TRUE(counted);
        const Spells listed{exit, cause, entry, group, 2, 3};
        const Times wanted{0, step / 2, 3 * step, most * step};
        for (const auto& times : {std::optional<WantedTimes>{}, std::optional(WantedTimes{wanted, wanted})}) {
            const IncidenceCurves own = estimate_incidence(counted->cells, times, 2, 1);
            const IncidenceCurves expected = estimate_incidence(listed, times, 2, 1);
            EXPECT_EQ(own.time, expected.time);
            EXPECT_EQ(own.at_risk, expected.at_risk);
            EXPECT_EQ(own.events, expected.events);
            EXPECT_EQ(own.incidence, expected.incidence);
            EXPECT_EQ(own.variance, expected.variance);
        }
    }
}

}  // namespace
}  // namespace stagefunnel::stats
