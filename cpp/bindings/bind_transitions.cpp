#include "arrays.hpp"
#include "stagefunnel/transitions.hpp"

namespace stagefunnel::bindings {

void bind_transitions(py::module_& m) {
    py::class_<Transitions>(m, "Transitions")
        .def_property_readonly("moves", [](const Transitions& counts) { return as_table(counts.moves); })
        .def_property_readonly("items", [](const Transitions& counts) { return as_table(counts.items); });
    m.def("count_transitions", &count_transitions, "journeys"_a, "pipeline"_a, "threads"_a,
          py::call_guard<py::gil_scoped_release>());
}

}  // namespace stagefunnel::bindings
