#include "arrays.hpp"
#include "stagefunnel/pipeline.hpp"

namespace stagefunnel::bindings {

void bind_pipeline(py::module_& m) {
    py::class_<Pipeline>(m, "Pipeline")
        .def(py::init<std::int32_t, std::int32_t, std::int32_t, std::vector<std::int32_t>>(), "n_open"_a,
             "n_won"_a, "n_lost"_a, "row_of_label"_a);
}

}  // namespace stagefunnel::bindings
