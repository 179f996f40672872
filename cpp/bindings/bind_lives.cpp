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

durations::StaySpells stays(const Journeys& journeys, const Pipeline& pipeline, std::int32_t first,
                            std::int32_t end, const MarkColumns& columns, unsigned threads) {
    const scan::Marks marks = columns.marks();
    const py::gil_scoped_release unlocked;
    return durations::list_stays(journeys, pipeline, first, end, marks, threads);
}

/// A property that hands a column over: it can be taken once.
template <auto Member>
auto taken() {
    return [](typename OwnerOf<decltype(Member)>::Type& owner) { return as_array(std::move(owner.*Member)); };
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
        .def("take_end", lives_calls::taken<&durations::Lives::end>())
        .def("take_began", lives_calls::taken<&durations::Lives::began>())
        .def("take_ended", lives_calls::taken<&durations::Lives::ended>())
        .def("take_passed", lives_calls::taken<&durations::Lives::passed>());
    py::class_<durations::StaySpells>(m, "StaySpells")
        .def("take_item", lives_calls::taken<&durations::StaySpells::item>())
        .def("take_stage", lives_calls::taken<&durations::StaySpells::stage>())
        .def("take_next", lives_calls::taken<&durations::StaySpells::next>())
        .def("take_began", lives_calls::taken<&durations::StaySpells::began>())
        .def("take_ended", lives_calls::taken<&durations::StaySpells::ended>())
        .def("take_state", lives_calls::taken<&durations::StaySpells::state>());
    m.def("list_stays", &lives_calls::stays, "journeys"_a, "pipeline"_a, "first"_a, "end"_a, "marks"_a,
          "threads"_a);
    m.def("find_lives", &lives_calls::lives, "journeys"_a, "pipeline"_a, "target"_a, "reopened"_a, "marks"_a,
          "threads"_a);
}

}  // namespace stagefunnel::bindings
