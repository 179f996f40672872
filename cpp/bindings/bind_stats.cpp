#include <pybind11/stl.h>

#include <optional>
#include <stdexcept>
#include <vector>

#include "arrays.hpp"
#include "spell_columns.hpp"
#include "stagefunnel/stats/calibration.hpp"
#include "stagefunnel/stats/chain.hpp"
#include "stagefunnel/stats/exit_history.hpp"
#include "stagefunnel/stats/forecast.hpp"
#include "stagefunnel/stats/incidence.hpp"
#include "stagefunnel/stats/risk_cells.hpp"
#include "stagefunnel/stats/spell_counts.hpp"
#include "unlocked.hpp"

namespace stagefunnel::bindings {
namespace stats_calls {

/// A column that may not be there.
template <class T>
std::span<const T> as_span(const std::optional<Array<T>>& array) {
    return array ? bindings::as_span(*array) : std::span<const T>{};
}

stats::Spells spells_of(const Array<std::int64_t>& exit, const Array<std::int32_t>& cause,
                        const std::optional<Array<std::int64_t>>& entry,
                        const std::optional<Array<std::int32_t>>& group, std::int32_t n_causes,
                        std::int32_t n_groups) {
    return {.exit = bindings::as_span(exit),
            .cause = bindings::as_span(cause),
            .entry = as_span(entry),
            .group = as_span(group),
            .n_causes = n_causes,
            .n_groups = n_groups};
}

std::optional<stats::WantedTimes> wanted_of(const std::optional<Array<std::int64_t>>& below,
                                            const std::optional<Array<std::int64_t>>& above) {
    if (!below || !above) return std::nullopt;
    return stats::WantedTimes{bindings::as_span(*below), bindings::as_span(*above)};
}

stats::IncidenceCurves estimate_incidence(const Array<std::int64_t>& exit, const Array<std::int32_t>& cause,
                                          const std::optional<Array<std::int64_t>>& entry,
                                          const std::optional<Array<std::int32_t>>& group,
                                          std::int32_t n_causes, std::int32_t n_groups,
                                          const std::optional<Array<std::int64_t>>& below,
                                          const std::optional<Array<std::int64_t>>& above,
                                          std::int64_t min_at_risk, unsigned threads) {
    const stats::Spells spells = spells_of(exit, cause, entry, group, n_causes, n_groups);
    const auto wanted = wanted_of(below, above);
    const Unlocked unlocked;
    return stats::estimate_incidence(spells, wanted, min_at_risk, threads);
}

stats::IncidenceCurves estimate_of_cells(const stats::RiskCells& cells,
                                         const std::optional<Array<std::int64_t>>& below,
                                         const std::optional<Array<std::int64_t>>& above,
                                         std::int64_t min_at_risk, unsigned threads) {
    const auto wanted = wanted_of(below, above);
    const Unlocked unlocked;
    return stats::estimate_incidence(cells, wanted, min_at_risk, threads);
}

py::array_t<double> robust_variances(const Array<std::int64_t>& exit, const Array<std::int32_t>& cause,
                                     const std::optional<Array<std::int64_t>>& entry,
                                     const std::optional<Array<std::int32_t>>& group, std::int32_t n_causes,
                                     std::int32_t n_groups, const std::optional<Array<std::int32_t>>& item,
                                     const std::optional<Array<std::int64_t>>& below,
                                     const std::optional<Array<std::int64_t>>& above,
                                     std::int64_t min_at_risk) {
    const stats::Spells spells = spells_of(exit, cause, entry, group, n_causes, n_groups);
    const auto wanted = wanted_of(below, above);
    const auto items = as_span(item);
    std::vector<double> variances;
    {
        const Unlocked unlocked;
        variances = stats::robust_variances(spells, items, wanted, min_at_risk);
    }
    return as_array(std::move(variances));
}

py::array_t<double> robust_of_cells(const stats::RiskCells& cells,
                                    const std::optional<Array<std::int64_t>>& below,
                                    const std::optional<Array<std::int64_t>>& above, std::int64_t min_at_risk,
                                    unsigned threads) {
    const auto wanted = wanted_of(below, above);
    std::vector<double> variances;
    {
        const Unlocked unlocked;
        variances = stats::robust_variances(cells, wanted, min_at_risk, threads);
    }
    return as_array(std::move(variances));
}

stats::ChainEnds solve_chain(const Array<double>& probability, std::size_t n_transient,
                             std::size_t n_absorbing) {
    const stats::AbsorbingChain chain{n_transient, n_absorbing, bindings::as_span(probability)};
    const Unlocked unlocked;
    return stats::solve_chain(chain);
}

stats::ExitBins bins_of(const Array<std::int64_t>& bounds, const Array<double>& chance,
                        const Array<double>& weight, std::size_t n_steps,
                        const std::optional<Array<std::int64_t>>& number) {
    return {.bounds = bindings::as_span(bounds),
            .chance = bindings::as_span(chance),
            .weight = bindings::as_span(weight),
            .n_steps = n_steps,
            .number = as_span(number)};
}

/// Counts into `seen`, which is written to.
stats::Calibrated calibrate(const Array<double>& chance, const Array<std::uint8_t>& is_won,
                            const Array<std::uint32_t>& item, std::size_t n_classes,
                            Array<std::uint16_t>& seen) {
    if (seen.ndim() != 1) throw py::value_error("expected an array of one dimension");
    const std::span<std::uint16_t> classes(seen.mutable_data(), static_cast<std::size_t>(seen.size()));
    const auto values = bindings::as_span(chance);
    const auto won = bindings::as_span(is_won);
    const auto items = bindings::as_span(item);
    const Unlocked unlocked;
    return stats::calibrate(values, won, items, n_classes, classes);
}

stats::WinDraws draw_wins(const Array<std::int64_t>& bounds, const Array<double>& chance,
                          const Array<double>& weight, std::size_t n_steps,
                          const std::optional<Array<std::int64_t>>& bin_number,
                          const Array<std::int64_t>& bin, const Array<std::int64_t>& row,
                          const Array<double>& win, const std::optional<Array<double>>& win_if,
                          const std::optional<Array<double>>& amount, const Array<std::int64_t>& number,
                          const std::optional<Array<double>>& behind,
                          const std::optional<Array<double>>& behind_if, std::size_t n_rows,
                          std::size_t n_draws, std::uint64_t seed, bool draws_chances, std::size_t most_items,
                          unsigned threads) {
    const stats::ExitBins exits = bins_of(bounds, chance, weight, n_steps, bin_number);
    const stats::OpenItems items{.bin = bindings::as_span(bin),
                                 .row = bindings::as_span(row),
                                 .chance = bindings::as_span(win),
                                 .chance_if = as_span(win_if),
                                 .amount = as_span(amount),
                                 .number = bindings::as_span(number),
                                 .behind = as_span(behind),
                                 .behind_if = as_span(behind_if)};
    const stats::DrawOptions options{
        .n_draws = n_draws, .seed = seed, .draws_chances = draws_chances, .most_items = most_items};
    const Unlocked unlocked;
    return stats::draw_wins(exits, items, n_rows, options, threads);
}

py::array_t<double> draw_chances(const Array<std::int64_t>& bounds, const Array<double>& chance,
                                 const Array<double>& weight, std::size_t n_steps,
                                 const std::optional<Array<std::int64_t>>& bin_number, std::size_t n_draws,
                                 std::uint64_t seed, unsigned threads) {
    const stats::ExitBins exits = bins_of(bounds, chance, weight, n_steps, bin_number);
    std::vector<double> draws;
    {
        const Unlocked unlocked;
        draws = stats::draw_chances(exits, n_draws, seed, threads);
    }
    return as_array(std::move(draws));
}

stats::ExitHistory history_of(const Array<std::int64_t>& began, const Array<std::int64_t>& ended,
                              const Array<std::int32_t>& cause, const Array<std::int32_t>& cell,
                              std::size_t n_causes, std::size_t n_cells,
                              const std::vector<std::int64_t>& moments,
                              const std::vector<std::int64_t>& until, unsigned threads) {
    const stats::DatedVisits visits{.began = bindings::as_span(began),
                                    .ended = bindings::as_span(ended),
                                    .cause = bindings::as_span(cause),
                                    .cell = bindings::as_span(cell),
                                    .n_causes = n_causes,
                                    .n_cells = n_cells};
    if (moments.size() != until.size())
        throw std::invalid_argument("moments and the ends of their watch differ in number");
    const Unlocked unlocked;
    std::vector<stats::Watched> watched;
    for (std::size_t at = 0; at < moments.size(); ++at) watched.push_back({moments[at], until[at]});
    return {visits, watched, threads};
}

stats::SteppedExits by_step(const stats::ExitHistory& history, const stats::KnownExits& known,
                            const Array<std::int64_t>& cell, const Array<std::int64_t>& bounds,
                            const Array<std::int64_t>& end, unsigned threads) {
    const stats::WantedSteps wanted{
        .cell = bindings::as_span(cell), .bounds = bindings::as_span(bounds), .end = bindings::as_span(end)};
    const Unlocked unlocked;
    return history.by_step(known, wanted, threads);
}

py::array_t<std::int64_t> cuts(const stats::ExitHistory& history, const stats::KnownExits& known,
                               std::size_t cell, std::size_t most) {
    std::vector<std::int64_t> ages;
    {
        const Unlocked unlocked;
        ages = history.cuts(known, cell, most);
    }
    return as_array(std::move(ages));
}

}  // namespace stats_calls

void bind_stats(py::module_& m) {
    using namespace stats_calls;
    py::class_<stats::IncidenceCurves>(m, "IncidenceCurves")
        .def_property_readonly("bounds", array_of<&stats::IncidenceCurves::bounds>())
        .def_property_readonly("time", array_of<&stats::IncidenceCurves::time>())
        .def_property_readonly("at_risk", array_of<&stats::IncidenceCurves::at_risk>())
        .def_property_readonly("events", array_of<&stats::IncidenceCurves::events>())
        .def_property_readonly("survival", array_of<&stats::IncidenceCurves::survival>())
        .def_property_readonly("survival_variance", array_of<&stats::IncidenceCurves::survival_variance>())
        .def_property_readonly("incidence", array_of<&stats::IncidenceCurves::incidence>())
        .def_property_readonly("variance", array_of<&stats::IncidenceCurves::variance>())
        .def_property_readonly("covariance", array_of<&stats::IncidenceCurves::covariance>());
    py::class_<stats::RiskCells>(m, "RiskCells")
        .def_readonly("n_ages", &stats::RiskCells::n_ages)
        .def_readonly("step", &stats::RiskCells::step)
        .def_readonly("left_out", &stats::RiskCells::left_out)
        .def_property_readonly("ended", array_of<&stats::RiskCells::ended>())
        .def_property_readonly("followed", array_of<&stats::RiskCells::followed>());
    py::class_<stats::SpellCounts>(m, "SpellCounts")
        .def_readonly("cells", &stats::SpellCounts::cells)
        .def_property_readonly("causes", array_of<&stats::SpellCounts::causes>())
        .def_property_readonly("groups", array_of<&stats::SpellCounts::groups>())
        .def_property_readonly("last_exit", array_of<&stats::SpellCounts::last_exit>());
    m.def("count_spells", &count_spells, "exit"_a, "entry"_a, "cause"_a, "group"_a, "n_causes"_a,
          "n_groups"_a, "unit"_a);
    m.def("estimate_of_cells", &estimate_of_cells, "cells"_a, "below"_a.noconvert(), "above"_a.noconvert(),
          "min_at_risk"_a, "threads"_a);
    m.def("robust_of_cells", &robust_of_cells, "cells"_a, "below"_a.noconvert(), "above"_a.noconvert(),
          "min_at_risk"_a, "threads"_a);
    m.def("estimate_incidence", &estimate_incidence, "exit"_a.noconvert(), "cause"_a.noconvert(),
          "entry"_a.noconvert(), "group"_a.noconvert(), "n_causes"_a, "n_groups"_a, "below"_a.noconvert(),
          "above"_a.noconvert(), "min_at_risk"_a, "threads"_a);
    m.def("robust_variances", &robust_variances, "exit"_a.noconvert(), "cause"_a.noconvert(),
          "entry"_a.noconvert(), "group"_a.noconvert(), "n_causes"_a, "n_groups"_a, "item"_a.noconvert(),
          "below"_a.noconvert(), "above"_a.noconvert(), "min_at_risk"_a);
    py::class_<stats::ChainEnds>(m, "ChainEnds")
        .def_property_readonly("has_way_out", array_of<&stats::ChainEnds::has_way_out>())
        .def_property_readonly("visits", array_of<&stats::ChainEnds::visits>())
        .def_property_readonly("absorbed", array_of<&stats::ChainEnds::absorbed>());
    m.def("solve_chain", &solve_chain, "probability"_a.noconvert(), "n_transient"_a, "n_absorbing"_a);
    py::class_<stats::KnownExits>(m, "KnownExits")
        .def_property_readonly("events", array_of<&stats::KnownExits::events>())
        .def_property_readonly("oldest", array_of<&stats::KnownExits::oldest>())
        .def_property_readonly("spent", array_of<&stats::KnownExits::spent>())
        .def_readonly("common", &stats::KnownExits::common);
    py::class_<stats::SteppedExits>(m, "SteppedExits")
        .def_property_readonly("chance", array_of<&stats::SteppedExits::chance>())
        .def_property_readonly("gone", array_of<&stats::SteppedExits::gone>())
        .def_property_readonly("left", array_of<&stats::SteppedExits::left>())
        .def_property_readonly("spread", array_of<&stats::SteppedExits::spread>())
        .def_property_readonly("at_risk", array_of<&stats::SteppedExits::at_risk>());
    py::class_<stats::ExitHistory>(m, "ExitHistory")
        .def(py::init(&history_of), "began"_a.noconvert(), "ended"_a.noconvert(), "cause"_a.noconvert(),
             "cell"_a.noconvert(), "n_causes"_a, "n_cells"_a, "moments"_a, "until"_a, "threads"_a)
        .def_property_readonly("known", &stats::ExitHistory::known)
        .def("by_step", &by_step, "known"_a, "cell"_a.noconvert(), "bounds"_a.noconvert(),
             "end"_a.noconvert(), "threads"_a)
        .def("cuts", &cuts, "known"_a, "cell"_a, "most"_a);
    py::class_<stats::WinDraws>(m, "WinDraws")
        .def_property_readonly("wins", array_of<&stats::WinDraws::wins>())
        .def_property_readonly("wins_if", array_of<&stats::WinDraws::wins_if>())
        .def_property_readonly("amount", array_of<&stats::WinDraws::amount>());
    m.def("draw_wins", &draw_wins, "bounds"_a.noconvert(), "chance"_a.noconvert(), "weight"_a.noconvert(),
          "n_steps"_a, "bin_number"_a.noconvert(), "bin"_a.noconvert(), "row"_a.noconvert(),
          "win"_a.noconvert(), "win_if"_a.noconvert(), "amount"_a.noconvert(), "number"_a.noconvert(),
          "behind"_a.noconvert(), "behind_if"_a.noconvert(), "n_rows"_a, "n_draws"_a, "seed"_a,
          "draws_chances"_a, "most_items"_a, "threads"_a);
    py::class_<stats::Calibrated>(m, "Calibrated")
        .def_property_readonly("n", array_of<&stats::Calibrated::n>())
        .def_property_readonly("won", array_of<&stats::Calibrated::won>())
        .def_property_readonly("expected", array_of<&stats::Calibrated::expected>())
        .def_readonly("squared", &stats::Calibrated::squared);
    m.def("calibrate", &calibrate, "chance"_a.noconvert(), "is_won"_a.noconvert(), "item"_a.noconvert(),
          "n_classes"_a, "seen"_a.noconvert());
    m.def("draw_chances", &draw_chances, "bounds"_a.noconvert(), "chance"_a.noconvert(),
          "weight"_a.noconvert(), "n_steps"_a, "bin_number"_a.noconvert(), "n_draws"_a, "seed"_a,
          "threads"_a);
}

}  // namespace stagefunnel::bindings
