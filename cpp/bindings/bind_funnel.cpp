#include <pybind11/native_enum.h>

#include <optional>

#include "arrays.hpp"
#include "funnel_options.hpp"
#include "stagefunnel/questions/funnel/chain.hpp"
#include "stagefunnel/questions/funnel/entries.hpp"
#include "stagefunnel/questions/funnel/funnel.hpp"
#include "stagefunnel/questions/funnel/outcome_amounts.hpp"
#include "stagefunnel/questions/funnel/trend.hpp"
#include "unlocked.hpp"

namespace stagefunnel::bindings {
namespace funnel_calls {

funnel::Counts count(const Journeys& journeys, const Pipeline& pipeline, funnel::Kind kind,
                     funnel::LostThenWon lost_then_won, const std::optional<Array<std::int32_t>>& group,
                     std::int32_t n_groups, const std::optional<Array<double>>& amount, unsigned threads) {
    const funnel::Options options = options_of(kind, lost_then_won, group, n_groups, amount, threads);
    const Unlocked unlocked;
    return funnel::count_funnel(journeys, pipeline, options);
}

std::vector<funnel::Counts> count_several(
    const Pipeline& pipeline, const std::vector<std::pair<funnel::Kind, funnel::LostThenWon>>& kinds,
    const std::optional<Array<std::int32_t>>& group, std::int32_t n_groups,
    const std::optional<Array<double>>& amount, unsigned threads, const funnel::ItemStates& item_states) {
    std::vector<funnel::Options> funnels;
    for (const auto& [kind, lost_then_won] : kinds)
        funnels.push_back(options_of(kind, lost_then_won, group, n_groups, amount, threads));
    const Unlocked unlocked;
    return funnel::count_funnels(pipeline, funnels, item_states);
}

funnel::Counts trend(const Journeys& journeys, const Pipeline& pipeline, funnel::Kind kind,
                     funnel::LostThenWon lost_then_won, const std::optional<Array<std::int32_t>>& group,
                     std::int32_t n_groups, const std::optional<Array<double>>& amount,
                     const Array<std::int64_t>& bounds, std::optional<std::int64_t> as_of,
                     const Array<std::uint8_t>& elsewhere, scan::MovedOut moved_out, unsigned threads) {
    const funnel::Options options = options_of(kind, lost_then_won, group, n_groups, amount, threads);
    const funnel::Periods periods{
        .bounds = as_span(bounds), .as_of = as_of, .elsewhere = as_span(elsewhere), .moved_out = moved_out};
    const Unlocked unlocked;
    return funnel::count_trend(journeys, pipeline, options, periods);
}

py::array_t<std::int32_t> item_periods(const Journeys& journeys, const Pipeline& pipeline, scan::Basis basis,
                                       const Array<std::int64_t>& bounds, unsigned threads) {
    const std::span<const std::int64_t> ends = as_span(bounds);
    std::vector<std::int32_t> periods;
    {
        const Unlocked unlocked;
        periods = funnel::periods_of_items(journeys, pipeline, basis, ends, threads);
    }
    return as_array(std::move(periods));
}

funnel::Counts entries(const Journeys& journeys, const Pipeline& pipeline, funnel::Kind kind,
                       funnel::LostThenWon lost_then_won, const Journeys& whole,
                       const Array<std::int32_t>& group, std::int32_t n_groups,
                       const std::optional<Array<double>>& amount, unsigned threads) {
    funnel::Options options;
    options.kind = kind;
    options.lost_then_won = lost_then_won;
    options.threads = threads;
    funnel::RowColumns columns{.whole = whole, .group = as_span(group), .n_groups = n_groups, .amount = {}};
    if (amount) columns.amount = as_span(*amount);
    const Unlocked unlocked;
    return funnel::count_entries(journeys, pipeline, options, columns);
}

py::array_t<std::int64_t> item_rows(const Journeys& journeys, const Pipeline& pipeline, const Journeys& whole,
                                    funnel::RowAt at, unsigned threads) {
    LargeVector<std::int64_t> found;
    {
        const Unlocked unlocked;
        found = funnel::rows_of_items(journeys, pipeline, whole, at, threads);
    }
    return as_array(std::move(found));
}

template <class Value>
py::array_t<Value> values(const Array<Value>& column, const Array<std::uint32_t>& numbers, unsigned threads) {
    const std::span<const Value> all = as_span(column);
    const std::span<const std::uint32_t> wanted = as_span(numbers);
    LargeVector<Value> taken;
    {
        const Unlocked unlocked;
        taken = funnel::values_of_rows(all, wanted, threads);
    }
    return as_array(std::move(taken));
}

funnel::OriginCounts origin(const Journeys& leads, const Pipeline& lead_pipeline, const Journeys& deals,
                            const Pipeline& deal_pipeline,
                            const std::optional<Array<std::uint8_t>>& moved_deals,
                            const Array<std::uint32_t>& lead, const Array<std::uint32_t>& deal,
                            funnel::Kind kind, funnel::LostThenWon lost_then_won,
                            const std::optional<Array<std::int32_t>>& group, std::int32_t n_groups,
                            const std::optional<Array<double>>& amount, unsigned threads) {
    const funnel::Options options = options_of(kind, lost_then_won, group, n_groups, amount, threads);
    const funnel::ChainPart lead_part{leads, lead_pipeline};
    funnel::ChainPart deal_part{deals, deal_pipeline};
    if (moved_deals) deal_part.moved = as_span(*moved_deals);
    const funnel::Links links{as_span(lead), as_span(deal)};
    const Unlocked unlocked;
    return funnel::count_origin(lead_part, deal_part, links, options);
}

py::array_t<std::uint8_t> item_outcomes(const Journeys& journeys, const Pipeline& pipeline,
                                        funnel::LostThenWon lost_then_won, unsigned threads) {
    LargeVector<std::uint8_t> outcomes;
    {
        const Unlocked unlocked;
        outcomes = funnel::outcomes_of_items(journeys, pipeline, lost_then_won, threads);
    }
    return as_array(std::move(outcomes));
}

py::array_t<std::int64_t> whole_parts(const std::vector<funnel::ExactSum>& sums) {
    std::vector<std::int64_t> parts;
    for (const funnel::ExactSum& sum : sums) parts.push_back(sum.whole);
    return as_array(std::move(parts));
}

py::array_t<std::uint64_t> fractions(const std::vector<funnel::ExactSum>& sums) {
    std::vector<std::uint64_t> parts;
    for (const funnel::ExactSum& sum : sums) parts.push_back(sum.fraction);
    return as_array(std::move(parts));
}

/// Binds the amounts of outcomes.
void bind_outcome_amounts(py::module_& m) {
    py::native_enum<funnel::ItemOutcome>(m, "ItemOutcome", "enum.Enum")
        .value("none", funnel::ItemOutcome::none)
        .value("open", funnel::ItemOutcome::open)
        .value("won", funnel::ItemOutcome::won)
        .value("lost", funnel::ItemOutcome::lost)
        .value("left_out", funnel::ItemOutcome::left_out)
        .finalize();
    py::class_<funnel::CellSums>(m, "CellSums")
        .def_property_readonly("sum", array_of<&funnel::CellSums::sum>())
        .def_property_readonly("present", array_of<&funnel::CellSums::present>())
        .def_property_readonly("missing", array_of<&funnel::CellSums::missing>())
        .def_property_readonly("whole",
                               [](const funnel::CellSums& found) { return whole_parts(found.exact); })
        .def_property_readonly("fraction",
                               [](const funnel::CellSums& found) { return fractions(found.exact); });
    m.def("outcomes_of_items", &item_outcomes, "journeys"_a, "pipeline"_a, "lost_then_won"_a, "threads"_a);
    m.def(
        "sums_of_cells",
        [](const Array<double>& amount, const Array<std::int64_t>& cell, std::size_t n_cells, int scale) {
            const std::span<const double> amounts = as_span(amount);
            const std::span<const std::int64_t> cells = as_span(cell);
            const Unlocked unlocked;
            return funnel::sums_of_cells(amounts, cells, n_cells, scale);
        },
        "amount"_a.noconvert(), "cell"_a.noconvert(), "n_cells"_a, "scale"_a);
    m.def(
        "rounded",
        [](const Array<std::int64_t>& whole, const Array<std::uint64_t>& fraction, int scale) {
            return as_array(funnel::rounded(as_span(whole), as_span(fraction), scale));
        },
        "whole"_a.noconvert(), "fraction"_a.noconvert(), "scale"_a);
}

}  // namespace funnel_calls

void bind_funnel(py::module_& m) {
    using namespace funnel_calls;
    py::native_enum<funnel::Kind>(m, "Kind", "enum.Enum")
        .value("classic", funnel::Kind::classic)
        .value("conversions_won", funnel::Kind::conversions_won)
        .value("conversions_moves", funnel::Kind::conversions_moves)
        .value("furthest", funnel::Kind::furthest)
        .value("strict", funnel::Kind::strict)
        .finalize();
    py::native_enum<funnel::LostThenWon>(m, "LostThenWon", "enum.Enum")
        .value("include", funnel::LostThenWon::include)
        .value("exclude", funnel::LostThenWon::exclude)
        .value("exclude_reopened", funnel::LostThenWon::exclude_reopened)
        .finalize();
    py::class_<funnel::Counts> counts(m, "Counts");
    for (const auto& [name, table] : funnel::kStageTables) {
        counts.def_property_readonly(
            name, [table = table](const funnel::Counts& found) { return as_table(found.*table); });
    }
    for (const auto& [name, table] : funnel::kGroupTables) {
        counts.def_property_readonly(
            name, [table = table](const funnel::Counts& found) { return as_list(found.*table); });
    }
    counts.def_property_readonly("has_amounts",
                                 [](const funnel::Counts& found) { return found.amount.size() > 0; });
    counts.def_property_readonly("whole",
                                 [](const funnel::Counts& found) { return whole_parts(found.sums); });
    counts.def_property_readonly("fraction",
                                 [](const funnel::Counts& found) { return fractions(found.sums); });
    counts.def(
        "rounded_sums",
        [](const funnel::Counts& found, const Array<std::int64_t>& groups, const Array<std::int64_t>& joined,
           int scale) { return as_table(rounded_sums(found, as_span(groups), as_span(joined), scale)); },
        "groups"_a.noconvert(), "joined"_a.noconvert(), "scale"_a);
    py::class_<funnel::ItemStates>(m, "ItemStates")
        .def_property_readonly(
            "has_items", [](const funnel::ItemStates& item_states) { return !item_states.of_item.empty(); });
    m.def("find_states", &funnel::find_states, "journeys"_a, "pipeline"_a, "threads"_a,
          py::call_guard<Unlocked>());
    m.def("find_states_of_items", &funnel::find_states_of_items, "journeys"_a, "pipeline"_a, "threads"_a,
          py::call_guard<Unlocked>());
    m.def(
        "find_states_of_chosen",
        [](const Journeys& journeys, const Pipeline& pipeline, const Array<std::uint32_t>& items,
           unsigned threads) {
            const std::span<const std::uint32_t> chosen = as_span(items);
            const Unlocked unlocked;
            return funnel::find_states_of_chosen(journeys, pipeline, chosen, threads);
        },
        "journeys"_a, "pipeline"_a, "items"_a.noconvert(), "threads"_a);
    m.def(
        "find_states_of_flagged",
        [](const Journeys& journeys, const Pipeline& pipeline, const Array<std::uint8_t>& is_flagged,
           unsigned threads) -> std::optional<std::pair<funnel::ItemStates, funnel::ItemStates>> {
            const std::span<const std::uint8_t> flags = as_span(is_flagged);
            const Unlocked unlocked;
            auto found = funnel::find_states_of_flagged(journeys, pipeline, flags, threads);
            if (!found) return std::nullopt;
            return std::pair(std::move(found->all), std::move(found->flagged));
        },
        "journeys"_a, "pipeline"_a, "is_flagged"_a.noconvert(), "threads"_a);
    m.def(
        "states_of_chosen",
        [](const funnel::ItemStates& all, const Array<std::uint32_t>& items, unsigned threads) {
            const std::span<const std::uint32_t> chosen = as_span(items);
            const Unlocked unlocked;
            return funnel::states_of_chosen(all, chosen, threads);
        },
        "all"_a, "items"_a.noconvert(), "threads"_a);
    m.def("count_funnel", &count, "journeys"_a, "pipeline"_a, "kind"_a, "lost_then_won"_a,
          "group"_a.noconvert().none(true), "n_groups"_a, "amount"_a.noconvert().none(true), "threads"_a);
    m.def("count_funnels", &count_several, "pipeline"_a, "kinds"_a, "group"_a.noconvert().none(true),
          "n_groups"_a, "amount"_a.noconvert().none(true), "threads"_a, "item_states"_a);
    m.def("count_trend", &trend, "journeys"_a, "pipeline"_a, "kind"_a, "lost_then_won"_a,
          "group"_a.noconvert().none(true), "n_groups"_a, "amount"_a.noconvert().none(true),
          "bounds"_a.noconvert(), "as_of"_a, "elsewhere"_a.noconvert(), "moved_out"_a, "threads"_a);
    m.def("periods_of_items", &item_periods, "journeys"_a, "pipeline"_a, "basis"_a, "bounds"_a.noconvert(),
          "threads"_a);

    py::native_enum<funnel::RowAt>(m, "RowAt", "enum.Enum")
        .value("first", funnel::RowAt::first)
        .value("last", funnel::RowAt::last)
        .finalize();
    m.def("count_entries", &entries, "journeys"_a, "pipeline"_a, "kind"_a, "lost_then_won"_a, "whole"_a,
          "group"_a.noconvert(), "n_groups"_a, "amount"_a.noconvert().none(true), "threads"_a);
    m.def("values_of_rows", &values<std::int32_t>, "column"_a.noconvert(), "rows"_a.noconvert(), "threads"_a);
    m.def("values_of_rows", &values<std::int64_t>, "column"_a.noconvert(), "rows"_a.noconvert(), "threads"_a);
    m.def("values_of_rows", &values<std::uint8_t>, "column"_a.noconvert(), "rows"_a.noconvert(), "threads"_a);
    m.def("values_of_rows", &values<double>, "column"_a.noconvert(), "rows"_a.noconvert(), "threads"_a);
    m.def("rows_of_items", &item_rows, "journeys"_a, "pipeline"_a, "whole"_a, "at"_a, "threads"_a);

    py::class_<funnel::OriginCounts>(m, "OriginCounts")
        .def_readonly("deals", &funnel::OriginCounts::deals)
        .def_property_readonly("converted", list_of<&funnel::OriginCounts::converted>())
        .def_property_readonly("moved_out", list_of<&funnel::OriginCounts::moved_out>())
        .def_property_readonly("is_counted", array_of<&funnel::OriginCounts::is_counted>());
    m.def("count_origin", &origin, "leads"_a, "lead_pipeline"_a, "deals"_a, "deal_pipeline"_a,
          "moved_deals"_a.noconvert().none(true), "lead"_a.noconvert(), "deal"_a.noconvert(), "kind"_a,
          "lost_then_won"_a, "group"_a.noconvert().none(true), "n_groups"_a,
          "amount"_a.noconvert().none(true), "threads"_a);
    bind_outcome_amounts(m);
}

}  // namespace stagefunnel::bindings
