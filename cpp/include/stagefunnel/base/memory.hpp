#pragma once

#include <cstddef>
#include <limits>
#include <memory>
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

/// Frees an array, or lets go of the file that a mapped one lies in.
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

/// The bytes of a file as memory: pages come as they are touched, and nothing can be written to them.
///
/// Where the file becomes shorter meanwhile, the system ends the process that touches a page beyond its end.
class MappedFile {
  public:
    /// @param descriptor an open file of at least `size` bytes, which may be closed afterwards.
    /// @throws std::invalid_argument if the system does not map the file.
    MappedFile(int descriptor, std::size_t size);
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    ~MappedFile();

    [[nodiscard]] const std::byte* data() const { return begin_; }
    [[nodiscard]] std::size_t size() const { return size_; }

  private:
    const std::byte* begin_ = nullptr;
    std::size_t size_ = 0;
};

namespace detail {

/// Makes the next array that this thread allocates lie in a mapped file. If no array takes it, it is taken
/// back.
class NextArray {
  public:
    NextArray(std::shared_ptr<const MappedFile> file, std::size_t offset, std::size_t bytes,
              std::size_t alignment);
    NextArray(const NextArray&) = delete;
    NextArray& operator=(const NextArray&) = delete;
    ~NextArray();
};

}  // namespace detail

/// Returns a vector of the `n` values that lie in a file from `offset` on. It holds on to the file, must not
/// be written to nor grow, and a copy of it is an array as any other.
///
/// @throws std::invalid_argument if they do not lie in the file, or not at a place for such values.
template <class T>
[[nodiscard]] LargeVector<T> mapped_vector(std::shared_ptr<const MappedFile> file, std::size_t offset,
                                           std::size_t n) {
    LargeVector<T> values;
    if (n == 0) return values;
    const std::size_t bytes = n > std::numeric_limits<std::size_t>::max() / sizeof(T)
                                  ? std::numeric_limits<std::size_t>::max()
                                  : n * sizeof(T);
    const detail::NextArray next(std::move(file), offset, bytes, alignof(T));
    values.resize(n);  // which leaves the values as they are
    return values;
}

}  // namespace stagefunnel
