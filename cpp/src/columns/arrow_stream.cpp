// Taking over Arrow streams and batches: who owns what, and which children are the columns.

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "stagefunnel/columns/column.hpp"

namespace stagefunnel::columns {
namespace {

/// The schema and all arrays of a stream. The columns share its ownership.
struct Batches {
    ArrowSchema schema{};
    std::vector<ArrowArray> arrays;
    std::vector<std::vector<ArrowArray>> columns;  // shallow copies, cut to their batch; never released

    Batches() = default;
    Batches(const Batches&) = delete;
    Batches& operator=(const Batches&) = delete;
    ~Batches() {
        for (ArrowArray& array : arrays) {
            if (array.release != nullptr) array.release(&array);
        }
        if (schema.release != nullptr) schema.release(&schema);
    }
};

/// Releases a stream when the reading ends or throws.
struct StreamGuard {
    ArrowArrayStream& stream;
    ~StreamGuard() {
        if (stream.release != nullptr) stream.release(&stream);
    }
};

[[noreturn]] void fail(ArrowArrayStream& stream) {
    const char* message = stream.get_last_error(&stream);
    throw std::runtime_error(message != nullptr ? message : "the Arrow stream failed without a message");
}

std::size_t child_named(const ArrowSchema& schema, const std::string& name) {
    for (std::int64_t i = 0; i < schema.n_children; ++i) {
        const char* child = schema.children[i]->name;  // the format allows a null name
        if (child != nullptr && name == child) return static_cast<std::size_t>(i);
    }
    throw std::invalid_argument("no column '" + name + "'");
}

/// Returns a child of a batch, cut to the rows of the batch: a batch is an array of structs, whose offset and
/// length hold for all children.
ArrowArray cut_child(const ArrowArray& batch, std::size_t child) {
    ArrowArray cut = *batch.children[child];
    if (batch.length < 0 || batch.offset < 0 || batch.offset > cut.length - batch.length) {
        throw std::invalid_argument("a column of an Arrow batch has fewer rows than the batch");
    }
    cut.offset += batch.offset;
    cut.length = batch.length;
    cut.release = nullptr;
    return cut;
}

std::vector<const ArrowArray*> pointers(const std::vector<ArrowArray>& arrays) {
    std::vector<const ArrowArray*> out;
    for (const ArrowArray& array : arrays) out.push_back(&array);
    return out;
}

std::vector<Column> columns_of(std::shared_ptr<Batches> batches, const std::vector<std::string>& names,
                               const BufferSizes& sizes) {
    if (names.empty()) return {column_from_arrow(batches->schema, pointers(batches->arrays), batches, sizes)};
    std::vector<Column> columns;
    batches->columns.reserve(names.size());
    for (const std::string& name : names) {
        const std::size_t child = child_named(batches->schema, name);
        std::vector<ArrowArray>& cuts = batches->columns.emplace_back();
        for (const ArrowArray& batch : batches->arrays) cuts.push_back(cut_child(batch, child));
        try {
            columns.push_back(
                column_from_arrow(*batches->schema.children[child], pointers(cuts), batches, sizes));
        } catch (const std::invalid_argument& error) {
            throw std::invalid_argument("column '" + name + "': " + error.what());
        }
    }
    return columns;
}

}  // namespace

std::vector<Column> columns_from_stream(ArrowArrayStream& stream, const std::vector<std::string>& names,
                                        const BufferSizes& sizes) {
    const StreamGuard guard{stream};
    const auto batches = std::make_shared<Batches>();
    if (stream.get_schema(&stream, &batches->schema) != 0) fail(stream);
    while (true) {
        ArrowArray array{};
        if (stream.get_next(&stream, &array) != 0) fail(stream);
        if (array.release == nullptr) break;
        batches->arrays.push_back(array);
    }
    return columns_of(batches, names, sizes);
}

std::vector<Column> columns_from_batch(ArrowSchema& schema, ArrowArray& array,
                                       const std::vector<std::string>& names, const BufferSizes& sizes) {
    const auto batches = std::make_shared<Batches>();
    // The interface moves a struct by a copy and a null `release` in the original.
    batches->schema = std::exchange(schema, ArrowSchema{});
    batches->arrays.push_back(std::exchange(array, ArrowArray{}));
    return columns_of(batches, names, sizes);
}

}  // namespace stagefunnel::columns
