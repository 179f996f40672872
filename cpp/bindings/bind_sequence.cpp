#include <pybind11/native_enum.h>

#include <optional>

#include "arrays.hpp"
#include "stagefunnel/questions/sequence/sequence.hpp"
#include "stagefunnel/questions/sequence/trend.hpp"
#include "stagefunnel/questions/sequence/window_funnel.hpp"
#include "unlocked.hpp"

namespace stagefunnel::bindings {
namespace sequence_calls {

/// One flag per stage code: whether a row of that code fits.
using Flags = Array<std::uint8_t>;

std::vector<std::uint8_t> copy_of(const Flags& matches) {
    const std::span<const std::uint8_t> values = as_span(matches);
    return {values.begin(), values.end()};
}

sequence::Step step_of(const Flags& matches, std::optional<sequence::Length> min_gap,
                       std::optional<sequence::Length> max_gap, bool optional, bool first_time) {
    return {copy_of(matches), std::move(min_gap), std::move(max_gap), optional, first_time};
}

sequence::Exclusion exclusion_of(const Flags& matches, std::size_t after, std::size_t before,
                                 sequence::ExclusionEffect effect) {
    return {copy_of(matches), after, before, effect};
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
    sequence::Options all = options;
    if (hold) all.hold = as_span(*hold);
    all.threads = threads;
    return all;
}

template <auto Find>
sequence::Matches matches(const Journeys& journeys, const sequence::Options& options,
                          const std::optional<Array<std::int32_t>>& hold, unsigned threads) {
    const sequence::Options all = with(options, hold, threads);
    const Unlocked unlocked;
    return Find(journeys, all);
}

sequence::Counts count(const Journeys& journeys, const sequence::Options& options,
                       const std::optional<Array<std::int32_t>>& hold, bool every_entry,
                       const std::optional<Array<std::int32_t>>& group, std::int32_t n_groups,
                       const std::optional<std::vector<stats::Quantile>>& quantiles, unsigned threads) {
    const sequence::Options all = with(options, hold, threads);
    const std::span<const std::int32_t> groups = group ? as_span(*group) : std::span<const std::int32_t>{};
    std::optional<std::span<const stats::Quantile>> shares;
    if (quantiles) shares = *quantiles;
    const Unlocked unlocked;
    const auto counted = every_entry ? sequence::Counted::every_entry : sequence::Counted::best_match;
    return sequence::count_sequence(journeys, all, counted, groups, n_groups, shares);
}

sequence::PeriodAnswers by_period(const Journeys& journeys, const sequence::Options& options,
                                  const std::optional<Array<std::int32_t>>& hold,
                                  const Array<std::int64_t>& bounds, std::size_t from_step,
                                  std::size_t to_step, bool every_entry, std::size_t timed_step,
                                  const std::optional<Array<std::uint8_t>>& valued, sequence::TouchAt touch,
                                  unsigned threads) {
    const sequence::Options all = with(options, hold, threads);
    const sequence::Trend trend{
        .bounds = as_span(bounds),
        .from_step = from_step,
        .to_step = to_step,
        .counted = every_entry ? sequence::Counted::every_entry : sequence::Counted::best_match,
        .timed_step = timed_step,
        .valued = valued ? as_span(*valued) : std::span<const std::uint8_t>{},
        .touch = touch};
    const Unlocked unlocked;
    return sequence::answers_by_period(journeys, all, trend);
}

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
        const Unlocked unlocked;
        found = sequence::window_funnel(journeys, options);
    }
    return as_array(std::move(found));
}

}  // namespace sequence_calls

