#include <pybind11/native_enum.h>

#include <optional>

#include "arrays.hpp"
#include "marks.hpp"
#include "stagefunnel/questions/durations/durations.hpp"
#include "stagefunnel/questions/durations/times_to.hpp"
#include "stagefunnel/questions/stages/arrivals.hpp"
#include "stagefunnel/questions/stages/items.hpp"
#include "stagefunnel/questions/stages/losses.hpp"
#include "stagefunnel/questions/stages/quality.hpp"
#include "stagefunnel/questions/stages/transitions.hpp"
#include "stagefunnel/questions/stages/variants.hpp"
#include "stagefunnel/questions/stages/visits.hpp"
#include "unlocked.hpp"

namespace stagefunnel::bindings {
namespace stages_calls {

py::array_t<std::int64_t> loss_rows(const Journeys& journeys, const Pipeline& pipeline, const Journeys& whole,
                                    stages::LossRow at, unsigned threads) {
    LargeVector<std::int64_t> rows;
    {
        const Unlocked unlocked;
        rows = stages::rows_of_losses(journeys, pipeline, whole, at, threads);
    }
    return as_array(std::move(rows));
}

py::array_t<std::int64_t> loss_values(const Journeys& journeys, const Pipeline& pipeline,
                                      const Journeys& whole, const Array<std::int32_t>& value,
                                      unsigned threads) {
    const std::span<const std::int32_t> values = as_span(value);
    LargeVector<std::int64_t> rows;
    {
        const Unlocked unlocked;
        rows = stages::last_values_of_losses(journeys, pipeline, whole, values, threads);
    }
    return as_array(std::move(rows));
}

bool entered_throughout(const Journeys& journeys, const Pipeline& pipeline, const Array<std::uint8_t>& wanted,
                        std::int64_t early, std::int64_t late) {
    const std::span<const std::uint8_t> flags = as_span(wanted);
    const Unlocked unlocked;
    return stages::are_entered_throughout(journeys, pipeline, flags, early, late);
}

durations::StageTime summarise(const durations::VisitCounts& counts,
                               const std::vector<Array<std::uint64_t>>& samples,
                               const std::vector<stats::Quantile>& quantiles) {
    std::vector<std::span<const std::uint64_t>> spans;
    for (const Array<std::uint64_t>& sample : samples) spans.push_back(as_span(sample));
    const Unlocked unlocked;
    return durations::summarise_durations(counts, spans, quantiles);
}

stages::Losses losses(const Journeys& journeys, const Pipeline& pipeline, unsigned threads,
                      const std::optional<MarkColumns>& columns) {
    const std::optional<scan::Marks> marks = marks_of(columns);
    const Unlocked unlocked;
    return stages::find_losses(journeys, pipeline, threads, marks ? &*marks : nullptr);
}

std::vector<durations::StageTime> stage_times(const Journeys& journeys, const Pipeline& pipeline,
                                              durations::Per per,
                                              const std::vector<stats::Quantile>& quantiles, unsigned threads,
                                              const std::optional<MarkColumns>& columns) {
    const std::optional<scan::Marks> marks = marks_of(columns);
    const Unlocked unlocked;
    return durations::time_in_stage(journeys, pipeline, per, quantiles, threads, marks ? &*marks : nullptr);
}

std::vector<durations::StageDurations> stage_durations(const Journeys& journeys, const Pipeline& pipeline,
                                                       durations::Per per, unsigned threads,
                                                       const std::optional<MarkColumns>& columns) {
    const std::optional<scan::Marks> marks = marks_of(columns);
    const Unlocked unlocked;
    return durations::stage_durations(journeys, pipeline, per, threads, marks ? &*marks : nullptr);
}

durations::TimesTo times_to(const Journeys& journeys, const Pipeline& pipeline, std::int32_t from,
                            std::int32_t to, unsigned threads, const std::optional<MarkColumns>& columns) {
    const std::optional<scan::Marks> marks = marks_of(columns);
    const Unlocked unlocked;
    return durations::times_to(journeys, pipeline, from, to, threads, marks ? &*marks : nullptr);
}

stages::VisitTable visits(const Journeys& journeys, const Pipeline& pipeline, const MarkColumns& columns,
                          const std::optional<Array<std::uint8_t>>& items, std::optional<std::int64_t> start,
                          std::optional<std::int64_t> end, stages::VisitRows rows, unsigned threads) {
    const scan::Marks marks = columns.marks();
    stages::VisitChoice choice{.start = start, .end = end};
    if (items) choice.items = as_span(*items);
    const Unlocked unlocked;
    return stages::list_visits(journeys, pipeline, marks, choice, rows, threads);
}

stages::EndChecks end_checks(const Journeys& journeys, const Array<std::int64_t>& ended, unsigned threads) {
    const std::span<const std::int64_t> ends = as_span(ended);
    const Unlocked unlocked;
    return stages::check_ends(journeys, ends, threads);
}

void bind_visits(py::module_& m) {
    py::class_<stages::VisitTable>(m, "VisitTable")
        .def("take_item", taken<&stages::VisitTable::item>())
        .def("take_n_visits", taken<&stages::VisitTable::n_visits>())
        .def("take_visit", taken<&stages::VisitTable::visit>())
        .def("take_visit_of_stage", taken<&stages::VisitTable::visit_of_stage>())
        .def("take_stage", taken<&stages::VisitTable::stage>())
        .def("take_next_stage", taken<&stages::VisitTable::next_stage>())
        .def("take_stage_outcome", taken<&stages::VisitTable::stage_outcome>())
        .def("take_item_outcome", taken<&stages::VisitTable::item_outcome>())
        .def("take_entered", taken<&stages::VisitTable::entered>())
        .def("take_exited", taken<&stages::VisitTable::exited>())
        .def("take_duration", taken<&stages::VisitTable::duration>())
        .def("take_open", taken<&stages::VisitTable::open>())
        .def("take_row", taken<&stages::VisitTable::row>());
    py::native_enum<stages::VisitRows>(m, "VisitRows", "enum.Enum")
        .value("forget", stages::VisitRows::forget)
        .value("keep", stages::VisitRows::keep)
        .finalize();
    m.def("list_visits", &visits, "journeys"_a, "pipeline"_a, "marks"_a, "items"_a.noconvert().none(true),
          "start"_a, "end"_a, "rows"_a, "threads"_a);
    py::class_<stages::EndChecks>(m, "EndChecks")
        .def_readonly("pauses", &stages::EndChecks::pauses)
        .def_readonly("cut_ends", &stages::EndChecks::cut_ends);
    m.def("check_ends", &end_checks, "journeys"_a, "ended"_a.noconvert(), "threads"_a);
}

void bind_transitions(py::module_& m) {
    py::class_<stages::Transitions>(m, "Transitions")
        .def_property_readonly("moves", table_of<&stages::Transitions::moves>())
        .def_property_readonly("items", table_of<&stages::Transitions::items>());
    m.def("count_transitions", &stages::count_transitions, "journeys"_a, "pipeline"_a, "threads"_a,
          py::call_guard<Unlocked>());
}

void bind_losses(py::module_& m) {
    py::class_<stages::Losses>(m, "Losses")
        .def_property_readonly("item", array_of<&stages::Losses::item>())
        .def_property_readonly("from_stage", array_of<&stages::Losses::from_stage>())
        .def_property_readonly("lost_stage", array_of<&stages::Losses::lost_stage>())
        .def_property_readonly("until_lost", array_of<&stages::Losses::until_lost>())
        .def_property_readonly("in_stage", array_of<&stages::Losses::in_stage>())
        .def_property_readonly("creation_unknown", array_of<&stages::Losses::creation_unknown>())
        .def_property_readonly("start_unknown", array_of<&stages::Losses::start_unknown>());
    m.def("find_losses", &losses, "journeys"_a, "pipeline"_a, "threads"_a, "marks"_a);
    py::native_enum<stages::LossRow>(m, "LossRow", "enum.Enum")
        .value("closed", stages::LossRow::closed)
        .value("left", stages::LossRow::left)
        .finalize();
    m.def("rows_of_losses", &loss_rows, "journeys"_a, "pipeline"_a, "whole"_a, "at"_a, "threads"_a);
    m.def("last_values_of_losses", &loss_values, "journeys"_a, "pipeline"_a, "whole"_a, "value"_a.noconvert(),
          "threads"_a);
}

void bind_items(py::module_& m) {
    py::class_<stages::ItemFacts>(m, "ItemFacts")
        .def_property_readonly("first_row", array_of<&stages::ItemFacts::first_row>())
        .def_property_readonly("outcome", array_of<&stages::ItemFacts::outcome>())
        .def_property_readonly("first_time", array_of<&stages::ItemFacts::first_time>())
        .def_property_readonly("closed_at", array_of<&stages::ItemFacts::closed_at>())
        .def_property_readonly("last_stage", array_of<&stages::ItemFacts::last_stage>())
        .def_property_readonly("furthest_stage", array_of<&stages::ItemFacts::furthest_stage>())
        .def_property_readonly("lost_from", array_of<&stages::ItemFacts::lost_from>())
        .def_property_readonly("visits", array_of<&stages::ItemFacts::visits>())
        .def_property_readonly("back_moves", array_of<&stages::ItemFacts::back_moves>())
        .def_property_readonly("skipped", array_of<&stages::ItemFacts::skipped>());
    m.def("item_facts", &stages::item_facts, "journeys"_a, "pipeline"_a, "threads"_a,
          py::call_guard<Unlocked>());
}

void bind_quality(py::module_& m) {
    py::class_<stages::LogQuality>(m, "LogQuality")
        .def_readonly("exact_duplicates", &stages::LogQuality::exact_duplicates)
        .def_readonly("repeats", &stages::LogQuality::repeats)
        .def_readonly("ties", &stages::LogQuality::ties);
    py::class_<stages::PipelineQuality>(m, "PipelineQuality")
        .def_readonly("unlisted_rows", &stages::PipelineQuality::unlisted_rows)
        .def_readonly("bridged_visits", &stages::PipelineQuality::bridged_visits)
        .def_readonly("items_without_rows", &stages::PipelineQuality::items_without_rows)
        .def_readonly("ties_deciding_outcome", &stages::PipelineQuality::ties_deciding_outcome)
        .def_readonly("rows_outside_dates", &stages::PipelineQuality::rows_outside_dates);
    const auto unlocked = py::call_guard<Unlocked>();
    m.def("log_quality", &stages::log_quality, "journeys"_a, "threads"_a, unlocked);
    m.def("pipeline_quality", &stages::pipeline_quality, "journeys"_a, "pipeline"_a, "threads"_a, unlocked);
    py::class_<stages::Arrival>(m, "Arrival")
        .def_readonly("time", &stages::Arrival::time)
        .def_readonly("enters", &stages::Arrival::enters);
    py::class_<stages::StageArrivals>(m, "StageArrivals")
        .def_readonly("entered", &stages::StageArrivals::entered)
        .def_readonly("earliest", &stages::StageArrivals::earliest)
        .def_readonly("latest", &stages::StageArrivals::latest);
    m.def("find_arrivals", &stages::find_arrivals, "journeys"_a, "pipeline"_a, "threads"_a, unlocked);
    m.def("are_entered_throughout", &entered_throughout, "journeys"_a, "pipeline"_a, "wanted"_a.noconvert(),
          "early"_a, "late"_a);
}

void bind_durations(py::module_& m) {
    py::native_enum<durations::Per>(m, "Per", "enum.Enum")
        .value("visit", durations::Per::visit)
        .value("item", durations::Per::item)
        .value("longest", durations::Per::longest)
        .finalize();
    py::class_<stats::Quantile>(m, "Quantile")
        .def(py::init<std::uint64_t, std::uint64_t>(), "numerator"_a, "denominator"_a)
        .def_readonly("numerator", &stats::Quantile::numerator)
        .def_readonly("denominator", &stats::Quantile::denominator);
    py::class_<stats::Duration>(m, "Duration")
        .def_readonly("whole", &stats::Duration::whole)
        .def_readonly("rest", &stats::Duration::rest)
        .def_readonly("of", &stats::Duration::of);
    py::class_<durations::VisitCounts>(m, "VisitCounts")
        .def(py::init<std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t>(), "visits"_a,
             "completed"_a, "open"_a, "items"_a, "start_unknown"_a)
        .def_readonly("visits", &durations::VisitCounts::visits)
        .def_readonly("completed", &durations::VisitCounts::completed)
        .def_readonly("open", &durations::VisitCounts::open)
        .def_readonly("items", &durations::VisitCounts::items)
        .def_readonly("start_unknown", &durations::VisitCounts::start_unknown);
    py::class_<durations::StageTime, durations::VisitCounts>(m, "StageTime")
        .def_readonly("mean", &durations::StageTime::mean)
        .def_readonly("quantiles", &durations::StageTime::quantiles);
    py::class_<durations::StageDurations, durations::VisitCounts>(m, "StageDurations")
        .def_property_readonly("durations", [](const py::object& self) {
            // A view that keeps the stage alive: samples of a large log are not copied.
            const auto& durations = self.cast<const durations::StageDurations&>().durations;
            py::array_t<std::uint64_t> view(static_cast<py::ssize_t>(durations.size()), durations.data(),
                                            self);
            view.attr("flags").attr("writeable") = false;
            return view;
        });
    m.def("time_in_stage", &stage_times, "journeys"_a, "pipeline"_a, "per"_a, "quantiles"_a, "threads"_a,
          "marks"_a);
    m.def("stage_durations", &stage_durations, "journeys"_a, "pipeline"_a, "per"_a, "threads"_a, "marks"_a);
    m.def("summarise_durations", &summarise, "counts"_a, "samples"_a.noconvert(), "quantiles"_a);
}

void bind_times_to(py::module_& m) {
    py::native_enum<durations::Way>(m, "Way", "enum.Enum")
        .value("none", durations::Way::none)
        .value("there", durations::Way::there)
        .value("open", durations::Way::open)
        .value("closed", durations::Way::closed)
        .value("start_unknown", durations::Way::start_unknown)
        .finalize();
    py::class_<durations::TimesTo>(m, "TimesTo")
        .def_property_readonly("way", array_of<&durations::TimesTo::way>())
        .def_property_readonly("duration", array_of<&durations::TimesTo::duration>());
    m.def("times_to", &times_to, "journeys"_a, "pipeline"_a, "from_stage"_a, "to_stage"_a, "threads"_a,
          "marks"_a);
}

py::array_t<std::uint64_t> most_frequent(const Journeys& journeys, const Pipeline& pipeline,
                                         const stages::Variants& variants,
                                         const Array<std::uint32_t>& variant,
                                         const Array<std::int64_t>& items, const Array<std::int64_t>& bounds,
                                         std::size_t top) {
    const auto variant_of = as_span(variant);
    const auto items_of = as_span(items), bounds_of = as_span(bounds);
    std::vector<std::uint64_t> places;
    {
        const Unlocked unlocked;
        places = stages::most_frequent(journeys, pipeline, variants, variant_of, items_of, bounds_of, top);
    }
    return as_array(std::move(places));
}

void bind_variants(py::module_& m) {
    py::class_<stages::Variants>(m, "Variants")
        .def_property_readonly("of_item", array_of<&stages::Variants::of_item>())
        .def_property_readonly("example", array_of<&stages::Variants::example>());
    m.def("find_variants", &stages::find_variants, "journeys"_a, "pipeline"_a, "threads"_a,
          py::call_guard<Unlocked>());
    m.def("stages_visited", &stages::stages_visited, "journeys"_a, "pipeline"_a, "item"_a);
    m.def("most_frequent", &most_frequent, "journeys"_a, "pipeline"_a, "variants"_a, "variant"_a.noconvert(),
          "items"_a.noconvert(), "bounds"_a.noconvert(), "top"_a);
}

}  // namespace stages_calls

void bind_stages(py::module_& m) {
    using namespace stages_calls;
    bind_transitions(m);
    bind_losses(m);
    bind_items(m);
    bind_quality(m);
    bind_durations(m);
    bind_times_to(m);
    bind_visits(m);
    bind_variants(m);
    bind_groups(m);
}

}  // namespace stagefunnel::bindings
