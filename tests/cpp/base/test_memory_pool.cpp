#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "stagefunnel/base/memory.hpp"

namespace stagefunnel {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20U;

TEST(MemoryPool, KeepsWhatIsReleasedForTheNextArray) {
    release_idle();
    void* const first = allocate_array(16 * kMiB);
    release_array(first, 16 * kMiB);
    EXPECT_EQ(idle_bytes(), 16 * kMiB);
    void* const second = allocate_array(10 * kMiB);
    EXPECT_EQ(second, first);
    EXPECT_EQ(idle_bytes(), 6 * kMiB);
    release_array(second, 10 * kMiB);
    EXPECT_EQ(idle_bytes(), 16 * kMiB);
    release_idle();
    EXPECT_EQ(idle_bytes(), 0U);
}

TEST(MemoryPool, TakesTheEndOfAnArrayBackEarly) {
    release_idle();
    LargeVector<std::uint64_t> values(4 * kMiB);
    values.resize(kMiB);
    values.back() = 42;
    trim_array(values.data(), kMiB * sizeof(std::uint64_t));
    EXPECT_EQ(idle_bytes(), 24 * kMiB);
    EXPECT_EQ(values.back(), 42U);
    LargeVector<std::uint64_t>().swap(values);
    EXPECT_EQ(idle_bytes(), 32 * kMiB);
    release_idle();
}

TEST(MemoryPool, KeepsNoMoreThanItsCap) {
    release_idle();
    for (int i = 0; i < 3; ++i) {
        std::vector<void*> arrays;
        for (int k = 0; k < 3; ++k) arrays.push_back(allocate_array(kMostIdleBytes / 2));
        for (void* array : arrays) release_array(array, kMostIdleBytes / 2);
        EXPECT_LE(idle_bytes(), kMostIdleBytes);
    }
    release_idle();
}

TEST(MemoryPool, LeavesSmallArraysAsTheyAre) {
    LargeVector<std::uint8_t> small(100, 7);
    trim_array(small.data(), 10);
    EXPECT_EQ(small.back(), 7);
}

}  // namespace
}  // namespace stagefunnel
