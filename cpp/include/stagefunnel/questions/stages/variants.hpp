#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/base/memory.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::stages {

/// The variants of a log's journeys: items whose visits are of the same stages in the same order share one.
///
/// Variants are numbered by their first items in the journeys.
struct Variants {
    static constexpr std::uint32_t kNone = ~std::uint32_t{0};

    LargeVector<std::uint32_t> of_item;  // variant of each item; kNone for an item without a listed row
    std::vector<std::uint32_t> example;  // the first item of each variant
};

/// Finds the variant of every item, in one pass over the journeys and one over the items.
[[nodiscard]] Variants find_variants(const Journeys& journeys, const Pipeline& pipeline, unsigned threads);

/// Returns the stages that an item visited, in order, as rows of the pipeline.
[[nodiscard]] std::vector<std::int32_t> stages_visited(const Journeys& journeys, const Pipeline& pipeline,
                                                       std::size_t item);

/// Chooses the most frequent variants of each group: of those with as many items the one whose stages come
/// first in the pipeline's order, stage by stage; a journey comes before those that go on from it.
///
/// @param variant variants of each group, one group after another.
/// @param items number of items of each of these.
/// @param bounds n_groups + 1 places in `variant`: group g has [bounds[g], bounds[g + 1]).
/// @param top the most that are chosen of a group.
/// @return places in `variant`, group after group, the most frequent first.
/// @throws std::invalid_argument if `variant` and `items` are not of one size, or a variant or a bound is out
///     of range.
[[nodiscard]] std::vector<std::uint64_t> most_frequent(const Journeys& journeys, const Pipeline& pipeline,
                                                       const Variants& variants,
                                                       std::span<const std::uint32_t> variant,
                                                       std::span<const std::int64_t> items,
                                                       std::span<const std::int64_t> bounds, std::size_t top);

}  // namespace stagefunnel::stages
