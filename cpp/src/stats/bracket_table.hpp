#pragma once

// Finding the values that may lie in a bracket. Internal to the core.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stagefunnel::stats::inline internal {

/// A range of values, both ends included.
struct Bounds {
    std::uint64_t low = 0;
    std::uint64_t high = ~std::uint64_t{0};
};

/// A lookup table by the upper bits of a value. Most values certainly lie in a gap between two brackets and
/// are only counted there; this costs the same for any number of brackets.
class BracketTable {
  public:
    static constexpr std::size_t kMostBrackets = 5;
    /// The most values that `split` takes at once.
    static constexpr std::size_t kChunk = 2048;

    /// @param brackets disjoint and rising; at least one and at most `kMostBrackets`.
    explicit BracketTable(std::span<const Bounds> brackets) {
        const auto bits = static_cast<unsigned>(std::bit_width(brackets.back().high));
        shift_ = bits > kCellBits ? bits - kCellBits : 0;
        for (std::size_t cell = 0; cell < kCells; ++cell) {
            const std::uint64_t low = std::uint64_t{cell} << shift_;
            const std::uint64_t high = low + ((std::uint64_t{1} << shift_) - 1);
            // The first bracket that does not lie below the whole cell.
            const auto next = std::find_if(brackets.begin(), brackets.end(),
                                           [&](const Bounds& bounds) { return bounds.high >= low; });
            if (next == brackets.end()) continue;
            const auto gap = static_cast<std::size_t>(next - brackets.begin());
            meaning_[cell] = next->low <= high ? kNear : std::uint64_t{1} << (gap * kLaneBits);
        }
    }

    /// A chunk whose values are copied or counted.
    struct Split {
        std::size_t n_near = 0;  // number of values that are copied
        std::uint64_t gaps = 0;  // number of values in each gap, in lanes of `kLaneBits`

        /// Returns the number of values that certainly lie between a bracket and the bracket before it.
        [[nodiscard]] std::uint64_t in_gap_below(std::size_t bracket) const {
            return (gaps >> (bracket * kLaneBits)) & ((std::uint64_t{1} << kLaneBits) - 1);
        }
    };

    /// Copies the values that may lie in a bracket to `near`, which has room for the whole chunk, and counts
    /// the others by gap.
    [[nodiscard]] Split split(std::span<const std::uint64_t> chunk, std::uint64_t* near) const {
        Split result;
        for (const std::uint64_t value : chunk) {
            const std::uint64_t meaning = meaning_[std::min<std::uint64_t>(value >> shift_, kCells)];
            near[result.n_near] = value;
            result.n_near += static_cast<std::size_t>(meaning >> 63U);
            result.gaps += meaning;
        }
        return result;
    }

  private:
    static constexpr unsigned kCellBits = 9, kLaneBits = 12;
    static constexpr std::size_t kCells = std::size_t{1} << kCellBits;
    static constexpr std::uint64_t kNear = std::uint64_t{1} << 63U;
    static_assert(kMostBrackets * kLaneBits < 63 && kChunk < (std::size_t{1} << kLaneBits));

    // For each cell: a one in the lane of its gap, `kNear` if it overlaps a bracket, or zero above all
    // brackets. The last cell stands for all higher values.
    std::array<std::uint64_t, kCells + 1> meaning_{};
    unsigned shift_ = 0;
};

}  // namespace stagefunnel::stats::inline internal
