#include <optional>

#include "arrays.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/journeys/lookup.hpp"

namespace stagefunnel::bindings {
namespace {

Journeys build(const columns::ItemKeys& items, const columns::StageCodes& stages, const columns::Times& times,
               const columns::RowOrder& order, const Array<std::uint64_t>& dropped, unsigned threads) {
    const std::span<const std::uint64_t> rows = as_span(dropped);
    const py::gil_scoped_release unlocked;
    return journeys::build_journeys(items, stages, times, order, rows, threads);
}

std::pair<Journeys, py::array_t<std::uint32_t>> build_with_rows(
    const columns::ItemKeys& items, const columns::StageCodes& stages, const columns::Times& times,
    const columns::RowOrder& order, const Array<std::uint64_t>& dropped, unsigned threads) {
    const std::span<const std::uint64_t> rows = as_span(dropped);
    Journeys journeys;
    {
        const py::gil_scoped_release unlocked;
        journeys =
            journeys::build_journeys(items, stages, times, order, rows, threads, journeys::RowNumbers::keep);
    }
    auto numbers = as_array(std::exchange(journeys.row, {}));
    return {std::move(journeys), std::move(numbers)};
}

std::pair<py::array_t<std::int64_t>, std::optional<std::pair<std::uint64_t, std::uint64_t>>> match(
    const Journeys& journeys, const columns::ItemKeys& table, unsigned threads) {
    journeys::TableRows found;
    {
        const py::gil_scoped_release unlocked;
        found = journeys::match_items(journeys, table, threads);
    }
    std::optional<std::pair<std::uint64_t, std::uint64_t>> duplicate;
    if (found.duplicate) duplicate = {found.duplicate->first_row, found.duplicate->second_row};
    return {as_array(std::move(found.row)), duplicate};
}

}  // namespace

void bind_journeys(py::module_& m) {
    py::class_<Journeys>(m, "Journeys")
        .def_property_readonly("n_items", &Journeys::n_items)
        .def_property_readonly("n_rows", &Journeys::n_rows)
        .def_property_readonly("hashed", [](const Journeys& journeys) { return !journeys.high.empty(); })
        .def_property_readonly("holds_text", &Journeys::holds_text)
        .def_property_readonly("offsets", [](const Journeys& journeys) { return as_array(journeys.offsets); })
        .def_property_readonly("time", [](const Journeys& journeys) { return as_array(journeys.time); })
        .def_property_readonly("first_row",
                               [](const Journeys& journeys) { return as_array(journeys.first_row); })
        .def_property_readonly("common_keys",
                               [](const Journeys& journeys) {
                                   auto [low, high] = journeys::common_keys(journeys);
                                   return std::pair{as_array(std::move(low)), as_array(std::move(high))};
                               })
        .def_property_readonly("stage", [](const Journeys& journeys) {
            return std::visit([](const auto& codes) -> py::array { return as_array(codes); }, journeys.stage);
        });
    m.def("time_range", &journeys::time_range, "journeys"_a, "threads"_a,
          py::call_guard<py::gil_scoped_release>());
    m.def("build_journeys", &build, "items"_a, "stages"_a, "times"_a, "order"_a, "dropped"_a.noconvert(),
          "threads"_a);
    m.def("build_journeys_with_rows", &build_with_rows, "items"_a, "stages"_a, "times"_a, "order"_a,
          "dropped"_a.noconvert(), "threads"_a);
    m.def("match_items", &match, "journeys"_a, "table"_a, "threads"_a);
    m.def("journey_of", &journeys::journey_of, "journeys"_a, "item"_a);
}

}  // namespace stagefunnel::bindings
