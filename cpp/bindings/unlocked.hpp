#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <thread>

#ifdef __GLIBCXX__
#include <cxxabi.h>
#endif

#include "ending.hpp"
#include "stagefunnel/base/watch.hpp"

namespace stagefunnel::bindings {

/// Waits for the end of the process.
[[noreturn]] inline void wait_for_ever() {
    while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

/// Calls `take`, which takes the interpreter's lock. Where the interpreter would end this thread (`Ending`),
/// it waits for the end of the process instead, as versions from 3.14 on let it do.
template <class Take>
void take_lock(Take take) {
#ifdef __GLIBCXX__
    try {
        take();
    } catch (abi::__forced_unwind&) {
        wait_for_ever();
    }
#else
    take();
#endif
}

/// Lets go of the interpreter while the core works, and looks now and then whether Ctrl-C was pressed.
class Unlocked {
  public:
    Unlocked() : thread_(PyEval_SaveThread()), before_(current()) {
        enter();
        current() = this;
        next_look_ = Clock::now() + kBetweenLooks;
    }
    ~Unlocked() {
        current() = before_;
        leave(thread_);
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
        explicit Locked(Unlocked& outside) : outside_(outside) { leave(outside.thread_); }
        ~Locked() {
            outside_.thread_ = PyEval_SaveThread();
            enter();
        }
        Locked(const Locked&) = delete;
        Locked& operator=(const Locked&) = delete;

      private:
        Unlocked& outside_;
    };

    /// Counts this thread as one in the core. At the end of the interpreter it stays there.
    static void enter() {
        ++Ending::n_in_core;
        if (Ending::stops_this_thread()) wait_for_ever();
    }

    /// Takes the lock. Who ends the interpreter has either seen that this thread left, or this thread sees
    /// that the end has begun.
    static void leave(PyThreadState* thread) {
        --Ending::n_in_core;
        if (Ending::stops_this_thread()) {
            ++Ending::n_in_core;
            wait_for_ever();
        }
        take_lock([thread] { PyEval_RestoreThread(thread); });
    }

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
