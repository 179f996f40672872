#include <pybind11/typing.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "arrays.hpp"
#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/base/pages.hpp"
#include "stagefunnel/journeys/parts.hpp"
#include "unlocked.hpp"

namespace stagefunnel::bindings {
namespace mapped_calls {

using MappedPlaces = py::typing::Dict<py::str, py::typing::Tuple<MappedFile, std::size_t>>;

Journeys mapped_journeys(std::size_t n_rows, std::size_t n_items, const MappedPlaces& columns,
                         std::size_t stage_bytes, const std::optional<py::bytes>& prefix,
                         const py::bytes& hash_key, bool is_unsigned, std::size_t n_labels,
                         const std::optional<std::pair<std::int64_t, std::int64_t>>& ends) {
    const std::string carried = hash_key;
    const auto at = [&](const char* name) {
        const py::tuple place = columns[name];
        return journeys::MappedColumn{place[0].cast<std::shared_ptr<MappedFile>>(),
                                      place[1].cast<std::size_t>()};
    };
    return journeys::mapped_journeys({
        .n_rows = n_rows,
        .n_items = n_items,
        .offsets = at("offsets"),
        .stage = at("stage"),
        .time = at("time"),
        .first_row = at("first_row"),
        .key = at("key"),
        .high = columns.contains("high") ? std::optional(at("high")) : std::nullopt,
        .stage_bytes = stage_bytes,
        .prefix = prefix ? std::optional<std::string>(*prefix) : std::nullopt,
        .hash = carried.empty() ? TextHash() : TextHash::of_key(carried),
        .is_unsigned = is_unsigned,
        .n_labels = n_labels,
        .ends = ends,
    });
}

/// The bytes of a mapped file, as NumPy reads them.
py::array_t<std::uint8_t> bytes_of(const py::object& owner) {
    const auto& file = owner.cast<const MappedFile&>();
    py::array_t<std::uint8_t> view(static_cast<py::ssize_t>(file.size()),
                                   reinterpret_cast<const std::uint8_t*>(file.data()), owner);
    view.attr("flags").attr("writeable") = false;
    return view;
}

}  // namespace mapped_calls

void bind_mapped(py::module_& m) {
    using namespace mapped_calls;
    py::class_<MappedFile, std::shared_ptr<MappedFile>>(m, "MappedFile")
        .def(py::init<int, std::size_t>(), "descriptor"_a, "size"_a)
        .def_property_readonly("bytes", &bytes_of)
        .def("release", &release_pages);
    m.def("mapped_journeys", &mapped_journeys, "n_rows"_a, "n_items"_a, "columns"_a, "stage_bytes"_a,
          "prefix"_a, "hash_key"_a, "is_unsigned"_a, "n_labels"_a, "ends"_a);
    m.def("check_journeys", &journeys::check_journeys, "journeys"_a, py::call_guard<Unlocked>());
}

}  // namespace stagefunnel::bindings
