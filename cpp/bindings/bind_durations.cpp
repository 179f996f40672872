#include <pybind11/native_enum.h>

#include "arrays.hpp"
#include "stagefunnel/durations.hpp"

namespace stagefunnel::bindings {

void bind_durations(py::module_& m) {
    py::native_enum<Per>(m, "Per", "enum.Enum")
        .value("visit", Per::visit)
        .value("item", Per::item)
        .value("longest", Per::longest)
        .finalize();
    py::class_<Quantile>(m, "Quantile")
        .def(py::init<std::uint64_t, std::uint64_t>(), "numerator"_a, "denominator"_a);
    py::class_<Duration>(m, "Duration")
        .def_readonly("whole", &Duration::whole)
        .def_readonly("rest", &Duration::rest)
        .def_readonly("of", &Duration::of);
    py::class_<StageTime>(m, "StageTime")
        .def_readonly("visits", &StageTime::visits)
        .def_readonly("completed", &StageTime::completed)
        .def_readonly("open", &StageTime::open)
        .def_readonly("items", &StageTime::items)
        .def_readonly("mean", &StageTime::mean)
        .def_readonly("quantiles", &StageTime::quantiles);
    m.def(
        "time_in_stage",
        [](const Journeys& journeys, const Pipeline& pipeline, Per per,
           const std::vector<Quantile>& quantiles,
           unsigned threads) { return time_in_stage(journeys, pipeline, per, quantiles, threads); },
        "journeys"_a, "pipeline"_a, "per"_a, "quantiles"_a, "threads"_a,
        py::call_guard<py::gil_scoped_release>());
}

}  // namespace stagefunnel::bindings
