#include <optional>

#include "arrays.hpp"
#include "stagefunnel/questions/stages/flow.hpp"

namespace stagefunnel::bindings {
namespace {

stages::Flow count(const Journeys& journeys, const Pipeline& pipeline, std::optional<std::int64_t> start,
                   std::optional<std::int64_t> end, const Array<std::uint8_t>& elsewhere, unsigned threads) {
    const std::span<const std::uint8_t> flags = as_span(elsewhere);
    const py::gil_scoped_release unlocked;
    return stages::count_flow(journeys, pipeline, {start, end}, flags, threads);
}

template <auto Member>
auto list() {
    return [](const stages::Flow& flow) { return as_list(flow.*Member); };
}

}  // namespace

void bind_flow(py::module_& m) {
    py::class_<stages::Flow>(m, "Flow")
        .def_property_readonly("at_start", list<&stages::Flow::at_start>())
        .def_property_readonly("created", list<&stages::Flow::created>())
        .def_property_readonly("from_earlier", list<&stages::Flow::from_earlier>())
        .def_property_readonly("from_later", list<&stages::Flow::from_later>())
        .def_property_readonly("from_closed", list<&stages::Flow::from_closed>())
        .def_property_readonly("moved_in", list<&stages::Flow::moved_in>())
        .def_property_readonly("advanced", list<&stages::Flow::advanced>())
        .def_property_readonly("went_back", list<&stages::Flow::went_back>())
        .def_property_readonly("won", list<&stages::Flow::won>())
        .def_property_readonly("lost", list<&stages::Flow::lost>())
        .def_property_readonly("moved_out", list<&stages::Flow::moved_out>())
        .def_property_readonly("at_end", list<&stages::Flow::at_end>());
    m.def("count_flow", &count, "journeys"_a, "pipeline"_a, "start"_a, "end"_a, "elsewhere"_a.noconvert(),
          "threads"_a);
}

}  // namespace stagefunnel::bindings
