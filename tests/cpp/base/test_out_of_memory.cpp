// What the pool does when the heap has no memory for its own lists. The program replaces `operator new`, so
// it is not part of the other tests.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <new>

#include "stagefunnel/base/memory.hpp"

namespace {

thread_local bool heap_is_full = false;

/// While it lives, `operator new` throws in this thread.
class FullHeap {
  public:
    FullHeap() { heap_is_full = true; }
    FullHeap(const FullHeap&) = delete;
    FullHeap& operator=(const FullHeap&) = delete;
    ~FullHeap() { heap_is_full = false; }
};

}  // namespace

// Not inlined: GCC would take `malloc` and `delete` for a pair that does not match. The forms that do not
// throw are replaced as well, because a sanitizer has forms of its own.
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    return heap_is_full ? nullptr : std::malloc(bytes);
}
[[gnu::noinline]] void* operator new(std::size_t bytes) {
    void* const memory = operator new(bytes, std::nothrow);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

namespace stagefunnel {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20U;

/// MiB of address space that the process has mapped.
std::size_t mapped_mib() {
    std::ifstream statistics("/proc/self/statm");
    std::size_t pages = 0;
    statistics >> pages;
    return pages / (kMiB / 4096);
}

TEST(FullHeap, LeavesNothingMappedByAnAllocationThatFails) {
    release_idle();
    const std::size_t before = mapped_mib();
    {
        const FullHeap full;
        EXPECT_THROW(static_cast<void>(allocate_array(256 * kMiB)), std::bad_alloc);
    }
    EXPECT_LT(mapped_mib(), before + 64);
    EXPECT_EQ(idle_bytes(), 0U);
}

TEST(FullHeap, LeavesTheIdleMemoryAsItWasWhenAnAllocationFails) {
    release_idle();
    release_array(allocate_array(64 * kMiB), 64 * kMiB);
    {
        const FullHeap full;
        EXPECT_THROW(static_cast<void>(allocate_array(16 * kMiB)), std::bad_alloc);
        EXPECT_EQ(idle_bytes(), 64 * kMiB);
        void* const whole = allocate_array(64 * kMiB);
        EXPECT_EQ(idle_bytes(), 0U);
        release_array(whole, 64 * kMiB);
    }
    EXPECT_EQ(idle_bytes(), 64 * kMiB);
    EXPECT_EQ(release_idle(), 64 * kMiB);
}

TEST(FullHeap, DoesNotKeepArraysFromBeingReleased) {
    release_idle();
    void* const first = allocate_array(16 * kMiB);
    void* const second = allocate_array(16 * kMiB);
    {
        const FullHeap full;
        use_small_pages(second);
        release_array(first, 16 * kMiB);
        release_array(second, 16 * kMiB);
    }
    EXPECT_EQ(idle_bytes(), 32 * kMiB);
    EXPECT_EQ(release_idle(), 32 * kMiB);
}

TEST(FullHeap, LetsAnArrayKeepItsEndUntilItIsReleased) {
    release_idle();
    void* const array = allocate_array(16 * kMiB);
    {
        const FullHeap full;
        trim_array(array, 4 * kMiB);
    }
    EXPECT_EQ(idle_bytes(), 0U);
    trim_array(array, 4 * kMiB);
    EXPECT_EQ(idle_bytes(), 12 * kMiB);
    release_array(array, 4 * kMiB);
    EXPECT_EQ(idle_bytes(), 16 * kMiB);
    EXPECT_EQ(release_idle(), 16 * kMiB);
}

}  // namespace
}  // namespace stagefunnel
