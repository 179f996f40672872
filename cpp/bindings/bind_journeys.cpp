#include <pybind11/typing.h>

#include <optional>

#include "arrays.hpp"
#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/journeys/key_texts.hpp"
#include "stagefunnel/journeys/lookup.hpp"
#include "stagefunnel/journeys/parts.hpp"
#include "stagefunnel/journeys/row_stream.hpp"
#include "stagefunnel/journeys/working_time.hpp"
#include "unlocked.hpp"

namespace stagefunnel::bindings {
namespace journeys_calls {

Journeys build(const columns::ItemKeys& items, const columns::StageCodes& stages, const columns::Times& times,
               const columns::RowOrder& order, const Array<std::uint64_t>& dropped, unsigned threads) {
    const std::span<const std::uint64_t> rows = as_span(dropped);
    const Unlocked unlocked;
    return journeys::build_journeys(items, stages, times, order, rows, threads);
}

std::pair<Journeys, py::array_t<std::uint32_t>> build_with_rows(
    const columns::ItemKeys& items, const columns::StageCodes& stages, const columns::Times& times,
    const columns::RowOrder& order, const Array<std::uint64_t>& dropped, unsigned threads) {
    const std::span<const std::uint64_t> rows = as_span(dropped);
    Journeys journeys;
    {
        const Unlocked unlocked;
        journeys =
            journeys::build_journeys(items, stages, times, order, rows, threads, journeys::RowNumbers::keep);
    }
    auto numbers = as_array(std::exchange(journeys.row, {}));
    return {std::move(journeys), std::move(numbers)};
}

std::pair<py::array_t<std::int64_t>, std::optional<std::pair<std::uint64_t, std::uint64_t>>> match(
    const Journeys& journeys, const columns::ItemKeys& table, unsigned threads) {
    journeys::TableRows found;
    {
        const Unlocked unlocked;
        found = journeys::match_items(journeys, table, threads);
    }
    std::optional<std::pair<std::uint64_t, std::uint64_t>> duplicate;
    if (found.duplicate) duplicate = {found.duplicate->first_row, found.duplicate->second_row};
    return {as_array(std::move(found.row)), duplicate};
}

py::array_t<std::int64_t> places(const Journeys& journeys, const columns::ItemKeys& keys) {
    std::vector<std::int64_t> found;
    {
        const Unlocked unlocked;
        found = journeys::places_of(journeys, keys);
    }
    return as_array(std::move(found));
}

void append(journeys::RowStream& stream, const columns::ItemKeys& items, const columns::StageCodes& stages,
            const columns::Times& times, const Array<std::uint64_t>& dropped) {
    const std::span<const std::uint64_t> rows = as_span(dropped);
    const Unlocked unlocked;
    stream.append(items, stages, times, rows);
}

std::pair<Journeys, py::array_t<std::uint32_t>> build_stream_with_rows(journeys::RowStream& stream,
                                                                       unsigned threads) {
    Journeys journeys;
    {
        const Unlocked unlocked;
        journeys = stream.build(threads, journeys::RowStream::kManyRows, journeys::RowNumbers::keep);
    }
    auto numbers = as_array(std::exchange(journeys.row, {}));
    return {std::move(journeys), std::move(numbers)};
}

py::array_t<std::int64_t> working_times(const Array<std::int64_t>& times, const Array<std::int64_t>& begin,
                                        const Array<std::int64_t>& end, const Array<std::int64_t>& before,
                                        unsigned threads) {
    const std::span<const std::int64_t> moments = as_span(times);
    const journeys::WorkingSpans spans{as_span(begin), as_span(end), as_span(before)};
    LargeVector<std::int64_t> worked;
    {
        const Unlocked unlocked;
        worked = journeys::working_times(moments, spans, threads);
    }
    return as_array(std::move(worked));
}

Journeys in_working_time(const Journeys& journeys, const Array<std::int64_t>& begin,
                         const Array<std::int64_t>& end, const Array<std::int64_t>& before,
                         unsigned threads) {
    const journeys::WorkingSpans spans{as_span(begin), as_span(end), as_span(before)};
    const Unlocked unlocked;
    return journeys::in_working_time(journeys, spans, threads);
}

py::typing::List<py::bytes> as_bytes(const std::vector<std::string>& texts) {
    py::typing::List<py::bytes> list;
    for (const std::string& text : texts) list.append(py::bytes(text));
    return list;
}

/// Shows the columns of journeys, which they share with the arrays.
py::typing::Dict<py::str, py::object> parts_of(const py::object& owner) {
    const auto& journeys = owner.cast<const Journeys&>();
    py::typing::Dict<py::str, py::object> parts;
    parts["offsets"] = as_view(journeys.offsets, owner);
    parts["stage"] =
        std::visit([&](const auto& codes) -> py::array { return as_view(codes, owner); }, journeys.stage);
    parts["time"] = as_view(journeys.time, owner);
    parts["first_row"] = as_view(journeys.first_row, owner);
    parts["key"] = as_view(journeys.key, owner);
    parts["high"] = as_view(journeys.high, owner);
    parts["prefix"] = journeys.prefix ? py::object(py::bytes(*journeys.prefix)) : py::none();
    parts["hash_key"] = py::bytes(journeys.hash.key());
    parts["is_unsigned"] = journeys.is_unsigned;
    parts["n_labels"] = journeys.n_labels;
    return parts;
}

Journeys journeys_of_parts(const Array<std::uint64_t>& offsets,
                           const std::variant<Array<std::uint8_t>, Array<std::uint16_t>>& stage,
                           const Array<std::int64_t>& time, const Array<std::uint32_t>& first_row,
                           const Array<std::uint64_t>& key, const Array<std::uint64_t>& high,
                           const std::optional<py::bytes>& prefix, const py::bytes& hash_key,
                           bool is_unsigned, std::size_t n_labels) {
    const std::string carried = hash_key;
    const journeys::JourneyParts parts{
        .offsets = as_span(offsets),
        .stage = std::visit([](const auto& codes) -> journeys::JourneyParts::Codes { return as_span(codes); },
                            stage),
        .time = as_span(time),
        .first_row = as_span(first_row),
        .key = as_span(key),
        .high = as_span(high),
        .prefix = prefix ? std::optional<std::string>(*prefix) : std::nullopt,
        .hash = carried.empty() ? TextHash() : TextHash::of_key(carried),
        .is_unsigned = is_unsigned,
        .n_labels = n_labels,
    };
    const Unlocked unlocked;
    return journeys::journeys_of_parts(parts);
}

Journeys with_stages(const Journeys& journeys,
                     const std::variant<Array<std::uint8_t>, Array<std::uint16_t>>& stage,
                     std::size_t n_labels) {
    const auto codes = std::visit(
        [](const auto& values) -> journeys::JourneyParts::Codes { return as_span(values); }, stage);
    const Unlocked unlocked;
    return journeys::with_stages(journeys, codes, n_labels);
}

py::array_t<std::uint8_t> inserted(const Array<std::uint8_t>& first, const Array<std::uint8_t>& later,
                                   const Array<std::int64_t>& values, const Array<std::int64_t>& before,
                                   std::size_t size) {
    const std::span<const std::uint8_t> bytes = as_span(first);
    const std::span<const std::uint8_t> others = as_span(later);
    const journeys::Inserted places{.values = as_span(values), .before = as_span(before)};
    const auto joined = [&] {
        const Unlocked unlocked;
        return journeys::inserted(bytes, others, places, size);
    };
    return as_array(joined());
}

}  // namespace journeys_calls

void bind_journeys(py::module_& m) {
    using namespace journeys_calls;
    py::class_<Journeys>(m, "Journeys")
        .def_property_readonly("n_items", &Journeys::n_items)
        .def_property_readonly("n_rows", &Journeys::n_rows)
        .def_property_readonly("hashed", [](const Journeys& journeys) { return !journeys.high.empty(); })
        .def_property_readonly("holds_text", &Journeys::holds_text)
        .def_property_readonly("offsets", [](const Journeys& journeys) { return as_list(journeys.offsets); })
        .def_property_readonly("time", [](const Journeys& journeys) { return as_list(journeys.time); })
        .def_property_readonly("first_row",
                               [](const Journeys& journeys) { return as_list(journeys.first_row); })
        .def_property_readonly("common_keys",
                               [](const Journeys& journeys) {
                                   auto [low, high] = journeys::common_keys(journeys);
                                   return std::pair{as_array(std::move(low)), as_array(std::move(high))};
                               })
        .def_property_readonly("text_hash", [](const Journeys& journeys) { return journeys.hash; })
        .def_property_readonly("is_unsigned", [](const Journeys& journeys) { return journeys.is_unsigned; })
        .def_property_readonly("stage", [](const Journeys& journeys) {
            return std::visit([](const auto& codes) -> py::array { return as_list(codes); }, journeys.stage);
        });
    m.def("time_range", &journeys::time_range, "journeys"_a, "threads"_a, py::call_guard<Unlocked>());
    m.def("build_journeys", &build, "items"_a, "stages"_a, "times"_a, "order"_a, "dropped"_a.noconvert(),
          "threads"_a);
    m.def("build_journeys_with_rows", &build_with_rows, "items"_a, "stages"_a, "times"_a, "order"_a,
          "dropped"_a.noconvert(), "threads"_a);
    m.def("match_items", &match, "journeys"_a, "table"_a, "threads"_a);
    m.def("journey_of", &journeys::journey_of, "journeys"_a, "item"_a);
    m.def(
        "take_items",
        [](const Journeys& journeys, const Array<std::uint32_t>& items, unsigned threads) {
            const std::span<const std::uint32_t> taken = as_span(items);
            const Unlocked unlocked;
            return journeys::take_items(journeys, taken, threads);
        },
        "journeys"_a, "items"_a.noconvert(), "threads"_a);
    m.def(
        "rows_of_codes",
        [](const Journeys& journeys, const Array<std::uint32_t>& items, unsigned threads) {
            const std::span<const std::uint32_t> counted = as_span(items);
            std::vector<std::uint64_t> rows;
            {
                const Unlocked unlocked;
                rows = journeys::rows_of_codes(journeys, counted, threads);
            }
            return as_array(std::move(rows));
        },
        "journeys"_a, "items"_a.noconvert(), "threads"_a);
    m.def("working_times", &working_times, "times"_a.noconvert(), "begin"_a.noconvert(), "end"_a.noconvert(),
          "before"_a.noconvert(), "threads"_a);
    m.def(
        "with_times",
        [](const Journeys& journeys, const Array<std::int64_t>& times) {
            return journeys::with_times(journeys, as_span(times));
        },
        "journeys"_a, "times"_a.noconvert());
    m.def("in_working_time", &in_working_time, "journeys"_a, "begin"_a.noconvert(), "end"_a.noconvert(),
          "before"_a.noconvert(), "threads"_a);
    m.def(
        "items_by_first_row",
        [](const Journeys& journeys) {
            std::vector<std::uint32_t> items;
            {
                const Unlocked unlocked;
                items = journeys::items_by_first_row(journeys);
            }
            return as_array(std::move(items));
        },
        "journeys"_a);
    m.def("places_of", &places, "journeys"_a, "keys"_a);
    m.def(
        "portable_keys",
        [](const Journeys& journeys, const TextHash& hash) {
            auto [low, high] = journeys::portable_keys(journeys, hash);
            return std::pair{as_array(std::move(low)), as_array(std::move(high))};
        },
        "journeys"_a, "hash"_a);
    m.def("parts_of", &parts_of, "journeys"_a);
    m.def("journeys_of_parts", &journeys_of_parts, "offsets"_a.noconvert(), "stage"_a.noconvert(),
          "time"_a.noconvert(), "first_row"_a.noconvert(), "key"_a.noconvert(), "high"_a.noconvert(),
          "prefix"_a, "hash_key"_a, "is_unsigned"_a, "n_labels"_a);
    m.def("inserted", &inserted, "first"_a.noconvert(), "later"_a.noconvert(), "values"_a.noconvert(),
          "before"_a.noconvert(), "size"_a);
    m.def("with_stages", &with_stages, "journeys"_a, "stage"_a.noconvert(), "n_labels"_a);

    py::class_<journeys::RowStream>(m, "RowStream")
        .def(py::init<TextHash>(), "hash"_a)
        .def("append", &append, "items"_a, "stages"_a, "times"_a, "dropped"_a.noconvert())
        .def("refine_times", &journeys::RowStream::refine_times, "factor"_a, py::call_guard<Unlocked>())
        .def_property_readonly("packs", &journeys::RowStream::packs)
        .def_property_readonly("labels", [](const journeys::RowStream& stream) { return stream.labels(); })
        .def_property_readonly(
            "rows", [](const journeys::RowStream& stream) { return as_array(stream.rows_of_labels()); })
        .def_property_readonly(
            "first_row",
            [](const journeys::RowStream& stream) { return as_array(stream.first_row_of_labels()); })
        .def(
            "build", [](journeys::RowStream& stream, unsigned threads) { return stream.build(threads); },
            "threads"_a, py::call_guard<Unlocked>())
        .def("build_with_rows", &build_stream_with_rows, "threads"_a);
    py::class_<journeys::KeyTexts>(m, "KeyTexts")
        .def(py::init([](bool exact) {
                 using journeys::HashCollisions;
                 return journeys::KeyTexts(exact ? HashCollisions::refuse : HashCollisions::accept);
             }),
             "exact"_a)
        .def("__len__", &journeys::KeyTexts::size)
        .def("add", &journeys::KeyTexts::add, "column"_a, "keys"_a, py::call_guard<Unlocked>())
        .def(
            "texts_of",
            [](const journeys::KeyTexts& texts, const Array<std::uint64_t>& key,
               const Array<std::uint64_t>& high) {
                return as_bytes(texts.texts_of(as_span(key), as_span(high)));
            },
            "key"_a.noconvert(), "high"_a.noconvert());
    m.def(
        "packed_texts",
        [](const Journeys& journeys, const Array<std::uint32_t>& items) {
            return as_bytes(journeys::packed_texts(journeys, as_span(items)));
        },
        "journeys"_a, "items"_a.noconvert());

    m.def("release_idle", &release_idle, py::call_guard<Unlocked>());
}

}  // namespace stagefunnel::bindings
