#pragma once

// Reads the durations of completed visits from the journeys. Internal to the core.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/time_distance.hpp"
#include "scan/stage_set.hpp"
#include "scan/stays.hpp"
#include "scan/visits.hpp"
#include "stagefunnel/questions/durations/durations.hpp"
#include "stats/stage_buffers.hpp"

namespace stagefunnel::durations::inline internal {

/// Combines two durations of one item in one stage.
template <Per kPer>
void combine(std::uint64_t& with, std::uint64_t duration) {
    with = kPer == Per::item ? with + duration : std::max(with, duration);
}

/// Counts for each stage the items that visited it: a positional population count of words with one bit per
/// stage.
///
/// Each word is split into parts of 11 bits, and each part adds to a histogram: one step per part instead of
/// one per stage. The operation and its name are those of M. D. R. Klarqvist, W. Muła and D. Lemire,
/// "Efficient Computation of Positional Population Counts Using SIMD Instructions", 2019, arXiv:1911.02696.
class SetCounts {
  public:
    explicit SetCounts(std::size_t n_rows)
        : n_rows_(n_rows), counts_((n_rows + kPartBits - 1) / kPartBits * kPart, 0) {}

    void add(std::uint64_t stages) {
        for (std::size_t at = 0; at < counts_.size(); at += kPart, stages >>= kPartBits) {
            ++counts_[at + (stages & (kPart - 1))];
        }
    }

    /// The number of sets that contain each stage.
    [[nodiscard]] std::vector<std::int64_t> by_stage() const {
        std::vector<std::int64_t> out(n_rows_, 0);
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            scan::for_each_bit(i % kPart, 0, [&](std::ptrdiff_t bit) {
                if (counts_[i] > 0) out[i / kPart * kPartBits + static_cast<std::size_t>(bit)] += counts_[i];
            });
        }
        return out;
    }

  private:
    static constexpr std::size_t kPartBits = 11;  // 8 KiB of counts per part
    static constexpr std::size_t kPart = std::size_t{1} << kPartBits;

    std::size_t n_rows_;
    std::vector<std::uint32_t> counts_;
};

