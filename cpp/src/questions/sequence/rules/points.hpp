#pragma once

// The rows of one item as the points of time at which a chain can have steps. Internal to the core.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "questions/sequence/rules/rules.hpp"

namespace stagefunnel::sequence::inline internal {

/// The rows of one time; each row by itself where rows must be adjacent.
struct Point {
    std::int64_t time;
    std::uint64_t steps = 0;       // that one of the rows fills
    std::uint64_t exclusions = 0;  // that one of the rows meets
    std::size_t row;               // the first row's place among all rows of the item
    std::size_t first_kind;        // its rows with a step, as kinds of rows that fill the same steps
    std::size_t n_kinds = 0;
    bool plain = true;  // no row fills more than one step
};

/// Rows of one point that fill the same steps.
struct RowKind {
    std::uint64_t steps;
    std::size_t n_rows;
};

struct Points {
    std::vector<Point> points;
    std::vector<RowKind> kinds;
    std::array<std::int64_t, 64> last_time{};  // of the rows of each step; the earliest where it has none

    [[nodiscard]] std::span<const RowKind> kinds_of(const Point& point) const {
        return {kinds.data() + point.first_kind, point.n_kinds};
    }
    void clear() {
        points.clear();
        kinds.clear();
        last_time.fill(kEarliest);
    }
    /// Whether one of the steps has a row past a time.
    [[nodiscard]] bool has_past(std::uint64_t steps, std::int64_t time) const {
        for (; steps != 0; steps &= steps - 1) {
            if (last_time[static_cast<std::size_t>(std::countr_zero(steps))] > time) return true;
        }
        return false;
    }

    void add(std::int64_t time, std::uint64_t steps, std::uint64_t exclusions, std::size_t row, bool apart) {
        if (points.empty() || apart || points.back().time != time) {
            points.push_back({.time = time, .row = row, .first_kind = kinds.size()});
        }
        Point& point = points.back();
        point.steps |= steps;
        point.exclusions |= exclusions;
        if (steps == 0) return;
        for (std::uint64_t bits = steps; bits != 0; bits &= bits - 1) {
            last_time[static_cast<std::size_t>(std::countr_zero(bits))] = time;
        }
        point.plain = point.plain && std::has_single_bit(steps);
        for (std::size_t i = point.first_kind; i < kinds.size(); ++i) {
            if (kinds[i].steps != steps) continue;
            ++kinds[i].n_rows;
            return;
        }
        kinds.push_back({steps, 1});
        ++point.n_kinds;
    }

    /// Points of others backwards in time, with the first steps only, the last of these as the first one.
    void mirror(const Points& other, std::size_t first, std::size_t past, std::size_t n_first) {
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
};

}  // namespace stagefunnel::sequence::inline internal
