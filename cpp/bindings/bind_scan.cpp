#include <pybind11/native_enum.h>

#include <optional>

#include "arrays.hpp"
#include "marks.hpp"
#include "stagefunnel/scan/pipeline.hpp"
#include "stagefunnel/scan/selection.hpp"

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
    const py::gil_scoped_release unlocked;
    return scan::select_journeys(journeys, pipeline, selection, threads);
}

py::array_t<std::uint8_t> moved(const Journeys& journeys, const Pipeline& pipeline,
                                const Array<std::uint8_t>& elsewhere, unsigned threads) {
    const std::span<const std::uint8_t> codes = as_span(elsewhere);
    std::vector<std::uint8_t> found;
    {
        const py::gil_scoped_release unlocked;
        found = scan::moved_items(journeys, pipeline, codes, threads);
    }
    return as_array(std::move(found));
}

}  // namespace scan_calls

void bind_scan(py::module_& m) {
    using namespace scan_calls;
    py::class_<Pipeline>(m, "Pipeline")
        .def(py::init<std::int32_t, std::int32_t, std::int32_t, std::vector<std::int32_t>>(), "n_open"_a,
             "n_won"_a, "n_lost"_a, "row_of_label"_a)
        .def_property_readonly("n_open", &Pipeline::n_open)
        .def_property_readonly("n_won", &Pipeline::n_won)
        .def_property_readonly("rows", &Pipeline::rows);

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
            const py::gil_scoped_release unlocked;
            return scan::with_departures(journeys, pipeline, flags, threads);
        },
        "journeys"_a, "pipeline"_a, "elsewhere"_a.noconvert(), "threads"_a);
    m.def("moved_items", &moved, "journeys"_a, "pipeline"_a, "elsewhere"_a.noconvert(), "threads"_a);
}

}  // namespace stagefunnel::bindings
