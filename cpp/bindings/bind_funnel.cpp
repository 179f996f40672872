#include <pybind11/native_enum.h>

#include <optional>

#include "arrays.hpp"
#include "stagefunnel/funnel.hpp"

namespace stagefunnel::bindings {
namespace {

FunnelCounts count(const Journeys& journeys, const Pipeline& pipeline, Kind kind, LostThenWon lost_then_won,
                   const std::optional<Array<std::int32_t>>& group, std::int32_t n_groups,
                   const std::optional<Array<double>>& amount, unsigned threads,
                   const std::optional<Digest>& digest) {
    FunnelOptions options{.kind = kind,
                          .lost_then_won = lost_then_won,
                          .group = {},
                          .n_groups = n_groups,
                          .amount = {},
                          .threads = threads};
    if (group) options.group = as_span(*group);
    if (amount) options.amount = as_span(*amount);
    const py::gil_scoped_release unlocked;
    return count_funnel(journeys, pipeline, options, digest ? &*digest : nullptr);
}

template <auto Member>
auto table() {
    return [](const FunnelCounts& counts) { return as_table(counts.*Member); };
}

template <auto Member>
auto list() {
    return [](const FunnelCounts& counts) { return as_list(counts.*Member); };
}

}  // namespace

void bind_funnel(py::module_& m) {
    py::native_enum<Kind>(m, "Kind", "enum.Enum")
        .value("classic", Kind::classic)
        .value("conversions_won", Kind::conversions_won)
        .value("conversions_moves", Kind::conversions_moves)
        .value("furthest", Kind::furthest)
        .value("strict", Kind::strict)
        .finalize();
    py::native_enum<LostThenWon>(m, "LostThenWon", "enum.Enum")
        .value("include", LostThenWon::include)
        .value("exclude", LostThenWon::exclude)
        .value("exclude_reopened", LostThenWon::exclude_reopened)
        .finalize();
    py::class_<FunnelCounts>(m, "FunnelCounts")
        .def_property_readonly("passed", table<&FunnelCounts::passed>())
        .def_property_readonly("assumed", table<&FunnelCounts::assumed>())
        .def_property_readonly("visited", table<&FunnelCounts::visited>())
        .def_property_readonly("skipped", table<&FunnelCounts::skipped>())
        .def_property_readonly("beyond", table<&FunnelCounts::beyond>())
        .def_property_readonly("lost_from", table<&FunnelCounts::lost_from>())
        .def_property_readonly("open_at", table<&FunnelCounts::open_at>())
        .def_property_readonly("amount", table<&FunnelCounts::amount>())
        .def_property_readonly("amount_missing", table<&FunnelCounts::amount_missing>())
        .def_property_readonly("won", list<&FunnelCounts::won>())
        .def_property_readonly("lost", list<&FunnelCounts::lost>())
        .def_property_readonly("open", list<&FunnelCounts::open>())
        .def_property_readonly("left_out", list<&FunnelCounts::left_out>())
        .def_property_readonly("reopened_won", list<&FunnelCounts::reopened_won>());
    py::class_<Digest>(m, "Digest");
    m.def("digest_of", &digest_of, "journeys"_a, "pipeline"_a, "threads"_a,
          py::call_guard<py::gil_scoped_release>());
    m.def("count_funnel", &count, "journeys"_a, "pipeline"_a, "kind"_a, "lost_then_won"_a,
          "group"_a.noconvert().none(true), "n_groups"_a, "amount"_a.noconvert().none(true), "threads"_a,
          "digest"_a);
}

}  // namespace stagefunnel::bindings
