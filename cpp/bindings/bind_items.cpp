#include "arrays.hpp"
#include "stagefunnel/questions/stages/items.hpp"

namespace stagefunnel::bindings {
namespace {

template <auto Member>
auto column() {
    return [](const stages::ItemFacts& facts) { return as_array(facts.*Member); };
}

}  // namespace

void bind_items(py::module_& m) {
    py::class_<stages::ItemFacts>(m, "ItemFacts")
        .def_property_readonly("first_row", column<&stages::ItemFacts::first_row>())
        .def_property_readonly("outcome", column<&stages::ItemFacts::outcome>())
        .def_property_readonly("first_time", column<&stages::ItemFacts::first_time>())
        .def_property_readonly("closed_at", column<&stages::ItemFacts::closed_at>())
        .def_property_readonly("last_stage", column<&stages::ItemFacts::last_stage>())
        .def_property_readonly("furthest_stage", column<&stages::ItemFacts::furthest_stage>())
        .def_property_readonly("lost_from", column<&stages::ItemFacts::lost_from>())
        .def_property_readonly("visits", column<&stages::ItemFacts::visits>())
        .def_property_readonly("back_moves", column<&stages::ItemFacts::back_moves>())
        .def_property_readonly("skipped", column<&stages::ItemFacts::skipped>());
    m.def("item_facts", &stages::item_facts, "journeys"_a, "pipeline"_a, "threads"_a,
          py::call_guard<py::gil_scoped_release>());
}

}  // namespace stagefunnel::bindings
