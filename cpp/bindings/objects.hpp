#pragma once

#include <Python.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

#include "stagefunnel/columns/column.hpp"

namespace stagefunnel::bindings {

/// Says that a function of Python failed and that Python holds the error.
struct PythonErrorIsSet {};

/// Copies a list of texts, bytes or integers into a column; rows whose flag is not 0 are missing.
/// Returns the column, or the first row whose type differs from the rows before it.
std::variant<columns::Column, std::size_t> gather_objects(PyObject* list,
                                                          std::span<const std::uint8_t> missing);

}  // namespace stagefunnel::bindings
