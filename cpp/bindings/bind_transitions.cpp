#include "arrays.hpp"
#include "stagefunnel/questions/stages/transitions.hpp"

namespace stagefunnel::bindings {

void bind_transitions(py::module_& m) {
    py::class_<stages::Transitions>(m, "Transitions")
        .def_property_readonly("moves",
                               [](const stages::Transitions& counts) { return as_table(counts.moves); })
        .def_property_readonly("items",
                               [](const stages::Transitions& counts) { return as_table(counts.items); });
    m.def("count_transitions", &stages::count_transitions, "journeys"_a, "pipeline"_a, "threads"_a,
          py::call_guard<py::gil_scoped_release>());
}

}  // namespace stagefunnel::bindings