void bind_sequence(py::module_& m) {
    using namespace sequence_calls;
    py::native_enum<sequence::Mode>(m, "Mode", "enum.Enum")
        .value("ordered", sequence::Mode::ordered)
        .value("increase", sequence::Mode::increase)
        .value("strict", sequence::Mode::strict)
        .value("unordered", sequence::Mode::unordered)
        .value("first_entry", sequence::Mode::first_entry)
        .value("open", sequence::Mode::open)
        .value("hybrid", sequence::Mode::hybrid)
        .finalize();
    py::native_enum<sequence::Timing>(m, "Timing", "enum.Enum")
        .value("last_entry", sequence::Timing::last_entry)
        .value("first_entry", sequence::Timing::first_entry)
        .finalize();
    py::native_enum<sequence::ExclusionEffect>(m, "ExclusionEffect", "enum.Enum")
        .value("drop", sequence::ExclusionEffect::drop)
        .value("stop", sequence::ExclusionEffect::stop)
        .value("reset", sequence::ExclusionEffect::reset)
        .finalize();
    py::native_enum<sequence::Stop>(m, "Stop", "enum.Enum")
        .value("completed", sequence::Stop::completed)
        .value("no_event", sequence::Stop::no_event)
        .value("window", sequence::Stop::window)
        .value("gap", sequence::Stop::gap)
        .value("interrupted", sequence::Stop::interrupted)
        .value("excluded", sequence::Stop::excluded)
        .value("immature", sequence::Stop::immature)
        .value("left_out", sequence::Stop::left_out)
        .finalize();
    py::class_<sequence::Length>(m, "Length")
        .def(py::init(&length_of), "start"_a.noconvert(), "shift"_a.noconvert(), "least"_a.noconvert());
    py::class_<sequence::Step>(m, "Step").def(py::init(&step_of), "matches"_a.noconvert(), "min_gap"_a,
                                              "max_gap"_a, "optional"_a, "first_time"_a);
    py::class_<sequence::Exclusion>(m, "Exclusion")
        .def(py::init(&exclusion_of), "matches"_a.noconvert(), "after"_a, "before"_a, "effect"_a);
    py::class_<sequence::Options>(m, "Options")
        .def(py::init(&options_of), "steps"_a, "mode"_a, "timing"_a, "window"_a, "exclusions"_a, "as_of"_a,
             "observed_until"_a);
    py::class_<sequence::Matches>(m, "Matches")
        .def_readonly("n_steps", &sequence::Matches::n_steps)
        .def_property_readonly("item", array_of<&sequence::Matches::item>())
        .def_property_readonly("level", array_of<&sequence::Matches::level>())
        .def_property_readonly("stop", array_of<&sequence::Matches::stop>())
        .def_property_readonly("done", array_of<&sequence::Matches::done>())
        .def_property_readonly("time", array_of<&sequence::Matches::time>());
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
    py::class_<sequence::Counts>(m, "Counts")
        .def_property_readonly("items", array_of<&sequence::Counts::items>())
        .def_property_readonly("left_out", array_of<&sequence::Counts::left_out>())
        .def_readonly("excess", &sequence::Counts::excess)
        .def_property_readonly("reached", table_of<&sequence::Counts::reached>())
        .def_property_readonly("dropped", table_of<&sequence::Counts::dropped>())
        .def_property_readonly("immature", table_of<&sequence::Counts::immature>())
        .def_readonly("from_previous", &sequence::Counts::from_previous)
        .def_readonly("from_first", &sequence::Counts::from_first);
    m.def("best_matches", &matches<&sequence::best_matches>, "journeys"_a, "options"_a,
          "hold"_a.noconvert().none(true), "threads"_a);
    m.def("entry_matches", &matches<&sequence::entry_matches>, "journeys"_a, "options"_a,
          "hold"_a.noconvert().none(true), "threads"_a);
    m.def("count_sequence", &count, "journeys"_a, "options"_a, "hold"_a.noconvert().none(true),
          "every_entry"_a, "group"_a.noconvert().none(true), "n_groups"_a, "quantiles"_a.none(true),
          "threads"_a);

    py::native_enum<sequence::TouchAt>(m, "TouchAt", "enum.Enum")
        .value("first", sequence::TouchAt::first)
        .value("last", sequence::TouchAt::last)
        .finalize();
    py::class_<sequence::PeriodAnswers>(m, "PeriodAnswers")
        .def_property_readonly("item", array_of<&sequence::PeriodAnswers::item>())
        .def_property_readonly("period", array_of<&sequence::PeriodAnswers::period>())
        .def_property_readonly("converted", array_of<&sequence::PeriodAnswers::converted>())
        .def_property_readonly("mature", array_of<&sequence::PeriodAnswers::mature>())
        .def_property_readonly("time", array_of<&sequence::PeriodAnswers::time>())
        .def_property_readonly("touch", array_of<&sequence::PeriodAnswers::touch>());
    m.def("answers_by_period", &by_period, "journeys"_a, "options"_a, "hold"_a.noconvert().none(true),
          "bounds"_a.noconvert(), "from_step"_a, "to_step"_a, "every_entry"_a, "timed_step"_a,
          "valued"_a.noconvert().none(true), "touch"_a, "threads"_a);

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
