#pragma once

#include <pybind11/pybind11.h>

#include <chrono>

#ifdef __GLIBCXX__
#include <cxxabi.h>
#include <unistd.h>
#endif

#include "stagefunnel/base/watch.hpp"

namespace stagefunnel::bindings {

/// Calls `take`, which takes the interpreter's lock.
///
/// An interpreter before 3.14 that ends, ends every other thread that takes its lock, by unwinding the stack,
/// which cannot go through destructors of C++: the whole process would abort. Here such a thread waits for
/// the end of the process instead, as later versions let it do.
template <class Take>
void take_lock(Take take) {
#ifdef __GLIBCXX__
    try {
        take();
    } catch (abi::__forced_unwind&) {
        while (true) pause();
    }
#else
    take();
#endif
}

/// Lets go of the interpreter while the core works, and looks now and then whether Ctrl-C was pressed.
class Unlocked {
  public:
    Unlocked() : thread_(PyEval_SaveThread()), before_(current()) {
        current() = this;
        next_look_ = Clock::now() + kBetweenLooks;
    }
    ~Unlocked() {
        current() = before_;
        take_lock([this] { PyEval_RestoreThread(thread_); });
    }
    Unlocked(const Unlocked&) = delete;
    Unlocked& operator=(const Unlocked&) = delete;

  private:
    using Clock = std::chrono::steady_clock;

    // To look takes the interpreter's lock, for which others may make it wait: five times a second is enough.
    static constexpr Clock::duration kBetweenLooks = std::chrono::milliseconds(200);

    /// Holds the interpreter's lock meanwhile.
    class Locked {
      public:
        explicit Locked(Unlocked& outside) : outside_(outside) {
            take_lock([&] { PyEval_RestoreThread(outside.thread_); });
        }
        ~Locked() { outside_.thread_ = PyEval_SaveThread(); }
        Locked(const Locked&) = delete;
        Locked& operator=(const Locked&) = delete;

      private:
        Unlocked& outside_;
    };

    static Unlocked*& current() {
        thread_local Unlocked* one = nullptr;
        return one;
    }

    static void look() {
        Unlocked& here = *current();
        const Clock::time_point now = Clock::now();
        if (now < here.next_look_) return;
        here.next_look_ = now + kBetweenLooks;
        const Locked locked(here);
        // The interpreter hears signals on its main thread alone; on others this does nothing.
        if (PyErr_CheckSignals() != 0) throw pybind11::error_already_set();
    }

    PyThreadState* thread_;
    Unlocked* before_;  // of a call that a signal's handler has interrupted
    Clock::time_point next_look_;
    Watch watch_{&look};
};

}  // namespace stagefunnel::bindings
