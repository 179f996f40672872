#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

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

TEST(SharedArray, IsSharedAndFreedInSeveralThreadsAtOnce) {
    constexpr std::size_t kThreads = 4, kRounds = 100;
    for (const std::size_t n : {std::size_t{3}, kMany}) {
        release_idle();
        auto values = counted_up(n);
        std::vector<LargeVector<std::uint64_t>> copies;
        for (std::size_t thread = 0; thread < kThreads; ++thread) copies.push_back(shared_copy(values));
        LargeVector<std::uint64_t>().swap(values);
        std::vector<std::size_t> right(kThreads, 0);
        {
            std::vector<std::jthread> threads;
            for (std::size_t thread = 0; thread < kThreads; ++thread) {
                threads.emplace_back([&copies, &right, thread, n] {
                    for (std::size_t round = 0; round < kRounds; ++round) {
                        const auto again = shared_copy(copies[thread]);
                        const LargeVector<std::uint64_t> own(3, thread);
                        const bool is_own = own.data() != again.data() && own.back() == thread;
                        right[thread] += is_own && again.front() == 0 && again.back() == n - 1 ? 1 : 0;
                    }
                    LargeVector<std::uint64_t>().swap(copies[thread]);
                });
            }
        }
        EXPECT_EQ(right, std::vector<std::size_t>(kThreads, kRounds));
        EXPECT_EQ(idle_bytes(), n == kMany ? kMany * sizeof(std::uint64_t) : 0U);
        release_idle();
    }
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
