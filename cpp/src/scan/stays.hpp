#pragma once

// Walking the visits of a journey with their ends. Internal to the core.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "scan/code_meaning.hpp"
#include "scan/same_items.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/scan/marks.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::scan::inline internal {

/// A visit: its stage, its first row in the journeys, when it began and when it ended.
struct Stay {
    std::int32_t row = Pipeline::kUnlisted;
    std::int32_t next = Pipeline::kUnlisted;  // stage of the next visit; `kUnlisted` if there is none
    std::size_t first = 0;
    std::int64_t entered = 0;
    std::int64_t exited = Marks::kNotEnded;  // means nothing unless the visit is over
    bool is_over = false;
    bool start_unknown = false;
};

/// Walks the visits of one item after another.
///
/// A visit ends with its last row, if the end of that row is known, but not after the next visit begins, and
/// the last visit not after the item went elsewhere. Rows of unlisted stages are skipped.
class StayWalker {
  public:
    StayWalker(const Journeys& journeys, const Pipeline& pipeline, const Marks& marks)
        : journeys_(journeys), marks_(marks), meaning_(meanings(journeys, pipeline, marks.elsewhere)) {}

    /// Calls `at(stay)` for each visit in the order of time.
    ///
    /// @return Whether the item is elsewhere at the end of its journey.
    template <class Code, class At>
    bool walk(const Code* codes, std::size_t item, At at) const {
        Stay stay;
        std::size_t last = 0;
        bool has_left = false;  // whether the rows so far end elsewhere
        std::int64_t left_at = 0;
        for (std::size_t i = journeys_.offsets[item]; i < journeys_.offsets[item + 1]; ++i) {
            const CodeMeaning stage = meaning_[codes[i]];
            if (stage.where == Where::nowhere) continue;
            if (stage.where == Where::elsewhere) {
                if (!has_left) left_at = journeys_.time[i];
                has_left = true;
                continue;
            }
            has_left = false;
            if (stage.row != stay.row) {
                if (stay.row != Pipeline::kUnlisted) {
                    stay.next = stage.row;
                    end_at(stay, journeys_.time[i]);
                    end_with_row(stay, item, last);
                    at(stay);
                }
                stay = begun(stage.row, item, i);
            }
            last = i;
        }
        if (stay.row != Pipeline::kUnlisted) {
            if (has_left) end_at(stay, left_at);
            end_with_row(stay, item, last);
            at(stay);
        }
        return has_left;
    }

  private:
    [[nodiscard]] Stay begun(std::int32_t row, std::size_t item, std::size_t i) const {
        Stay stay;
        stay.row = row;
        stay.first = i;
        stay.entered = journeys_.time[i];
        stay.start_unknown = !marks_.start_unknown.empty() && marks_.start_unknown[place(item, i)] != 0;
        return stay;
    }

    static void end_at(Stay& stay, std::int64_t time) {
        stay.exited = time;
        stay.is_over = true;
    }

    /// Ends a visit at the end of its last row, if that is known and before the end that it has.
    void end_with_row(Stay& stay, std::size_t item, std::size_t last) const {
        if (marks_.ended.empty()) return;
        const std::int64_t ended = marks_.ended[place(item, last)];
        if (ended == Marks::kNotEnded) return;
        if (marks_.ended_before && ended >= *marks_.ended_before) return;
        if (!marks_.until.empty() && ended > marks_.until[item]) return;
        if (!stay.is_over || ended < stay.exited) end_at(stay, ended);
    }

    [[nodiscard]] std::size_t place(std::size_t item, std::size_t i) const {
        return place_in_whole(journeys_, marks_.whole, item, i);
    }

    const Journeys& journeys_;
    const Marks& marks_;
    std::vector<CodeMeaning> meaning_;
};

}  // namespace stagefunnel::scan::inline internal
