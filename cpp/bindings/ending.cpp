#include "ending.hpp"

#include <pybind11/pybind11.h>

#include <chrono>
#include <string>

#ifdef __unix__
#include <pthread.h>
#endif

namespace stagefunnel::bindings {
namespace ending_calls {

namespace py = pybind11;

/// Whether a frame, or one that has called it, is of the package.
bool is_of_package(py::object frame) {
    for (; !frame.is_none(); frame = frame.attr("f_back")) {
        const auto name = frame.attr("f_globals").attr("get")("__name__");
        if (py::isinstance<py::str>(name) && std::string(py::str(name)).starts_with("stagefunnel"))
            return true;
    }
    return false;
}

int n_other_threads() {
    const auto own = py::module_::import("threading").attr("get_ident")();
    int n = 0;
    for (const auto& [thread, frame] : py::dict(py::module_::import("sys").attr("_current_frames")())) {
        if (!own.equal(thread) && is_of_package(py::reinterpret_borrow<py::object>(frame))) ++n;
    }
    return n;
}

/// Waits until all threads that the package works on are in the core, from which they do not come back.
void wait_for_threads() {
    Ending::its_thread = std::this_thread::get_id();
    Ending::has_begun = true;
    using Clock = std::chrono::steady_clock;
    // A thread may wait for something else meanwhile, such as the next batch of a stream.
    const auto end = Clock::now() + std::chrono::milliseconds(500);
    while (n_other_threads() > Ending::n_in_core && Clock::now() < end) {
        const py::gil_scoped_release released;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

}  // namespace ending_calls

void wait_at_the_end() {
    using namespace ending_calls;
    py::module_::import("atexit").attr("register")(py::cpp_function(&wait_for_threads));
#ifdef __unix__
    // A fork takes only the thread along that forks.
    pthread_atfork(nullptr, nullptr, [] {
        Ending::n_in_core = 0;
        Ending::has_begun = false;
    });
#endif
}

}  // namespace stagefunnel::bindings
