#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <vector>

#include "stagefunnel/questions/durations/durations.hpp"
#include "stagefunnel/questions/funnel/funnel.hpp"
#include "stagefunnel/questions/stages/items.hpp"
#include "stagefunnel/questions/stages/transitions.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel {
namespace {

using namespace stagefunnel::testing;

// A caller may build logs and ask questions in several threads of its own, each of which uses several
// threads.

CodedRows many_rows(unsigned seed, std::size_t n_rows, std::uint64_t n_items) {
    CodedRows rows;
    rows.n_labels = 6;
    std::mt19937_64 random(seed);
    for (std::size_t row = 0; row < n_rows; ++row)
        rows.add(random() % n_items, random() % 6, static_cast<std::int64_t>(random() % 100));
    return rows;
}

template <class Work>
void at_the_same_time(unsigned n, Work work) {
    std::vector<std::jthread> callers;
    for (unsigned caller = 0; caller < n; ++caller) callers.emplace_back([&work, caller] { work(caller); });
}

bool same_journeys(const Journeys& a, const Journeys& b) {
    return a.offsets == b.offsets && a.stage == b.stage && a.time == b.time && a.first_row == b.first_row &&
           a.key == b.key;
}

TEST(Threads, OfTheCallerMayBuildLogsAtTheSameTime) {
    constexpr unsigned kCallers = 4;
    std::vector<CodedRows> rows;
    std::vector<Journeys> alone;
    for (unsigned caller = 0; caller < kCallers; ++caller) {
        rows.push_back(many_rows(caller, 20'000 + 8'192 * caller, 3'000));
        alone.push_back(rows.back().build(1));
    }
    std::vector<unsigned> right(kCallers, 0);
    at_the_same_time(kCallers, [&](unsigned caller) {
        for (const unsigned threads : {1U, 2U, 7U})
            right[caller] += same_journeys(rows[caller].build(threads), alone[caller]) ? 1 : 0;
    });
    EXPECT_EQ(right, std::vector<unsigned>(kCallers, 3));
}

TEST(Threads, OfTheCallerMayAskOneLogAtTheSameTime) {
    const Journeys journeys = many_rows(9, 60'000, 20'000).build(2);
    const Pipeline pipeline = same_rows(4, 1, 1);
    constexpr stats::Quantile kHalf{1, 2};
    funnel::Options options;
    const CountMatrix passed = funnel::count_funnel(journeys, pipeline, options).passed;
    const CountMatrix moves = stages::count_transitions(journeys, pipeline, 1).moves;
    const stats::Duration median =
        durations::time_in_stage(journeys, pipeline, durations::Per::visit, {&kHalf, 1}, 1)[0].quantiles[0];
    const LargeVector<std::int64_t> visits = stages::item_facts(journeys, pipeline, 1).visits;
    std::vector<unsigned> right(6, 0);
    at_the_same_time(6, [&](unsigned caller) {
        funnel::Options mine;
        mine.threads = 1 + caller % 3;
        const stats::Duration found =
            durations::time_in_stage(journeys, pipeline, durations::Per::visit, {&kHalf, 1}, mine.threads)[0]
                .quantiles[0];
        right[caller] += funnel::count_funnel(journeys, pipeline, mine).passed == passed ? 1 : 0;
        right[caller] += stages::count_transitions(journeys, pipeline, mine.threads).moves == moves ? 1 : 0;
        right[caller] += found.whole == median.whole && found.rest == median.rest ? 1 : 0;
        right[caller] += stages::item_facts(journeys, pipeline, 1).visits == visits ? 1 : 0;
    });
    EXPECT_EQ(right, std::vector<unsigned>(6, 4));
}

TEST(Threads, MoreOfThemThanRowsOrPartitionsBuildTheSameLog) {
    for (const std::size_t n_rows : {0U, 1U, 5U, 16'384U}) {
        const CodedRows rows = many_rows(5, n_rows, 4);
        EXPECT_TRUE(same_journeys(rows.build(100), rows.build(1))) << n_rows << " rows";
    }
}

}  // namespace
}  // namespace stagefunnel