/// Reads items under a pipeline of up to 64 rows: the stages of an item are the bits of one word.
template <Per kPer, class Sink>
class FewStages {
  public:
    FewStages(const Pipeline& pipeline, std::size_t n_codes, Sink& sink)
        : counts_(static_cast<std::size_t>(pipeline.n_rows())),
          items_(counts_.size()),
          buffers_(counts_.size(), sink) {
        for (std::size_t code = 0; code < n_codes; ++code) {
            const std::int32_t row = pipeline.row_of_code()[code];
            row_of_code_.push_back(row == Pipeline::kUnlisted ? kUnlisted : static_cast<std::uint8_t>(row));
        }
    }

    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last) {
        const std::int64_t* times = journeys.time.data();
        for (std::size_t item = first; item < last; ++item) {
            std::size_t i = journeys.offsets[item];
            const std::size_t end = journeys.offsets[item + 1];
            while (i < end && row_of_code_[codes[i]] == kUnlisted) ++i;
            if (i == end) continue;
            CurrentVisit current{row_of_code_[codes[i]], times[i],
                                 std::uint64_t{1} << row_of_code_[codes[i]]};
            ++i;
            current = kPer == Per::visit ? put(current, codes, times, i, end)
                                         : add_up(current, codes, times, i, end);
            ++counts_[current.stage].open;
            items_.add(current.visited);
        }
    }

    /// Hands over the durations that the buffers still hold, and returns the counts.
    std::vector<VisitCounts> finish() {
        buffers_.flush();
        const std::vector<std::int64_t> items = items_.by_stage();
        for (std::size_t row = 0; row < counts_.size(); ++row) {
            if (kPer == Per::visit) counts_[row].completed = buffers_.handed_over(row);
            counts_[row].items = items[row];
            counts_[row].visits = counts_[row].completed + counts_[row].open;
        }
        return std::move(counts_);
    }

  private:
    static constexpr std::uint8_t kUnlisted = 64;

    /// The visit that an item is in after the rows so far, and the stages that it has visited.
    struct CurrentVisit {
        std::size_t stage;
        std::int64_t start;     // time of the visit's first row
        std::uint64_t visited;  // one bit per stage
    };

    /// Reads rows and calls `leave(stage, duration, leaves)` for each, where `leaves` is 1 if a visit ends
    /// and else 0.
    template <class Code, class Leave>
    CurrentVisit walk(CurrentVisit current, const Code* codes, const std::int64_t* times, std::size_t i,
                      std::size_t end, Leave leave) const {
        const std::uint8_t* row_of_code = row_of_code_.data();
        for (; i < end; ++i) {
            // No processor can predict whether a row is listed or repeats its stage. So all rows are handled
            // alike, by arithmetic, because compilers turn conditional expressions into branches.
            const std::size_t row = row_of_code[codes[i]];
            const std::size_t next = row ^ ((row ^ current.stage) & (0 - (row / kUnlisted)));
            const auto leaves = static_cast<std::size_t>(next != current.stage);
            const std::uint64_t duration = distance(current.start, times[i]);
            leave(current.stage, duration, leaves);
            current.start = time_after(current.start, duration & (0 - leaves));
            current.stage = next;
            current.visited |= std::uint64_t{1} << next;
        }
        return current;
    }

    /// Puts the durations of an item's visits into the buffers.
    template <class Code>
    CurrentVisit put(CurrentVisit current, const Code* codes, const std::int64_t* times, std::size_t i,
                     std::size_t end) {
        while (i < end) {
            if (room_ == 0) room_ = buffers_.make_room();
            const std::size_t stop = i + std::min(room_, end - i);
            room_ -= stop - i;
            const auto [values, next_place] = buffers_.places();
            current = walk(current, codes, times, i, stop,
                           [values = values, next_place = next_place](
                               std::size_t stage, std::uint64_t duration, std::size_t leaves) {
                               const std::size_t place = next_place[stage];
                               values[place] = duration;
                               next_place[stage] = place + leaves;
                           });
            i = stop;
        }
        return current;
    }

    /// Puts one duration into the buffers for each stage that the item left.
    template <class Code>
    CurrentVisit add_up(CurrentVisit current, const Code* codes, const std::int64_t* times, std::size_t i,
                        std::size_t end) {
        std::uint64_t left = 0;
        current = walk(current, codes, times, i, end,
                       [&left, combined = combined_.data(), counts = counts_.data()](
                           std::size_t stage, std::uint64_t duration, std::size_t leaves) {
                           combine<kPer>(combined[stage], duration & (0 - leaves));
                           counts[stage].completed += static_cast<std::int64_t>(leaves);
                           left |= leaves << stage;
                       });
        scan::for_each_bit(left, 0, [&](std::ptrdiff_t bit) {
            const auto stage = static_cast<std::size_t>(bit);
            buffers_.append(stage, std::exchange(combined_[stage], 0));
        });
        return current;
    }

    std::vector<VisitCounts> counts_;
    SetCounts items_;
    stats::StageBuffers<1024, Sink> buffers_;
    std::vector<std::uint8_t> row_of_code_;
    std::size_t room_ = 0;
    std::array<std::uint64_t, scan::kWordBits> combined_{};  // one item's duration in each stage
};

inline constexpr std::size_t kNoItem = ~std::size_t{0};

/// The durations of items that are read one after another: one for each visit, or one for each item and
/// stage.
template <Per kPer, class Sink>
class Samples {
  public:
    Samples(std::size_t n_stages, Sink& sink) : sampled_item_(n_stages, kNoItem), buffers_(n_stages, sink) {}

    void add(std::size_t item, std::size_t stage, std::uint64_t duration) {
        if (kPer == Per::visit || sampled_item_[stage] != item) {
            buffers_.append(stage, duration);
        } else {
            combine<kPer>(buffers_.last(stage), duration);
        }
        sampled_item_[stage] = item;
    }

    void flush() { buffers_.flush(); }

  private:
    std::vector<std::size_t> sampled_item_;  // item of the last duration of each stage
    stats::StageBuffers<16, Sink> buffers_;
};

