#include <pybind11/typing.h>

#include "arrays.hpp"
#include "stagefunnel/journeys/key_texts.hpp"
#include "stagefunnel/journeys/row_stream.hpp"

namespace stagefunnel::bindings {
namespace {

void append(journeys::RowStream& stream, const columns::ItemKeys& items, const columns::StageCodes& stages,
            const columns::Times& times, const Array<std::uint64_t>& dropped) {
    const std::span<const std::uint64_t> rows = as_span(dropped);
    const py::gil_scoped_release unlocked;
    stream.append(items, stages, times, rows);
}

py::typing::List<py::bytes> as_bytes(const std::vector<std::string>& texts) {
    py::typing::List<py::bytes> list;
    for (const std::string& text : texts) list.append(py::bytes(text));
    return list;
}

}  // namespace

void bind_stream(py::module_& m) {
    py::class_<journeys::RowStream>(m, "RowStream")
        .def(py::init<>())
        .def("append", &append, "items"_a, "stages"_a, "times"_a, "dropped"_a.noconvert())
        .def_property_readonly("packs", &journeys::RowStream::packs)
        .def_property_readonly("labels", [](const journeys::RowStream& stream) { return stream.labels(); })
        .def_property_readonly(
            "rows", [](const journeys::RowStream& stream) { return as_array(stream.rows_of_labels()); })
        .def_property_readonly(
            "first_row",
            [](const journeys::RowStream& stream) { return as_array(stream.first_row_of_labels()); })
        .def(
            "build", [](journeys::RowStream& stream, unsigned threads) { return stream.build(threads); },
            "threads"_a, py::call_guard<py::gil_scoped_release>());
    py::class_<journeys::KeyTexts>(m, "KeyTexts")
        .def(py::init<bool>(), "exact"_a)
        .def("__len__", &journeys::KeyTexts::size)
        .def("add", &journeys::KeyTexts::add, "column"_a, "keys"_a, py::call_guard<py::gil_scoped_release>())
        .def(
            "texts_of",
            [](const journeys::KeyTexts& texts, const Array<std::uint64_t>& key,
               const Array<std::uint64_t>& high) {
                return as_bytes(texts.texts_of(as_span(key), as_span(high)));
            },
            "key"_a.noconvert(), "high"_a.noconvert());
    m.def(
        "packed_texts",
        [](const Journeys& journeys, const Array<std::uint32_t>& items) {
            return as_bytes(journeys::packed_texts(journeys, as_span(items)));
        },
        "journeys"_a, "items"_a.noconvert());
}

}  // namespace stagefunnel::bindings
