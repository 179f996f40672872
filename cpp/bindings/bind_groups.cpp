// Questions about visits and moves that are asked of groups of items.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "arrays.hpp"
#include "marks.hpp"
#include "stagefunnel/questions/durations/durations.hpp"
#include "stagefunnel/questions/stages/flow.hpp"
#include "stagefunnel/questions/stages/transitions.hpp"

namespace stagefunnel::bindings {
namespace groups_calls {

stages::Flow flow_of_groups(const Journeys& journeys, const Pipeline& pipeline,
                            std::optional<std::int64_t> start, std::optional<std::int64_t> end,
                            const Array<std::uint8_t>& elsewhere, const Array<std::int32_t>& group,
                            std::size_t n_groups, unsigned threads) {
    const std::span<const std::uint8_t> flags = as_span(elsewhere);
    const std::span<const std::int32_t> groups = as_span(group);
    const py::gil_scoped_release unlocked;
    return stages::count_flow_of_groups(journeys, pipeline, {start, end}, flags, groups, n_groups, threads);
}

stages::GroupTransitions transitions_of_groups(const Journeys& journeys, const Pipeline& pipeline,
                                               const Array<std::int32_t>& group, std::size_t n_groups,
                                               unsigned threads) {
    const std::span<const std::int32_t> groups = as_span(group);
    const py::gil_scoped_release unlocked;
    return stages::count_transitions_of_groups(journeys, pipeline, groups, n_groups, threads);
}

std::vector<durations::StageTime> stage_times_of_groups(const Journeys& journeys, const Pipeline& pipeline,
                                                        durations::Per per,
                                                        const std::vector<stats::Quantile>& quantiles,
                                                        const Array<std::int32_t>& group,
                                                        std::size_t n_groups, unsigned threads,
                                                        const std::optional<MarkColumns>& columns) {
    const std::optional<scan::Marks> marks = marks_of(columns);
    const std::span<const std::int32_t> groups = as_span(group);
    const py::gil_scoped_release unlocked;
    return durations::time_in_stage_of_groups(journeys, pipeline, per, quantiles, groups, n_groups, threads,
                                              marks ? &*marks : nullptr);
}

}  // namespace groups_calls

void bind_groups(py::module_& m) {
    using namespace groups_calls;
    py::class_<stages::GroupTransitions>(m, "GroupTransitions")
        .def_property_readonly("group", array_of<&stages::GroupTransitions::group>())
        .def_property_readonly("from_stage", array_of<&stages::GroupTransitions::from>())
        .def_property_readonly("to_stage", array_of<&stages::GroupTransitions::to>())
        .def_property_readonly("moves", array_of<&stages::GroupTransitions::moves>())
        .def_property_readonly("items", array_of<&stages::GroupTransitions::items>());
    m.def("count_transitions_of_groups", &transitions_of_groups, "journeys"_a, "pipeline"_a,
          "group"_a.noconvert(), "n_groups"_a, "threads"_a);
    m.def("count_flow_of_groups", &flow_of_groups, "journeys"_a, "pipeline"_a, "start"_a, "end"_a,
          "elsewhere"_a.noconvert(), "group"_a.noconvert(), "n_groups"_a, "threads"_a);
    m.def("time_in_stage_of_groups", &stage_times_of_groups, "journeys"_a, "pipeline"_a, "per"_a,
          "quantiles"_a, "group"_a.noconvert(), "n_groups"_a, "threads"_a, "marks"_a);
}

}  // namespace stagefunnel::bindings
