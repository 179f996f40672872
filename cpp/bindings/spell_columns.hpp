#pragma once

// Columns of spells that are read where NumPy holds them, whatever their type.

#include <optional>
#include <span>
#include <type_traits>
#include <variant>

#include "arrays.hpp"
#include "stagefunnel/stats/spell_counts.hpp"
#include "unlocked.hpp"

namespace stagefunnel::bindings::stats_calls {

/// Shows an array as the one of a column's types that it has.
template <class... T>
std::variant<std::span<const T>...> column_of(const py::array& array,
                                              std::type_identity<std::variant<std::span<const T>...>>) {
    std::optional<std::variant<std::span<const T>...>> column;
    const auto take = [&]<class Type>(std::type_identity<Type>) {
        if (py::isinstance<Array<Type>>(array)) column = bindings::as_span(Array<Type>(array));
    };
    (take(std::type_identity<T>{}), ...);
    if (!column) throw py::type_error("an array of spells has an unexpected type");
    return *column;
}

inline std::optional<stats::SpellCounts> count_spells(
    const py::array& exit, const std::optional<py::array>& entry, const py::array& cause,
    const std::optional<py::array>& group, std::int32_t n_causes, std::int32_t n_groups, std::int64_t unit) {
    constexpr std::type_identity<stats::TimeColumn> times;
    constexpr std::type_identity<stats::CodeColumn> codes;
    stats::SpellColumns spells{.exit = column_of(exit, times),
                               .entry = std::nullopt,
                               .cause = column_of(cause, codes),
                               .group = std::nullopt,
                               .n_causes = n_causes,
                               .n_groups = n_groups,
                               .unit = unit};
    if (entry) spells.entry = column_of(*entry, times);
    if (group) spells.group = column_of(*group, codes);
    const Unlocked unlocked;
    return stats::count_spells(spells);
}

}  // namespace stagefunnel::bindings::stats_calls
