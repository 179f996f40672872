#include "arrays.hpp"
#include "stagefunnel/base/memory.hpp"

namespace stagefunnel::bindings {

void bind_memory(py::module_& m) {
    m.def("release_idle", &release_idle, py::call_guard<py::gil_scoped_release>());
}

}  // namespace stagefunnel::bindings
