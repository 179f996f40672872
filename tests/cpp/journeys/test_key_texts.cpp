#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "stagefunnel/journeys/key_texts.hpp"
#include "support/columns.hpp"

namespace stagefunnel::journeys {
namespace {

using namespace stagefunnel::testing;

/// Returns keys that are not hashes of texts, so that two texts can share one.
struct Hashes {
    std::vector<std::uint64_t> key, high;

    [[nodiscard]] columns::ItemKeys keys() const {
        columns::ItemKeys keys;
        keys.key = key;
        keys.high = high;
        return keys;
    }
};

TEST(KeyTexts, ReturnsTheTextOfEveryKeyAndKeepsEachTextOnce) {
    KeyTexts texts(HashCollisions::accept);
    const Column first = texts_column({"a", "", "Prépaiement", "a"}), second = texts_column({"b", "a"});
    texts.add(first, columns::encode_items(first));
    texts.add(second, columns::encode_items(second));
    EXPECT_EQ(texts.size(), 4);
    const columns::ItemKeys keys = columns::encode_items(second), older = columns::encode_items(first);
    EXPECT_EQ(texts.texts_of(keys.key, keys.high), (std::vector<std::string>{"b", "a"}));
    EXPECT_EQ(texts.texts_of(older.key, older.high), (std::vector<std::string>{"a", "", "Prépaiement", "a"}));
}

TEST(KeyTexts, FindsEveryOneOfManyTexts) {
    KeyTexts texts(HashCollisions::refuse);
    std::vector<std::optional<std::string>> many;
    std::vector<std::string> expected;
    for (int number = 0; number < 5'000; ++number) {
        expected.push_back("D-" + std::to_string(number));
        many.emplace_back(expected.back());
    }
    const Column column = texts_column(many);
    const columns::ItemKeys keys = columns::encode_items(column);
    texts.add(column, keys);
    EXPECT_EQ(texts.texts_of(keys.key, keys.high), expected);
}

TEST(KeyTexts, LeavesMissingRowsOut) {
    KeyTexts texts(HashCollisions::refuse);
    const Column column = texts_column({"a", std::nullopt, "b"});
    texts.add(column, columns::encode_items(column));
    EXPECT_EQ(texts.size(), 2);
}

TEST(KeyTexts, RefusesTwoTextsThatShareAHashIfCollisionsAreRefused) {
    const Hashes same{{5, 5}, {9, 9}};
    const Column texts = texts_column({"deal 1", "deal 2"});
    KeyTexts comparing(HashCollisions::refuse);
    EXPECT_EQ(message_of([&] { comparing.add(texts, same.keys()); }),
              "'deal 1' and 'deal 2' share a hash of 128 bits; number the items");
    KeyTexts trusting(HashCollisions::accept);
    trusting.add(texts, same.keys());
    EXPECT_EQ(trusting.size(), 1);
}

TEST(KeyTexts, DistinguishesHashesThatShareOneHalf) {
    const Hashes halves{{5, 5, 6}, {9, 8, 9}};
    KeyTexts texts(HashCollisions::refuse);
    texts.add(texts_column({"x", "y", "z"}), halves.keys());
    EXPECT_EQ(texts.texts_of(halves.key, halves.high), (std::vector<std::string>{"x", "y", "z"}));
}

TEST(KeyTexts, RefusesAKeyWithoutAText) {
    const Hashes unknown{{5}, {9}};
    EXPECT_EQ(message_of([&] {
                  static_cast<void>(KeyTexts(HashCollisions::refuse).texts_of(unknown.key, unknown.high));
              }),
              "a key has no text");
}

TEST(KeyTexts, KeepsNoTextsOfIntegers) {
    KeyTexts texts(HashCollisions::refuse);
    const Column column = numbers_column<std::int64_t>({1, 2});
    texts.add(column, columns::encode_items(column));
    EXPECT_EQ(texts.size(), 0);
}

}  // namespace
}  // namespace stagefunnel::journeys
