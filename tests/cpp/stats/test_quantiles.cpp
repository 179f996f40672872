#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "stats/quantiles.hpp"

namespace stagefunnel::stats {
namespace {

using Values = std::vector<std::uint64_t>;

constexpr std::uint64_t kHighest = std::numeric_limits<std::uint64_t>::max();
const std::vector<Quantile> kQuartiles{{1, 4}, {1, 2}, {3, 4}};

Sieve sieve_of(const Values& values, const std::vector<Bounds>& brackets) {
    Sieve sieve(brackets);
    sieve.add(values);
    return sieve;
}

Values random_values(std::size_t n, std::uint64_t below) {
    std::mt19937_64 random(11);
    Values values(n);
    for (std::uint64_t& value : values) value = random() % below;
    return values;
}

void expect_bounds(const Bounds& bounds, std::uint64_t low, std::uint64_t high) {
    EXPECT_EQ(bounds.low, low);
    EXPECT_EQ(bounds.high, high);
}

TEST(Sieve, ReturnsTheValuesOfTheRanksInsideItsBrackets) {
    Sieve sieve = sieve_of({70, 10, 60, 30, 20, 50, 40}, {{20, 40}, {60, 65}});
    EXPECT_EQ(sieve.value_at(1), 20U);
    EXPECT_EQ(sieve.value_at(2), 30U);
    EXPECT_EQ(sieve.value_at(3), 40U);
    EXPECT_EQ(sieve.value_at(5), 60U);
    for (const std::uint64_t outside : {0U, 4U, 6U, 7U}) EXPECT_FALSE(sieve.holds(outside)) << outside;
}

TEST(Sieve, RefusesARankOutsideItsBrackets) {
    Sieve sieve = sieve_of({10, 20, 30}, {{20, 20}});
    EXPECT_THROW(static_cast<void>(sieve.value_at(0)), std::logic_error);
}

TEST(Sieve, ReturnsBoundsThatCertainlyHoldARank) {
    Sieve sieve = sieve_of({70, 10, 60, 30, 20, 50, 40}, {{20, 40}, {60, 65}});
    expect_bounds(sieve.bounds_around(0), 0, 20);
    expect_bounds(sieve.bounds_around(2), 30, 30);
    expect_bounds(sieve.bounds_around(4), 40, 60);
    expect_bounds(sieve.bounds_around(6), 65, kHighest);
}

TEST(Sieve, SeparatesTiesAtItsBoundsFromTheValuesBetween) {
    Sieve sieve = sieve_of({5, 7, 5, 6, 7, 5, 9, 1}, {{5, 7}});
    const Values sorted{1, 5, 5, 5, 6, 7, 7, 9};
    for (std::uint64_t rank = 1; rank < 7; ++rank) EXPECT_EQ(sieve.value_at(rank), sorted[rank]);
    EXPECT_FALSE(sieve.holds(0));
    EXPECT_FALSE(sieve.holds(7));
}

TEST(Sieve, TakesZeroAndTheHighestValue) {
    Sieve sieve = sieve_of({kHighest, 0, kHighest, 0, 3}, {Bounds{}});
    const Values sorted{0, 0, 3, kHighest, kHighest};
    for (std::uint64_t rank = 0; rank < 5; ++rank) EXPECT_EQ(sieve.value_at(rank), sorted[rank]);
    // 2 (2^64 - 1) + 3 = 2^65 + 1 = 5 × 7378697629483820646 + 3.
    EXPECT_EQ(sieve.mean().whole, 7378697629483820646U);
    EXPECT_EQ(sieve.mean().rest, 3U);
}

TEST(Sieve, CountsBetweenAnyNumberOfBracketsAsSortingDoes) {
    // Values of all magnitudes, including the bounds and their neighbours.
    std::mt19937_64 random(12);
    for (std::size_t n_brackets = 1; n_brackets <= 8; ++n_brackets) {
        for (const unsigned bits : {6U, 20U, 47U, 64U}) {
            const auto draw = [&] { return random() >> (64U - bits); };
            Values ends(2 * n_brackets);
            for (std::uint64_t& end : ends) end = draw();
            std::sort(ends.begin(), ends.end());
            std::vector<Bounds> brackets;
            for (std::size_t b = 0; b < n_brackets; ++b) {
                const Bounds bounds{ends[2 * b], ends[2 * b + 1]};
                if (brackets.empty() || brackets.back().high < bounds.low) brackets.push_back(bounds);
            }
            Values values{0, kHighest};
            for (const std::uint64_t end : ends) values.insert(values.end(), {end - 1, end, end + 1});
            while (values.size() < 5'000) values.push_back(random() % 2 == 0 ? draw() : draw() >> (bits / 2));
            Sieve sieve = sieve_of(values, brackets);
            std::sort(values.begin(), values.end());
            for (std::uint64_t rank = 0; rank < values.size(); ++rank) {
                const bool inside = std::any_of(brackets.begin(), brackets.end(), [&](const Bounds& bounds) {
                    return bounds.low <= values[rank] && values[rank] <= bounds.high;
                });
                ASSERT_EQ(sieve.holds(rank), inside) << values[rank] << " of " << bits << " bits";
                if (inside) {
                    ASSERT_EQ(sieve.value_at(rank), values[rank]);
                }
            }
        }
    }
}

TEST(Sieve, IsTheSameInPartsAndInWhole) {
    const Values values = random_values(10'000, 3'000);
    const std::vector<Bounds> brackets{{100, 120}, {1'400, 1'600}};
    Sieve whole = sieve_of(values, brackets);
    Sieve merged = sieve_of({values.begin(), values.begin() + 4'321}, brackets);
    merged.merge(sieve_of({values.begin() + 4'321, values.end()}, brackets));
    EXPECT_EQ(merged.count(), whole.count());
    EXPECT_EQ(merged.mean().whole, whole.mean().whole);
    EXPECT_EQ(merged.mean().rest, whole.mean().rest);
    for (std::uint64_t rank = 0; rank < values.size(); ++rank) {
        ASSERT_EQ(merged.holds(rank), whole.holds(rank));
        if (!whole.holds(rank)) continue;
        EXPECT_EQ(merged.value_at(rank), whole.value_at(rank));
    }
}

TEST(Sieve, AnswersInAnyOrderOfRanks) {
    Values values = random_values(5'000, 1'000'000);
    Sieve sieve = sieve_of(values, {Bounds{}});
    std::sort(values.begin(), values.end());
    for (const std::size_t rank : {4'000U, 10U, 11U, 4'999U, 0U, 2'500U, 2'500U, 2'499U}) {
        EXPECT_EQ(sieve.value_at(rank), values[rank]);
    }
}

TEST(Brackets, AreGuessedFromAPartSoThatTheyHoldTheQuantilesOfTheWhole) {
    const Values values = random_values(400'000, 1'000'000'000);
    Values part;
    for (std::size_t i = 0; i < values.size(); i += 64) part.push_back(values[i]);
    Sieve sieve = sieve_of(values, guess_brackets(part, kQuartiles));
    EXPECT_TRUE(missing_brackets(sieve, kQuartiles).empty());
    // Few values lie inside: the brackets of the quartiles span a few percent of them.
    EXPECT_FALSE(sieve.holds(300'000 / 8));
    EXPECT_FALSE(sieve.holds(400'000 * 3 / 8));
}

TEST(Brackets, AreJoinedWhereTheyOverlap) {
    Values part = random_values(10'000, 1'000);
    const std::vector<Bounds> brackets =
        guess_brackets(part, std::vector<Quantile>{{51, 100}, {1, 2}, {1, 2}});
    ASSERT_EQ(brackets.size(), 1U);
    EXPECT_LT(brackets[0].low, 500U);
    EXPECT_GT(brackets[0].high, 510U);
}

TEST(Brackets, OfAVerySmallPartHoldEveryValue) {
    Values one{7}, none;
    for (Values* part : {&one, &none}) {
        const std::vector<Bounds> brackets = guess_brackets(*part, kQuartiles);
        ASSERT_EQ(brackets.size(), 1U);
        expect_bounds(brackets[0], 0, kHighest);
    }
}

TEST(Brackets, ThatMissTheQuantilesAreReplacedByBracketsThatHoldThemCertainly) {
    Values values = random_values(20'001, 1'000'000);
    const std::vector<Quantile> quantiles{{1, 10}, {1, 2}, {9, 10}, {1, 3}};
    Sieve expected = sieve_of(values, {Bounds{}});
    const std::vector<Duration> known = quantiles_of(expected, quantiles);
    const std::vector<std::vector<Bounds>> guesses{
        {},                                                      // nothing kept at all
        {{0, 5}},                                                // all above
        {{999'990, kHighest}},                                   // all below
        {{490'000, 510'000}},                                    // holds the median alone
        {{0, 200'000}, {700'000, 800'000}},                      // two of four
        {{known[1].whole, known[1].whole}, {600'000, 600'000}},  // single values
    };
    for (const std::vector<Bounds>& guess : guesses) {
        Sieve sieve = sieve_of(values, guess);
        const std::vector<Bounds> missing = missing_brackets(sieve, quantiles);
        ASSERT_FALSE(missing.empty());
        Sieve again = sieve_of(values, missing);
        EXPECT_TRUE(missing_brackets(again, quantiles).empty());
        const std::vector<Duration> found = quantiles_of(again, quantiles);
        for (std::size_t q = 0; q < quantiles.size(); ++q) {
            EXPECT_EQ(found[q].whole, known[q].whole);
            EXPECT_EQ(found[q].rest * known[q].of, known[q].rest * found[q].of);
        }
    }
}

TEST(Brackets, ThatHoldOnlyTheLowerOfTwoValuesMissTheQuantileBetweenThem) {
    const Values values{10, 20, 30, 40};
    const std::vector<Quantile> median{{1, 2}};
    Sieve sieve = sieve_of(values, {{15, 25}});
    const std::vector<Bounds> missing = missing_brackets(sieve, median);
    ASSERT_FALSE(missing.empty());
    Sieve again = sieve_of(values, missing);
    EXPECT_EQ(quantiles_of(again, median)[0].whole, 25U);
}

}  // namespace
}  // namespace stagefunnel::stats
