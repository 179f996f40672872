#include <pybind11/native_enum.h>

#include <optional>

#include "arrays.hpp"
#include "marks.hpp"
#include "stagefunnel/questions/durations/life_cells.hpp"
#include "stagefunnel/questions/durations/lives.hpp"
#include "stagefunnel/questions/durations/open_features.hpp"
#include "stagefunnel/questions/durations/open_then.hpp"
#include "unlocked.hpp"

namespace stagefunnel::bindings {
namespace lives_calls {

durations::Lives lives(const Journeys& journeys, const Pipeline& pipeline, std::int32_t target,
                       durations::Reopened reopened, const MarkColumns& columns, unsigned threads) {
    const scan::Marks marks = columns.marks();
    const Unlocked unlocked;
    return durations::find_lives(journeys, pipeline, target, reopened, marks, threads);
}

durations::StaySpells stays(const Journeys& journeys, const Pipeline& pipeline, std::int32_t first,
                            std::int32_t end, const MarkColumns& columns, unsigned threads) {
    const scan::Marks marks = columns.marks();
    const Unlocked unlocked;
    return durations::list_stays(journeys, pipeline, first, end, marks, threads);
}

std::span<const std::int32_t> groups_of(const std::optional<Array<std::int32_t>>& group) {
    return group ? bindings::as_span(*group) : std::span<const std::int32_t>{};
}

std::optional<durations::PackedLives> pack(const Journeys& journeys, const Pipeline& pipeline,
                                           std::int32_t target, durations::Reopened reopened,
                                           const MarkColumns& columns, unsigned threads) {
    const scan::Marks marks = columns.marks();
    const Unlocked unlocked;
    return durations::pack_lives(durations::find_lives(journeys, pipeline, target, reopened, marks, threads),
                                 threads);
}

std::optional<durations::LifeCells> count(const durations::PackedLives& lives,
                                          std::optional<std::int64_t> start, std::int64_t until, bool is_cut,
                                          const std::optional<Array<std::int64_t>>& until_of_item,
                                          const std::optional<Array<std::int32_t>>& group,
                                          std::size_t n_groups, std::size_t n_causes, unsigned threads) {
    durations::LifeWatch watch{.start = start, .until = until, .is_cut = is_cut};
    if (until_of_item) watch.until_of_item = bindings::as_span(*until_of_item);
    const auto groups = groups_of(group);
    const Unlocked unlocked;
    return durations::count_lives(lives, watch, groups, n_groups, n_causes, threads);
}

durations::TimeRange range_of_times(const Journeys& journeys, unsigned threads) {
    const Unlocked unlocked;
    return durations::range_of_times(journeys, threads);
}

std::optional<stats::RiskCells> count_stays(const Journeys& journeys, const Pipeline& pipeline,
                                            std::int32_t n_stages, const durations::TimeRange& range,
                                            std::int64_t until, const Array<std::uint8_t>& elsewhere,
                                            const std::optional<Array<std::int32_t>>& group,
                                            std::size_t n_groups, unsigned threads) {
    const auto groups = groups_of(group);
    const auto flags = bindings::as_span(elsewhere);
    const Unlocked unlocked;
    return durations::count_stays(journeys, pipeline, n_stages, range, until, flags, groups, n_groups,
                                  threads);
}

py::array_t<std::int64_t> first_visits(const Array<std::uint32_t>& item, const Array<std::uint8_t>& state,
                                       const Array<std::uint32_t>& first_row) {
    const durations::VisitColumns visits{
        .item = bindings::as_span(item), .stage = {}, .began = {}, .state = bindings::as_span(state)};
    const auto rows = bindings::as_span(first_row);
    LargeVector<std::int64_t> found;
    {
        const Unlocked unlocked;
        found = durations::first_visits(visits, rows);
    }
    return as_array(std::move(found));
}

durations::OpenThen open_then(const Array<std::uint32_t>& item, const Array<std::int32_t>& stage,
                              const Array<std::int64_t>& began, const Array<std::uint8_t>& state,
                              const Pipeline& pipeline, const Array<std::int64_t>& first_visit,
                              const Array<std::int64_t>& dates, const Array<std::int64_t>& ends,
                              unsigned threads) {
    const durations::VisitColumns visits{.item = bindings::as_span(item),
                                         .stage = bindings::as_span(stage),
                                         .began = bindings::as_span(began),
                                         .state = bindings::as_span(state)};
    const auto firsts = bindings::as_span(first_visit);
    const auto at = bindings::as_span(dates), until = bindings::as_span(ends);
    const Unlocked unlocked;
    return durations::open_then(visits, pipeline, firsts, at, until, threads);
}

durations::OpenFeatures open_features(const Journeys& journeys, const Pipeline& pipeline,
                                      const Array<std::int64_t>& dates, const Array<std::int64_t>& ends,
                                      const Array<std::int64_t>& windows, double ticks_a_day,
                                      const MarkColumns& columns, unsigned threads) {
    const scan::Marks marks = columns.marks();
    const durations::FeatureDates asked{.dates = bindings::as_span(dates),
                                        .ends = bindings::as_span(ends),
                                        .windows = bindings::as_span(windows),
                                        .ticks_a_day = ticks_a_day};
    const Unlocked unlocked;
    return durations::open_features(journeys, pipeline, asked, marks, threads);
}

}  // namespace lives_calls

void bind_lives(py::module_& m) {
    py::native_enum<durations::LifeEnd>(m, "LifeEnd", "enum.Enum")
        .value("won", durations::LifeEnd::won)
        .value("lost", durations::LifeEnd::lost)
        .value("moved_out", durations::LifeEnd::moved_out)
        .value("open", durations::LifeEnd::open)
        .value("none", durations::LifeEnd::none)
        .value("unknown", durations::LifeEnd::unknown)
        .finalize();
    py::native_enum<durations::Reopened>(m, "Reopened", "enum.Enum")
        .value("last", durations::Reopened::last)
        .value("first", durations::Reopened::first)
        .finalize();
    py::class_<durations::Lives>(m, "Lives")
        .def("take_end", taken<&durations::Lives::end>())
        .def("take_began", taken<&durations::Lives::began>())
        .def("take_ended", taken<&durations::Lives::ended>())
        .def("take_passed", taken<&durations::Lives::passed>());
    py::class_<durations::StaySpells>(m, "StaySpells")
        .def("take_item", taken<&durations::StaySpells::item>())
        .def("take_stage", taken<&durations::StaySpells::stage>())
        .def("take_next", taken<&durations::StaySpells::next>())
        .def("take_began", taken<&durations::StaySpells::began>())
        .def("take_ended", taken<&durations::StaySpells::ended>())
        .def("take_state", taken<&durations::StaySpells::state>());
    m.def("list_stays", &lives_calls::stays, "journeys"_a, "pipeline"_a, "first"_a, "end"_a, "marks"_a,
          "threads"_a);
    py::class_<durations::OpenThen>(m, "OpenThen")
        .def_property_readonly("bounds", array_of<&durations::OpenThen::bounds>())
        .def("take_item", taken<&durations::OpenThen::item>())
        .def("take_stage", taken<&durations::OpenThen::stage>())
        .def("take_age", taken<&durations::OpenThen::age>())
        .def("take_outcome", taken<&durations::OpenThen::outcome>());
    m.def("first_visits", &lives_calls::first_visits, "item"_a.noconvert(), "state"_a.noconvert(),
          "first_row"_a.noconvert());
    m.def("open_then", &lives_calls::open_then, "item"_a.noconvert(), "stage"_a.noconvert(),
          "began"_a.noconvert(), "state"_a.noconvert(), "pipeline"_a, "first_visit"_a.noconvert(),
          "dates"_a.noconvert(), "ends"_a.noconvert(), "threads"_a);
    py::class_<durations::OpenFeatures>(m, "OpenFeatures")
        .def_property_readonly("bounds", array_of<&durations::OpenFeatures::bounds>())
        .def("take_item", taken<&durations::OpenFeatures::item>())
        .def("take_stage", taken<&durations::OpenFeatures::stage>())
        .def("take_outcome", taken<&durations::OpenFeatures::outcome>())
        .def("take_age", taken<&durations::OpenFeatures::age>())
        .def("take_in_stage", taken<&durations::OpenFeatures::in_stage>())
        .def("take_visits", taken<&durations::OpenFeatures::visits>())
        .def("take_back_moves", taken<&durations::OpenFeatures::back_moves>())
        .def("take_skipped", taken<&durations::OpenFeatures::skipped>())
        .def("take_moves", taken<&durations::OpenFeatures::moves>())
        .def("take_time_in_stage", taken<&durations::OpenFeatures::time_in_stage>());
    m.def("open_features", &lives_calls::open_features, "journeys"_a, "pipeline"_a, "dates"_a.noconvert(),
          "ends"_a.noconvert(), "windows"_a.noconvert(), "ticks_a_day"_a, "marks"_a, "threads"_a);
    py::class_<durations::PackedLives>(m, "PackedLives")
        .def_readonly("unknown", &durations::PackedLives::unknown);
    py::class_<durations::LifeCells>(m, "LifeCells")
        .def_readonly("cells", &durations::LifeCells::cells)
        .def_readonly("passed_through", &durations::LifeCells::passed_through)
        .def_readonly("ever_lost", &durations::LifeCells::ever_lost)
        .def_readonly("reopened", &durations::LifeCells::reopened);
    py::class_<durations::TimeRange>(m, "TimeRange");
    m.def("pack_lives", &lives_calls::pack, "journeys"_a, "pipeline"_a, "target"_a, "reopened"_a, "marks"_a,
          "threads"_a);
    m.def("count_lives", &lives_calls::count, "lives"_a, "start"_a, "until"_a, "is_cut"_a,
          "until_of_item"_a.noconvert(), "group"_a.noconvert(), "n_groups"_a, "n_causes"_a, "threads"_a);
    m.def("range_of_times", &lives_calls::range_of_times, "journeys"_a, "threads"_a);
    m.def("count_stays", &lives_calls::count_stays, "journeys"_a, "pipeline"_a, "n_stages"_a, "range"_a,
          "until"_a, "elsewhere"_a.noconvert(), "group"_a.noconvert(), "n_groups"_a, "threads"_a);
    m.def("find_lives", &lives_calls::lives, "journeys"_a, "pipeline"_a, "target"_a, "reopened"_a, "marks"_a,
          "threads"_a);
}

}  // namespace stagefunnel::bindings
