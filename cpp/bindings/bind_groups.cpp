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
#include "unlocked.hpp"

namespace stagefunnel::bindings {
namespace groups_calls {

stages::Flow flow(const Journeys& journeys, const Pipeline& pipeline, const Array<std::int64_t>& starts,
                  std::optional<std::int64_t> end, const Array<std::uint8_t>& elsewhere,
                  const std::optional<Array<std::int32_t>>& group, std::size_t n_groups,
                  const std::optional<Array<double>>& amount, bool amount_of_item, int scale,
                  stages::FlowSums sums, unsigned threads) {
    stages::FlowOptions options{.starts = as_span(starts),
                                .end = end,
                                .elsewhere = as_span(elsewhere),
                                .n_groups = n_groups,
                                .amount_of_item = amount_of_item,
                                .scale = scale,
                                .sums = sums,
                                .threads = threads};
    if (group) options.group = as_span(*group);
    if (amount) options.amount = as_span(*amount);
    const Unlocked unlocked;
    return stages::count_flow(journeys, pipeline, options);
}

void bind_flow(py::module_& m) {
    py::native_enum<stages::FlowSums>(m, "FlowSums", "enum.Enum")
        .value("rounded", stages::FlowSums::rounded)
        .value("exact", stages::FlowSums::exact)
        .finalize();
    py::class_<stages::FlowAmounts> amounts(m, "FlowAmounts");
    for (const auto& [name, column] : stages::kFlowAmounts) {
        amounts.def_property_readonly(
            name, [column = column](const stages::FlowAmounts& found) { return as_list(found.*column); });
    }
    py::class_<stages::Flow>(m, "Flow")
        .def_property_readonly("at_start", list_of<&stages::Flow::at_start>())
        .def_property_readonly("created", list_of<&stages::Flow::created>())
        .def_property_readonly("from_earlier", list_of<&stages::Flow::from_earlier>())
        .def_property_readonly("from_later", list_of<&stages::Flow::from_later>())
        .def_property_readonly("from_closed", list_of<&stages::Flow::from_closed>())
        .def_property_readonly("moved_in", list_of<&stages::Flow::moved_in>())
        .def_property_readonly("advanced", list_of<&stages::Flow::advanced>())
        .def_property_readonly("went_back", list_of<&stages::Flow::went_back>())
        .def_property_readonly("won", list_of<&stages::Flow::won>())
        .def_property_readonly("lost", list_of<&stages::Flow::lost>())
        .def_property_readonly("moved_out", list_of<&stages::Flow::moved_out>())
        .def_property_readonly("at_end", list_of<&stages::Flow::at_end>())
        .def_readonly("amount", &stages::Flow::amount)
        .def_property_readonly("amount_missing", list_of<&stages::Flow::amount_missing>())
        .def_property_readonly(
            "exact_whole",
            [](const stages::Flow& found) { return as_array(std::vector<std::int64_t>(found.exact_whole)); })
        .def_property_readonly("exact_fraction", [](const stages::Flow& found) {
            return as_array(std::vector<std::uint64_t>(found.exact_fraction));
        });
    m.def("count_flow", &flow, "journeys"_a, "pipeline"_a, "starts"_a.noconvert(), "end"_a,
          "elsewhere"_a.noconvert(), "group"_a.noconvert().none(true), "n_groups"_a,
          "amount"_a.noconvert().none(true), "amount_of_item"_a, "scale"_a, "sums"_a, "threads"_a);
}

stages::GroupTransitions transitions_of_groups(const Journeys& journeys, const Pipeline& pipeline,
                                               const Array<std::int32_t>& group, std::size_t n_groups,
                                               unsigned threads) {
    const std::span<const std::int32_t> groups = as_span(group);
    const Unlocked unlocked;
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
    const Unlocked unlocked;
    return durations::time_in_stage_of_groups(journeys, pipeline, per, quantiles, groups, n_groups, threads,
                                              marks ? &*marks : nullptr);
}

}  // namespace groups_calls

void bind_groups(py::module_& m) {
    using namespace groups_calls;
    bind_flow(m);
    py::class_<stages::GroupTransitions>(m, "GroupTransitions")
        .def_property_readonly("group", array_of<&stages::GroupTransitions::group>())
        .def_property_readonly("from_stage", array_of<&stages::GroupTransitions::from>())
        .def_property_readonly("to_stage", array_of<&stages::GroupTransitions::to>())
        .def_property_readonly("moves", array_of<&stages::GroupTransitions::moves>())
        .def_property_readonly("items", array_of<&stages::GroupTransitions::items>());
    m.def("count_transitions_of_groups", &transitions_of_groups, "journeys"_a, "pipeline"_a,
          "group"_a.noconvert(), "n_groups"_a, "threads"_a);
    m.def("time_in_stage_of_groups", &stage_times_of_groups, "journeys"_a, "pipeline"_a, "per"_a,
          "quantiles"_a, "group"_a.noconvert(), "n_groups"_a, "threads"_a, "marks"_a);
}

}  // namespace stagefunnel::bindings
