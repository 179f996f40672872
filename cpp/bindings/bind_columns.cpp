#include <pybind11/typing.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "arrays.hpp"
#include "objects.hpp"
#include "stagefunnel/columns/column.hpp"
#include "stagefunnel/columns/encode.hpp"
#include "stagefunnel/columns/text_keys.hpp"
#include "unlocked.hpp"

namespace stagefunnel::bindings {
namespace columns_calls {

columns::Storage storage_of(const py::dtype& dtype) {
    const auto size = dtype.itemsize();
    switch (dtype.kind()) {
        case 'i':
            return size == 8   ? columns::Storage::int64
                   : size == 4 ? columns::Storage::int32
                   : size == 2 ? columns::Storage::int16
                               : columns::Storage::int8;
        case 'u':
            return size == 8   ? columns::Storage::uint64
                   : size == 4 ? columns::Storage::uint32
                   : size == 2 ? columns::Storage::uint16
                               : columns::Storage::uint8;
        case 'f':
            if (size == 8) return columns::Storage::float64;
            if (size == 4) return columns::Storage::float32;
            [[fallthrough]];
        default:
            throw py::type_error("expected an array of numbers, got " + std::string(py::str(dtype)));
    }
}

Column column_from_array(const py::array& values, const std::optional<Array<std::uint8_t>>& missing,
                         std::string format) {
    if (values.ndim() != 1)
        throw py::value_error("a column must have one dimension, not " + std::to_string(values.ndim()));
    if ((values.flags() & py::array::c_style) == 0)
        throw py::value_error("a column must lie in one piece of memory");
    if ((values.flags() & py::detail::npy_api::NPY_ARRAY_ALIGNED_) == 0)
        throw py::value_error("a column must start where its numbers may stand");
    const char order = values.dtype().byteorder();
    if (order != '=' && order != '|')
        throw py::type_error("a column must be in the byte order of the machine");
    Column column;
    column.storage = storage_of(values.dtype());
    column.format = std::move(format);
    column.length = static_cast<std::size_t>(values.size());
    columns::Chunk chunk;
    chunk.length = column.length;
    chunk.values = values.data();
    if (missing) {
        if (missing->size() != values.size()) throw py::value_error("the mask must have one entry per row");
        chunk.missing = missing->data();
    }
    if (column.length > 0) column.chunks.push_back(std::move(chunk));
    column.owner = keep_alive(py::make_tuple(values, missing));
    return column;
}

/// Returns the column, or the first row whose type differs from the rows before it.
std::variant<Column, std::size_t> column_from_objects(const py::list& values,
                                                      const Array<std::uint8_t>& missing) {
    const std::span<const std::uint8_t> flags = as_span(missing);
    if (flags.size() != values.size()) throw py::value_error("the mask must have one entry per row");
    try {
        return gather_objects(values.ptr(), flags);
    } catch (const PythonErrorIsSet&) {
        throw py::error_already_set();
    }
}

/// The sizes of buffers by their addresses.
using Sizes = std::map<std::uintptr_t, std::size_t>;

columns::BufferSizes by_address(const Sizes& sizes) {
    columns::BufferSizes found;
    for (const auto& [address, size] : sizes) found.emplace(reinterpret_cast<const void*>(address), size);
    return found;
}

std::vector<Column> from_stream(const py::capsule& capsule, const std::vector<std::string>& names,
                                const Sizes& sizes) {
    auto* stream = capsule.get_pointer<ArrowArrayStream>();
    const Unlocked unlocked;
    return columns::columns_from_stream(*stream, names, by_address(sizes));
}

std::vector<Column> from_batch(const py::capsule& schema, const py::capsule& array,
                               const std::vector<std::string>& names, const Sizes& sizes) {
    return columns::columns_from_batch(*schema.get_pointer<ArrowSchema>(), *array.get_pointer<ArrowArray>(),
                                       names, by_address(sizes));
}

py::typing::List<py::typing::Optional<py::bytes>> take_as_bytes(const Column& column,
                                                                const Array<std::uint32_t>& rows) {
    py::typing::List<py::typing::Optional<py::bytes>> taken;
    for (const std::optional<std::string>& bytes : columns::take_bytes(column, as_span(rows))) {
        if (bytes) {
            taken.append(py::bytes(*bytes));
        } else {
            taken.append(py::none());
        }
    }
    return taken;
}

std::pair<py::array_t<std::uint64_t>, py::array_t<std::uint64_t>> as_arrays(columns::TextKeys keys) {
    return {as_array(std::move(keys.first)), as_array(std::move(keys.second))};
}

std::pair<py::array_t<std::uint64_t>, py::array_t<std::uint64_t>> portable_hashes(const Column& column,
                                                                                  const TextHash& hash) {
    return as_arrays(columns::portable_hashes(column, hash));
}

std::pair<py::array_t<std::uint64_t>, py::array_t<std::uint64_t>> hashes_of(const Column& column,
                                                                            const TextHash& hash) {
    return as_arrays(columns::hashes_of(column, hash));
}

std::pair<py::array_t<std::uint64_t>, py::array_t<std::uint64_t>> hashes_of_joined(
    const Array<std::uint8_t>& bytes, const Array<std::int64_t>& ends, const TextHash& hash) {
    return as_arrays(columns::hashes_of_joined(as_span(bytes), as_span(ends), hash));
}

}  // namespace columns_calls

void bind_columns(py::module_& m) {
    using namespace columns_calls;
    py::class_<Column>(m, "Column")
        .def("__len__", [](const Column& column) { return column.length; })
        .def_readonly("format", &Column::format)
        .def_property_readonly("holds_bytes",
                               [](const Column& column) { return columns::holds_bytes(column); })
        .def_property_readonly("type_name",
                               [](const Column& column) { return columns::describe_format(column.format); })
        .def_property_readonly("value_format",
                               [](const Column& column) {
                                   const bool encoded =
                                       !column.chunks.empty() && column.chunks.front().dictionary;
                                   return encoded ? column.chunks.front().dictionary->format : column.format;
                               })
        .def(
            "take_integers",
            [](const Column& column, const Array<std::uint32_t>& rows) {
                return as_array(columns::take_integers(column, as_span(rows)));
            },
            "rows"_a.noconvert())
        .def(
            "take_text",
            [](const Column& column, const Array<std::uint32_t>& rows) {
                return columns::take_bytes(column, as_span(rows));
            },
            "rows"_a.noconvert())
        .def("take_bytes", &take_as_bytes, "rows"_a.noconvert());
    m.def("column_from_array", &column_from_array, "values"_a, "missing"_a.none(true), "format"_a);
    m.def("column_from_objects", &column_from_objects, "values"_a, "missing"_a.noconvert());
    m.def("column_with_dictionary", &columns::column_with_dictionary, "codes"_a, "dictionary"_a);
    m.def("columns_from_stream", &from_stream, "stream"_a, "names"_a, "sizes"_a);
    m.def("columns_from_batch", &from_batch, "schema"_a, "array"_a, "names"_a, "sizes"_a);

    py::class_<columns::ItemKeys>(m, "ItemKeys")
        .def("__len__", &columns::ItemKeys::size)
        .def_property_readonly("hashed", &columns::ItemKeys::hashed)
        .def_property_readonly("holds_text", &columns::ItemKeys::holds_text)
        .def_property_readonly("missing_rows",
                               [](const columns::ItemKeys& keys) { return as_list(keys.missing_rows); });
    py::class_<columns::StageCodes>(m, "StageCodes")
        .def("__len__", [](const columns::StageCodes& stages) { return stages.code.size(); })
        .def_readonly("labels", &columns::StageCodes::labels)
        .def_property_readonly("rows", [](const columns::StageCodes& stages) { return as_list(stages.rows); })
        .def_property_readonly("first_row",
                               [](const columns::StageCodes& stages) { return as_list(stages.first_row); })
        .def_property_readonly("missing_rows",
                               [](const columns::StageCodes& stages) { return as_list(stages.missing_rows); })
        .def_property_readonly("left_out_rows", [](const columns::StageCodes& stages) {
            return as_array(columns::left_out_rows(stages));
        });
    py::class_<columns::Times>(m, "Times")
        .def("__len__", [](const columns::Times& times) { return times.time.size(); })
        .def_property_readonly("ticks", [](const columns::Times& times) { return as_list(times.time); })
        .def_property_readonly("missing_rows",
                               [](const columns::Times& times) { return as_list(times.missing_rows); });
    py::class_<columns::RowOrder>(m, "RowOrder").def(py::init<>());

    const auto unlocked = py::call_guard<Unlocked>();
    py::class_<TextHash>(m, "TextHash")
        .def_static("of_process", &TextHash::of_process)
        .def_static("of_streams", &TextHash::of_streams)
        .def_static(
            "of_key", [](const py::bytes& key) { return TextHash::of_key(key); }, "key"_a)
        .def_property_readonly("key", [](const TextHash& hash) { return py::bytes(hash.key()); });
    m.def("seed_process", [](const py::bytes& seed) { seed_process(std::string(seed)); }, "seed"_a);
    m.def("encode_items", &columns::encode_items, "column"_a, "threads"_a, "hash"_a, unlocked,
          py::keep_alive<0, 1>());
    m.def("pack_items", &columns::pack_items, "column"_a, "threads"_a, "hash"_a, unlocked,
          py::keep_alive<0, 1>());
    m.def("portable_hashes", &portable_hashes, "column"_a, "hash"_a);
    m.def("hashes_of", &hashes_of, "column"_a, "hash"_a);
    m.def("hashes_of_joined", &hashes_of_joined, "bytes"_a.noconvert(), "ends"_a.noconvert(), "hash"_a);
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
            const Unlocked released;
            return columns::keep_stages(stages, flags, threads);
        },
        "stages"_a, "kept"_a.noconvert(), "threads"_a);
    m.def("encode_times", &columns::encode_times, "column"_a, "threads"_a, unlocked, py::keep_alive<0, 1>());
    m.def(
        "encode_order", [](const Column& column) { return columns::RowOrder(column); }, "column"_a, unlocked,
        py::keep_alive<0, 1>());
}

}  // namespace stagefunnel::bindings
