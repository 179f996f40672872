#pragma once

#include <pybind11/pybind11.h>

#include <chrono>

#include "stagefunnel/base/watch.hpp"

namespace stagefunnel::bindings {

/// Lets go of the interpreter while the core works, and looks now and then whether Ctrl-C was pressed.
class Unlocked {
  public:
    Unlocked() { next_look() = Clock::now() + kBetweenLooks; }

  private:
    using Clock = std::chrono::steady_clock;

    // To look takes the interpreter's lock, for which others may make it wait: five times a second is enough.
    static constexpr Clock::duration kBetweenLooks = std::chrono::milliseconds(200);

    static Clock::time_point& next_look() {
        thread_local Clock::time_point next;
        return next;
    }

    static void look() {
        const Clock::time_point now = Clock::now();
        if (now < next_look()) return;
        next_look() = now + kBetweenLooks;
        const pybind11::gil_scoped_acquire locked;
        // The interpreter hears signals on its main thread alone; on others this does nothing.
        if (PyErr_CheckSignals() != 0) throw pybind11::error_already_set();
    }

    pybind11::gil_scoped_release released_;
    Watch watch_{&look};
};

}  // namespace stagefunnel::bindings
