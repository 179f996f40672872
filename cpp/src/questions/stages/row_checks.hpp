#pragma once

// Looks for odd rows of items. Internal to the core.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "stagefunnel/questions/stages/quality.hpp"

namespace stagefunnel::stages::inline internal {

/// Checks ranges of items in rising order, without a pipeline.
class LogChecks {
  public:
    explicit LogChecks(const Journeys& journeys)
        : missing_stage_(journeys.n_labels), seen_in_(journeys.n_labels + 1, kNever) {}

    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last) {
        const std::int64_t* const time = journeys.time.data();
        LogQuality found;
        std::size_t i = journeys.offsets[first];
        for (std::size_t item = first; item < last; ++item) {
            const std::size_t begin = i;
            std::size_t run = begin;
            for (const std::size_t end = journeys.offsets[item + 1]; i < end; ++i) {
                if (time[i] != time[run]) run = i;
                if (i > run) ++found.ties;
                if (i > begin && codes[i] == codes[i - 1] && codes[i] != missing_stage_) ++found.repeats;
                if (seen_in_[codes[i]] == run) ++found.exact_duplicates;
                seen_in_[codes[i]] = run;
            }
        }
        add(found);
    }

    void merge(const LogChecks& other) { add(other.found_); }

    [[nodiscard]] const LogQuality& found() const { return found_; }

  private:
    void add(const LogQuality& found) {
        found_.exact_duplicates += found.exact_duplicates;
        found_.repeats += found.repeats;
        found_.ties += found.ties;
    }

    static constexpr std::size_t kNever = ~std::size_t{0};

    std::size_t missing_stage_;  // the code of rows without a stage
    // For each stage code the start of the last run of equal times with a row of it: another row of that code
    // in the same run is a duplicate.
    std::vector<std::size_t> seen_in_;
    LogQuality found_;
};

/// Checks ranges of items as a pipeline reads them.
class PipelineChecks {
  public:
    explicit PipelineChecks(const Pipeline& pipeline)
        : pipeline_(pipeline), has_dates_(pipeline.has_dates()) {}

    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last) {
        for (std::size_t item = first; item < last; ++item) {
            const std::size_t begin = journeys.offsets[item], end = journeys.offsets[item + 1];
            std::size_t unlisted = 0;
            for (std::size_t i = begin; i < end; ++i) {
                unlisted += static_cast<std::size_t>(row_of(codes[i]) == Pipeline::kUnlisted);
            }
            if (unlisted == end - begin) ++found_.items_without_rows;
            if (unlisted > 0) count_bridges(codes, begin, end, unlisted);
            if (unlisted < end - begin) check_last_time(journeys.time.data(), codes, begin, end);
            if (has_dates_) count_outside_dates(journeys.time.data(), codes, begin, end);
        }
    }

    void merge(const PipelineChecks& other) {
        found_.unlisted_rows += other.found_.unlisted_rows;
        found_.bridged_visits += other.found_.bridged_visits;
        found_.items_without_rows += other.found_.items_without_rows;
        found_.ties_deciding_outcome += other.found_.ties_deciding_outcome;
        found_.rows_outside_dates += other.found_.rows_outside_dates;
    }

    [[nodiscard]] const PipelineQuality& found() const { return found_; }

  private:
    [[nodiscard]] std::int32_t row_of(std::size_t code) const { return pipeline_.row_of_code()[code]; }

    template <class Code>
    void count_bridges(const Code* codes, std::size_t begin, std::size_t end, std::size_t unlisted) {
        found_.unlisted_rows += static_cast<std::int64_t>(unlisted);
        std::int32_t last = Pipeline::kUnlisted;
        bool is_after_unlisted = false;
        for (std::size_t i = begin; i < end; ++i) {
            const std::int32_t row = row_of(codes[i]);
            const bool listed = row != Pipeline::kUnlisted;
            if (listed && is_after_unlisted && row == last) ++found_.bridged_visits;
            is_after_unlisted = !listed;
            if (listed) last = row;
        }
    }

    /// Reads backwards: only rows at the time of the last listed row matter.
    template <class Code>
    void check_last_time(const std::int64_t* time, const Code* codes, std::size_t begin, std::size_t end) {
        std::size_t i = end - 1;
        while (row_of(codes[i]) == Pipeline::kUnlisted) --i;
        const std::int64_t last_time = time[i];
        std::array<bool, 3> outcomes{};
        for (; time[i] == last_time; --i) {
            const std::int32_t row = row_of(codes[i]);
            if (row != Pipeline::kUnlisted)
                outcomes[static_cast<std::size_t>(pipeline_.outcome_of(row))] = true;
            if (i == begin) break;
        }
        if (outcomes[0] + outcomes[1] + outcomes[2] > 1) ++found_.ties_deciding_outcome;
    }

    template <class Code>
    void count_outside_dates(const std::int64_t* time, const Code* codes, std::size_t begin,
                             std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const std::int32_t row = row_of(codes[i]);
            const bool is_open = row >= 0 && row < pipeline_.n_open();
            if (is_open && !pipeline_.is_there(static_cast<std::size_t>(row), time[i]))
                ++found_.rows_outside_dates;
        }
    }

    const Pipeline& pipeline_;
    bool has_dates_;
    PipelineQuality found_;
};

}  // namespace stagefunnel::stages::inline internal
