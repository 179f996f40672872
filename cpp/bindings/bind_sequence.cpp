#include <pybind11/native_enum.h>

#include <optional>

#include "arrays.hpp"
#include "stagefunnel/sequence.hpp"

namespace stagefunnel::bindings {
namespace {

using Matches = Array<std::uint8_t>;

std::vector<std::uint8_t> list_of(const Matches& matches) {
    const std::span<const std::uint8_t> values = as_span(matches);
    return {values.begin(), values.end()};
}

SequenceStep step_of(const Matches& matches, std::optional<SequenceSpan> min_gap,
                     std::optional<SequenceSpan> max_gap, bool optional, bool first_time) {
    return {list_of(matches), std::move(min_gap), std::move(max_gap), optional, first_time};
}

SequenceExclusion exclusion_of(const Matches& matches, std::size_t after, std::size_t before,
                               ExclusionEffect effect) {
    return {list_of(matches), after, before, effect};
}

SequenceSpan span_of(const Array<std::int64_t>& from, const Array<std::int64_t>& shift,
                     const Array<std::int64_t>& least) {
    const auto list = [](const Array<std::int64_t>& values) {
        const auto all = as_span(values);
        return std::vector<std::int64_t>(all.begin(), all.end());
    };
    return {list(from), list(shift), list(least)};
}

SequenceOptions options_of(std::vector<SequenceStep> steps, SequenceMode mode, SequenceTiming timing,
                           std::optional<SequenceSpan> window, std::vector<SequenceExclusion> exclusions,
                           std::optional<std::int64_t> as_of, std::int64_t observed_until) {
    return {.steps = std::move(steps),
            .mode = mode,
            .timing = timing,
            .window = std::move(window),
            .exclusions = std::move(exclusions),
            .hold = {},
            .as_of = as_of,
            .observed_until = observed_until};
}

/// The options with what a call has beside them.
SequenceOptions with(const SequenceOptions& options, const std::optional<Array<std::int32_t>>& hold,
                     unsigned threads) {
    SequenceOptions asked = options;
    if (hold) asked.hold = as_span(*hold);
    asked.threads = threads;
    return asked;
}

SequenceChains chains(const Journeys& journeys, const SequenceOptions& options,
                      const std::optional<Array<std::int32_t>>& hold, bool every_entry, unsigned threads) {
    const SequenceOptions asked = with(options, hold, threads);
    const py::gil_scoped_release unlocked;
    return every_entry ? sequence_entries(journeys, asked) : sequence_chains(journeys, asked);
}

SequenceCounts count(const Journeys& journeys, const SequenceOptions& options,
                     const std::optional<Array<std::int32_t>>& hold, bool every_entry,
                     const std::optional<Array<std::int32_t>>& group, std::int32_t n_groups,
                     const std::optional<std::vector<Quantile>>& quantiles, unsigned threads) {
    const SequenceOptions asked = with(options, hold, threads);
    const std::span<const std::int32_t> groups = group ? as_span(*group) : std::span<const std::int32_t>{};
    std::optional<std::span<const Quantile>> shares;
    if (quantiles) shares = *quantiles;
    const py::gil_scoped_release unlocked;
    return count_sequence(journeys, asked, every_entry, groups, n_groups, shares);
}

template <auto Member>
auto column() {
    return [](SequenceChains& chains) { return as_array(chains.*Member); };
}

template <auto Member>
auto vector_of() {
    return [](const SequenceCounts& counts) { return as_array(counts.*Member); };
}

template <auto Member>
auto table() {
    return [](const SequenceCounts& counts) { return as_table(counts.*Member); };
}

}  // namespace

void bind_sequence(py::module_& m) {
    py::native_enum<SequenceMode>(m, "SequenceMode", "enum.Enum")
        .value("ordered", SequenceMode::ordered)
        .value("increase", SequenceMode::increase)
        .value("strict", SequenceMode::strict)
        .value("unordered", SequenceMode::unordered)
        .value("first_entry", SequenceMode::first_entry)
        .value("open", SequenceMode::open)
        .value("hybrid", SequenceMode::hybrid)
        .finalize();
    py::native_enum<SequenceTiming>(m, "SequenceTiming", "enum.Enum")
        .value("last_entry", SequenceTiming::last_entry)
        .value("first_entry", SequenceTiming::first_entry)
        .finalize();
    py::native_enum<ExclusionEffect>(m, "ExclusionEffect", "enum.Enum")
        .value("drop", ExclusionEffect::drop)
        .value("stop", ExclusionEffect::stop)
        .value("reset", ExclusionEffect::reset)
        .finalize();
    py::native_enum<SequenceStop>(m, "SequenceStop", "enum.Enum")
        .value("completed", SequenceStop::completed)
        .value("no_event", SequenceStop::no_event)
        .value("window", SequenceStop::window)
        .value("gap", SequenceStop::gap)
        .value("interrupted", SequenceStop::interrupted)
        .value("excluded", SequenceStop::excluded)
        .value("immature", SequenceStop::immature)
        .value("left_out", SequenceStop::left_out)
        .finalize();
    py::class_<SequenceSpan>(m, "SequenceSpan")
        .def(py::init(&span_of), "start"_a.noconvert(), "shift"_a.noconvert(), "least"_a.noconvert());
    py::class_<SequenceStep>(m, "SequenceStep")
        .def(py::init(&step_of), "matches"_a.noconvert(), "min_gap"_a, "max_gap"_a, "optional"_a,
             "first_time"_a);
    py::class_<SequenceExclusion>(m, "SequenceExclusion")
        .def(py::init(&exclusion_of), "matches"_a.noconvert(), "after"_a, "before"_a, "effect"_a);
    py::class_<SequenceOptions>(m, "SequenceOptions")
        .def(py::init(&options_of), "steps"_a, "mode"_a, "timing"_a, "window"_a, "exclusions"_a, "as_of"_a,
             "observed_until"_a);
    py::class_<SequenceChains>(m, "SequenceChains")
        .def_readonly("n_steps", &SequenceChains::n_steps)
        .def_property_readonly("item", column<&SequenceChains::item>())
        .def_property_readonly("level", column<&SequenceChains::level>())
        .def_property_readonly("stop", column<&SequenceChains::stop>())
        .def_property_readonly("done", column<&SequenceChains::done>())
        .def_property_readonly("time", column<&SequenceChains::time>());
    py::class_<StepTime>(m, "StepTime")
        .def_readonly("count", &StepTime::count)
        .def_property_readonly(
            "mean", [](const StepTime& t) { return std::make_tuple(t.mean.whole, t.mean.rest, t.mean.of); })
        .def_property_readonly("quantiles", [](const StepTime& t) {
            std::vector<std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>> parts;
            for (const Duration& q : t.quantiles) parts.emplace_back(q.whole, q.rest, q.of);
            return parts;
        });
    py::class_<SequenceCounts>(m, "SequenceCounts")
        .def_property_readonly("items", vector_of<&SequenceCounts::items>())
        .def_property_readonly("left_out", vector_of<&SequenceCounts::left_out>())
        .def_readonly("excess", &SequenceCounts::excess)
        .def_property_readonly("reached", table<&SequenceCounts::reached>())
        .def_property_readonly("dropped", table<&SequenceCounts::dropped>())
        .def_property_readonly("immature", table<&SequenceCounts::immature>())
        .def_readonly("from_previous", &SequenceCounts::from_previous)
        .def_readonly("from_first", &SequenceCounts::from_first);
    m.def("sequence_chains", &chains, "journeys"_a, "options"_a, "hold"_a.noconvert().none(true),
          "every_entry"_a, "threads"_a);
    m.def("count_sequence", &count, "journeys"_a, "options"_a, "hold"_a.noconvert().none(true),
          "every_entry"_a, "group"_a.noconvert().none(true), "n_groups"_a, "quantiles"_a.none(true),
          "threads"_a);
}

}  // namespace stagefunnel::bindings
