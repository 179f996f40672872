#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include "stagefunnel/base/memory.hpp"
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

/// Where a column lies: in a file, from an offset in bytes on, which is a multiple of the size of its
/// values.
struct MappedColumn {
    std::shared_ptr<const MappedFile> file;
    std::size_t offset = 0;
};

/// Where the columns of journeys lie. The members are those of `Journeys`.
struct MappedParts {
    std::size_t n_rows = 0, n_items = 0;
    MappedColumn offsets, stage, time, first_row, key;
    std::optional<MappedColumn> high;
    std::size_t stage_bytes = 1;  // 1 or 2
    std::optional<std::string> prefix;
    TextHash hash{};
    bool is_unsigned = false;
    std::size_t n_labels = 0;
    std::optional<std::pair<std::int64_t, std::int64_t>> ends;
};

/// Returns journeys that stay in the files. Nothing of them is read, so `check_journeys` has to follow before
/// a question relies on them.
///
/// @throws std::invalid_argument if a column does not lie in its file.
[[nodiscard]] Journeys mapped_journeys(const MappedParts& parts);

/// Checks what `journeys_of_parts` checks: all that the questions rely on.
///
/// @throws std::invalid_argument as it does.
void check_journeys(const Journeys& journeys);

/// Returns journeys whose rows have other stages: a code for each row, `n_labels` where it has none. The
/// items' keys are left out.
///
/// @throws std::invalid_argument if the codes are not one per row, or one lies beyond the labels.
[[nodiscard]] Journeys with_stages(const Journeys& journeys, const JourneyParts::Codes& stage,
                                   std::size_t n_labels);

/// Which values of a later column go among those of a first one, and before which of these.
struct Inserted {
    std::span<const std::int64_t> values;  // places in the later column
    std::span<const std::int64_t> before;  // places in the first column or its length, never falling
};

/// Returns the bytes of a column with values of another put among its own, which are copied in runs.
///
/// @param size bytes of a value.
/// @throws std::invalid_argument if a length is no multiple of `size`, the two lists of places differ in
/// length,
///     or a place falls or lies beyond its column.
[[nodiscard]] LargeVector<std::uint8_t> inserted(std::span<const std::uint8_t> first,
                                                 std::span<const std::uint8_t> later, const Inserted& places,
                                                 std::size_t size);

}  // namespace stagefunnel::journeys
