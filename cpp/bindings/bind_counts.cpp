#include <pybind11/native_enum.h>

#include "arrays.hpp"
#include "stagefunnel/counts/counts.hpp"
#include "unlocked.hpp"

namespace stagefunnel::bindings {
namespace counts_calls {

/// Takes a block of arrays: one row of cells for each row, its keys first.
counts::Block block_of(const std::string& name, const std::vector<counts::Key>& keys,
                       const std::vector<counts::Rule>& rules, const Array<std::int64_t>& cells,
                       const std::optional<Array<std::uint64_t>>& bounds,
                       const std::optional<Array<std::uint64_t>>& lengths) {
    counts::Block block{name, keys, rules, {}, {}, {}};
    const auto rows = as_span(cells);
    block.cells.assign(rows.begin(), rows.end());
    if (bounds && lengths) {
        const auto ends = as_span(*bounds), sample = as_span(*lengths);
        block.bounds.assign(ends.begin(), ends.end());
        block.lengths.assign(sample.begin(), sample.end());
    }
    return block;
}

py::object samples_of(const counts::Block& block, const py::object& owner) {
    if (block.bounds.empty()) return py::none();
    return py::make_tuple(as_view(block.bounds, owner), as_view(block.lengths, owner));
}

py::list labels_of(const counts::Counts& found) {
    py::list labels;
    for (const std::string& label : found.labels) labels.append(py::bytes(label));
    return labels;
}

}  // namespace counts_calls

void bind_counts(py::module_& m) {
    using namespace counts_calls;
    py::native_enum<counts::Key>(m, "Key", "enum.Enum")
        .value("number", counts::Key::number)
        .value("label", counts::Key::label)
        .finalize();
    py::native_enum<counts::Rule>(m, "Rule", "enum.Enum")
        .value("sum", counts::Rule::sum)
        .value("least", counts::Rule::least)
        .value("most", counts::Rule::most)
        .value("whole", counts::Rule::whole)
        .value("fraction", counts::Rule::fraction)
        .finalize();
    py::class_<counts::Block>(m, "Block")
        .def(py::init(&block_of), "name"_a, "keys"_a, "rules"_a, "cells"_a.noconvert(),
             "bounds"_a.noconvert().none(true), "lengths"_a.noconvert().none(true))
        .def_readonly("name", &counts::Block::name)
        .def_readonly("keys", &counts::Block::keys)
        .def_readonly("rules", &counts::Block::rules)
        .def_property_readonly("n_rows", &counts::Block::n_rows)
        .def_property_readonly(
            "cells",
            [](const py::object& self) { return as_view(self.cast<const counts::Block&>().cells, self); })
        .def_property_readonly("samples", [](const py::object& self) {
            return samples_of(self.cast<const counts::Block&>(), self);
        });
    py::class_<counts::Counts>(m, "Counts")
        .def_property_readonly("labels", &labels_of)
        .def_readonly("blocks", &counts::Counts::blocks)
        .def("to_bytes", [](const counts::Counts& found) { return py::bytes(counts::to_bytes(found)); });
    m.def(
        "in_order",
        [](const std::vector<std::string>& labels, const std::vector<const counts::Block*>& blocks) {
            const Unlocked unlocked;
            return counts::in_order(labels, blocks);
        },
        "labels"_a, "blocks"_a);
    m.def(
        "merged",
        [](const std::vector<const counts::Counts*>& parts) {
            const Unlocked unlocked;
            return counts::merged(parts);
        },
        "parts"_a);
    m.def(
        "from_bytes", [](const py::bytes& bytes) { return counts::from_bytes(std::string_view(bytes)); },
        "bytes"_a);
}

}  // namespace stagefunnel::bindings
