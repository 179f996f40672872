#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>
#include <vector>

#include "stagefunnel/journeys/lookup.hpp"

namespace stagefunnel::journeys {

namespace {

/// Does what `items_by_first_row` does for few items of many rows, in memory of the items alone.
std::vector<std::uint32_t> sorted_by_first_row(const Journeys& journeys) {
    std::vector<std::uint32_t> items(journeys.n_items());
    std::iota(items.begin(), items.end(), 0U);
    std::sort(items.begin(), items.end(), [&](std::uint32_t a, std::uint32_t b) {
        return std::pair{journeys.first_row[a], a} < std::pair{journeys.first_row[b], b};
    });
    return items;
}

}  // namespace

std::vector<std::uint32_t> items_by_first_row(const Journeys& journeys) {
    // First rows are distinct, so the place of an item is the rank of its first row in a bit vector that
    // marks all first rows (G. Jacobson, "Space-efficient static trees and graphs", 1989). The bits fit a
    // cache where the rows, or a sort, would not.
    struct RankedWord {
        std::uint64_t bits = 0;
        std::uint32_t before = 0;  // number of bits set in all words before this one
    };
    const auto last = std::max_element(journeys.first_row.begin(), journeys.first_row.end());
    const std::size_t n_words = last == journeys.first_row.end() ? 0 : *last / 64 + std::size_t{1};
    constexpr std::size_t kWordsOfAnItem = 4;
    if (n_words > kWordsOfAnItem * journeys.n_items() + 1024) return sorted_by_first_row(journeys);
    std::vector<RankedWord> words(n_words);
    for (const std::uint32_t row : journeys.first_row) words[row / 64].bits |= std::uint64_t{1} << (row % 64);
    std::uint32_t before = 0;
    for (RankedWord& word : words) {
        word.before = before;
        before += static_cast<std::uint32_t>(std::popcount(word.bits));
    }
    std::vector<std::uint32_t> items(journeys.n_items());
    for (std::size_t item = 0; item < items.size(); ++item) {
        const std::uint32_t row = journeys.first_row[item];
        const RankedWord& word = words[row / 64];
        const std::uint64_t lower = word.bits & ((std::uint64_t{1} << (row % 64)) - 1);
        items[word.before + static_cast<std::uint32_t>(std::popcount(lower))] =
            static_cast<std::uint32_t>(item);
    }
    return items;
}

}  // namespace stagefunnel::journeys
