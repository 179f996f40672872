#include "arrays.hpp"
#include "stagefunnel/quality.hpp"

namespace stagefunnel::bindings {

void bind_quality(py::module_& m) {
    py::class_<LogQuality>(m, "LogQuality")
        .def_readonly("exact_duplicates", &LogQuality::exact_duplicates)
        .def_readonly("repeats", &LogQuality::repeats)
        .def_readonly("ties", &LogQuality::ties);
    py::class_<PipelineQuality>(m, "PipelineQuality")
        .def_readonly("unlisted_rows", &PipelineQuality::unlisted_rows)
        .def_readonly("bridged_visits", &PipelineQuality::bridged_visits)
        .def_readonly("items_without_rows", &PipelineQuality::items_without_rows)
        .def_readonly("ties_deciding_outcome", &PipelineQuality::ties_deciding_outcome);
    const auto unlocked = py::call_guard<py::gil_scoped_release>();
    m.def("log_quality", &log_quality, "journeys"_a, "threads"_a, unlocked);
    m.def("pipeline_quality", &pipeline_quality, "journeys"_a, "pipeline"_a, "threads"_a, unlocked);
}

}  // namespace stagefunnel::bindings
