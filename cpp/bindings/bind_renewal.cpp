#include <span>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "stagefunnel/stats/renewal.hpp"
#include "unlocked.hpp"

namespace stagefunnel::bindings {
namespace renewal_calls {

py::array_t<double> wins_within(const Array<double>& chance, const Array<double>& left, std::size_t n_stages,
                                std::size_t n_ages, std::size_t n_steps, unsigned threads) {
    const stats::StepShares exits{.n_stages = n_stages,
                                  .n_ages = n_ages,
                                  .chance = bindings::as_span(chance),
                                  .left = bindings::as_span(left)};
    std::vector<double> found;
    {
        const Unlocked unlocked;
        found = stats::wins_within(exits, n_steps, threads);
    }
    return as_array(std::move(found));
}

py::array_t<double> follow_exits(const Array<std::int64_t>& bounds, const Array<std::int64_t>& row_step,
                                 const Array<double>& chance, const Array<double>& worth, std::size_t n_steps,
                                 const Array<std::int32_t>& stage, const Array<std::int64_t>& step,
                                 unsigned threads) {
    const auto rows = bindings::as_span(bounds);
    const stats::ExitRows exits{.n_stages = rows.empty() ? 0 : rows.size() - 1,
                                .bounds = rows,
                                .step = bindings::as_span(row_step),
                                .chance = bindings::as_span(chance)};
    const auto values = bindings::as_span(worth);
    const auto stages = bindings::as_span(stage);
    const auto steps = bindings::as_span(step);
    std::vector<double> found;
    {
        const Unlocked unlocked;
        found = stats::follow_exits(exits, values, n_steps, stages, steps, threads);
    }
    return as_array(std::move(found));
}

py::tuple read_chances(const Array<double>& table, const Array<std::int64_t>& oldest,
                       const Array<std::int32_t>& stage, const Array<std::int64_t>& age,
                       std::int64_t numerator, std::int64_t denominator, unsigned threads) {
    const auto values = bindings::as_span(table);
    const auto last = bindings::as_span(oldest), ages = bindings::as_span(age);
    const auto stages = bindings::as_span(stage);
    stats::ReadChances found;
    {
        const Unlocked unlocked;
        found = stats::read_chances(values, last, stages, ages, {numerator, denominator}, threads);
    }
    return py::make_tuple(as_array(std::move(found.win)), as_array(std::move(found.beyond)));
}

}  // namespace renewal_calls

void bind_renewal(py::module_& m) {
    using namespace renewal_calls;
    using namespace py::literals;
    m.def("wins_within", &wins_within, "chance"_a.noconvert(), "left"_a.noconvert(), "n_stages"_a, "n_ages"_a,
          "n_steps"_a, "threads"_a);
    m.def("follow_exits", &follow_exits, "bounds"_a.noconvert(), "row_step"_a.noconvert(),
          "chance"_a.noconvert(), "worth"_a.noconvert(), "n_steps"_a, "stage"_a.noconvert(),
          "step"_a.noconvert(), "threads"_a);
    m.def("read_chances", &read_chances, "table"_a.noconvert(), "oldest"_a.noconvert(), "stage"_a.noconvert(),
          "age"_a.noconvert(), "numerator"_a, "denominator"_a, "threads"_a);
}

}  // namespace stagefunnel::bindings
