#include <pybind11/native_enum.h>

#include <optional>

#include "arrays.hpp"
#include "funnel_options.hpp"
#include "stagefunnel/questions/funnel/trend.hpp"
#include "stagefunnel/questions/funnel/units.hpp"
#include "unlocked.hpp"

namespace stagefunnel::bindings {
namespace unit_calls {

using namespace funnel_calls;

funnel::UnitFacts facts_of_units(const Journeys& journeys, const Pipeline& pipeline,
                                 const Array<std::uint8_t>& elsewhere, funnel::LostThenWon lost_then_won,
                                 const funnel::ByKey& items, unsigned threads) {
    const std::span<const std::uint8_t> flags = as_span(elsewhere);
    const Unlocked unlocked;
    return funnel::facts_of_units(journeys, pipeline, flags, lost_then_won, items, threads);
}

funnel::UnitCounts units(const Journeys& journeys, const Pipeline& pipeline, funnel::Kind kind,
                         funnel::LostThenWon lost_then_won, const funnel::ByKey& items,
                         const std::optional<Array<std::uint8_t>>& in_report,
                         const std::optional<Array<std::uint8_t>>& moved,
                         const std::optional<Array<std::int32_t>>& group, std::int32_t n_groups,
                         const std::optional<Array<double>>& amount, unsigned threads,
                         const MaybeStates& item_states) {
    const funnel::Options options = options_of(kind, lost_then_won, group, n_groups, amount, threads);
    std::span<const std::uint8_t> in_report_flags, moved_flags;
    if (in_report) in_report_flags = as_span(*in_report);
    if (moved) moved_flags = as_span(*moved);
    const Unlocked unlocked;
    return funnel::count_units(journeys, pipeline, options, items, in_report_flags, moved_flags,
                               states_or_null(item_states));
}

funnel::UnitCounts units_in_place(const Journeys& journeys, const Pipeline& pipeline, funnel::Kind kind,
                                  funnel::LostThenWon lost_then_won, const Array<std::uint32_t>& unit_of_item,
                                  std::size_t n_units, const std::optional<Array<std::uint8_t>>& in_report,
                                  const funnel::ItemStates& item_states, unsigned threads) {
    const funnel::Options options = options_of(kind, lost_then_won, std::nullopt, 1, std::nullopt, threads);
    const std::span<const std::uint32_t> units = as_span(unit_of_item);
    std::span<const std::uint8_t> in_report_flags;
    if (in_report) in_report_flags = as_span(*in_report);
    const Unlocked unlocked;
    return funnel::count_units_in_place(journeys, pipeline, options, units, n_units, in_report_flags,
                                        item_states);
}

funnel::UnitWords united(const Journeys& journeys, const Pipeline& pipeline, funnel::Kind kind,
                         funnel::LostThenWon lost_then_won, const funnel::ByKey& items,
                         const std::optional<Array<std::uint8_t>>& in_report,
                         const funnel::ItemStates& item_states, unsigned threads) {
    const funnel::Options options = options_of(kind, lost_then_won, std::nullopt, 1, std::nullopt, threads);
    std::span<const std::uint8_t> in_report_flags;
    if (in_report) in_report_flags = as_span(*in_report);
    const Unlocked unlocked;
    return funnel::unite_items(journeys, pipeline, options, items, in_report_flags, item_states);
}

funnel::UnitCounts count_united(const Pipeline& pipeline, const std::optional<Array<std::int32_t>>& group,
                                std::int32_t n_groups, const funnel::UnitWords& units, unsigned threads) {
    // The kind and the rule are those under which the items were united.
    const funnel::Options options = options_of(funnel::Kind::classic, funnel::LostThenWon::include, group,
                                               n_groups, std::nullopt, threads);
    const Unlocked unlocked;
    return funnel::count_united(pipeline, options, units);
}

funnel::UnitCounts unit_trend(const Journeys& journeys, const Pipeline& pipeline, funnel::Kind kind,
                              funnel::LostThenWon lost_then_won, const funnel::ByKey& items,
                              const std::optional<Array<std::int32_t>>& group, std::int32_t n_groups,
                              const std::optional<Array<double>>& amount, const Array<std::int64_t>& bounds,
                              std::optional<std::int64_t> as_of, const Array<std::uint8_t>& elsewhere,
                              scan::MovedOut moved_out, unsigned threads) {
    const funnel::Options options = options_of(kind, lost_then_won, group, n_groups, amount, threads);
    const funnel::Periods periods{
        .bounds = as_span(bounds), .as_of = as_of, .elsewhere = as_span(elsewhere), .moved_out = moved_out};
    const Unlocked unlocked;
    return funnel::count_unit_trend(journeys, pipeline, options, periods, items);
}

}  // namespace unit_calls

/// Binds what counts units in place of items.
void bind_units(py::module_& m) {
    using namespace unit_calls;
    py::native_enum<funnel::Standing>(m, "Standing", "enum.Enum")
        .value("none", funnel::Standing::none)
        .value("moved_out", funnel::Standing::moved_out)
        .value("lost", funnel::Standing::lost)
        .value("open", funnel::Standing::open)
        .value("won", funnel::Standing::won)
        .finalize();
    py::class_<funnel::ByKey>(m, "ByKey");
    m.def(
        "items_of_units",
        [](const Array<std::uint32_t>& unit_of_item, std::size_t n_units) {
            const std::span<const std::uint32_t> units = as_span(unit_of_item);
            const Unlocked unlocked;
            return funnel::items_of_units(units, n_units);
        },
        "unit_of_item"_a.noconvert(), "n_units"_a);
    py::class_<funnel::UnitFacts>(m, "UnitFacts")
        .def_property_readonly("standing", array_of<&funnel::UnitFacts::standing>())
        .def_property_readonly("first_time", array_of<&funnel::UnitFacts::first_time>())
        .def_property_readonly("first_item", array_of<&funnel::UnitFacts::first_item>())
        .def_property_readonly("gone_at", array_of<&funnel::UnitFacts::gone_at>())
        .def_property_readonly("deciding_item", array_of<&funnel::UnitFacts::deciding_item>());
    m.def("facts_of_units", &facts_of_units, "journeys"_a, "pipeline"_a, "elsewhere"_a.noconvert(),
          "lost_then_won"_a, "items"_a, "threads"_a);
    py::class_<funnel::UnitCounts>(m, "UnitCounts")
        .def_readonly("counts", &funnel::UnitCounts::counts)
        .def_property_readonly("moved_out", list_of<&funnel::UnitCounts::moved_out>());
    m.def("count_units", &units, "journeys"_a, "pipeline"_a, "kind"_a, "lost_then_won"_a, "items"_a,
          "in_report"_a.noconvert().none(true), "moved"_a.noconvert().none(true),
          "group"_a.noconvert().none(true), "n_groups"_a, "amount"_a.noconvert().none(true), "threads"_a,
          "item_states"_a);
    m.def("count_units_in_place", &units_in_place, "journeys"_a, "pipeline"_a, "kind"_a, "lost_then_won"_a,
          "unit_of_item"_a.noconvert(), "n_units"_a, "in_report"_a.noconvert().none(true), "item_states"_a,
          "threads"_a);
    py::class_<funnel::UnitWords>(m, "UnitWords");
    m.def("unite_items", &united, "journeys"_a, "pipeline"_a, "kind"_a, "lost_then_won"_a, "items"_a,
          "in_report"_a.noconvert().none(true), "item_states"_a, "threads"_a);
    m.def("count_united", &count_united, "pipeline"_a, "group"_a.noconvert().none(true), "n_groups"_a,
          "units"_a, "threads"_a);
    m.def("count_unit_trend", &unit_trend, "journeys"_a, "pipeline"_a, "kind"_a, "lost_then_won"_a, "items"_a,
          "group"_a.noconvert().none(true), "n_groups"_a, "amount"_a.noconvert().none(true),
          "bounds"_a.noconvert(), "as_of"_a, "elsewhere"_a.noconvert(), "moved_out"_a, "threads"_a);
}

}  // namespace stagefunnel::bindings
