#include <gtest/gtest.h>

#include <limits>

#include "base/time_distance.hpp"

namespace stagefunnel {
namespace {

constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();

TEST(TimeDistance, HoldsBetweenTheFirstAndTheLastTime) {
    EXPECT_EQ(distance(kFirst, kLast), std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(distance(-3, 4), 7U);
    EXPECT_EQ(distance(kLast, kLast), 0U);
}

TEST(TimeDistance, LeadsBackToTheTime) {
    EXPECT_EQ(time_after(kFirst, distance(kFirst, kLast)), kLast);
    EXPECT_EQ(time_after(-3, 7), 4);
}

}  // namespace
}  // namespace stagefunnel
