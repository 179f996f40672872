#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "stagefunnel/stats/risk_cells.hpp"

namespace stagefunnel::stats {

/// Times as their owner holds them.
using TimeColumn =
    std::variant<std::span<const std::int64_t>, std::span<const std::int32_t>, std::span<const double>>;

/// Codes of labels as their owner holds them: from 0, and -1 where there is no label.
using CodeColumn =
    std::variant<std::span<const std::int8_t>, std::span<const std::int16_t>, std::span<const std::int32_t>>;

/// Spells in columns that somebody else may write to meanwhile, so that each value is read once.
struct SpellColumns {
    /// An entry that is not there; so is a real one that is not a number or is -inf.
    static constexpr std::int64_t kFromStart = Spells::kFromStart;

    TimeColumn exit;
    std::optional<TimeColumn> entry;  // nothing: all are watched from the beginning
    CodeColumn cause;                 // -1: censored
    std::optional<CodeColumn> group;  // -1: in a group behind all others; nothing: there are no groups
    std::int32_t n_causes = 0;
    std::int32_t n_groups = 0;
    std::int64_t unit = 1;  // what a step of the cells is multiplied by
};

/// Such spells in cells, which have only the causes and groups that there are.
struct SpellCounts {
    RiskCells cells;
    std::vector<std::int32_t> causes;  // that ended a spell, in rising order; cells have one more if none did
    std::vector<std::int32_t> groups;  // with a spell, in rising order; `n_groups`: those without a label
    std::vector<std::int64_t> last_exit;  // by group
};

/// Counts spells in one pass.
///
/// @return Nothing where a list of them serves better, or has to say what is wrong: where the cells would be
///     many, a time is negative, a real one is not a whole number, or a spell is over before it began.
/// @throws std::invalid_argument if the columns differ in length or a code is out of range.
[[nodiscard]] std::optional<SpellCounts> count_spells(const SpellColumns& spells);

}  // namespace stagefunnel::stats
