#include <optional>

#include "arrays.hpp"
#include "stagefunnel/flow.hpp"

namespace stagefunnel::bindings {
namespace {

Flow count(const Journeys& journeys, const Pipeline& pipeline, std::optional<std::int64_t> start,
           std::optional<std::int64_t> end, const Array<std::uint8_t>& elsewhere, unsigned threads) {
    const std::span<const std::uint8_t> flags = as_span(elsewhere);
    const py::gil_scoped_release unlocked;
    return count_flow(journeys, pipeline, {start, end}, flags, threads);
}

template <auto Member>
auto list() {
    return [](const Flow& flow) { return as_list(flow.*Member); };
}

}  // namespace

void bind_flow(py::module_& m) {
    py::class_<Flow>(m, "Flow")
        .def_property_readonly("at_start", list<&Flow::at_start>())
        .def_property_readonly("created", list<&Flow::created>())
        .def_property_readonly("from_earlier", list<&Flow::from_earlier>())
        .def_property_readonly("from_later", list<&Flow::from_later>())
        .def_property_readonly("from_closed", list<&Flow::from_closed>())
        .def_property_readonly("moved_in", list<&Flow::moved_in>())
        .def_property_readonly("advanced", list<&Flow::advanced>())
        .def_property_readonly("went_back", list<&Flow::went_back>())
        .def_property_readonly("won", list<&Flow::won>())
        .def_property_readonly("lost", list<&Flow::lost>())
        .def_property_readonly("moved_out", list<&Flow::moved_out>())
        .def_property_readonly("at_end", list<&Flow::at_end>());
    m.def("count_flow", &count, "journeys"_a, "pipeline"_a, "start"_a, "end"_a, "elsewhere"_a.noconvert(),
          "threads"_a);
}

}  // namespace stagefunnel::bindings
