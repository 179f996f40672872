#include <gtest/gtest.h>

#include <map>
#include <random>
#include <tuple>
#include <vector>

#include "questions/funnel/ending_steps.hpp"
#include "scan/visits.hpp"

namespace stagefunnel::funnel {
namespace {

/// What an ending stands for: the last stage, what came before the closing run where that matters, and
/// whether a won stage was entered.
std::tuple<std::int32_t, std::int32_t, bool> meaning(const Pipeline& pipeline, const scan::JourneyEnd& end) {
    std::int32_t before = -1;
    if (end.outcome() == Outcome::lost) before = end.before_run();
    if (end.outcome() == Outcome::won) before = end.flipped_to_won() ? pipeline.n_rows() : -1;
    return {end.last(), before, end.won_entry()};
}

TEST(EndingSteps, TellTwoJourneysApartIfAndOnlyIfTheyEndInAnotherWay) {
    const Pipeline pipeline(3, 2, 2, {0, 1, 2, 3, 4, 5, 6});
    const EndingSteps steps(pipeline);
    std::mt19937_64 random(20'261'130);
    std::map<std::size_t, std::tuple<std::int32_t, std::int32_t, bool>> meaning_of;
    std::map<std::tuple<std::int32_t, std::int32_t, bool>, std::size_t> ending_of;
    for (int journey = 0; journey < 20'000; ++journey) {
        scan::JourneyEnd end(pipeline);
        std::size_t state = EndingSteps::kStart;
        for (std::size_t n = 1 + random() % 8; n > 0; --n) {
            const auto row = static_cast<std::int32_t>(random() % 8);
            const bool is_listed = row < pipeline.n_rows();
            state = steps.next(state, is_listed ? static_cast<std::size_t>(row) : steps.unlisted());
            if (is_listed && row != end.last()) end.visit(row);  // repeats are one visit
        }
        if (end.empty()) continue;
        const auto own = meaning(pipeline, end);
        EXPECT_LT(steps.ending(state), steps.size());
        EXPECT_EQ(meaning_of.try_emplace(steps.ending(state), own).first->second, own);
        EXPECT_EQ(ending_of.try_emplace(own, steps.ending(state)).first->second, steps.ending(state));
    }
    EXPECT_GT(meaning_of.size(), 30U);
    EXPECT_EQ(EndingSteps::size(pipeline), steps.size());
}

TEST(EndingSteps, StayWhereTheyAreInUnlistedRows) {
    const Pipeline pipeline(1, 1, 1, {0, 1, 2});
    const EndingSteps steps(pipeline);
    EXPECT_EQ(steps.next(EndingSteps::kStart, steps.unlisted()), EndingSteps::kStart);
    const std::size_t won = steps.next(EndingSteps::kStart, 1);
    EXPECT_EQ(steps.next(won, steps.unlisted()), won);
}

}  // namespace
}  // namespace stagefunnel::funnel
