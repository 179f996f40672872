#include <pybind11/native_enum.h>

#include <optional>

#include "arrays.hpp"
#include "stagefunnel/questions/sequence/sequence.hpp"

namespace stagefunnel::bindings {
namespace {

using Matches = Array<std::uint8_t>;

std::vector<std::uint8_t> list_of(const Matches& matches) {
    const std::span<const std::uint8_t> values = as_span(matches);
    return {values.begin(), values.end()};
}

sequence::Step step_of(const Matches& matches, std::optional<sequence::Length> min_gap,
                       std::optional<sequence::Length> max_gap, bool optional, bool first_time) {
    return {list_of(matches), std::move(min_gap), std::move(max_gap), optional, first_time};
}

sequence::Exclusion exclusion_of(const Matches& matches, std::size_t after, std::size_t before,
                                 sequence::ExclusionEffect effect) {
    return {list_of(matches), after, before, effect};
}

sequence::Length length_of(const Array<std::int64_t>& from, const Array<std::int64_t>& shift,
                           const Array<std::int64_t>& least) {
    const auto list = [](const Array<std::int64_t>& values) {
        const auto all = as_span(values);
        return std::vector<std::int64_t>(all.begin(), all.end());
    };
    return {list(from), list(shift), list(least)};
}

sequence::Options options_of(std::vector<sequence::Step> steps, sequence::Mode mode, sequence::Timing timing,
                             std::optional<sequence::Length> window,
                             std::vector<sequence::Exclusion> exclusions, std::optional<std::int64_t> as_of,
                             std::int64_t observed_until) {
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
sequence::Options with(const sequence::Options& options, const std::optional<Array<std::int32_t>>& hold,
                       unsigned threads) {
    sequence::Options asked = options;
    if (hold) asked.hold = as_span(*hold);
    asked.threads = threads;
    return asked;
}

sequence::Matches chains(const Journeys& journeys, const sequence::Options& options,
                         const std::optional<Array<std::int32_t>>& hold, bool every_entry, unsigned threads) {
    const sequence::Options asked = with(options, hold, threads);
    const py::gil_scoped_release unlocked;
    return every_entry ? sequence::entry_matches(journeys, asked) : sequence::best_matches(journeys, asked);
}

sequence::Counts count(const Journeys& journeys, const sequence::Options& options,
                       const std::optional<Array<std::int32_t>>& hold, bool every_entry,
                       const std::optional<Array<std::int32_t>>& group, std::int32_t n_groups,
                       const std::optional<std::vector<stats::Quantile>>& quantiles, unsigned threads) {
    const sequence::Options asked = with(options, hold, threads);
    const std::span<const std::int32_t> groups = group ? as_span(*group) : std::span<const std::int32_t>{};
    std::optional<std::span<const stats::Quantile>> shares;
    if (quantiles) shares = *quantiles;
    const py::gil_scoped_release unlocked;
    const auto counted = every_entry ? sequence::Counted::every_entry : sequence::Counted::best_match;
    return sequence::count_sequence(journeys, asked, counted, groups, n_groups, shares);
}

template <auto Member>
auto column() {
    return [](sequence::Matches& chains) { return as_array(chains.*Member); };
}

template <auto Member>
auto vector_of() {
    return [](const sequence::Counts& counts) { return as_array(counts.*Member); };
}

template <auto Member>
auto table() {
    return [](const sequence::Counts& counts) { return as_table(counts.*Member); };
}

}  // namespace

void bind_sequence(py::module_& m) {
    py::native_enum<sequence::Mode>(m, "SequenceMode", "enum.Enum")
        .value("ordered", sequence::Mode::ordered)
        .value("increase", sequence::Mode::increase)
        .value("strict", sequence::Mode::strict)
        .value("unordered", sequence::Mode::unordered)
        .value("first_entry", sequence::Mode::first_entry)
        .value("open", sequence::Mode::open)
        .value("hybrid", sequence::Mode::hybrid)
        .finalize();
    py::native_enum<sequence::Timing>(m, "SequenceTiming", "enum.Enum")
        .value("last_entry", sequence::Timing::last_entry)
        .value("first_entry", sequence::Timing::first_entry)
        .finalize();
    py::native_enum<sequence::ExclusionEffect>(m, "ExclusionEffect", "enum.Enum")
        .value("drop", sequence::ExclusionEffect::drop)
        .value("stop", sequence::ExclusionEffect::stop)
        .value("reset", sequence::ExclusionEffect::reset)
        .finalize();
    py::native_enum<sequence::Stop>(m, "SequenceStop", "enum.Enum")
        .value("completed", sequence::Stop::completed)
        .value("no_event", sequence::Stop::no_event)
        .value("window", sequence::Stop::window)
        .value("gap", sequence::Stop::gap)
        .value("interrupted", sequence::Stop::interrupted)
        .value("excluded", sequence::Stop::excluded)
        .value("immature", sequence::Stop::immature)
        .value("left_out", sequence::Stop::left_out)
        .finalize();
    py::class_<sequence::Length>(m, "SequenceSpan")
        .def(py::init(&length_of), "start"_a.noconvert(), "shift"_a.noconvert(), "least"_a.noconvert());
    py::class_<sequence::Step>(m, "SequenceStep")
        .def(py::init(&step_of), "matches"_a.noconvert(), "min_gap"_a, "max_gap"_a, "optional"_a,
             "first_time"_a);
    py::class_<sequence::Exclusion>(m, "SequenceExclusion")
        .def(py::init(&exclusion_of), "matches"_a.noconvert(), "after"_a, "before"_a, "effect"_a);
    py::class_<sequence::Options>(m, "SequenceOptions")
        .def(py::init(&options_of), "steps"_a, "mode"_a, "timing"_a, "window"_a, "exclusions"_a, "as_of"_a,
             "observed_until"_a);
    py::class_<sequence::Matches>(m, "SequenceChains")
        .def_readonly("n_steps", &sequence::Matches::n_steps)
        .def_property_readonly("item", column<&sequence::Matches::item>())
        .def_property_readonly("level", column<&sequence::Matches::level>())
        .def_property_readonly("stop", column<&sequence::Matches::stop>())
        .def_property_readonly("done", column<&sequence::Matches::done>())
        .def_property_readonly("time", column<&sequence::Matches::time>());
    py::class_<sequence::StepTime>(m, "StepTime")
        .def_readonly("count", &sequence::StepTime::count)
        .def_property_readonly(
            "mean",
            [](const sequence::StepTime& t) { return std::make_tuple(t.mean.whole, t.mean.rest, t.mean.of); })
        .def_property_readonly("quantiles", [](const sequence::StepTime& t) {
            std::vector<std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>> parts;
            for (const stats::Duration& q : t.quantiles) parts.emplace_back(q.whole, q.rest, q.of);
            return parts;
        });
    py::class_<sequence::Counts>(m, "SequenceCounts")
        .def_property_readonly("items", vector_of<&sequence::Counts::items>())
        .def_property_readonly("left_out", vector_of<&sequence::Counts::left_out>())
        .def_readonly("excess", &sequence::Counts::excess)
        .def_property_readonly("reached", table<&sequence::Counts::reached>())
        .def_property_readonly("dropped", table<&sequence::Counts::dropped>())
        .def_property_readonly("immature", table<&sequence::Counts::immature>())
        .def_readonly("from_previous", &sequence::Counts::from_previous)
        .def_readonly("from_first", &sequence::Counts::from_first);
    m.def("sequence_chains", &chains, "journeys"_a, "options"_a, "hold"_a.noconvert().none(true),
          "every_entry"_a, "threads"_a);
    m.def("count_sequence", &count, "journeys"_a, "options"_a, "hold"_a.noconvert().none(true),
          "every_entry"_a, "group"_a.noconvert().none(true), "n_groups"_a, "quantiles"_a.none(true),
          "threads"_a);
}

}  // namespace stagefunnel::bindings
