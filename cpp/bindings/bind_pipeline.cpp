#include "arrays.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::bindings {

void bind_pipeline(py::module_& m) {
    py::class_<Pipeline>(m, "Pipeline")
        .def(py::init<std::int32_t, std::int32_t, std::int32_t, std::vector<std::int32_t>>(), "n_open"_a,
             "n_won"_a, "n_lost"_a, "row_of_label"_a)
        .def_property_readonly("n_open", &Pipeline::n_open)
        .def_property_readonly("n_won", &Pipeline::n_won)
        .def_property_readonly("rows", &Pipeline::rows);
}

}  // namespace stagefunnel::bindings
