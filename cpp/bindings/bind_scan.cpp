#include <pybind11/native_enum.h>

#include <optional>

#include "arrays.hpp"
#include "marks.hpp"
#include "stagefunnel/scan/paused.hpp"
#include "stagefunnel/scan/pipeline.hpp"
#include "stagefunnel/scan/selection.hpp"
#include "stagefunnel/scan/short_visits.hpp"
#include "unlocked.hpp"

namespace stagefunnel::bindings {
namespace scan_calls {

Journeys select(const Journeys& journeys, const Pipeline& pipeline, scan::Basis basis,
                std::optional<std::int64_t> start, std::optional<std::int64_t> end,
                std::optional<std::int64_t> as_of, const Array<std::uint8_t>& elsewhere,
                scan::MovedOut moved_out, const std::optional<Array<std::int64_t>>& until, unsigned threads) {
    scan::Selection selection{.basis = basis,
                              .start = start,
                              .end = end,
                              .as_of = as_of,
                              .elsewhere = as_span(elsewhere),
                              .moved_out = moved_out};
    if (until) selection.until = as_span(*until);
    const Unlocked unlocked;
    return scan::select_journeys(journeys, pipeline, selection, threads);
}

py::array_t<std::uint8_t> moved(const Journeys& journeys, const Pipeline& pipeline,
                                const Array<std::uint8_t>& elsewhere, unsigned threads) {
    const std::span<const std::uint8_t> codes = as_span(elsewhere);
    std::vector<std::uint8_t> found;
    {
        const Unlocked unlocked;
        found = scan::moved_items(journeys, pipeline, codes, threads);
    }
    return as_array(std::move(found));
}

std::pair<std::optional<Journeys>, std::vector<std::int64_t>> without_short(const Journeys& journeys,
                                                                            const Pipeline& pipeline,
                                                                            const Array<std::int64_t>& least,
                                                                            unsigned threads) {
    const std::span<const std::int64_t> lengths = as_span(least);
    const Unlocked unlocked;
    scan::WithoutShortVisits without = scan::without_short_visits(journeys, pipeline, lengths, threads);
    return {std::move(without.journeys), std::move(without.taken_out)};
}

Journeys with_pauses(const Journeys& journeys, const Pipeline& pipeline, const Array<std::uint8_t>& paused,
                     unsigned threads, const std::optional<MarkColumns>& columns) {
    const std::span<const std::uint8_t> flags = as_span(paused);
    const std::optional<scan::Marks> marks = marks_of(columns);
    const Unlocked unlocked;
    return scan::with_pauses(journeys, pipeline, flags, threads, marks ? &*marks : nullptr);
}

}  // namespace scan_calls

void bind_scan(py::module_& m) {
    using namespace scan_calls;
    py::class_<Pipeline>(m, "Pipeline")
        .def(py::init<std::int32_t, std::int32_t, std::int32_t, std::vector<std::int32_t>>(), "n_open"_a,
             "n_won"_a, "n_lost"_a, "row_of_label"_a)
        .def(py::init([](std::int32_t n_open, std::int32_t n_won, std::int32_t n_lost,
                         std::vector<std::int32_t> row_of_label, std::vector<std::uint8_t> optional,
                         std::vector<std::int64_t> since, std::vector<std::int64_t> until) {
                 return Pipeline(n_open, n_won, n_lost, std::move(row_of_label),
                                 {std::move(optional), std::move(since), std::move(until)});
             }),
             "n_open"_a, "n_won"_a, "n_lost"_a, "row_of_label"_a, "optional"_a, "since"_a, "until"_a)
        .def_property_readonly("n_open", &Pipeline::n_open)
        .def_property_readonly("n_won", &Pipeline::n_won)
        .def_property_readonly("rows", &Pipeline::rows)
        .def_property_readonly("optional", [](const Pipeline& pipeline) { return pipeline.rules().optional; })
        .def_property_readonly("since", [](const Pipeline& pipeline) { return pipeline.rules().since; })
        .def_property_readonly("until", [](const Pipeline& pipeline) { return pipeline.rules().until; });

    py::class_<MarkColumns>(m, "Marks")
        .def(py::init([](const Journeys& whole, std::optional<Array<std::int64_t>> ended,
                         std::optional<Array<std::uint8_t>> start_unknown,
                         std::optional<std::int64_t> ended_before, std::optional<Array<std::int64_t>> until,
                         Array<std::uint8_t> elsewhere) {
                 return MarkColumns{&whole,       std::move(ended), std::move(start_unknown),
                                    ended_before, std::move(until), std::move(elsewhere)};
             }),
             "whole"_a, "ended"_a.noconvert().none(true), "start_unknown"_a.noconvert().none(true),
             "ended_before"_a, "until"_a.noconvert().none(true), "elsewhere"_a.noconvert(),
             py::keep_alive<1, 2>());

    py::native_enum<scan::Basis>(m, "Basis", "enum.Enum")
        .value("active", scan::Basis::active)
        .value("created", scan::Basis::created)
        .value("closed", scan::Basis::closed)
        .finalize();
    py::native_enum<scan::MovedOut>(m, "MovedOut", "enum.Enum")
        .value("exclude", scan::MovedOut::exclude)
        .value("include", scan::MovedOut::include)
        .finalize();
    m.def("select_journeys", &select, "journeys"_a, "pipeline"_a, "basis"_a, "start"_a, "end"_a, "as_of"_a,
          "elsewhere"_a.noconvert(), "moved_out"_a, "until"_a.noconvert().none(true), "threads"_a);
    m.def(
        "with_departures",
        [](const Journeys& journeys, const Pipeline& pipeline, const Array<std::uint8_t>& elsewhere,
           unsigned threads) {
            const std::span<const std::uint8_t> flags = as_span(elsewhere);
            const Unlocked unlocked;
            return scan::with_departures(journeys, pipeline, flags, threads);
        },
        "journeys"_a, "pipeline"_a, "elsewhere"_a.noconvert(), "threads"_a);
    m.def("without_short_visits", &without_short, "journeys"_a, "pipeline"_a, "least"_a.noconvert(),
          "threads"_a);
    m.def("with_pauses", &with_pauses, "journeys"_a, "pipeline"_a, "paused"_a.noconvert(), "threads"_a,
          "marks"_a);
    m.def("moved_items", &moved, "journeys"_a, "pipeline"_a, "elsewhere"_a.noconvert(), "threads"_a);
}

}  // namespace stagefunnel::bindings
