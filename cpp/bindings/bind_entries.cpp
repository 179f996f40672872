#include <pybind11/native_enum.h>

#include <optional>

#include "arrays.hpp"
#include "stagefunnel/questions/funnel/entries.hpp"

namespace stagefunnel::bindings {
namespace {

funnel::Counts count(const Journeys& journeys, const Pipeline& pipeline, funnel::Kind kind,
                     funnel::LostThenWon lost_then_won, const Journeys& whole,
                     const Array<std::int32_t>& group, std::int32_t n_groups,
                     const std::optional<Array<double>>& amount, unsigned threads) {
    funnel::Options options;
    options.kind = kind;
    options.lost_then_won = lost_then_won;
    options.threads = threads;
    funnel::RowColumns columns{.whole = whole, .group = as_span(group), .n_groups = n_groups, .amount = {}};
    if (amount) columns.amount = as_span(*amount);
    const py::gil_scoped_release unlocked;
    return funnel::count_entries(journeys, pipeline, options, columns);
}

py::array_t<std::int64_t> rows(const Journeys& journeys, const Pipeline& pipeline, const Journeys& whole,
                               funnel::RowAt at, unsigned threads) {
    LargeVector<std::int64_t> found;
    {
        const py::gil_scoped_release unlocked;
        found = funnel::rows_of_items(journeys, pipeline, whole, at, threads);
    }
    return as_array(std::move(found));
}

template <class Value>
py::array_t<Value> values(const Array<Value>& column, const Array<std::uint32_t>& numbers, unsigned threads) {
    const std::span<const Value> all = as_span(column);
    const std::span<const std::uint32_t> wanted = as_span(numbers);
    LargeVector<Value> taken;
    {
        const py::gil_scoped_release unlocked;
        taken = funnel::values_of_rows(all, wanted, threads);
    }
    return as_array(std::move(taken));
}

}  // namespace

void bind_entries(py::module_& m) {
    py::native_enum<funnel::RowAt>(m, "RowAt", "enum.Enum")
        .value("first", funnel::RowAt::first)
        .value("last", funnel::RowAt::last)
        .finalize();
    m.def("count_entries", &count, "journeys"_a, "pipeline"_a, "kind"_a, "lost_then_won"_a, "whole"_a,
          "group"_a.noconvert(), "n_groups"_a, "amount"_a.noconvert().none(true), "threads"_a);
    m.def("codes_of_rows", &values<std::int32_t>, "column"_a.noconvert(), "rows"_a.noconvert(), "threads"_a);
    m.def("amounts_of_rows", &values<double>, "column"_a.noconvert(), "rows"_a.noconvert(), "threads"_a);
    m.def("rows_of_items", &rows, "journeys"_a, "pipeline"_a, "whole"_a, "at"_a, "threads"_a);
}

}  // namespace stagefunnel::bindings
