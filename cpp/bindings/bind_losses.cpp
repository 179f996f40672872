#include "arrays.hpp"
#include "stagefunnel/losses.hpp"

namespace stagefunnel::bindings {
namespace {

template <auto Member>
auto column() {
    return [](const Losses& losses) { return as_array(losses.*Member); };
}

}  // namespace

void bind_losses(py::module_& m) {
    py::class_<Losses>(m, "Losses")
        .def_property_readonly("item", column<&Losses::item>())
        .def_property_readonly("from_stage", column<&Losses::from_stage>())
        .def_property_readonly("lost_stage", column<&Losses::lost_stage>())
        .def_property_readonly("until_lost", column<&Losses::until_lost>())
        .def_property_readonly("in_stage", column<&Losses::in_stage>());
    m.def("find_losses", &find_losses, "journeys"_a, "pipeline"_a, "threads"_a,
          py::call_guard<py::gil_scoped_release>());
}

}  // namespace stagefunnel::bindings
