#include "arrays.hpp"

PYBIND11_MODULE(_core, m, pybind11::mod_gil_not_used()) {
    using namespace stagefunnel::bindings;
    m.attr("__version__") = STAGEFUNNEL_VERSION;
    bind_column(m);
    bind_encode(m);
    bind_journeys(m);
    bind_pipeline(m);
    bind_selection(m);
    bind_funnel(m);
    bind_entries(m);
    bind_chain(m);
    bind_durations(m);
    bind_transitions(m);
    bind_items(m);
    bind_losses(m);
    bind_flow(m);
    bind_memory(m);
    bind_quality(m);
    bind_sequence(m);
    bind_window_funnel(m);
    bind_stream(m);
    bind_summary(m);
}
