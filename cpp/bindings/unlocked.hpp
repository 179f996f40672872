#pragma once

#include <pybind11/pybind11.h>

#include "stagefunnel/base/watch.hpp"

namespace stagefunnel::bindings {

/// Lets go of the interpreter while the core works, and looks now and then whether Ctrl-C was pressed.
class Unlocked {
  private:
    pybind11::gil_scoped_release released_;
    Watch watch_{[] {
        const pybind11::gil_scoped_acquire locked;
        // The interpreter hears signals on its main thread alone; on others this does nothing.
        if (PyErr_CheckSignals() != 0) throw pybind11::error_already_set();
    }};
};

}  // namespace stagefunnel::bindings
