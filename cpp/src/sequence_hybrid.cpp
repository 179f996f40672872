#include <algorithm>
#include <bit>
#include <stdexcept>
#include <vector>

#include "sequence_any_order.hpp"

namespace stagefunnel {
namespace {

/// Rows of the window that fill the same steps, in the order of time; some may have been given to a step.
struct Supply {
    std::uint64_t steps;
    std::vector<std::int64_t> times;
};

class HybridFinder {
  public:
    HybridFinder(const SequenceRules& rules, const Points& points) : rules_(rules), points_(points) {}

    Told find() {
        const auto entry = std::find_if(points_.points.begin(), points_.points.end(),
                                        [](const Point& point) { return (point.steps & 1) != 0; });
        if (entry == points_.points.end()) return {};
        entry_ = static_cast<std::size_t>(entry - points_.points.begin());
        Told told;
        const std::size_t past = read_window();
        told.chain = chain();
        told.level = told.uncut = told.chain.level;
        told.stop = why_it_ends(told.chain.level, past);
        return told;
    }

  private:
    [[nodiscard]] std::int64_t entry_time() const { return points_.points[entry_].time; }

    /// Reads the rows of the window; returns the point past it.
    std::size_t read_window() {
        const std::int64_t deadline = rules_.deadline.of(entry_time());
        std::size_t past = entry_;
        for (; past < points_.points.size() && points_.points[past].time <= deadline; ++past) {
            const Point& point = points_.points[past];
            // Only a row of the entry's time can be the entry.
            const std::uint64_t usable = past == entry_ ? ~std::uint64_t{0} : ~std::uint64_t{1};
            for (const RowKind& kind : points_.kinds_of(point)) {
                if ((kind.steps & usable) != 0) supply(kind.steps & usable, kind.n_rows, point.time);
            }
        }
        level_ = deepest();
        return past;
    }

    /// Keeps as many rows of a kind as there are steps, the earliest ones.
    void supply(std::uint64_t steps, std::size_t n_rows, std::int64_t time) {
        auto rows = std::find_if(supplies_.begin(), supplies_.end(),
                                 [&](const Supply& other) { return other.steps == steps; });
        if (rows == supplies_.end()) rows = supplies_.insert(rows, {steps, {}});
        const std::size_t room = rules_.n_steps() - rows->times.size();
        rows->times.insert(rows->times.end(), std::min(n_rows, room), time);
    }

    [[nodiscard]] std::size_t deepest() const {
        const std::vector<RowKind> kinds = left();
        RowsForSteps rows(kinds);
        std::size_t level = 0;
        while (level < rules_.n_steps() && rows.add(level + 1)) ++level;
        return level;
    }

    [[nodiscard]] std::vector<RowKind> left() const {
        std::vector<RowKind> kinds;
        for (const Supply& rows : supplies_) kinds.push_back({rows.steps, rows.times.size()});
        return kinds;
    }

    /// Whether the steps from one on up to the level have rows among those that are left.
    [[nodiscard]] bool suffices(std::uint64_t steps) const {
        const std::vector<RowKind> kinds = left();
        RowsForSteps rows(kinds);
        for (; steps != 0; steps &= steps - 1) {
            if (!rows.add(static_cast<std::size_t>(std::countr_zero(steps)) + 1)) return false;
        }
        return true;
    }

    /// Gives the steps their earliest rows, the lower step first.
    ChainSteps chain() {
        ChainSteps chain;
        chain.level = level_;
        chain.done = level_ == 64 ? ~std::uint64_t{0} : bit_of(level_ + 1) - 1;
        std::uint64_t open = chain.done;
        for (std::size_t step = 1; step <= level_; ++step) {
            open &= ~bit_of(step);
            chain.time[step - 1] = give(step, open);
        }
        return chain;
    }

    /// Gives the step its earliest row that leaves enough for the others.
    std::int64_t give(std::size_t step, std::uint64_t others) {
        std::vector<Supply*> choices;
        for (Supply& rows : supplies_) {
            if ((rows.steps & bit_of(step)) != 0 && !rows.times.empty()) choices.push_back(&rows);
        }
        std::sort(choices.begin(), choices.end(),
                  [](const Supply* a, const Supply* b) { return a->times.front() < b->times.front(); });
        for (Supply* rows : choices) {
            const std::int64_t time = rows->times.front();
            rows->times.erase(rows->times.begin());
            if (suffices(others)) return time;
            rows->times.insert(rows->times.begin(), time);
        }
        throw std::logic_error("the steps of a chain lost their rows");
    }

    [[nodiscard]] SequenceStop why_it_ends(std::size_t level, std::size_t past) const {
        if (level == rules_.n_steps()) return SequenceStop::completed;
        if (rules_.is_immature(entry_time())) return SequenceStop::immature;
        const auto is_next = [&](const Point& point) { return (point.steps & bit_of(level + 1)) != 0; };
        return std::any_of(points_.points.begin() + static_cast<std::ptrdiff_t>(past), points_.points.end(),
                           is_next)
                   ? SequenceStop::window
                   : SequenceStop::no_event;
    }

    const SequenceRules& rules_;
    const Points& points_;
    std::size_t entry_ = 0;
    std::size_t level_ = 0;
    std::vector<Supply> supplies_;
};

}  // namespace

Told find_hybrid(const SequenceRules& rules, const Points& points) { return HybridFinder(rules, points).find(); }

}  // namespace stagefunnel
