#include "arrays.hpp"
#include "stagefunnel/columns/encode.hpp"

namespace stagefunnel::bindings {

void bind_encode(py::module_& m) {
    py::class_<columns::ItemKeys>(m, "ItemKeys")
        .def("__len__", &columns::ItemKeys::size)
        .def_property_readonly("hashed", &columns::ItemKeys::hashed)
        .def_property_readonly("holds_text", &columns::ItemKeys::holds_text)
        .def_property_readonly("missing_rows",
                               [](const columns::ItemKeys& keys) { return as_array(keys.missing_rows); });
    py::class_<columns::StageCodes>(m, "StageCodes")
        .def("__len__", [](const columns::StageCodes& stages) { return stages.code.size(); })
        .def_readonly("labels", &columns::StageCodes::labels)
        .def_property_readonly("rows",
                               [](const columns::StageCodes& stages) { return as_array(stages.rows); })
        .def_property_readonly("first_row",
                               [](const columns::StageCodes& stages) { return as_array(stages.first_row); })
        .def_property_readonly(
            "missing_rows", [](const columns::StageCodes& stages) { return as_array(stages.missing_rows); });
    py::class_<columns::Times>(m, "Times")
        .def("__len__", [](const columns::Times& times) { return times.time.size(); })
        .def_property_readonly("missing_rows",
                               [](const columns::Times& times) { return as_array(times.missing_rows); });
    py::class_<columns::RowOrder>(m, "RowOrder").def(py::init<>());

    const auto unlocked = py::call_guard<py::gil_scoped_release>();
    m.def("encode_items", &columns::encode_items, "column"_a, "threads"_a, unlocked, py::keep_alive<0, 1>());
    m.def("pack_items", &columns::pack_items, "column"_a, "threads"_a, unlocked, py::keep_alive<0, 1>());
    m.def("encode_stages", &columns::encode_stages, "column"_a, "threads"_a, unlocked);
    m.def(
        "leave_out",
        [](columns::StageCodes& stages, const Array<std::uint64_t>& dropped) {
            columns::leave_out(stages, as_span(dropped));
        },
        "stages"_a, "dropped"_a.noconvert());
    m.def(
        "keep_stages",
        [](columns::StageCodes& stages, const Array<std::uint8_t>& kept, unsigned threads) {
            const std::span<const std::uint8_t> flags = as_span(kept);
            const py::gil_scoped_release released;
            return columns::keep_stages(stages, flags, threads);
        },
        "stages"_a, "kept"_a.noconvert(), "threads"_a);
    m.def("encode_times", &columns::encode_times, "column"_a, "threads"_a, unlocked, py::keep_alive<0, 1>());
    m.def(
        "encode_order", [](const Column& column) { return columns::RowOrder(column); }, "column"_a, unlocked,
        py::keep_alive<0, 1>());
}

}  // namespace stagefunnel::bindings
