#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "base/hashing.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/journeys/lookup.hpp"
#include "stagefunnel/journeys/row_stream.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::journeys {
namespace {

using namespace stagefunnel::testing;

constexpr std::uint64_t kMany = 100'000;

/// Keys that somebody chose who knows the mix of the process: all of them want the same slots.
std::vector<std::uint64_t> hostile_keys() {
    std::vector<std::uint64_t> keys;
    for (std::uint64_t key = 0; key < kMany; ++key) keys.push_back(Spread::of_process().gather(key));
    return keys;
}

std::vector<std::uint64_t> ordinary_keys() {
    std::mt19937_64 random(5);
    std::vector<std::uint64_t> keys(kMany);
    for (std::uint64_t& key : keys) key = random();
    return keys;
}

/// Two rows of each item: side by side, or the second ones after all first ones.
CodedRows chosen_log(const std::vector<std::uint64_t>& keys, bool grouped, bool hashed) {
    CodedRows log;
    log.n_labels = 2;
    for (std::size_t i = 0; i < 2 * keys.size(); ++i) {
        log.add(keys[grouped ? i / 2 : i % keys.size()], i % 2, static_cast<std::int64_t>(i));
        if (hashed) log.high.push_back(7);
    }
    return log;
}

template <class F>
double seconds(F f) {
    const std::clock_t begin = std::clock();
    f();
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

TEST(HostileKeys, GiveTheJourneysOfOtherKeysInABoundedTime) {
    for (const bool grouped : {false, true}) {
        for (const bool hashed : {false, true}) {
            Journeys ordinary, hostile;
            const CodedRows usual = chosen_log(ordinary_keys(), grouped, hashed);
            const CodedRows chosen = chosen_log(hostile_keys(), grouped, hashed);
            const double normal = seconds([&] { ordinary = usual.build(1); });
            EXPECT_LT(seconds([&] { hostile = chosen.build(1); }), 20 * normal + 0.1);
            ASSERT_EQ(hostile.n_items(), kMany);
            const std::vector<std::uint32_t> items = items_by_first_row(hostile);
            const std::vector<std::uint64_t> keys = hostile_keys();
            for (std::size_t i = 0; i < kMany; ++i) {
                const std::uint32_t item = items[i];
                ASSERT_EQ(hostile.key[item], keys[i]);
                ASSERT_EQ(hostile.offsets[item + 1] - hostile.offsets[item], 2U);
                ASSERT_EQ(hostile.time[hostile.offsets[item]],
                          static_cast<std::int64_t>(grouped ? 2 * i : i));
            }
        }
    }
}

TEST(HostileKeys, AreNumberedAlikeWhateverTheNumberOfThreads) {
    const CodedRows chosen = chosen_log(hostile_keys(), false, false);
    const Journeys one = chosen.build(1), many = chosen.build(7);
    EXPECT_EQ(one.key, many.key);
    EXPECT_EQ(one.first_row, many.first_row);
    EXPECT_EQ(one.time, many.time);
}

TEST(HostileKeys, AreLookedUpInABoundedTime) {
    const std::vector<std::uint64_t> chosen = hostile_keys();
    columns::ItemKeys keys;
    keys.key = chosen;
    const Journeys journeys = chosen_log(chosen, false, false).build(1);
    std::vector<std::int64_t> places;
    TableRows match;
    EXPECT_LT(seconds([&] { places = places_of(journeys, keys); }), 0.5);
    EXPECT_LT(seconds([&] { match = match_items(journeys, keys); }), 0.5);
    for (std::size_t i = 0; i < kMany; ++i) {
        const auto item = static_cast<std::size_t>(places[i]);
        ASSERT_EQ(journeys.key[item], chosen[i]);
        ASSERT_EQ(match.row[item], static_cast<std::int64_t>(i));
    }
}

TEST(HostileKeys, OfATableAreFoundTwiceIfTheyAreThereTwice) {
    std::vector<std::uint64_t> chosen = hostile_keys();
    chosen.push_back(chosen[41]);
    columns::ItemKeys keys;
    keys.key = chosen;
    const TableRows match = match_items(chosen_log(ordinary_keys(), false, false).build(1), keys);
    ASSERT_TRUE(match.duplicate.has_value());
    EXPECT_EQ(match.duplicate->first_row, 41U);
    EXPECT_EQ(match.duplicate->second_row, kMany);
}

TEST(UnsignedKeys, AreNotTheNegativeOnesOfTheSameBits) {
    const std::uint64_t top = ~std::uint64_t{0};
    const Column signed_column = numbers_column<std::int64_t>({-1, 5});
    const Column unsigned_column = numbers_column<std::uint64_t>({top, 5});
    const columns::ItemKeys with_sign = columns::encode_items(signed_column);
    const columns::ItemKeys without = columns::encode_items(unsigned_column);
    EXPECT_FALSE(with_sign.is_unsigned);
    EXPECT_TRUE(without.is_unsigned);
    CodedRows rows = chosen_log({5, top}, false, false);
    Journeys journeys = rows.build(1);
    ASSERT_FALSE(journeys.is_unsigned);
    EXPECT_GE(places_of(journeys, with_sign)[0], 0);
    EXPECT_EQ(places_of(journeys, without)[0], -1);
    EXPECT_GE(places_of(journeys, without)[1], 0);
    journeys.is_unsigned = true;
    EXPECT_EQ(places_of(journeys, with_sign)[0], -1);
    EXPECT_GE(places_of(journeys, without)[0], 0);
    const Column negative = numbers_column<std::int64_t>({-1});
    const columns::ItemKeys one = columns::encode_items(negative);
    EXPECT_EQ(places_of(journeys, one)[0], -1);  // fewer keys than items
    journeys.is_unsigned = false;
    EXPECT_GE(places_of(journeys, one)[0], 0);
    journeys.is_unsigned = true;
    const TableRows match = match_items(journeys, with_sign);
    for (std::size_t item = 0; item < 2; ++item) {
        EXPECT_EQ(match.row[item], journeys.key[item] == top ? -1 : 1);
    }
}

TEST(TextKeys, OfAnotherHashAreRefusedInALog) {
    const Column texts = texts_column({"a text that is long", "another one that is"});
    const TextHash hash = TextHash::of_key("a key of 16 byte");
    CodedRows rows = chosen_log({1, 2}, false, false);
    Journeys journeys = rows.build(1);
    journeys.high = {3, 4};
    EXPECT_EQ(
        message_of([&] { static_cast<void>(places_of(journeys, columns::encode_items(texts, 1, hash))); }),
        "the keys to look up have another hash than those of the log");
}

}  // namespace
}  // namespace stagefunnel::journeys
