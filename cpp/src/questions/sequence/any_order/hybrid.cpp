#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "questions/sequence/any_order/modes.hpp"
#include "questions/sequence/rules/row_matching.hpp"

namespace stagefunnel::sequence::inline internal {
namespace {

/// The rows of the window that fill the same steps.
struct WindowRows {
    std::uint64_t steps;
    std::vector<std::int64_t> times;  // rising
};

class HybridFinder {
  public:
    HybridFinder(const Rules& rules, const Points& points) : rules_(rules), points_(points) {}

    ItemMatch find() {
        const auto entry = std::find_if(points_.points.begin(), points_.points.end(),
                                        [](const Point& point) { return (point.steps & 1) != 0; });
        if (entry == points_.points.end()) return {};
        entry_ = static_cast<std::size_t>(entry - points_.points.begin());
        ItemMatch found;
        const std::size_t past = read_window();
        found.match = best_match();
        found.level = found.uncut_level = found.match.level;
        found.stop = why_it_ends(found.match.level, past);
        return found;
    }

  private:
    static constexpr std::size_t kNone = 0;
    struct Row {
        std::uint64_t steps;
        std::int64_t time;
        std::size_t step;  // the one it is matched to, or `kNone`
    };

    [[nodiscard]] std::int64_t entry_time() const { return points_.points[entry_].time; }

    /// Reads the rows of the window; returns the first point after it.
    std::size_t read_window() {
        const std::int64_t deadline = rules_.deadline.of(entry_time());
        std::size_t past = entry_;
        for (; past < points_.points.size() && points_.points[past].time <= deadline; ++past) {
            const Point& point = points_.points[past];
            // Only a row of the entry's time can be step 1.
            const std::uint64_t usable = past == entry_ ? ~std::uint64_t{0} : ~std::uint64_t{1};
            for (const RowKind& kind : points_.kinds_of(point)) {
                if ((kind.steps & usable) != 0) add(kind.steps & usable, kind.n_rows, point.time);
            }
        }
        level_ = deepest();
        return past;
    }

    /// Keeps the earliest rows of a kind, at most as many as there are steps.
    void add(std::uint64_t steps, std::size_t n_rows, std::int64_t time) {
        auto rows = std::find_if(window_.begin(), window_.end(),
                                 [&](const WindowRows& other) { return other.steps == steps; });
        if (rows == window_.end()) rows = window_.insert(rows, {steps, {}});
        const std::size_t room = rules_.n_steps() - rows->times.size();
        rows->times.insert(rows->times.end(), std::min(n_rows, room), time);
    }

    /// The deepest level whose steps can all have a row of their own.
    [[nodiscard]] std::size_t deepest() const {
        std::vector<RowKind> kinds;
        for (const WindowRows& rows : window_) kinds.push_back({rows.steps, rows.times.size()});
        RowMatching rows(kinds);
        std::size_t level = 0;
        while (level < rules_.n_steps() && rows.fill(level + 1)) ++level;
        return level;
    }

    /// Gives each step, the lower one first, the earliest row that leaves enough rows for the others.
    [[nodiscard]] Match best_match() {
        Match match;
        match.level = level_;
        match.done = level_ == 64 ? ~std::uint64_t{0} : bit_of(level_ + 1) - 1;
        limit_.assign(level_, kLatest);
        limit_[0] = match.time[0] = entry_time();
        for (std::size_t step = 2; step <= level_; ++step) {
            std::vector<std::int64_t> times;
            for (const WindowRows& rows : window_) {
                if ((rows.steps & bit_of(step)) != 0)
                    times.insert(times.end(), rows.times.begin(), rows.times.end());
            }
            std::sort(times.begin(), times.end());
            // A feasible limit stays feasible when it is later, so the earliest is found by bisection.
            const auto earliest = std::partition_point(times.begin(), times.end(), [&](std::int64_t time) {
                limit_[step - 1] = time;
                return !is_feasible();
            });
            limit_[step - 1] = match.time[step - 1] = *earliest;
        }
        return match;
    }

    /// Whether every step can have a row of its own that is not after its limit. This is a bipartite matching
    /// by augmenting paths as in `RowMatching`, but which rows a step can have depends on their times too.
    [[nodiscard]] bool is_feasible() {
        rows_.clear();
        for (const WindowRows& rows : window_) {
            for (const std::int64_t time : rows.times) rows_.push_back({rows.steps, time, kNone});
        }
        for (std::size_t step = 1; step <= level_; ++step) {
            tried_.assign(rows_.size(), 0);
            if (!augment(step)) return false;
        }
        return true;
    }

    /// Searches an augmenting path from the step.
    bool augment(std::size_t step) {
        for (std::size_t r = 0; r < rows_.size(); ++r) {
            Row& row = rows_[r];
            if ((row.steps & bit_of(step)) == 0 || row.time > limit_[step - 1] || tried_[r] != 0) continue;
            tried_[r] = 1;
            if (row.step != kNone && !augment(row.step)) continue;
            row.step = step;
            return true;
        }
        return false;
    }

    [[nodiscard]] Stop why_it_ends(std::size_t level, std::size_t past) const {
        if (level == rules_.n_steps()) return Stop::completed;
        if (rules_.is_immature(entry_time())) return Stop::immature;
        const auto is_next = [&](const Point& point) { return (point.steps & bit_of(level + 1)) != 0; };
        return std::any_of(points_.points.begin() + static_cast<std::ptrdiff_t>(past), points_.points.end(),
                           is_next)
                   ? Stop::window
                   : Stop::no_event;
    }

    const Rules& rules_;
    const Points& points_;
    std::size_t entry_ = 0;
    std::size_t level_ = 0;
    std::vector<WindowRows> window_;
    std::vector<std::int64_t> limit_;  // the latest time of each step
    std::vector<Row> rows_;
    std::vector<std::uint8_t> tried_;  // whether the current search has visited the row
};

}  // namespace

ItemMatch find_hybrid(const Rules& rules, const Points& points) { return HybridFinder(rules, points).find(); }

}  // namespace stagefunnel::sequence::inline internal
