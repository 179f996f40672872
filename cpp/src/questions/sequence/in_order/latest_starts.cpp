#include "questions/sequence/in_order/latest_starts.hpp"

#include <algorithm>
#include <stdexcept>

#include "scan/stage_set.hpp"

namespace stagefunnel::sequence::inline internal {

void LatestStarts::begin(const StepGraph& graph, const Reach* deadline) {
    graph_ = &graph;
    deadline_ = deadline;
    edges_.clear();
    first_edge_.assign(1, 0);
    for (std::size_t to = 1; to <= graph.n_steps; ++to) {
        for (std::size_t from = to - 1; from >= 1; --from) {
            edges_.push_back(
                {.from = from, .to = to, .gap = &graph.gap(from, to), .watched = graph.watched(from, to)});
            if (!graph.is_optional(from)) break;
        }
        first_edge_.push_back(edges_.size());
    }
}

void LatestStarts::run(const Points& points, const StartRange& range) {
    points_ = &points;
    range_ = range;
    noted_ = range.first_point;
    for (std::size_t step = 0; step < graph_->n_steps; ++step) nodes_[step].clear();
    for (auto& times : exclusions_) times.clear();
    for (Edge& edge : edges_) {
        edge.queue.clear();
        edge.head = edge.next = 0;
    }
    const std::vector<Node>& done = nodes_[graph_->n_steps - 1];
    for (past_ = range.first_point; past_ < points.points.size(); ++past_) {
        const Point& point = points.points[past_];
        if (point.time > range.limit) break;
        if (range.until_done && !done.empty() && done.front().time < point.time) break;
        note_exclusions(point.time);
        if (point.steps != 0) {
            Starts starts;
            enter(point, starts);
            if (graph_->tied && (point.n_kinds > 1 || !point.single_step_rows)) go_on_in_ties(point, starts);
            scan::for_each_bit(starts.has, 0, [&](std::ptrdiff_t k) {
                const std::int64_t start = starts.start[static_cast<std::size_t>(k)];
                if (deadline_ != nullptr && deadline_->of(start) < point.time) return;
                nodes_[static_cast<std::size_t>(k)].push_back({point.time, start, past_});
            });
        }
        if (point.time > range.last_start && !goes_on(point)) {
            ++past_;
            break;
        }
    }
}

std::size_t LatestStarts::deepest() const {
    std::size_t step = graph_->n_steps;
    while (step > 0 && nodes_[step - 1].empty()) --step;
    return step;
}

/// Only matches that go past a row in time are hit by it, so a row is noted once time has moved on.
void LatestStarts::note_exclusions(std::int64_t before) {
    for (; noted_ < points_->points.size() && at(noted_).time < before; ++noted_) {
        scan::for_each_bit(at(noted_).exclusions & range_.watched, 0, [&](std::ptrdiff_t e) {
            exclusions_[static_cast<std::size_t>(e)].push_back(at(noted_).time);
        });
    }
}

/// Whether a match can have steps after the point. A row does not hit a match that has a step at its time.
bool LatestStarts::goes_on(const Point& point) const {
    if (graph_->adjacent) {
        const auto past = nodes_.begin() + static_cast<std::ptrdiff_t>(graph_->n_steps);
        return std::any_of(nodes_.begin(), past, [&](const std::vector<Node>& nodes) {
            return !nodes.empty() && at(nodes.back().point).row == point.row;
        });
    }
    const std::uint64_t hitting = point.exclusions & range_.watched;
    return hitting == 0 || std::any_of(edges_.begin(), edges_.end(), [&](const Edge& edge) {
               const std::vector<Node>& nodes = nodes_[edge.from - 1];
               return !nodes.empty() && ((edge.watched & hitting) == 0 || nodes.back().time == point.time);
           });
}

std::int64_t LatestStarts::last_exclusion(std::uint64_t watched, std::int64_t before) const {
    std::int64_t last = kEarliest;
    scan::for_each_bit(watched & range_.watched, 0, [&](std::ptrdiff_t e) {
        const auto& times = exclusions_[static_cast<std::size_t>(e)];
        const auto past = std::lower_bound(times.begin(), times.end(), before);
        if (past != times.begin()) last = std::max(last, past[-1]);
    });
    return last;
}

/// Raises the start of the step that an edge leads to, by the best node that the step can follow.
void LatestStarts::advance(Edge& edge, const Point& point, Starts& starts) {
    const std::vector<Node>& nodes = nodes_[edge.from - 1];
    for (; edge.next < nodes.size(); ++edge.next) {
        const Node& node = nodes[edge.next];
        if (edge.gap->is_too_short(node.time, point.time, graph_->direction)) break;
        while (edge.queue.size() > edge.head && nodes[edge.queue.back()].start <= node.start) {
            edge.queue.pop_back();
        }
        edge.queue.push_back(edge.next);
    }
    const std::int64_t barrier = edge.watched == 0 ? kEarliest : last_exclusion(edge.watched, point.time);
    // Nodes leave for good: time only moves on, and so do the last exclusion and the end of the gap.
    const auto is_gone = [&](const Node& node) {
        return node.time < barrier || edge.gap->is_too_long(node.time, point.time, graph_->direction) ||
               (graph_->adjacent && at(node.point).row + 1 != point.row);
    };
    while (edge.head < edge.queue.size() && is_gone(nodes[edge.queue[edge.head]])) ++edge.head;
    if (edge.head < edge.queue.size()) starts.raise(edge.to, nodes[edge.queue[edge.head]].start);
}

/// Adds the matches that come from earlier points and those that start at this one.
void LatestStarts::enter(const Point& point, Starts& starts) {
    scan::for_each_bit(point.steps & scan::bits_below(graph_->n_steps, 0), 0, [&](std::ptrdiff_t k) {
        const auto step = static_cast<std::size_t>(k) + 1;
        if (step > 1) {
            for (Edge& edge : edges_to(step)) advance(edge, point, starts);
        } else if (point.time >= range_.first_start && point.time <= range_.last_start) {
            starts.raise(1, point.time);
        }
    });
}

/// Adds the matches that do several steps at this point, each in a row of its own.
void LatestStarts::go_on_in_ties(const Point& point, Starts& starts) const {
    if (!point.single_step_rows) return go_on_in_shared_rows(point, starts);
    const bool backwards = graph_->direction == Direction::backwards;
    bool runs = false;      // whether a match has come to this step, or past it where it is optional
    std::int64_t best = 0;  // the latest start of these matches
    for (std::size_t step = 1; step <= graph_->n_steps; ++step) {
        const bool filled = (point.steps & bit_of(step)) != 0;
        const bool optional = graph_->is_optional(step);
        const bool at_once = backwards || graph_->gaps[step - 1].may_be_tied();
        if (filled && runs && at_once) starts.raise(step, best);
        const bool has = filled && (starts.has & bit_of(step)) != 0;
        const bool leaves = has && (!backwards || graph_->gaps[step - 1].may_be_tied());
        if (!optional) runs = false;
        if (leaves) {
            best = runs ? std::max(best, starts.start[step - 1]) : starts.start[step - 1];
            runs = true;
        }
    }
}

/// The same where a row may fill several steps: a matching gives it to one of them. An optional step on the
/// way gives its row back, because what can be done with the step can also be done without it.
void LatestStarts::go_on_in_shared_rows(const Point& point, Starts& starts) const {
    const Starts entered = starts;
    scan::for_each_bit(entered.has, 0, [&](std::ptrdiff_t k) {
        const auto first = static_cast<std::size_t>(k) + 1;
        RowMatching rows(points_->kinds_of(point));
        rows.fill(first);
        for (std::size_t last = first, step = first + 1; step <= graph_->n_steps; ++step) {
            const bool optional = graph_->is_optional(step);
            const bool can =
                (point.steps & bit_of(step)) != 0 && graph_->gap(last, step).may_be_tied() && rows.fill(step);
            if (can) starts.raise(step, entered.start[first - 1]);
            if (can && optional) rows.release(step);
            if (!can && !optional) break;
            if (!optional) last = step;
        }
    });
}

/// The latest node before the point that an edge can lead from, null if there is none.
const Node* LatestStarts::latest_before(const Edge& edge, const Point& point,
                                        std::int64_t first_start) const {
    const std::vector<Node>& nodes = nodes_[edge.from - 1];
    const std::int64_t barrier = last_exclusion(edge.watched, point.time);
    auto node = std::upper_bound(nodes.begin(), nodes.end(), point.time,
                                 [](std::int64_t time, const Node& other) { return time < other.time; });
    while (node != nodes.begin()) {
        --node;
        const std::size_t row = at(node->point).row;
        if (graph_->adjacent ? row >= point.row : node->time == point.time) continue;
        if (graph_->adjacent && row + 1 != point.row) return nullptr;
        const Direction direction = graph_->direction;
        if (node->time < barrier || edge.gap->is_too_long(node->time, point.time, direction)) return nullptr;
        const bool is_far_enough = !edge.gap->is_too_short(node->time, point.time, direction);
        if (is_far_enough && node->start >= first_start) return &*node;
    }
    return nullptr;
}

/// Whether a match can come to the step at this point from an earlier point, or start with it.
bool LatestStarts::has_entry(std::size_t step, const Point& point, std::int64_t first_start) const {
    if (step == 1) {
        return point.time >= std::max(first_start, range_.first_start) && point.time <= range_.last_start;
    }
    const auto edges = edges_to(step);
    return std::any_of(edges.begin(), edges.end(),
                       [&](const Edge& edge) { return latest_before(edge, point, first_start) != nullptr; });
}

/// The same, but the match may also come through other rows of this point; `rows` has the step's row matched.
bool LatestStarts::has_entry_in_ties(std::size_t step, const Point& point, RowMatching rows,
                                     std::int64_t first_start) const {
    if (has_entry(step, point, first_start)) return true;
    for (std::size_t next = step, first = step - 1; first >= 1; --first) {
        const bool optional = graph_->is_optional(first);
        const bool can =
            (point.steps & bit_of(first)) != 0 && graph_->gap(first, next).may_be_tied() && rows.fill(first);
        if (can && has_entry(first, point, first_start)) return true;
        if (can && optional) rows.release(first);
        if (!can && !optional) return false;
        if (!optional) next = first;
    }
    return false;
}

bool LatestStarts::is_later(const Match& match, const Match& than) {
    for (std::size_t step = match.level; step >= 1; --step) {
        const bool done = (match.done & bit_of(step)) != 0;
        const bool theirs = (than.done & bit_of(step)) != 0;
        if (done != theirs) return done;
        if (done && match.time[step - 1] != than.time[step - 1]) {
            return match.time[step - 1] > than.time[step - 1];
        }
    }
    return false;
}

Match LatestStarts::match_to(const Node& end, std::size_t level, std::int64_t first_start) const {
    Match match;
    match.level = level;
    match.first_point = match.last_point = end.point;
    const Point* point = &at(end.point);
    RowMatching rows(points_->kinds_of(*point));
    const auto take = [&](std::size_t step) {
        match.done |= bit_of(step);
        match.time[step - 1] = point->time;
    };
    rows.fill(level);
    take(level);
    for (std::size_t step = level; step > 1;) {
        const auto edges = edges_to(step);
        const auto comes_from = [&](const Edge& edge) {
            if (graph_->tied && (point->steps & bit_of(edge.from)) != 0 && edge.gap->may_be_tied() &&
                rows.fill(edge.from)) {
                if (has_entry_in_ties(edge.from, *point, rows, first_start)) return true;
                rows.release(edge.from);
            }
            const Node* node = latest_before(edge, *point, first_start);
            if (node == nullptr) return false;
            point = &at(node->point);
            match.first_point = node->point;
            rows = RowMatching(points_->kinds_of(*point));
            rows.fill(edge.from);
            return true;
        };
        const auto edge = std::find_if(edges.begin(), edges.end(), comes_from);
        if (edge == edges.end()) throw std::logic_error("a match has a step that no step leads to");
        step = edge->from;
        take(step);
    }
    return match;
}

}  // namespace stagefunnel::sequence::inline internal
