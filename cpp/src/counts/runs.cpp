#include "counts/runs.hpp"

#include <algorithm>
#include <utility>

#include "stagefunnel/counts/counts.hpp"

namespace stagefunnel::counts {
namespace {

/// Merges two runs. Which of them is next is a coin toss, so it is chosen without a branch: a wrong guess of
/// the processor would cost more than all else.
std::uint64_t* merge_two(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b,
                         std::uint64_t* out) {
    std::size_t i = 0, j = 0;
    while (i < a.size() && j < b.size()) {
        const std::uint64_t one = a[i], other = b[j];
        const bool takes_other = other < one;
        *out++ = takes_other ? other : one;
        j += static_cast<std::size_t>(takes_other);
        i += static_cast<std::size_t>(!takes_other);
    }
    out = std::copy(a.begin() + static_cast<std::ptrdiff_t>(i), a.end(), out);
    return std::copy(b.begin() + static_cast<std::ptrdiff_t>(j), b.end(), out);
}

}  // namespace

void merge_runs(std::span<std::uint64_t> values, std::vector<std::size_t> ends) {
    if (ends.size() < 2) return;
    LargeVector<std::uint64_t> room(values.size());
    std::span<std::uint64_t> from = values, to(room);
    while (ends.size() > 1) {
        std::vector<std::size_t> longer;
        std::size_t begin = 0;
        std::uint64_t* out = to.data();
        for (std::size_t run = 0; run < ends.size(); run += 2) {
            const std::size_t middle = ends[run], end = ends[std::min(run + 1, ends.size() - 1)];
            out = merge_two(from.subspan(begin, middle - begin), from.subspan(middle, end - middle), out);
            longer.push_back(end);
            begin = end;
        }
        ends = std::move(longer);
        std::swap(from, to);
    }
    if (from.data() != values.data()) std::copy(from.begin(), from.end(), values.begin());
}

}  // namespace stagefunnel::counts
