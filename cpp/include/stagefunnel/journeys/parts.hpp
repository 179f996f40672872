#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "stagefunnel/journeys/journeys.hpp"

namespace stagefunnel::journeys {

/// The columns that journeys are made of, as a file or another process holds them. The members are those of
/// `Journeys`.
struct JourneyParts {
    using Codes = std::variant<std::span<const std::uint8_t>, std::span<const std::uint16_t>>;

    std::span<const std::uint64_t> offsets;
    Codes stage;
    std::span<const std::int64_t> time;
    std::span<const std::uint32_t> first_row;
    std::span<const std::uint64_t> key;
    std::span<const std::uint64_t> high;
    std::optional<std::string> prefix;
    TextHash hash{};
    bool is_unsigned = false;
    std::size_t n_labels = 0;
};

/// Returns journeys with copies of these columns. All that the questions rely on is checked, because a file
/// may be damaged: one pass over the rows.
///
/// @throws std::invalid_argument if the columns differ in length, an item has no row, a stage code lies
/// beyond
///     the labels, times fall inside an item, or keys are not of one form.
[[nodiscard]] Journeys journeys_of_parts(const JourneyParts& parts);

/// Returns journeys whose rows have other stages: a code for each row, `n_labels` where it has none. The
/// items' keys are left out.
///
/// @throws std::invalid_argument if the codes are not one per row, or one lies beyond the labels.
[[nodiscard]] Journeys with_stages(const Journeys& journeys, const JourneyParts::Codes& stage,
                                   std::size_t n_labels);

}  // namespace stagefunnel::journeys
