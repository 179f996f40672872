#include "stagefunnel/journeys/working_time.hpp"

#include <bit>
#include <stdexcept>

#include "base/parallel.hpp"

namespace stagefunnel::journeys {
namespace {

constexpr std::size_t kStretchesPerSpan = 4;

void check(const WorkingSpans& spans) {
    if (spans.begin.size() != spans.end.size())
        throw std::invalid_argument("working spans need as many ends as begins");
    if (!spans.before.empty() && spans.before.size() != spans.begin.size())
        throw std::invalid_argument("the working time before spans must be one per span");
    for (std::size_t i = 0; i < spans.begin.size(); ++i) {
        if (spans.end[i] < spans.begin[i] || (i > 0 && spans.begin[i] < spans.end[i - 1]))
            throw std::invalid_argument("working spans overlap or do not rise");
    }
}

/// Finds the shift of stretches of which there are about four to each span.
unsigned shift_for(std::uint64_t whole, std::size_t n_spans) {
    const std::uint64_t width = whole / (kStretchesPerSpan * n_spans) + 1;
    return static_cast<unsigned>(std::bit_width(width)) - 1;
}

/// Copies what the rows of journeys are, but for their times.
Journeys without_times(const Journeys& journeys) {
    Journeys copied;
    copied.offsets = journeys.offsets;
    copied.stage = journeys.stage;
    copied.first_row = journeys.first_row;
    copied.n_labels = journeys.n_labels;
    return copied;
}

}  // namespace

WorkingClock::WorkingClock(const WorkingSpans& spans) : begin_(spans.begin.begin(), spans.begin.end()) {
    check(spans);
    if (begin_.empty()) return;
    for (std::size_t i = 0; i < begin_.size(); ++i) {
        if (!spans.before.empty()) {
            if (spans.before[i] < total_) throw std::invalid_argument("working time passes backwards");
            total_ = spans.before[i];
        }
        std::int64_t length = 0;
        before_.push_back(total_);
        if (__builtin_sub_overflow(spans.end[i], begin_[i], &length) ||
            __builtin_add_overflow(total_, length, &total_))
            throw std::invalid_argument("the working spans are longer than 2^63 together");
        length_.push_back(length);
    }
    last_end_ = spans.end.back();
    const std::uint64_t whole =
        static_cast<std::uint64_t>(last_end_) - static_cast<std::uint64_t>(begin_.front());
    shift_ = shift_for(whole, begin_.size());
    std::uint32_t span = 0;
    for (std::uint64_t from = 0; from <= whole >> shift_; ++from) {
        const auto time =
            static_cast<std::int64_t>(static_cast<std::uint64_t>(begin_.front()) + (from << shift_));
        while (span + 1 < begin_.size() && begin_[span + 1] <= time) ++span;
        first_of_stretch_.push_back(span);
    }
}

LargeVector<std::int64_t> working_times(std::span<const std::int64_t> times, const WorkingSpans& spans,
                                        unsigned threads) {
    const WorkingClock clock(spans);
    LargeVector<std::int64_t> worked(times.size());
    parallel_for(times.size(), threads, [&](std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) worked[i] = clock.at(times[i]);
    });
    return worked;
}

Journeys with_times(const Journeys& journeys, std::span<const std::int64_t> times) {
    if (times.size() != journeys.n_rows()) throw std::invalid_argument("times must be one per row");
    Journeys timed = without_times(journeys);
    timed.time.assign(times.begin(), times.end());
    return timed;
}

Journeys in_working_time(const Journeys& journeys, const WorkingSpans& spans, unsigned threads) {
    Journeys worked = without_times(journeys);
    worked.time = working_times(journeys.time, spans, threads);
    return worked;
}

}  // namespace stagefunnel::journeys
