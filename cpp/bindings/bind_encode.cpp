#include "arrays.hpp"
#include "stagefunnel/encode.hpp"

namespace stagefunnel::bindings {

void bind_encode(py::module_& m) {
    py::class_<ItemKeys>(m, "ItemKeys")
        .def("__len__", &ItemKeys::size)
        .def_property_readonly("hashed", &ItemKeys::hashed)
        .def_property_readonly("holds_text", &ItemKeys::holds_text)
        .def_property_readonly("missing_rows",
                               [](const ItemKeys& keys) { return as_array(keys.missing_rows); });
    py::class_<StageCodes>(m, "StageCodes")
        .def("__len__", [](const StageCodes& stages) { return stages.code.size(); })
        .def_readonly("labels", &StageCodes::labels)
        .def_property_readonly("rows", [](const StageCodes& stages) { return as_array(stages.rows); })
        .def_property_readonly("first_row",
                               [](const StageCodes& stages) { return as_array(stages.first_row); })
        .def_property_readonly("missing_rows",
                               [](const StageCodes& stages) { return as_array(stages.missing_rows); });
    py::class_<Times>(m, "Times")
        .def("__len__", [](const Times& times) { return times.time.size(); })
        .def_property_readonly("missing_rows",
                               [](const Times& times) { return as_array(times.missing_rows); });
    py::class_<RowOrder>(m, "RowOrder").def(py::init<>());

    const auto unlocked = py::call_guard<py::gil_scoped_release>();
    m.def("encode_items", &encode_items, "column"_a, "threads"_a, unlocked, py::keep_alive<0, 1>());
    m.def("pack_items", &pack_items, "column"_a, "threads"_a, unlocked, py::keep_alive<0, 1>());
    m.def("encode_stages", &encode_stages, "column"_a, "threads"_a, unlocked);
    m.def(
        "leave_out",
        [](StageCodes& stages, const Array<std::uint64_t>& dropped) { leave_out(stages, as_span(dropped)); },
        "stages"_a, "dropped"_a.noconvert());
    m.def(
        "keep_stages",
        [](StageCodes& stages, const Array<std::uint8_t>& kept, unsigned threads) {
            const std::span<const std::uint8_t> flags = as_span(kept);
            const py::gil_scoped_release released;
            return keep_stages(stages, flags, threads);
        },
        "stages"_a, "kept"_a.noconvert(), "threads"_a);
    m.def("encode_times", &encode_times, "column"_a, "threads"_a, unlocked, py::keep_alive<0, 1>());
    m.def(
        "encode_order", [](const Column& column) { return RowOrder(column); }, "column"_a, unlocked,
        py::keep_alive<0, 1>());
}

}  // namespace stagefunnel::bindings