/// Reads items under a pipeline of any number of rows.
template <Per kPer, class Sink>
class ManyStages {
  public:
    ManyStages(const Pipeline& pipeline, std::size_t /*n_codes*/, Sink& sink)
        : row_of_code_(pipeline.row_of_code()),
          counts_(static_cast<std::size_t>(pipeline.n_rows())),
          last_item_(counts_.size(), kNoItem),
          samples_(counts_.size(), sink) {}

    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last) {
        const std::int64_t* times = journeys.time.data();
        for (std::size_t item = first; item < last; ++item) {
            std::size_t stage = kNoStage;
            std::int64_t start = 0;
            scan::for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1], row_of_code_,
                                 [&](std::int32_t row, std::size_t i) {
                                     const std::int64_t now = times[i];
                                     if (stage != kNoStage) complete(item, stage, distance(start, now));
                                     stage = static_cast<std::size_t>(row);
                                     start = now;
                                     ++counts_[stage].visits;
                                     counts_[stage].items +=
                                         static_cast<std::int64_t>(last_item_[stage] != item);
                                     last_item_[stage] = item;
                                 });
            if (stage != kNoStage) ++counts_[stage].open;
        }
    }

    std::vector<VisitCounts> finish() {
        samples_.flush();
        return std::move(counts_);
    }

  private:
    static constexpr std::size_t kNoStage = kNoItem;

    void complete(std::size_t item, std::size_t stage, std::uint64_t duration) {
        ++counts_[stage].completed;
        samples_.add(item, stage, duration);
    }

    const std::int32_t* row_of_code_;
    std::vector<VisitCounts> counts_;
    std::vector<std::size_t> last_item_;  // last item that entered each stage
    Samples<kPer, Sink> samples_;
};

/// Reads items whose rows have marks, under a pipeline of any number of rows.
template <Per kPer, class Sink>
class MarkedStages {
  public:
    MarkedStages(const Journeys& journeys, const Pipeline& pipeline, const scan::Marks& marks, Sink& sink)
        : walker_(journeys, pipeline, marks),
          counts_(static_cast<std::size_t>(pipeline.n_rows())),
          last_item_(counts_.size(), kNoItem),
          samples_(counts_.size(), sink) {}

    template <class Code>
    void read(const Journeys& /*journeys*/, const Code* codes, std::size_t first, std::size_t last) {
        for (std::size_t item = first; item < last; ++item) {
            walker_.walk(codes, item, [&](const scan::Stay& stay) { count(item, stay); });
        }
    }

    std::vector<VisitCounts> finish() {
        samples_.flush();
        return std::move(counts_);
    }

  private:
    void count(std::size_t item, const scan::Stay& stay) {
        const auto stage = static_cast<std::size_t>(stay.row);
        VisitCounts& counts = counts_[stage];
        ++counts.visits;
        counts.items += static_cast<std::int64_t>(last_item_[stage] != item);
        last_item_[stage] = item;
        if (stay.start_unknown) {
            ++counts.start_unknown;
        } else if (stay.is_over) {
            ++counts.completed;
            samples_.add(item, stage, distance(stay.entered, stay.exited));
        } else {
            ++counts.open;
        }
    }

    scan::StayWalker walker_;
    std::vector<VisitCounts> counts_;
    std::vector<std::size_t> last_item_;  // last item that entered each stage
    Samples<kPer, Sink> samples_;
};

/// Calls `with` with the value of `per` as a constant.
template <class With>
decltype(auto) with_constant(Per per, With&& with) {
    switch (per) {
        case Per::visit:
            return with.template operator()<Per::visit>();
        case Per::item:
            return with.template operator()<Per::item>();
        case Per::longest:
            break;
    }
    return with.template operator()<Per::longest>();
}

/// Calls `with` with the reader that fits the pipeline; it reads items into the sink.
template <class Sink, class With>
decltype(auto) with_reader(const Journeys& journeys, const Pipeline& pipeline, Per per, Sink& sink,
                           With&& with) {
    const auto with_per = [&]<Per kPer>() {
        const std::size_t n_codes = journeys.n_labels + 1;
        if (pipeline.n_rows() <= static_cast<std::int32_t>(scan::kWordBits)) {
            return with(FewStages<kPer, Sink>(pipeline, n_codes, sink));
        }
        return with(ManyStages<kPer, Sink>(pipeline, n_codes, sink));
    };
    return with_constant(per, with_per);
}

/// Does the same for rows with marks.
///
/// It stands apart so that the compiler makes of the readers without marks what it made of them alone.
template <class Sink, class With>
[[gnu::noinline]] decltype(auto) with_marked_reader(const Journeys& journeys, const Pipeline& pipeline,
                                                    Per per, const scan::Marks& marks, Sink& sink,
                                                    With&& with) {
    return with_constant(
        per, [&]<Per kPer>() { return with(MarkedStages<kPer, Sink>(journeys, pipeline, marks, sink)); });
}

}  // namespace stagefunnel::durations::inline internal
