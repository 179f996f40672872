#include "objects.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace stagefunnel::bindings {
namespace {

constexpr std::size_t kRowsBetweenSignals = std::size_t{1} << 20U;

enum class ObjectKind : std::uint8_t { none, text, bytes, integer };

ObjectKind kind_of(PyObject* object) {
    if (PyUnicode_Check(object)) return ObjectKind::text;
    if (PyBytes_Check(object)) return ObjectKind::bytes;
    if (PyLong_Check(object) && !PyBool_Check(object)) return ObjectKind::integer;
    return ObjectKind::none;
}

/// Holds the values of a column in buffers that the column owns.
class Gathered {
  public:
    explicit Gathered(std::span<const std::uint8_t> missing) : missing_(missing.begin(), missing.end()) {}

    void set_kind(ObjectKind kind, std::size_t rows_before) {
        kind_ = kind;
        if (kind == ObjectKind::integer) {
            integers_.reserve(missing_.size());
            integers_.resize(rows_before);
        } else {
            offsets_.reserve(missing_.size() + 1);
            offsets_.resize(rows_before + 1);
        }
    }

    [[nodiscard]] ObjectKind kind() const { return kind_; }

    void append(PyObject* object) {
        if (kind_ == ObjectKind::integer) {
            const std::int64_t integer = PyLong_AsLongLong(object);
            if (integer == -1 && PyErr_Occurred() != nullptr) throw PythonErrorIsSet{};
            integers_.push_back(integer);
            return;
        }
        Py_ssize_t size = 0;
        const char* data = nullptr;
        if (kind_ == ObjectKind::text) {
            data = PyUnicode_AsUTF8AndSize(object, &size);
            if (data == nullptr) throw PythonErrorIsSet{};
        } else {
            data = PyBytes_AS_STRING(object);
            size = PyBytes_GET_SIZE(object);
        }
        bytes_.append(data, static_cast<std::size_t>(size));
        offsets_.push_back(static_cast<std::int64_t>(bytes_.size()));
    }

    void append_missing() {
        if (kind_ == ObjectKind::integer) integers_.push_back(0);
        if (kind_ == ObjectKind::text || kind_ == ObjectKind::bytes) offsets_.push_back(offsets_.back());
    }

    /// Describes the values without owning them.
    [[nodiscard]] columns::Column column() const {
        columns::Column column;
        column.length = missing_.size();
        columns::Chunk chunk;
        chunk.length = column.length;
        chunk.missing = missing_.data();
        if (kind_ == ObjectKind::integer) {
            column.storage = columns::Storage::int64;
            column.format = "l";
            chunk.values = integers_.data();
        } else {
            column.storage = columns::Storage::bytes64;
            column.format = kind_ == ObjectKind::bytes ? "Z" : "U";
            chunk.values = offsets_.data();
            chunk.bytes = bytes_.data();
            chunk.n_bytes = bytes_.size();
        }
        if (column.length > 0) column.chunks.push_back(std::move(chunk));
        return column;
    }

  private:
    ObjectKind kind_ = ObjectKind::none;
    std::string bytes_;
    std::vector<std::int64_t> offsets_;
    std::vector<std::int64_t> integers_;
    std::vector<std::uint8_t> missing_;
};

}  // namespace

std::variant<columns::Column, std::size_t> gather_objects(PyObject* list,
                                                          std::span<const std::uint8_t> missing) {
    const auto gathered = std::make_shared<Gathered>(missing);
    for (std::size_t row = 0; row < missing.size(); ++row) {
        if (row % kRowsBetweenSignals == 0 && PyErr_CheckSignals() != 0) throw PythonErrorIsSet{};
        if (missing[row] != 0) {
            gathered->append_missing();
            continue;
        }
        PyObject* object = PyList_GET_ITEM(list, static_cast<Py_ssize_t>(row));
        const ObjectKind kind = kind_of(object);
        if (gathered->kind() == ObjectKind::none) gathered->set_kind(kind, row);
        if (kind == ObjectKind::none || kind != gathered->kind()) return row;
        gathered->append(object);
    }
    if (gathered->kind() == ObjectKind::none) gathered->set_kind(ObjectKind::text, missing.size());
    columns::Column column = gathered->column();
    column.owner = gathered;
    return column;
}

}  // namespace stagefunnel::bindings
