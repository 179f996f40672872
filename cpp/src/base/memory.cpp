#include "stagefunnel/base/memory.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <map>
#include <mutex>
#include <stdexcept>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "base/array_sharers.hpp"
#include "base/shared_array.hpp"

#ifdef __linux__
#include <pthread.h>
#include <sys/mman.h>
#endif

namespace stagefunnel {
namespace {

constexpr std::size_t kCacheLine = 64;

std::size_t rounded_up(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

#ifdef __linux__

constexpr std::size_t kHugePage = std::size_t{2} << 20U;
constexpr std::size_t kLarge = 2 * kHugePage;  // smaller arrays gain nothing over the C library's memory

char* map_pages(std::size_t bytes) {
    // One huge page more than needed, so that an aligned stretch of `bytes` lies inside.
    void* raw = mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (raw == MAP_FAILED) throw std::bad_alloc();
    auto* const begin = static_cast<char*>(raw);
    const auto address = reinterpret_cast<std::uintptr_t>(begin);
    const std::size_t before = rounded_up(address, kHugePage) - address;
    if (before > 0) munmap(begin, before);
    if (before < kHugePage) munmap(begin + before + bytes, kHugePage - before);
    // If the system refuses, the same memory comes in small pages, at the price of more page faults.
    static_cast<void>(madvise(begin + before, bytes, MADV_HUGEPAGE));
    return begin + before;
}

/// Mapped memory in whole huge pages, in use or idle. Idle neighbours are one.
///
/// The smallest idle stretch that is large enough serves a request (best fit; Knuth, TAOCP 1, 2.5). Memory
/// changes hands as a node that moves from one map to the other, so returning it allocates nothing and
/// cannot fail; what has to allocate does so before it changes anything.
class Pool {
  public:
    void* take(std::size_t bytes) {
        const std::size_t size = rounded_up(bytes, kHugePage);
        const std::scoped_lock lock(lock_);
        const auto idle = best_fit(size);
        if (idle != idle_.end()) return take_idle(idle, size);
        Node fresh = new_node();
        fresh.key() = map_pages(size);
        fresh.mapped().size = size;
        return used_.insert(std::move(fresh)).position->first;
    }

    void trim(void* memory, std::size_t bytes) noexcept {
        const std::scoped_lock lock(lock_);
        const auto used = used_.find(static_cast<char*>(memory));
        const std::size_t stays = std::max(rounded_up(bytes, kHugePage), kHugePage);
        if (used == used_.end() || stays >= used->second.size) return;
        Node end;
        try {
            end = new_node();
        } catch (const std::bad_alloc&) {
            return;  // the array keeps its end, which returns with the rest of it
        }
        end.key() = used->first + stays;
        end.mapped() = {used->second.size - stays, used->second.pages};
        used->second.size = stays;
        make_idle(std::move(end));
    }

    void give_back(void* memory) noexcept {
        const std::scoped_lock lock(lock_);
        make_idle(used_.extract(static_cast<char*>(memory)));
    }

    void use_small_pages(void* memory) noexcept {
        const std::scoped_lock lock(lock_);
        const auto used = used_.find(static_cast<char*>(memory));
        if (used == used_.end()) return;
        used->second.pages = Pages::small;
        static_cast<void>(madvise(used->first, used->second.size, MADV_NOHUGEPAGE));
    }

    void lock() { lock_.lock(); }

    void unlock() { lock_.unlock(); }

    std::size_t n_idle() noexcept {
        const std::scoped_lock lock(lock_);
        return n_idle_;
    }

    std::size_t release() noexcept {
        const std::scoped_lock lock(lock_);
        for (const auto& [begin, idle] : idle_) munmap(begin, idle.size);
        idle_.clear();
        return std::exchange(n_idle_, 0);
    }

  private:
    enum class Pages : std::uint8_t { huge, small };

    struct Extent {
        std::size_t size = 0;
        Pages pages = Pages::huge;  // idle memory is always wanted in huge ones
    };
    using Extents = std::map<char*, Extent>;
    using Node = Extents::node_type;

    /// A node of its own, to be filled and inserted.
    static Node new_node() {
        Extents one;
        one.try_emplace(nullptr);
        return one.extract(one.begin());
    }

    Extents::iterator best_fit(std::size_t size) {
        auto best = idle_.end();
        for (auto it = idle_.begin(); it != idle_.end(); ++it) {
            if (it->second.size < size) continue;
            if (best == idle_.end() || it->second.size < best->second.size) best = it;
        }
        return best;
    }

    /// Moves the beginning of an idle stretch to the used ones; its end stays idle.
    char* take_idle(Extents::iterator idle, std::size_t size) {
        char* const begin = idle->first;
        if (idle->second.size > size) {
            used_.try_emplace(begin, Extent{size});
            Node rest = idle_.extract(idle);
            rest.key() = begin + size;
            rest.mapped().size -= size;
            idle_.insert(std::move(rest));
        } else {
            used_.insert(idle_.extract(idle));
        }
        n_idle_ -= size;
        return begin;
    }

    /// Keeps memory for the next array, joined with idle neighbours, or unmaps it if enough is idle.
    void make_idle(Node freed) noexcept {
        Extent& extent = freed.mapped();
        if (n_idle_ + extent.size > kMostIdleBytes) {
            munmap(freed.key(), extent.size);
            return;
        }
        if (std::exchange(extent.pages, Pages::huge) == Pages::small) {
            static_cast<void>(madvise(freed.key(), extent.size, MADV_HUGEPAGE));
        }
        n_idle_ += extent.size;
        auto after = idle_.lower_bound(freed.key());
        if (after != idle_.end() && freed.key() + extent.size == after->first) {
            extent.size += after->second.size;
            after = idle_.erase(after);
        }
        if (after != idle_.begin()) {
            const auto before = std::prev(after);
            if (before->first + before->second.size == freed.key()) {
                before->second.size += extent.size;
                return;
            }
        }
        idle_.insert(std::move(freed));
    }

    std::mutex lock_;
    Extents used_;
    Extents idle_;
    std::size_t n_idle_ = 0;
};

/// Never destroyed, because arrays that live until the process ends return to it; in static memory, because
/// functions that must not throw may be the first to ask for it.
Pool& pool() noexcept {
    static_assert(std::is_nothrow_default_constructible_v<Pool>);
    alignas(Pool) static std::array<std::byte, sizeof(Pool)> memory;
    static Pool* const one = [] {
        Pool* const made = ::new (memory.data()) Pool;
        // A process that forks while another thread holds the lock would leave it locked in the child for
        // ever.
        static_cast<void>(
            pthread_atfork([] { pool().lock(); }, [] { pool().unlock(); }, [] { pool().unlock(); }));
        return made;
    }();
    return *one;
}

#endif

/// Which arrays lie in mapped files.
///
/// A vector frees an array by its address alone, so the file that it holds on to is found by that.
class MappedArrays {
  public:
    void add(void* array, std::shared_ptr<const MappedFile> file) {
        const std::scoped_lock lock(lock_);
        files_.emplace(array, std::move(file));
    }

    /// Returns whether the array was one of them.
    bool remove(void* array) noexcept {
        std::shared_ptr<const MappedFile> file;  // unmapped, if it is the last, without the lock
        const std::scoped_lock lock(lock_);
        const auto found = files_.find(array);
        if (found == files_.end()) return false;
        file = std::move(found->second);
        files_.erase(found);
        return true;
    }

    void lock() { lock_.lock(); }

    void unlock() { lock_.unlock(); }

  private:
    std::mutex lock_;
    std::unordered_multimap<void*, std::shared_ptr<const MappedFile>> files_;  // two vectors may share one
};

/// Never destroyed, as the pool.
template <class Register>
Register& only() {
    static Register* const one = [] {
        auto* const made = new Register;
#ifdef __linux__
        static_cast<void>(pthread_atfork([] { only<Register>().lock(); }, [] { only<Register>().unlock(); },
                                         [] { only<Register>().unlock(); }));
#endif
        return made;
    }();
    return *one;
}

MappedArrays& mapped_arrays() { return only<MappedArrays>(); }
detail::SharedArrays& shared_arrays() { return only<detail::SharedArrays>(); }

struct Next {
    void* array = nullptr;
    std::size_t bytes = 0;
    std::shared_ptr<const MappedFile> file;
    std::size_t held = 0;  // of an array that is shared; 0: it lies in the file
};

thread_local Next next_array;
std::atomic<bool> any_array_is_shared = false;  // in most processes none ever is, and none is looked up
std::atomic<std::size_t> n_mapped_files = 0;    // none in most processes, whose arrays are not looked up

}  // namespace

void* allocate_array(std::size_t bytes) {
    if (next_array.array != nullptr && next_array.bytes == bytes) {
        if (next_array.held > 0) {
            shared_arrays().add(next_array.array, next_array.held);
        } else {
            mapped_arrays().add(next_array.array, std::move(next_array.file));
        }
        return std::exchange(next_array.array, nullptr);
    }
#ifdef __linux__
    if (bytes >= kLarge) return pool().take(bytes);
#endif
    void* memory = std::aligned_alloc(kCacheLine, std::max(rounded_up(bytes, kCacheLine), kCacheLine));
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

void release_array(void* memory, [[maybe_unused]] std::size_t bytes) noexcept {
    if (any_array_is_shared.load(std::memory_order_acquire) && shared_arrays().remove(memory, bytes)) return;
    if (n_mapped_files.load(std::memory_order_acquire) > 0 && mapped_arrays().remove(memory)) return;
#ifdef __linux__
    if (bytes >= kLarge) {
        pool().give_back(memory);
        return;
    }
#endif
    std::free(memory);
}

MappedFile::MappedFile([[maybe_unused]] int descriptor, std::size_t size) : size_(size) {
#ifdef __linux__
    if (size > 0) {
        void* const pages = mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
        if (pages == MAP_FAILED) throw std::invalid_argument("the system does not map this file");
        begin_ = static_cast<const std::byte*>(pages);
    }
    n_mapped_files.fetch_add(1, std::memory_order_release);
#else
    throw std::invalid_argument("this system does not map files");
#endif
}

MappedFile::~MappedFile() {
#ifdef __linux__
    if (begin_ != nullptr) munmap(const_cast<std::byte*>(begin_), size_);
    n_mapped_files.fetch_sub(1, std::memory_order_release);
#endif
}

namespace detail {

NextArray::NextArray(std::shared_ptr<const MappedFile> file, std::size_t offset, std::size_t bytes,
                     std::size_t alignment) {
    if (offset % alignment != 0 || offset > file->size() || bytes > file->size() - offset) {
        throw std::invalid_argument("a column does not lie in its file");
    }
    // A vector hands out memory that may be written to; that nobody does is what its maker promises.
    next_array.array = const_cast<std::byte*>(file->data()) + offset;
    next_array.bytes = bytes;
    next_array.file = std::move(file);
}

NextArray::~NextArray() { next_array = {}; }

NextShared::NextShared(const void* array, std::size_t held, std::size_t bytes) {
    static_cast<void>(shared_arrays());  // made here, because to free an array must not throw
    any_array_is_shared.store(true, std::memory_order_release);
    next_array = {const_cast<void*>(array), bytes, nullptr, held};
}

NextShared::~NextShared() { next_array = {}; }

}  // namespace detail

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
