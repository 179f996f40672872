#include "arrays.hpp"
#include "stagefunnel/questions/stages/losses.hpp"

namespace stagefunnel::bindings {
namespace {

template <auto Member>
auto column() {
    return [](const stages::Losses& losses) { return as_array(losses.*Member); };
}

}  // namespace

void bind_losses(py::module_& m) {
    py::class_<stages::Losses>(m, "Losses")
        .def_property_readonly("item", column<&stages::Losses::item>())
        .def_property_readonly("from_stage", column<&stages::Losses::from_stage>())
        .def_property_readonly("lost_stage", column<&stages::Losses::lost_stage>())
        .def_property_readonly("until_lost", column<&stages::Losses::until_lost>())
        .def_property_readonly("in_stage", column<&stages::Losses::in_stage>());
    m.def("find_losses", &stages::find_losses, "journeys"_a, "pipeline"_a, "threads"_a,
          py::call_guard<py::gil_scoped_release>());
}

}  // namespace stagefunnel::bindings
