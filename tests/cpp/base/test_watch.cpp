#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <thread>

#include "base/checkpoint.hpp"
#include "base/parallel.hpp"
#include "stagefunnel/base/watch.hpp"

namespace stagefunnel {
namespace {

using std::chrono::milliseconds;

struct Asked : std::runtime_error {
    Asked() : std::runtime_error("stop") {}
};

int looks = 0;

void stop_at_the_tenth_look() {
    if (++looks >= 10) throw Asked();
}

/// Work that ends only when a checkpoint ends it.
void work_for_ever() {
    while (true) {
        checkpoint();
        std::this_thread::sleep_for(milliseconds(1));
    }
}

TEST(Watch, StopsTheWorkOfOneThread) {
    looks = 0;
    const Watch watch(&stop_at_the_tenth_look);
    EXPECT_THROW(work_for_ever(), Asked);
}

TEST(Watch, StopsAllThreadsAndReachesTheCaller) {
    looks = 0;
    std::atomic<int> begun{0}, ended{0};  // a busy machine may not have begun the last task by the stop
    struct Ending {
        std::atomic<int>& n;
        ~Ending() { ++n; }
    };
    const Watch watch(&stop_at_the_tenth_look);
    EXPECT_THROW(parallel_tasks(3, 3,
                                [&](std::size_t) {
                                    ++begun;
                                    const Ending ending{ended};
                                    work_for_ever();
                                }),
                 Asked);
    EXPECT_GE(begun, 1);
    EXPECT_EQ(ended, begun);
}

TEST(Watch, BeginsNoTaskAfterTheStop) {
    looks = 0;
    std::atomic<int> begun{0};
    const Watch watch(&stop_at_the_tenth_look);
    EXPECT_THROW(parallel_tasks(1'000'000, 1, [&](std::size_t) { ++begun; }), Asked);
    EXPECT_EQ(begun, 9);
}

TEST(Watch, AnErrorOfOneThreadStopsTheOthers) {
    EXPECT_THROW(parallel_tasks(2, 2,
                                [&](std::size_t task) {
                                    if (task == 1) throw std::invalid_argument("bad");
                                    work_for_ever();
                                }),
                 std::invalid_argument);
}

TEST(Watch, IsOverWithItsScope) {
    {
        const Watch watch(&stop_at_the_tenth_look);
    }
    std::this_thread::sleep_for(milliseconds(250));
    EXPECT_NO_THROW(checkpoint());
}

TEST(Watch, BlocksCoverTheRangeInOrder) {
    std::size_t reached = 5;
    const std::size_t last = 5 + 3 * kCheckpointEvery + 1;
    in_blocks(5, last, [&](std::size_t begin, std::size_t end) {
        EXPECT_EQ(begin, reached);
        EXPECT_LE(end - begin, kCheckpointEvery);
        reached = end;
    });
    EXPECT_EQ(reached, last);
}

}  // namespace
}  // namespace stagefunnel
