#include "stagefunnel/base/memory.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace stagefunnel {
namespace {

constexpr std::size_t kCacheLine = 64;

std::size_t rounded_up(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

#ifdef __linux__

constexpr std::size_t kHugePage = std::size_t{2} << 20U;
constexpr std::size_t kLarge = 2 * kHugePage;  // below, the C library's own memory serves as well

char* map_pages(std::size_t bytes) {
    // One huge page more than asked for, so that an aligned stretch lies inside.
    void* raw = mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (raw == MAP_FAILED) throw std::bad_alloc();
    auto* const begin = static_cast<char*>(raw);
    const auto address = reinterpret_cast<std::uintptr_t>(begin);
    const std::size_t before = rounded_up(address, kHugePage) - address;
    if (before > 0) munmap(begin, before);
    if (before < kHugePage) munmap(begin + before + bytes, kHugePage - before);
    // Only a wish: without huge pages the same memory comes in small ones, at the price of more faults.
    static_cast<void>(madvise(begin + before, bytes, MADV_HUGEPAGE));
    return begin + before;
}

/// Stretches of memory in whole huge pages, in use or idle. Idle neighbours are one.
class Pool {
  public:
    void* take(std::size_t bytes) {
        const std::size_t size = rounded_up(bytes, kHugePage);
        const std::scoped_lock lock(lock_);
        char* const memory = take_idle(size);
        char* const taken = memory != nullptr ? memory : map_pages(size);
        used_.emplace(taken, size);
        return taken;
    }

    void trim(void* memory, std::size_t bytes) {
        const std::scoped_lock lock(lock_);
        const auto block = used_.find(static_cast<char*>(memory));
        const std::size_t stays = std::max(rounded_up(bytes, kHugePage), kHugePage);
        if (block == used_.end() || stays >= block->second) return;
        keep(*block, stays);
        block->second = stays;
    }

    void give_back(void* memory) {
        const std::scoped_lock lock(lock_);
        const auto block = used_.find(static_cast<char*>(memory));
        keep(*block, 0);
        used_.erase(block);
        small_pages_.erase(static_cast<char*>(memory));
    }

    void use_small_pages(void* memory) {
        const std::scoped_lock lock(lock_);
        const auto block = used_.find(static_cast<char*>(memory));
        if (block == used_.end()) return;
        small_pages_.insert(block->first);
        static_cast<void>(madvise(block->first, block->second, MADV_NOHUGEPAGE));
    }

    std::size_t n_idle() {
        const std::scoped_lock lock(lock_);
        return n_idle_;
    }

    std::size_t release() {
        const std::scoped_lock lock(lock_);
        for (const auto& [begin, size] : idle_) munmap(begin, size);
        idle_.clear();
        return std::exchange(n_idle_, 0);
    }

  private:
    /// The smallest idle stretch that is large enough; its end stays idle.
    char* take_idle(std::size_t size) {
        auto best = idle_.end();
        for (auto it = idle_.begin(); it != idle_.end(); ++it) {
            if (it->second >= size && (best == idle_.end() || it->second < best->second)) best = it;
        }
        if (best == idle_.end()) return nullptr;
        const auto [begin, found] = *best;
        idle_.erase(best);
        if (found > size) idle_.emplace(begin + size, found - size);
        n_idle_ -= size;
        return begin;
    }

    /// Takes a block back, all but `stays` bytes from its start.
    void keep(const std::pair<char* const, std::size_t>& block, std::size_t stays) {
        char* const begin = block.first + stays;
        std::size_t size = block.second - stays;
        if (n_idle_ + size > kMostIdleBytes) {
            munmap(begin, size);
            return;
        }
        if (small_pages_.contains(block.first)) static_cast<void>(madvise(begin, size, MADV_HUGEPAGE));
        n_idle_ += size;
        auto after = idle_.lower_bound(begin);
        if (after != idle_.end() && begin + size == after->first) {
            size += after->second;
            after = idle_.erase(after);
        }
        if (after != idle_.begin()) {
            const auto before = std::prev(after);
            if (before->first + before->second == begin) {
                before->second += size;
                return;
            }
        }
        idle_.emplace(begin, size);
    }

    std::mutex lock_;
    std::map<char*, std::size_t> used_;
    std::map<char*, std::size_t> idle_;
    std::set<char*> small_pages_;  // blocks in use that were not to become resident in huge ones
    std::size_t n_idle_ = 0;
};

/// Never destroyed: arrays that live until the process ends return to it.
Pool& pool() {
    static auto* const one = new Pool;
    return *one;
}

#endif

}  // namespace

void* allocate_array(std::size_t bytes) {
#ifdef __linux__
    if (bytes >= kLarge) return pool().take(bytes);
#endif
    void* memory = std::aligned_alloc(kCacheLine, std::max(rounded_up(bytes, kCacheLine), kCacheLine));
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

void release_array(void* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef __linux__
    if (bytes >= kLarge) {
        pool().give_back(memory);
        return;
    }
#endif
    std::free(memory);
}

void trim_array([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef __linux__
    pool().trim(memory, bytes);
#endif
}

void use_small_pages([[maybe_unused]] void* memory) noexcept {
#ifdef __linux__
    pool().use_small_pages(memory);
#endif
}

std::size_t idle_bytes() noexcept {
#ifdef __linux__
    return pool().n_idle();
#else
    return 0;
#endif
}

std::size_t release_idle() noexcept {
#ifdef __linux__
    return pool().release();
#else
    return 0;
#endif
}

}  // namespace stagefunnel
