#include <pybind11/typing.h>

#include "arrays.hpp"
#include "stagefunnel/key_texts.hpp"
#include "stagefunnel/stream.hpp"

namespace stagefunnel::bindings {
namespace {

void append(RowStream& stream, const ItemKeys& items, const StageCodes& stages, const Times& times,
            const Array<std::uint64_t>& dropped) {
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
    py::class_<RowStream>(m, "RowStream")
        .def(py::init<>())
        .def("append", &append, "items"_a, "stages"_a, "times"_a, "dropped"_a.noconvert())
        .def_property_readonly("packs", &RowStream::packs)
        .def_property_readonly("labels", [](const RowStream& stream) { return stream.labels(); })
        .def_property_readonly("rows",
                               [](const RowStream& stream) { return as_array(stream.rows_of_labels()); })
        .def_property_readonly("first_row",
                               [](const RowStream& stream) { return as_array(stream.first_row_of_labels()); })
        .def(
            "build", [](RowStream& stream, unsigned threads) { return stream.build(threads); }, "threads"_a,
            py::call_guard<py::gil_scoped_release>());
    py::class_<KeyTexts>(m, "KeyTexts")
        .def(py::init<bool>(), "exact"_a)
        .def("__len__", &KeyTexts::size)
        .def("add", &KeyTexts::add, "column"_a, "keys"_a, py::call_guard<py::gil_scoped_release>())
        .def(
            "texts_of",
            [](const KeyTexts& texts, const Array<std::uint64_t>& key, const Array<std::uint64_t>& high) {
                return as_bytes(texts.texts_of(as_span(key), as_span(high)));
            },
            "key"_a.noconvert(), "high"_a.noconvert());
    m.def(
        "packed_texts",
        [](const Journeys& journeys, const Array<std::uint32_t>& items) {
            return as_bytes(packed_texts(journeys, as_span(items)));
        },
        "journeys"_a, "items"_a.noconvert());
}

}  // namespace stagefunnel::bindings
