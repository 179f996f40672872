#include <pybind11/native_enum.h>

#include <optional>

#include "arrays.hpp"
#include "stagefunnel/funnel.hpp"
#include "stagefunnel/trend.hpp"

namespace stagefunnel::bindings {
namespace {

FunnelOptions options_of(Kind kind, LostThenWon lost_then_won,
                         const std::optional<Array<std::int32_t>>& group, std::int32_t n_groups,
                         const std::optional<Array<double>>& amount, unsigned threads) {
    FunnelOptions options{.kind = kind,
                          .lost_then_won = lost_then_won,
                          .group = {},
                          .n_groups = n_groups,
                          .amount = {},
                          .threads = threads};
    if (group) options.group = as_span(*group);
    if (amount) options.amount = as_span(*amount);
    return options;
}

FunnelCounts count(const Journeys& journeys, const Pipeline& pipeline, Kind kind, LostThenWon lost_then_won,
                   const std::optional<Array<std::int32_t>>& group, std::int32_t n_groups,
                   const std::optional<Array<double>>& amount, unsigned threads,
                   const std::optional<Digest>& digest) {
    const FunnelOptions options = options_of(kind, lost_then_won, group, n_groups, amount, threads);
    const py::gil_scoped_release unlocked;
    return count_funnel(journeys, pipeline, options, digest ? &*digest : nullptr);
}

std::vector<FunnelCounts> count_several(const Journeys& journeys, const Pipeline& pipeline,
                                        const std::vector<std::pair<Kind, LostThenWon>>& kinds,
                                        const std::optional<Array<std::int32_t>>& group,
                                        std::int32_t n_groups, const std::optional<Array<double>>& amount,
                                        unsigned threads, const Digest& digest) {
    std::vector<FunnelOptions> funnels;
    for (const auto& [kind, lost_then_won] : kinds)
        funnels.push_back(options_of(kind, lost_then_won, group, n_groups, amount, threads));
    const py::gil_scoped_release unlocked;
    return count_funnels(journeys, pipeline, funnels, digest);
}

FunnelCounts trend(const Journeys& journeys, const Pipeline& pipeline, Kind kind, LostThenWon lost_then_won,
                   const std::optional<Array<std::int32_t>>& group, std::int32_t n_groups,
                   const std::optional<Array<double>>& amount, const Array<std::int64_t>& bounds,
                   std::optional<std::int64_t> as_of, const Array<std::uint8_t>& elsewhere,
                   MovedOut moved_out, unsigned threads) {
    const FunnelOptions options = options_of(kind, lost_then_won, group, n_groups, amount, threads);
    const Periods periods{
        .bounds = as_span(bounds), .as_of = as_of, .elsewhere = as_span(elsewhere), .moved_out = moved_out};
    const py::gil_scoped_release unlocked;
    return count_trend(journeys, pipeline, options, periods);
}

py::array_t<std::int32_t> item_periods(const Journeys& journeys, const Pipeline& pipeline, Basis basis,
                                       const Array<std::int64_t>& bounds, unsigned threads) {
    const std::span<const std::int64_t> ends = as_span(bounds);
    std::vector<std::int32_t> periods;
    {
        const py::gil_scoped_release unlocked;
        periods = periods_of_items(journeys, pipeline, basis, ends, threads);
    }
    return as_array(std::move(periods));
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
    py::class_<Digest>(m, "Digest").def_property_readonly("has_items", [](const Digest& digest) {
        return !digest.of_item.empty();
    });
    m.def("digest_of", &digest_of, "journeys"_a, "pipeline"_a, "threads"_a,
          py::call_guard<py::gil_scoped_release>());
    m.def("digest_of_items", &digest_of_items, "journeys"_a, "pipeline"_a, "threads"_a,
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
