#pragma once

// The rows of one item as points of time at which a match can have steps. Internal to the core.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "questions/sequence/rules/rules.hpp"

namespace stagefunnel::sequence::inline internal {

/// Which rows form a point: all rows of one time or, where rows must be adjacent, each row by itself.
enum class PointPer : std::uint8_t { time, row };

struct Point {
    std::int64_t time;
    std::uint64_t steps = 0;       // that a row of the point fills
    std::uint64_t exclusions = 0;  // that a row of the point is a stage of
    std::size_t row;               // index of the first row among all rows of the item
    std::size_t first_kind;        // of the point's rows that fill steps, in `Points::kinds`
    std::size_t n_kinds = 0;
    bool single_step_rows = true;  // no row fills more than one step
};

/// The rows of one point that fill the same steps.
struct RowKind {
    std::uint64_t steps;
    std::size_t n_rows;
};

/// The points of an item's rows in order of time. A row that neither fills a step nor is excluded has none.
struct Points {
    std::vector<Point> points;
    std::vector<RowKind> kinds;
    std::array<std::int64_t, 64> last_time{};  // of each step's rows; `kEarliest` where it has none

    [[nodiscard]] std::span<const RowKind> kinds_of(const Point& point) const {
        return {kinds.data() + point.first_kind, point.n_kinds};
    }
    void clear() {
        points.clear();
        kinds.clear();
        last_time.fill(kEarliest);
    }
    /// Whether one of the steps has a row after a time.
    [[nodiscard]] bool has_row_after(std::uint64_t steps, std::int64_t time) const {
        for (; steps != 0; steps &= steps - 1) {
            if (last_time[static_cast<std::size_t>(std::countr_zero(steps))] > time) return true;
        }
        return false;
    }

    void add(std::int64_t time, std::uint64_t steps, std::uint64_t exclusions, std::size_t row,
             PointPer per) {
        if (points.empty() || per == PointPer::row || points.back().time != time) {
            points.push_back({.time = time, .row = row, .first_kind = kinds.size()});
        }
        Point& point = points.back();
        point.steps |= steps;
        point.exclusions |= exclusions;
        if (steps == 0) return;
        for (std::uint64_t bits = steps; bits != 0; bits &= bits - 1) {
            last_time[static_cast<std::size_t>(std::countr_zero(bits))] = time;
        }
        point.single_step_rows = point.single_step_rows && std::has_single_bit(steps);
        for (std::size_t i = point.first_kind; i < kinds.size(); ++i) {
            if (kinds[i].steps != steps) continue;
            ++kinds[i].n_rows;
            return;
        }
        kinds.push_back({steps, 1});
        ++point.n_kinds;
    }

    /// Becomes the points [first, past) of other points; only those of [from, to) keep the step.
    void assign_with_step_in(const Points& other, std::size_t first, std::size_t past, std::size_t step,
                             std::size_t from, std::size_t to) {
        clear();
        for (std::size_t i = first; i < past; ++i) {
            const std::uint64_t kept = i >= from && i < to ? ~std::uint64_t{0} : ~bit_of(step);
            Point point = other.points[i];
            point.steps &= kept;
            point.single_step_rows = true;
            point.first_kind = kinds.size();
            for (const RowKind& kind : other.kinds_of(other.points[i])) {
                add_kind({kind.steps & kept, kind.n_rows}, point.first_kind);
                point.single_step_rows = point.single_step_rows && std::popcount(kind.steps & kept) <= 1;
            }
            point.n_kinds = kinds.size() - point.first_kind;
            for (std::uint64_t bits = point.steps; bits != 0; bits &= bits - 1) {
                last_time[static_cast<std::size_t>(std::countr_zero(bits))] = point.time;
            }
            points.push_back(point);
        }
    }

    /// Becomes the points [first, past) of another item backwards in time, with the first `n_first` steps in
    /// reverse order and without the others. `last_time` stays empty.
    void assign_reversed(const Points& other, std::size_t first, std::size_t past, std::size_t n_first) {
        const auto turned = [n_first](std::uint64_t steps) {
            std::uint64_t mask = 0;
            for (; steps != 0; steps &= steps - 1) {
                const auto step = static_cast<std::size_t>(std::countr_zero(steps)) + 1;
                if (step <= n_first) mask |= bit_of(n_first + 1 - step);
            }
            return mask;
        };
        clear();
        for (std::size_t i = past; i-- > first;) {
            Point point = other.points[i];
            point.first_kind = kinds.size();
            for (const RowKind& kind : other.kinds_of(other.points[i])) {
                kinds.push_back({turned(kind.steps), kind.n_rows});
            }
            point.time = ~point.time;
            point.row = ~point.row;
            point.steps = turned(point.steps);
            points.push_back(point);
        }
    }

  private:
    /// Counts rows of a kind in the point whose kinds begin at `first`.
    void add_kind(const RowKind& kind, std::size_t first) {
        if (kind.steps == 0) return;
        for (std::size_t i = first; i < kinds.size(); ++i) {
            if (kinds[i].steps != kind.steps) continue;
            kinds[i].n_rows += kind.n_rows;
            return;
        }
        kinds.push_back(kind);
    }
};

}  // namespace stagefunnel::sequence::inline internal
