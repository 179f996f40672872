#pragma once

#include <cstddef>
#include <limits>
#include <new>
#include <utility>
#include <vector>

namespace stagefunnel {

/// Allocates memory for an array. The memory is not initialised and is aligned to a cache line.
///
/// Arrays of 4 MiB and more come from a pool of the process and return to it, so that a program that builds
/// one log after another does not wait each time for the system to hand out fresh pages. They are aligned to
/// huge pages, which the system is asked to use. The pool keeps at most `kMostIdleBytes` that nobody uses;
/// the rest goes back to the system at once.
///
/// @throws std::bad_alloc without memory; nothing has changed then.
[[nodiscard]] void* allocate_array(std::size_t bytes);

/// Frees an array.
///
/// @param bytes the number of bytes that the array was allocated with.
void release_array(void* memory, std::size_t bytes) noexcept;

/// Gives the end of an array back early: `bytes` from its start stay, rounded up to whole huge pages. The
/// vector that owns the array must not grow again; it releases the array as usual. Arrays that do not come
/// from the pool stay as they are.
void trim_array(void* memory, std::size_t bytes) noexcept;

/// Lets an array of the pool that nobody has written to become resident in small pages, one by one. Huge
/// pages would make all of it resident once a few rows have gone to every part of it.
void use_small_pages(void* memory) noexcept;

inline constexpr std::size_t kMostIdleBytes = std::size_t{512} << 20U;

/// Returns the number of bytes that the pool holds and nobody uses.
[[nodiscard]] std::size_t idle_bytes() noexcept;

/// Returns the idle bytes of the pool to the system.
///
/// @return The number of bytes.
std::size_t release_idle() noexcept;

/// Allocates as `allocate_array` does and leaves plain values uninitialised, so that `resize` touches no
/// page: the thread that fills a page is the first to touch it.
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

/// A vector of plain values for columns of millions of rows. `resize` leaves new values uninitialised.
template <class T>
using LargeVector = std::vector<T, ArrayAllocator<T>>;

}  // namespace stagefunnel
