#pragma once

// Vectors that share the memory of another one. Internal to the core.

#include <cstddef>

#include "stagefunnel/base/memory.hpp"

namespace stagefunnel {

namespace detail {

/// Makes the next array that this thread allocates be one that is there already. If no array takes it, it
/// stays what it was.
class NextShared {
  public:
    /// @param held bytes that were allocated for the array.
    /// @param bytes that the next array takes of it.
    NextShared(const void* array, std::size_t held, std::size_t bytes);
    NextShared(const NextShared&) = delete;
    NextShared& operator=(const NextShared&) = delete;
    ~NextShared();
};

}  // namespace detail

/// Returns a vector of the same values in the same memory, which is freed with the last of both.
///
/// Neither may be written to from then on, nor grow.
template <class T>
[[nodiscard]] LargeVector<T> shared_copy(const LargeVector<T>& values) {
    LargeVector<T> copy;
    if (values.empty()) return copy;
    const detail::NextShared next(values.data(), values.capacity() * sizeof(T), values.size() * sizeof(T));
    copy.resize(values.size());  // which leaves the values as they are
    return copy;
}

}  // namespace stagefunnel
