#include <gtest/gtest.h>

#include <random>

#include "stats/time_steps.hpp"

namespace stagefunnel::stats {
namespace {

TEST(ExactDivider, DividesWhatItDividesAndSaysWhat) {
    std::mt19937_64 random(7);
    for (const std::uint64_t divisor :
         {1ULL, 2ULL, 3ULL, 7ULL, 24ULL, 1000ULL, 86'400'000ULL, (1ULL << 63U)}) {
        const ExactDivider divider(divisor);
        for (int i = 0; i < 2000; ++i) {
            const std::uint64_t value = random() >> (random() % 64);
            EXPECT_EQ(divider.divides(value), value % divisor == 0) << value << " by " << divisor;
            const std::uint64_t multiple = value / divisor * divisor;
            EXPECT_TRUE(divider.divides(multiple));
            EXPECT_EQ(divider.quotient(multiple), value / divisor);
        }
    }
    EXPECT_TRUE(ExactDivider().divides(0));
    EXPECT_FALSE(ExactDivider().divides(1));
}

TEST(TimeSteps, AreTheCommonDivisorOfAllDistances) {
    TimeSteps steps(-6);
    EXPECT_TRUE(steps.empty());
    EXPECT_EQ(steps.step(), 1);
    for (const std::int64_t time : {-6, 6, 30, -18}) steps.add(time);
    EXPECT_EQ(steps.first(), -18);
    EXPECT_EQ(steps.last(), 30);
    EXPECT_EQ(steps.step(), 12);
    TimeSteps more(-6);
    more.add(2);
    steps.merge(more);
    EXPECT_EQ(steps.step(), 4);
    EXPECT_EQ(steps.last(), 30);
}

}  // namespace
}  // namespace stagefunnel::stats
