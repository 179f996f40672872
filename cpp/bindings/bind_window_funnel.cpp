#include <pybind11/native_enum.h>

#include <optional>

#include "arrays.hpp"
#include "stagefunnel/questions/sequence/window_funnel.hpp"

namespace stagefunnel::bindings {
namespace {

py::array_t<std::uint8_t> levels(const Journeys& journeys, const std::vector<Array<std::uint8_t>>& steps,
                                 std::int64_t window, const std::vector<sequence::WindowFunnelMode>& modes,
                                 std::optional<std::int64_t> as_of, unsigned threads) {
    sequence::WindowFunnelOptions options{
        .steps = {}, .window = window, .modes = modes, .as_of = as_of, .threads = threads};
    for (const Array<std::uint8_t>& matches : steps) {
        const auto values = as_span(matches);
        options.steps.emplace_back(values.begin(), values.end());
    }
    LargeVector<std::uint8_t> found;
    {
        const py::gil_scoped_release unlocked;
        found = sequence::window_funnel(journeys, options);
    }
    return as_array(std::move(found));
}

}  // namespace

void bind_window_funnel(py::module_& m) {
    py::native_enum<sequence::WindowFunnelMode>(m, "WindowFunnelMode", "enum.Enum")
        .value("strict_order", sequence::WindowFunnelMode::strict_order)
        .value("strict_deduplication", sequence::WindowFunnelMode::strict_deduplication)
        .value("strict_increase", sequence::WindowFunnelMode::strict_increase)
        .value("strict_once", sequence::WindowFunnelMode::strict_once)
        .value("allow_reentry", sequence::WindowFunnelMode::allow_reentry)
        .finalize();
    m.def("window_funnel", &levels, "journeys"_a, "steps"_a, "window"_a, "modes"_a, "as_of"_a, "threads"_a);
}

}  // namespace stagefunnel::bindings
