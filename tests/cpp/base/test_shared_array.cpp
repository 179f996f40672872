#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <utility>

#include "base/shared_array.hpp"

namespace stagefunnel {
namespace {

constexpr std::size_t kMany = std::size_t{1} << 20U;  // values that lie in the pool

LargeVector<std::uint64_t> counted_up(std::size_t n) {
    LargeVector<std::uint64_t> values(n);
    std::iota(values.begin(), values.end(), std::uint64_t{0});
    return values;
}

TEST(SharedArray, HasTheSameValuesInTheSameMemory) {
    for (const std::size_t n : {std::size_t{3}, kMany}) {
        const LargeVector<std::uint64_t> values = counted_up(n);
        const LargeVector<std::uint64_t> copy = shared_copy(values);
        EXPECT_EQ(copy.data(), values.data());
        EXPECT_EQ(copy, counted_up(n));
    }
    EXPECT_TRUE(shared_copy(LargeVector<std::uint64_t>()).empty());
}

TEST(SharedArray, IsFreedWithTheLastVector) {
    release_idle();
    auto first = counted_up(kMany);
    auto second = shared_copy(first);
    auto third = shared_copy(second);
    LargeVector<std::uint64_t>().swap(first);
    LargeVector<std::uint64_t>().swap(third);
    EXPECT_EQ(idle_bytes(), 0U);
    EXPECT_EQ(second.front(), 0U);
    EXPECT_EQ(second.back(), kMany - 1);
    LargeVector<std::uint64_t>().swap(second);
    EXPECT_EQ(idle_bytes(), kMany * sizeof(std::uint64_t));
    release_idle();
}

TEST(SharedArray, IsFreedAsItWasAllocatedHoweverFewOfItsValuesAreShared) {
    release_idle();
    auto values = counted_up(kMany);
    values.resize(3);  // far less than what comes from the pool
    auto copy = shared_copy(values);
    LargeVector<std::uint64_t>().swap(values);
    EXPECT_EQ(copy.back(), 2U);
    LargeVector<std::uint64_t>().swap(copy);
    EXPECT_EQ(idle_bytes(), kMany * sizeof(std::uint64_t));
    release_idle();
}

TEST(SharedArray, CopiesAsAnyOther) {
    auto values = counted_up(kMany);
    auto shared = shared_copy(values);
    LargeVector<std::uint64_t> own = shared;
    EXPECT_NE(own.data(), values.data());
    own[0] = 42;
    EXPECT_EQ(values[0], 0U);
}

}  // namespace
}  // namespace stagefunnel
