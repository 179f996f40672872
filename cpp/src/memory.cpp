#include "stagefunnel/memory.hpp"

#include <cstdlib>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace stagefunnel {

void* allocate_array(std::size_t bytes) {
    constexpr std::size_t kHugePage = std::size_t{2} << 20U;
    constexpr std::size_t kCacheLine = 64;
    const bool large = bytes >= 2 * kHugePage;
    const std::size_t alignment = large ? kHugePage : kCacheLine;
    const std::size_t padded = (bytes + alignment - 1) / alignment * alignment;
    void* memory = std::aligned_alloc(alignment, padded > 0 ? padded : alignment);
    if (memory == nullptr) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
    // Only a wish: without huge pages the same memory comes in small ones, at the price of more faults.
    if (large) static_cast<void>(madvise(memory, padded, MADV_HUGEPAGE));
#endif
    return memory;
}

void release_array(void* memory) noexcept { std::free(memory); }

}  // namespace stagefunnel
