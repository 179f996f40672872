#pragma once

#include <atomic>
#include <thread>

namespace stagefunnel::bindings {

/// Where the threads stand when the interpreter ends.
///
/// An interpreter before 3.14 that ends, ends every other thread that takes its lock, by unwinding the stack,
/// which cannot go through destructors of C++: the whole process would abort, also where NumPy or Arrow take
/// the lock. So a thread that is in the core at the end does not come back from it, and those that the
/// package has between two calls of the core are waited for until they are there (`wait_for_threads`).
struct Ending {
    /// How many threads work in the core or wait there, without the interpreter's lock.
    static inline std::atomic<int> n_in_core{0};
    static inline std::atomic<bool> has_begun{false};
    static inline std::atomic<std::thread::id> its_thread{};

    static bool stops_this_thread() { return has_begun && its_thread.load() != std::this_thread::get_id(); }
};

/// Calls `wait_for_threads` when the interpreter ends.
void wait_at_the_end();

}  // namespace stagefunnel::bindings
