#pragma once

// Reading the durations of completed visits off the journeys. Internal to the core.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "set_counts.hpp"
#include "stage_buffers.hpp"
#include "stagefunnel/durations.hpp"
#include "visits.hpp"

namespace stagefunnel {

/// Unsigned: the distance of two int64 times may exceed int64 itself.
inline std::uint64_t time_between(std::int64_t start, std::int64_t end) {
    return static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(start);
}

template <Per kPer>
void combine(std::uint64_t& with, std::uint64_t duration) {
    with = kPer == Per::item ? with + duration : std::max(with, duration);
}

/// Reads a pipeline of up to 64 rows: the stages of an item are the bits of one word.
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
        for (std::size_t item = first; item < last; ++item) {
            read_item(codes, journeys.time.data(), journeys.offsets[item], journeys.offsets[item + 1]);
        }
    }

    /// Hands over what the buffers still hold.
    std::vector<VisitCounts> finish() {
        buffers_.flush();
        const std::vector<std::int64_t> items = items_.by_stage();
        for (std::size_t row = 0; row < counts_.size(); ++row) {
            counts_[row].items = items[row];
            counts_[row].visits = counts_[row].completed + counts_[row].open;
        }
        return std::move(counts_);
    }

  private:
    static constexpr std::uint8_t kUnlisted = 64;

    template <class Code>
    void read_item(const Code* codes, const std::int64_t* times, std::size_t i, std::size_t end) {
        while (i < end && row_of_code_[codes[i]] == kUnlisted) ++i;
        if (i == end) return;
        std::size_t stage = row_of_code_[codes[i]];
        std::int64_t start = times[i];
        std::uint64_t visited = std::uint64_t{1} << stage, sampled = 0;
        for (++i; i < end; ++i) {
            const std::size_t listed = row_of_code_[codes[i]];
            const std::size_t next = listed == kUnlisted ? stage : listed;
            const std::int64_t now = times[i];
            const bool leaves = next != stage;
            if constexpr (kPer == Per::visit) {
                // Whether a stage is repeated cannot be predicted: all rows are handled alike.
                buffers_.append(stage, time_between(start, now), leaves);
                counts_[stage].completed += static_cast<std::int64_t>(leaves);
            } else if (leaves) {
                ++counts_[stage].completed;
                const std::uint64_t bit = std::uint64_t{1} << stage;
                if ((sampled & bit) == 0) {
                    buffers_.append(stage, time_between(start, now), true);
                } else {
                    combine<kPer>(buffers_.last(stage), time_between(start, now));
                }
                sampled |= bit;
            }
            visited |= std::uint64_t{1} << next;
            start = leaves ? now : start;
            stage = next;
        }
        ++counts_[stage].open;
        items_.add(visited);
    }

    std::vector<VisitCounts> counts_;
    SetCounts items_;
    std::vector<std::uint8_t> row_of_code_;
    StageBuffers<Sink> buffers_;
};

/// Reads a pipeline of any number of rows.
template <Per kPer, class Sink>
class ManyStages {
  public:
    ManyStages(const Pipeline& pipeline, std::size_t /*n_codes*/, Sink& sink)
        : row_of_code_(pipeline.row_of_code()),
          counts_(static_cast<std::size_t>(pipeline.n_rows())),
          last_item_(counts_.size(), kNoItem),
          sampled_item_(counts_.size(), kNoItem),
          buffers_(counts_.size(), sink) {}

    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last) {
        for (std::size_t item = first; item < last; ++item) {
            std::size_t stage = kNoStage;
            std::int64_t start = 0;
            for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1], row_of_code_,
                           [&](std::int32_t row, std::size_t i) {
                               const std::int64_t now = journeys.time[i];
                               if (stage != kNoStage) complete(item, stage, time_between(start, now));
                               stage = static_cast<std::size_t>(row);
                               start = now;
                               ++counts_[stage].visits;
                               counts_[stage].items += static_cast<std::int64_t>(last_item_[stage] != item);
                               last_item_[stage] = item;
                           });
            if (stage != kNoStage) ++counts_[stage].open;
        }
    }

    std::vector<VisitCounts> finish() {
        buffers_.flush();
        return std::move(counts_);
    }

  private:
    static constexpr std::size_t kNoItem = ~std::size_t{0}, kNoStage = kNoItem;

    void complete(std::size_t item, std::size_t stage, std::uint64_t duration) {
        ++counts_[stage].completed;
        if (kPer == Per::visit || sampled_item_[stage] != item) {
            buffers_.append(stage, duration, true);
        } else {
            combine<kPer>(buffers_.last(stage), duration);
        }
        sampled_item_[stage] = item;
    }

    const std::int32_t* row_of_code_;
    std::vector<VisitCounts> counts_;
    std::vector<std::size_t> last_item_;     // last item that entered the stage
    std::vector<std::size_t> sampled_item_;  // item of the last duration of the stage
    StageBuffers<Sink> buffers_;
};

/// Lets `with` read items into the sink by the one of the two readers that fits the pipeline.
template <class Sink, class With>
decltype(auto) with_reader(const Journeys& journeys, const Pipeline& pipeline, Per per, Sink& sink,
                           With&& with) {
    const auto of_kind = [&]<Per kPer>() {
        const std::size_t n_codes = journeys.n_labels + 1;
        if (pipeline.n_rows() <= static_cast<std::int32_t>(kWordBits)) {
            return with(FewStages<kPer, Sink>(pipeline, n_codes, sink));
        }
        return with(ManyStages<kPer, Sink>(pipeline, n_codes, sink));
    };
    switch (per) {
        case Per::visit:
            return of_kind.template operator()<Per::visit>();
        case Per::item:
            return of_kind.template operator()<Per::item>();
        case Per::longest:
            break;
    }
    return of_kind.template operator()<Per::longest>();
}

}  // namespace stagefunnel
