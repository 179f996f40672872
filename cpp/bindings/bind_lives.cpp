#include <pybind11/native_enum.h>

#include "arrays.hpp"
#include "marks.hpp"
#include "stagefunnel/questions/durations/lives.hpp"

namespace stagefunnel::bindings {
namespace lives_calls {

durations::Lives lives(const Journeys& journeys, const Pipeline& pipeline, std::int32_t target,
                       durations::Reopened reopened, const MarkColumns& columns, unsigned threads) {
    const scan::Marks marks = columns.marks();
    const py::gil_scoped_release unlocked;
    return durations::find_lives(journeys, pipeline, target, reopened, marks, threads);
}

}  // namespace lives_calls

void bind_lives(py::module_& m) {
    py::native_enum<durations::LifeEnd>(m, "LifeEnd", "enum.Enum")
        .value("won", durations::LifeEnd::won)
        .value("lost", durations::LifeEnd::lost)
        .value("moved_out", durations::LifeEnd::moved_out)
        .value("open", durations::LifeEnd::open)
        .value("none", durations::LifeEnd::none)
        .value("unknown", durations::LifeEnd::unknown)
        .finalize();
    py::native_enum<durations::Reopened>(m, "Reopened", "enum.Enum")
        .value("last", durations::Reopened::last)
        .value("first", durations::Reopened::first)
        .finalize();
    py::class_<durations::Lives>(m, "Lives")
        .def_property_readonly("end", array_of<&durations::Lives::end>())
        .def_property_readonly("began", array_of<&durations::Lives::began>())
        .def_property_readonly("ended", array_of<&durations::Lives::ended>())
        .def_property_readonly("passed", array_of<&durations::Lives::passed>());
    m.def("find_lives", &lives_calls::lives, "journeys"_a, "pipeline"_a, "target"_a, "reopened"_a, "marks"_a,
          "threads"_a);
}

}  // namespace stagefunnel::bindings
