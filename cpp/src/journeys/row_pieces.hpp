#pragma once

// The encoded columns in pieces, as `build_journeys` reads them. Internal to the core.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/checkpoint.hpp"
#include "journeys/records.hpp"
#include "stagefunnel/columns/encode.hpp"
#include "stagefunnel/journeys/journeys.hpp"

namespace stagefunnel::journeys::inline internal {

/// Consecutive rows of the encoded columns.
struct Piece {
    const std::uint64_t* key = nullptr;
    const std::uint64_t* high = nullptr;  // null for keys of 64 bits
    const std::uint16_t* stage = nullptr;
    const std::int64_t* time = nullptr;
    std::size_t n_rows = 0;
};

/// All rows of the input. Rows are numbered from the first row of the first piece.
struct RowPieces {
    std::vector<Piece> pieces;
    KeyWidth key_width = KeyWidth::bits64;
    std::size_t n_rows = 0;
    std::size_t n_labels = 0;
    std::vector<bool> is_dropped;  // per row; empty if no row is dropped
    bool leaves_out = false;       // whether rows may have the code `kLeftOut`, which are skipped
    RowNumbers numbers = RowNumbers::forget;
    /// Frees a piece; if set, it is called with the index of each piece as soon as its rows have moved.
    std::function<void(std::size_t)> release;

    /// Returns the first row of a thread's range. Ranges cut pieces only if these are not released.
    [[nodiscard]] std::size_t range_start(std::size_t range, std::size_t n_ranges) const {
        const std::size_t wanted = n_rows * range / n_ranges;
        if (!release) return wanted;
        std::size_t start = 0;
        for (const Piece& piece : pieces) {
            if (start >= wanted) break;
            start += piece.n_rows;
        }
        return start;
    }

    [[nodiscard]] bool has_gaps() const { return leaves_out || !is_dropped.empty(); }

    /// Calls `at(piece, i, row)` for the kept rows of [first, last): row `row` is row `i` of `piece`.
    template <class At>
    void for_each(std::size_t first, std::size_t last, At at) const {
        for_each_piece(first, last, [&](std::size_t p, std::size_t start, std::size_t from, std::size_t to) {
            const Piece piece = pieces[p];
            if (!has_gaps()) {
                in_blocks(from, to, [&](std::size_t begin, std::size_t end) {
                    for (std::size_t row = begin; row < end; ++row) at(piece, row - start, row);
                });
                return;
            }
            // Kept rows are listed first, because a branch on each row cannot be predicted.
            std::array<std::size_t, 1024> kept;
            for (; from < to; from += kept.size()) {
                checkpoint();
                std::size_t n = 0;
                for (std::size_t row = from; row < std::min(to, from + kept.size()); ++row) {
                    kept[n] = row;
                    n += static_cast<std::size_t>(keeps(piece, row - start, row));
                }
                for (std::size_t i = 0; i < n; ++i) at(piece, kept[i] - start, kept[i]);
            }
        });
    }

    /// Calls `at(p, start, from, to)` for every piece with rows in [first, last): piece `p` starts at row
    /// `start` and contributes the rows [from, to).
    template <class At>
    void for_each_piece(std::size_t first, std::size_t last, At at) const {
        std::size_t start = 0;
        for (std::size_t p = 0; p < pieces.size() && start < last; start += pieces[p++].n_rows) {
            const std::size_t from = std::max(first, start), to = std::min(last, start + pieces[p].n_rows);
            if (from < to) at(p, start, from, to);
        }
    }

  private:
    [[nodiscard]] bool keeps(const Piece& piece, std::size_t i, std::size_t row) const {
        if (!is_dropped.empty() && is_dropped[row]) return false;
        return !leaves_out || piece.stage[i] != columns::kLeftOut;
    }
};

/// Builds journeys as the public `build_journeys` does. If pieces are released, the memory of the journeys
/// becomes resident only as they are.
[[nodiscard]] Journeys build_journeys(const RowPieces& rows, const columns::RowOrder& order,
                                      unsigned threads);

}  // namespace stagefunnel::journeys::inline internal
