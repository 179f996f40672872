#include <algorithm>
#include <stdexcept>

#include "stagefunnel/journeys/lookup.hpp"

namespace stagefunnel::journeys {

LargeVector<std::uint32_t> flagged_items(std::span<const std::int64_t> row,
                                         std::span<const std::uint8_t> flags, bool without) {
    const std::int64_t highest = row.empty() ? -1 : *std::max_element(row.begin(), row.end());
    if (highest >= static_cast<std::int64_t>(flags.size()))
        throw std::invalid_argument("a row lies outside the table");
    LargeVector<std::uint32_t> items(row.size());
    // Without a branch: no processor foresees which items are flagged. The flag before the first row is that of
    // an item without a row.
    LargeVector<std::uint8_t> of_row(flags.size() + 1);
    of_row[0] = without ? 1 : 0;
    std::transform(flags.begin(), flags.end(), of_row.begin() + 1,
                   [](std::uint8_t flag) { return std::uint8_t{flag != 0}; });
    std::size_t n = 0;
    for (std::size_t item = 0; item < row.size(); ++item) {
        items[n] = static_cast<std::uint32_t>(item);
        n += of_row[static_cast<std::size_t>(std::max<std::int64_t>(row[item], -1) + 1)];
    }
    items.resize(n);
    return items;
}

}  // namespace stagefunnel::journeys
