#include "counts/checks.hpp"

#include <algorithm>
#include <stdexcept>

namespace stagefunnel::counts {
namespace {

void check_rules(const Block& block) {
    for (std::size_t i = 0; i < block.rules.size(); ++i) {
        const bool follows_whole = i > 0 && block.rules[i - 1] == Rule::whole;
        if ((block.rules[i] == Rule::fraction) != follows_whole)
            throw std::invalid_argument("a sum has a whole and a fraction");
    }
    if (!block.rules.empty() && block.rules.back() == Rule::whole)
        throw std::invalid_argument("a sum has a whole and a fraction");
}

void check_samples(const Block& block) {
    if (block.bounds.empty()) {
        if (!block.lengths.empty()) throw std::invalid_argument("there are samples without bounds");
        return;
    }
    if (block.bounds.size() != block.n_rows() + 1 || block.bounds.front() != 0 ||
        block.bounds.back() != block.lengths.size() ||
        !std::is_sorted(block.bounds.begin(), block.bounds.end()))
        throw std::invalid_argument("the bounds of the samples do not fit");
    for (std::size_t row = 0; row + 1 < block.bounds.size(); ++row) {
        const auto at = [&](std::size_t i) {
            return block.lengths.begin() + static_cast<std::ptrdiff_t>(block.bounds[i]);
        };
        if (!std::is_sorted(at(row), at(row + 1))) throw std::invalid_argument("a sample does not rise");
    }
}

}  // namespace

void check_block(const Block& block, std::size_t n_labels) {
    check_rules(block);
    const std::size_t width = block.width();
    if (width == 0 ? !block.cells.empty() || block.n_rows() > 1 : block.cells.size() % width != 0)
        throw std::invalid_argument("the columns of '" + block.name + "' differ in length");
    for (std::size_t row = 0; row < block.n_rows(); ++row) {
        for (std::size_t k = 0; k < block.keys.size(); ++k) {
            const std::int64_t key = block.cells[row * width + k];
            if (block.keys[k] == Key::label && (key < 0 || static_cast<std::uint64_t>(key) >= n_labels))
                throw std::invalid_argument("a label lies out of range");
        }
    }
    check_samples(block);
}

}  // namespace stagefunnel::counts
