#include <gtest/gtest.h>

#include <cstdint>

#include "questions/funnel/key_numbers.hpp"

namespace stagefunnel::funnel {
namespace {

TEST(KeyNumbers, StayWhatTheyAreHoweverManyThereAre) {
    KeyNumbers numbers;
    std::uint32_t n = 0;
    for (const bool is_new : {true, false}) {
        // Keys that differ in their lowest bits, and keys that differ in their highest.
        for (std::uint64_t i = 0; i < 10'000; ++i) {
            for (const std::uint64_t key : {i, (i + 1) << 40U}) {
                const auto expected = static_cast<std::uint32_t>(2 * i + (key == i ? 0 : 1));
                const std::uint32_t before = n;
                ASSERT_EQ(numbers.find(key, [&] { return n++; }), expected);
                ASSERT_EQ(n - before, is_new ? 1U : 0U);
            }
        }
    }
}

TEST(KeyNumbers, OfOneKeyMayBeThatOfAnother) {
    KeyNumbers numbers;
    std::uint32_t n = 0;
    const auto even = [&](std::uint64_t key) { return numbers.find(key, [&] { return n++; }); };
    const auto find = [&](std::uint64_t key) {
        return numbers.find(key, [&] { return even(key / 2 * 2 + 1'000'000); });
    };
    for (std::uint64_t key = 0; key < 10'000; ++key) ASSERT_EQ(find(key), key / 2);
    for (std::uint64_t key = 0; key < 10'000; ++key) ASSERT_EQ(find(key), key / 2);
    EXPECT_EQ(n, 5'000U);
}

}  // namespace
}  // namespace stagefunnel::funnel
