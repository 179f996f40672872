#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "unlocked.hpp"

namespace stagefunnel::bindings {

namespace py = pybind11;
using namespace pybind11::literals;

/// A one-dimensional array of exactly this type, in C order: `noconvert()` refuses all others.
template <class T>
using Array = py::array_t<T, py::array::c_style>;

template <class T>
std::span<const T> as_span(const Array<T>& array) {
    if (array.ndim() != 1) throw py::value_error("expected an array of one dimension");
    return {array.data(), static_cast<std::size_t>(array.size())};
}

/// Hands a vector's memory to NumPy.
template <class T, class Allocator>
py::array_t<T> as_array(std::vector<T, Allocator> values) {
    using Vector = std::vector<T, Allocator>;
    auto owner = std::make_unique<Vector>(std::move(values));
    const auto size = static_cast<py::ssize_t>(owner->size());
    const T* data = owner->data();
    const py::capsule keeper(owner.release(), [](void* held) { delete static_cast<Vector*>(held); });
    return py::array_t<T>(size, data, keeper);
}

/// Shows a vector's memory to NumPy, which keeps its owner alive and must not write to it.
template <class T, class Allocator>
py::array_t<T> as_view(const std::vector<T, Allocator>& values, const py::object& owner) {
    py::array_t<T> view(static_cast<py::ssize_t>(values.size()), values.data(), owner);
    view.attr("flags").attr("writeable") = false;
    return view;
}

/// Copies a matrix with one row per group and one column per stage.
template <class Matrix>
py::array_t<typename Matrix::Scalar> as_table(const Matrix& matrix) {
    return py::array_t<typename Matrix::Scalar>({matrix.rows(), matrix.cols()}, matrix.data());
}

/// Copies a vector of Eigen or of std; NumPy copies the memory as one piece.
template <class Vector>
auto as_list(const Vector& vector) {
    using Number = std::remove_cvref_t<decltype(*vector.data())>;
    return py::array_t<Number>(static_cast<py::ssize_t>(vector.size()), vector.data());
}

// What a binding takes most of its time to compile for is the class and the type of each property. Its member
// is a value here and not a part of the type, so that the members of one type share what is compiled.
template <class Owner, class Matrix>
auto table_at(Matrix Owner::* member) {
    return [member](const Owner& owner) { return as_table(owner.*member); };
}

template <class Owner, class Vector>
auto list_at(Vector Owner::* member) {
    return [member](const Owner& owner) { return as_list(owner.*member); };
}

template <class Owner, class Vector>
auto taken_at(Vector Owner::* member) {
    return [member](Owner& owner) { return as_array(std::move(owner.*member)); };
}

/// A property that copies a matrix of a result.
template <auto Member>
auto table_of() {
    return table_at(Member);
}

/// A property that copies a vector of Eigen of a result.
template <auto Member>
auto list_of() {
    return list_at(Member);
}

/// A property that copies a std::vector of a result.
template <auto Member>
auto array_of() {
    return list_at(Member);
}

/// A function that hands a column over: it can be taken once.
template <auto Member>
auto taken() {
    return taken_at(Member);
}

/// Keeps a Python object alive from C++; the lock is taken to let go of it, whoever does.
inline std::shared_ptr<const void> keep_alive(py::object object) {
    return {new py::object(std::move(object)), [](py::object* held) {
                std::optional<py::gil_scoped_acquire> locked;
                take_lock([&] { locked.emplace(); });
                delete held;
            }};
}

void bind_columns(py::module_& m);
void bind_journeys(py::module_& m);
void bind_scan(py::module_& m);
void bind_funnel(py::module_& m);
void bind_stages(py::module_& m);
void bind_groups(py::module_& m);
void bind_lives(py::module_& m);
void bind_mapped(py::module_& m);
void bind_units(py::module_& m);
void bind_sequence(py::module_& m);
void bind_counts(py::module_& m);
void bind_renewal(py::module_& m);
void bind_stats(py::module_& m);
void bind_summary(py::module_& m);

}  // namespace stagefunnel::bindings
