#include "arrays.hpp"
#include "ending.hpp"

PYBIND11_MODULE(_core, m, pybind11::mod_gil_not_used()) {
    using namespace stagefunnel::bindings;
    m.attr("__version__") = STAGEFUNNEL_VERSION;
    // A room names types of the rooms before it in its signatures, so those come first.
    auto columns = m.def_submodule("columns");
    auto journeys = m.def_submodule("journeys");
    auto scan = m.def_submodule("scan");
    auto funnel = m.def_submodule("funnel");
    auto stages = m.def_submodule("stages");
    auto sequence = m.def_submodule("sequence");
    auto stats = m.def_submodule("stats");
    auto summary = m.def_submodule("summary");
    auto counts = m.def_submodule("counts");
    bind_columns(columns);
    bind_journeys(journeys);
    bind_mapped(journeys);
    bind_scan(scan);
    bind_funnel(funnel);
    bind_units(funnel);
    bind_stats(stats);
    bind_renewal(stats);
    bind_stages(stages);
    bind_lives(stages);
    bind_sequence(sequence);
    bind_summary(summary);
    bind_counts(counts);
    wait_at_the_end();
}
