#include <pybind11/native_enum.h>

#include <optional>

#include "arrays.hpp"
#include "stagefunnel/questions/funnel/funnel.hpp"
#include "stagefunnel/questions/funnel/trend.hpp"

namespace stagefunnel::bindings {
namespace {

funnel::Options options_of(funnel::Kind kind, funnel::LostThenWon lost_then_won,
                           const std::optional<Array<std::int32_t>>& group, std::int32_t n_groups,
                           const std::optional<Array<double>>& amount, unsigned threads) {
    funnel::Options options{.kind = kind,
                            .lost_then_won = lost_then_won,
                            .group = {},
                            .n_groups = n_groups,
                            .amount = {},
                            .threads = threads};
    if (group) options.group = as_span(*group);
    if (amount) options.amount = as_span(*amount);
    return options;
}

funnel::Counts count(const Journeys& journeys, const Pipeline& pipeline, funnel::Kind kind,
                     funnel::LostThenWon lost_then_won, const std::optional<Array<std::int32_t>>& group,
                     std::int32_t n_groups, const std::optional<Array<double>>& amount, unsigned threads,
                     const std::optional<funnel::ItemStates>& item_states) {
    const funnel::Options options = options_of(kind, lost_then_won, group, n_groups, amount, threads);
    const py::gil_scoped_release unlocked;
    return funnel::count_funnel(journeys, pipeline, options, item_states ? &*item_states : nullptr);
}

std::vector<funnel::Counts> count_several(
    const Journeys& journeys, const Pipeline& pipeline,
    const std::vector<std::pair<funnel::Kind, funnel::LostThenWon>>& kinds,
    const std::optional<Array<std::int32_t>>& group, std::int32_t n_groups,
    const std::optional<Array<double>>& amount, unsigned threads, const funnel::ItemStates& item_states) {
    std::vector<funnel::Options> funnels;
    for (const auto& [kind, lost_then_won] : kinds)
        funnels.push_back(options_of(kind, lost_then_won, group, n_groups, amount, threads));
    const py::gil_scoped_release unlocked;
    return funnel::count_funnels(journeys, pipeline, funnels, item_states);
}

funnel::Counts trend(const Journeys& journeys, const Pipeline& pipeline, funnel::Kind kind,
                     funnel::LostThenWon lost_then_won, const std::optional<Array<std::int32_t>>& group,
                     std::int32_t n_groups, const std::optional<Array<double>>& amount,
                     const Array<std::int64_t>& bounds, std::optional<std::int64_t> as_of,
                     const Array<std::uint8_t>& elsewhere, scan::MovedOut moved_out, unsigned threads) {
    const funnel::Options options = options_of(kind, lost_then_won, group, n_groups, amount, threads);
    const funnel::Periods periods{
        .bounds = as_span(bounds), .as_of = as_of, .elsewhere = as_span(elsewhere), .moved_out = moved_out};
    const py::gil_scoped_release unlocked;
    return funnel::count_trend(journeys, pipeline, options, periods);
}

py::array_t<std::int32_t> item_periods(const Journeys& journeys, const Pipeline& pipeline, scan::Basis basis,
                                       const Array<std::int64_t>& bounds, unsigned threads) {
    const std::span<const std::int64_t> ends = as_span(bounds);
    std::vector<std::int32_t> periods;
    {
        const py::gil_scoped_release unlocked;
        periods = funnel::periods_of_items(journeys, pipeline, basis, ends, threads);
    }
    return as_array(std::move(periods));
}

template <auto Member>
auto table() {
    return [](const funnel::Counts& counts) { return as_table(counts.*Member); };
}

template <auto Member>
auto list() {
    return [](const funnel::Counts& counts) { return as_list(counts.*Member); };
}

}  // namespace

void bind_funnel(py::module_& m) {
    py::native_enum<funnel::Kind>(m, "Kind", "enum.Enum")
        .value("classic", funnel::Kind::classic)
        .value("conversions_won", funnel::Kind::conversions_won)
        .value("conversions_moves", funnel::Kind::conversions_moves)
        .value("furthest", funnel::Kind::furthest)
        .value("strict", funnel::Kind::strict)
        .finalize();
    py::native_enum<funnel::LostThenWon>(m, "LostThenWon", "enum.Enum")
        .value("include", funnel::LostThenWon::include)
        .value("exclude", funnel::LostThenWon::exclude)
        .value("exclude_reopened", funnel::LostThenWon::exclude_reopened)
        .finalize();
    py::class_<funnel::Counts>(m, "FunnelCounts")
        .def_property_readonly("passed", table<&funnel::Counts::passed>())
        .def_property_readonly("assumed", table<&funnel::Counts::assumed>())
        .def_property_readonly("visited", table<&funnel::Counts::visited>())
        .def_property_readonly("skipped", table<&funnel::Counts::skipped>())
        .def_property_readonly("beyond", table<&funnel::Counts::beyond>())
        .def_property_readonly("lost_from", table<&funnel::Counts::lost_from>())
        .def_property_readonly("open_at", table<&funnel::Counts::open_at>())
        .def_property_readonly("amount", table<&funnel::Counts::amount>())
        .def_property_readonly("amount_missing", table<&funnel::Counts::amount_missing>())
        .def_property_readonly("won", list<&funnel::Counts::won>())
        .def_property_readonly("lost", list<&funnel::Counts::lost>())
        .def_property_readonly("open", list<&funnel::Counts::open>())
        .def_property_readonly("left_out", list<&funnel::Counts::left_out>())
        .def_property_readonly("reopened_won", list<&funnel::Counts::reopened_won>());
    py::class_<funnel::ItemStates>(m, "Digest")
        .def_property_readonly(
            "has_items", [](const funnel::ItemStates& item_states) { return !item_states.of_item.empty(); });
    m.def("digest_of", &funnel::find_states, "journeys"_a, "pipeline"_a, "threads"_a,
          py::call_guard<py::gil_scoped_release>());
    m.def("digest_of_items", &funnel::find_states_of_items, "journeys"_a, "pipeline"_a, "threads"_a,
          py::call_guard<py::gil_scoped_release>());
    m.def("count_funnel", &count, "journeys"_a, "pipeline"_a, "kind"_a, "lost_then_won"_a,
          "group"_a.noconvert().none(true), "n_groups"_a, "amount"_a.noconvert().none(true), "threads"_a,
          "digest"_a);
    m.def("count_funnels", &count_several, "journeys"_a, "pipeline"_a, "kinds"_a,
          "group"_a.noconvert().none(true), "n_groups"_a, "amount"_a.noconvert().none(true), "threads"_a,
          "digest"_a);
    m.def("count_trend", &trend, "journeys"_a, "pipeline"_a, "kind"_a, "lost_then_won"_a,
          "group"_a.noconvert().none(true), "n_groups"_a, "amount"_a.noconvert().none(true),
          "bounds"_a.noconvert(), "as_of"_a, "elsewhere"_a.noconvert(), "moved_out"_a, "threads"_a);
    m.def("periods_of_items", &item_periods, "journeys"_a, "pipeline"_a, "basis"_a, "bounds"_a.noconvert(),
          "threads"_a);
}

}  // namespace stagefunnel::bindings
