#pragma once

// Bit sets of pipeline rows. Internal to the core.

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::scan::inline internal {

inline constexpr std::size_t kWordBits = 64;

/// Returns the bits of word `w` that stand for rows below `limit`.
inline std::uint64_t bits_below(std::size_t limit, std::size_t w) {
    if (limit <= w * kWordBits) return 0;
    const std::size_t n = limit - w * kWordBits;
    return n >= kWordBits ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1;
}

/// Calls `at(row)` for every bit that is set in `word`, which is word `w` of a set.
template <class At>
void for_each_bit(std::uint64_t word, std::size_t w, At at) {
    for (; word != 0; word &= word - 1) {
        at(static_cast<std::ptrdiff_t>(w * kWordBits + static_cast<std::size_t>(std::countr_zero(word))));
    }
}

/// A set of rows of a pipeline with up to 64 rows, in one word.
class OneWordSet {
  public:
    static constexpr bool kHasRules = false;
    explicit OneWordSet(std::size_t /*n_rows*/) {}
    static constexpr std::size_t n_words() { return 1; }
    [[nodiscard]] std::uint64_t word(std::size_t) const { return word_; }
    void set(std::size_t row) { word_ |= std::uint64_t{1} << row; }
    void add(std::size_t /*w*/, std::uint64_t rows) { word_ |= rows; }
    void set_range(std::size_t begin, std::size_t end) {
        if (begin < end) word_ |= bits_below(end, 0) & ~bits_below(begin, 0);
    }
    void clear() { word_ = 0; }

  private:
    std::uint64_t word_ = 0;
};

/// A set of rows of a pipeline with any number of rows.
class ManyWordSet {
  public:
    static constexpr bool kHasRules = false;
    explicit ManyWordSet(std::size_t n_rows) : words_((n_rows + kWordBits - 1) / kWordBits, 0) {}
    [[nodiscard]] std::size_t n_words() const { return words_.size(); }
    [[nodiscard]] std::uint64_t word(std::size_t w) const { return words_[w]; }
    void add(std::size_t w, std::uint64_t rows) { words_[w] |= rows; }
    void set(std::size_t row) { words_[row / kWordBits] |= std::uint64_t{1} << (row % kWordBits); }
    void set_range(std::size_t begin, std::size_t end) {
        for (std::size_t w = begin / kWordBits; w * kWordBits < end; ++w) {
            words_[w] |= bits_below(end, w) & ~bits_below(begin, w);
        }
    }
    void clear() { std::fill(words_.begin(), words_.end(), 0); }

  private:
    std::vector<std::uint64_t> words_;
};

/// A set of rows of a pipeline with rules of single stages.
template <class StageSet>
class Ruled : public StageSet {
  public:
    using StageSet::StageSet;
    static constexpr bool kHasRules = true;
};

/// Calls `run<StageSet>()` with the type of set that can hold `n_rows` rows, with or without rules. The
/// choice is made here, once, so that a pipeline without rules does not pay for them.
template <class Run>
auto with_stage_set(std::int32_t n_rows, bool has_rules, Run run) {
    if (n_rows <= static_cast<std::int32_t>(kWordBits))
        return has_rules ? run.template operator()<Ruled<OneWordSet>>()
                         : run.template operator()<OneWordSet>();
    return has_rules ? run.template operator()<Ruled<ManyWordSet>>() : run.template operator()<ManyWordSet>();
}

template <class Run>
auto with_stage_set(const Pipeline& pipeline, Run run) {
    return with_stage_set(pipeline.n_rows(), pipeline.has_rules(), std::move(run));
}

}  // namespace stagefunnel::scan::inline internal
