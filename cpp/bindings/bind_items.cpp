#include "arrays.hpp"
#include "stagefunnel/items.hpp"

namespace stagefunnel::bindings {
namespace {

template <auto Member>
auto column() {
    return [](const ItemFacts& facts) { return as_array(facts.*Member); };
}

}  // namespace

void bind_items(py::module_& m) {
    py::class_<ItemFacts>(m, "ItemFacts")
        .def_property_readonly("first_row", column<&ItemFacts::first_row>())
        .def_property_readonly("outcome", column<&ItemFacts::outcome>())
        .def_property_readonly("first_time", column<&ItemFacts::first_time>())
        .def_property_readonly("closed_at", column<&ItemFacts::closed_at>())
        .def_property_readonly("last_stage", column<&ItemFacts::last_stage>())
        .def_property_readonly("furthest_stage", column<&ItemFacts::furthest_stage>())
        .def_property_readonly("lost_from", column<&ItemFacts::lost_from>())
        .def_property_readonly("visits", column<&ItemFacts::visits>())
        .def_property_readonly("back_moves", column<&ItemFacts::back_moves>())
        .def_property_readonly("skipped", column<&ItemFacts::skipped>());
    m.def("item_facts", &item_facts, "journeys"_a, "pipeline"_a, "threads"_a,
          py::call_guard<py::gil_scoped_release>());
}

}  // namespace stagefunnel::bindings
