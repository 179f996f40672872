#include <pybind11/native_enum.h>

#include "arrays.hpp"
#include "stagefunnel/questions/durations/durations.hpp"

namespace stagefunnel::bindings {
namespace {

durations::StageTime summarise(const durations::VisitCounts& counts,
                               const std::vector<Array<std::uint64_t>>& samples,
                               const std::vector<stats::Quantile>& quantiles) {
    std::vector<std::span<const std::uint64_t>> spans;
    for (const Array<std::uint64_t>& sample : samples) spans.push_back(as_span(sample));
    const py::gil_scoped_release unlocked;
    return durations::summarise_durations(counts, spans, quantiles);
}

}  // namespace

void bind_durations(py::module_& m) {
    py::native_enum<durations::Per>(m, "Per", "enum.Enum")
        .value("visit", durations::Per::visit)
        .value("item", durations::Per::item)
        .value("longest", durations::Per::longest)
        .finalize();
    py::class_<stats::Quantile>(m, "Quantile")
        .def(py::init<std::uint64_t, std::uint64_t>(), "numerator"_a, "denominator"_a);
    py::class_<stats::Duration>(m, "Duration")
        .def_readonly("whole", &stats::Duration::whole)
        .def_readonly("rest", &stats::Duration::rest)
        .def_readonly("of", &stats::Duration::of);
    py::class_<durations::VisitCounts>(m, "VisitCounts")
        .def(py::init<std::int64_t, std::int64_t, std::int64_t, std::int64_t>(), "visits"_a, "completed"_a,
             "open"_a, "items"_a)
        .def_readonly("visits", &durations::VisitCounts::visits)
        .def_readonly("completed", &durations::VisitCounts::completed)
        .def_readonly("open", &durations::VisitCounts::open)
        .def_readonly("items", &durations::VisitCounts::items);
    py::class_<durations::StageTime, durations::VisitCounts>(m, "StageTime")
        .def_readonly("mean", &durations::StageTime::mean)
        .def_readonly("quantiles", &durations::StageTime::quantiles);
    py::class_<durations::StageDurations, durations::VisitCounts>(m, "StageDurations")
        .def_property_readonly("durations", [](const py::object& self) {
            // A view that keeps the stage alive: samples of a large log are not copied.
            const auto& durations = self.cast<const durations::StageDurations&>().durations;
            py::array_t<std::uint64_t> view(static_cast<py::ssize_t>(durations.size()), durations.data(),
                                            self);
            view.attr("flags").attr("writeable") = false;
            return view;
        });
    m.def(
        "time_in_stage",
        [](const Journeys& journeys, const Pipeline& pipeline, durations::Per per,
           const std::vector<stats::Quantile>& quantiles, unsigned threads) {
            return durations::time_in_stage(journeys, pipeline, per, quantiles, threads);
        },
        "journeys"_a, "pipeline"_a, "per"_a, "quantiles"_a, "threads"_a,
        py::call_guard<py::gil_scoped_release>());
    m.def("stage_durations", &durations::stage_durations, "journeys"_a, "pipeline"_a, "per"_a, "threads"_a,
          py::call_guard<py::gil_scoped_release>());
    m.def("summarise_durations", &summarise, "counts"_a, "samples"_a.noconvert(), "quantiles"_a);
}

}  // namespace stagefunnel::bindings
