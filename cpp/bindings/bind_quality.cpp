#include "arrays.hpp"
#include "stagefunnel/questions/stages/quality.hpp"

namespace stagefunnel::bindings {

void bind_quality(py::module_& m) {
    py::class_<stages::LogQuality>(m, "LogQuality")
        .def_readonly("exact_duplicates", &stages::LogQuality::exact_duplicates)
        .def_readonly("repeats", &stages::LogQuality::repeats)
        .def_readonly("ties", &stages::LogQuality::ties);
    py::class_<stages::PipelineQuality>(m, "PipelineQuality")
        .def_readonly("unlisted_rows", &stages::PipelineQuality::unlisted_rows)
        .def_readonly("bridged_visits", &stages::PipelineQuality::bridged_visits)
        .def_readonly("items_without_rows", &stages::PipelineQuality::items_without_rows)
        .def_readonly("ties_deciding_outcome", &stages::PipelineQuality::ties_deciding_outcome);
    const auto unlocked = py::call_guard<py::gil_scoped_release>();
    m.def("log_quality", &stages::log_quality, "journeys"_a, "threads"_a, unlocked);
    m.def("pipeline_quality", &stages::pipeline_quality, "journeys"_a, "pipeline"_a, "threads"_a, unlocked);
}

}  // namespace stagefunnel::bindings
