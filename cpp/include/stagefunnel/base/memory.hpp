#pragma once

#include <cstddef>
#include <limits>
#include <new>
#include <utility>
#include <vector>

namespace stagefunnel {

/// Memory for a large array: aligned to huge pages, which the system is asked to use. Not initialised.
///
/// Large arrays come from a pool of the process and return to it, so that a program that builds one log after
/// another does not wait each time for the system to hand out fresh pages. The pool keeps at most
/// `kMostIdleBytes` that nobody uses; the rest goes back to the system at once.
[[nodiscard]] void* allocate_array(std::size_t bytes);
void release_array(void* memory, std::size_t bytes) noexcept;

/// Gives the end of an array back early: `bytes` from its start stay. The vector that owns it must not
/// grow again, and releases it as ever.
void trim_array(void* memory, std::size_t bytes) noexcept;

/// Lets an array that nobody has written to become resident in small pages, one by one. Huge pages would make
/// all of it resident once a few rows have gone to every part of it.
void use_small_pages(void* memory) noexcept;

inline constexpr std::size_t kMostIdleBytes = std::size_t{512} << 20U;

/// Bytes that the pool holds and nobody uses.
[[nodiscard]] std::size_t idle_bytes() noexcept;

/// Returns them to the system, and says how many they were.
std::size_t release_idle() noexcept;

/// Allocates as `allocate_array` does and leaves plain values uninitialised, so that `resize` touches
/// nothing: the thread that fills a page is the first to see it.
template <class T>
struct ArrayAllocator {
    using value_type = T;

    ArrayAllocator() = default;
    template <class U>
    ArrayAllocator(const ArrayAllocator<U>&) noexcept {}  // NOLINT: allocators convert

    [[nodiscard]] T* allocate(std::size_t n) {
        if (n > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_array_new_length();
        return static_cast<T*>(allocate_array(n * sizeof(T)));
    }
    void deallocate(T* memory, std::size_t n) noexcept { release_array(memory, n * sizeof(T)); }

    template <class U>
    void construct(U* at) noexcept {
        ::new (static_cast<void*>(at)) U;
    }
    template <class U, class... Args>
    void construct(U* at, Args&&... args) {
        ::new (static_cast<void*>(at)) U(std::forward<Args>(args)...);
    }
    bool operator==(const ArrayAllocator&) const noexcept { return true; }
};

/// A vector of plain values for columns of millions of rows.
template <class T>
using LargeVector = std::vector<T, ArrayAllocator<T>>;

}  // namespace stagefunnel
