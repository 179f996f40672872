#include "questions/sequence/in_order/latest_starts.hpp"

#include <algorithm>
#include <stdexcept>

#include "scan/stage_set.hpp"

namespace stagefunnel::sequence::inline internal {

void LatestStarts::begin(const StepGraph& lattice, const Reach* deadline) {
    lattice_ = &lattice;
    deadline_ = deadline;
    moves_.clear();
    first_move_.assign(1, 0);
    for (std::size_t to = 1; to <= lattice.n_steps; ++to) {
        for (std::size_t from = to - 1; from >= 1; --from) {
            moves_.push_back({.from = from,
                              .to = to,
                              .gap = &lattice.gap(from, to),
                              .watched = lattice.watched(from, to)});
            if (!lattice.is_optional(from)) break;
        }
        first_move_.push_back(moves_.size());
    }
}

void LatestStarts::run(const Points& points, const StartRange& range) {
    points_ = &points;
    range_ = range;
    noted_ = range.first_point;
    for (std::size_t step = 0; step < lattice_->n_steps; ++step) nodes_[step].clear();
    for (auto& times : exclusions_) times.clear();
    for (Move& move : moves_) {
        move.queue.clear();
        move.head = move.next = 0;
    }
    const std::vector<Node>& done = nodes_[lattice_->n_steps - 1];
    for (past_ = range.first_point; past_ < points.points.size(); ++past_) {
        const Point& point = points.points[past_];
        if (point.time > range.limit) break;
        if (range.until_done && !done.empty() && done.front().time < point.time) break;
        note_exclusions(point.time);
        if (point.steps != 0) {
            Starts starts;
            enter(point, starts);
            if (lattice_->tied && (point.n_kinds > 1 || !point.plain)) go_on_in_ties(point, starts);
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
    std::size_t step = lattice_->n_steps;
    while (step > 0 && nodes_[step - 1].empty()) --step;
    return step;
}

/// A row is met by chains that go past it in time: so it is noted once time has gone on.
void LatestStarts::note_exclusions(std::int64_t before) {
    for (; noted_ < points_->points.size() && at(noted_).time < before; ++noted_) {
        scan::for_each_bit(at(noted_).exclusions & range_.watched, 0, [&](std::ptrdiff_t e) {
            exclusions_[static_cast<std::size_t>(e)].push_back(at(noted_).time);
        });
    }
}

/// Whether a chain can have steps past the point. Rows that meet it do not if a step of it is of their time.
bool LatestStarts::goes_on(const Point& point) const {
    if (lattice_->adjacent) {
        const auto past = nodes_.begin() + static_cast<std::ptrdiff_t>(lattice_->n_steps);
        return std::any_of(nodes_.begin(), past, [&](const std::vector<Node>& nodes) {
            return !nodes.empty() && at(nodes.back().point).row == point.row;
        });
    }
    const std::uint64_t met = point.exclusions & range_.watched;
    return met == 0 || std::any_of(moves_.begin(), moves_.end(), [&](const Move& move) {
               const std::vector<Node>& nodes = nodes_[move.from - 1];
               return !nodes.empty() && ((move.watched & met) == 0 || nodes.back().time == point.time);
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

/// Raises the start of the step that a move leads to by that of the best node that it can follow.
void LatestStarts::advance(Move& move, const Point& point, Starts& starts) {
    const std::vector<Node>& nodes = nodes_[move.from - 1];
    for (; move.next < nodes.size(); ++move.next) {
        const Node& node = nodes[move.next];
        if (move.gap->is_too_short(node.time, point.time, lattice_->backwards)) break;
        while (move.queue.size() > move.head && nodes[move.queue.back()].start <= node.start) {
            move.queue.pop_back();
        }
        move.queue.push_back(move.next);
    }
    const std::int64_t barrier = move.watched == 0 ? kEarliest : last_exclusion(move.watched, point.time);
    const auto is_gone = [&](const Node& node) {
        return node.time < barrier || move.gap->is_too_long(node.time, point.time, lattice_->backwards) ||
               (lattice_->adjacent && at(node.point).row + 1 != point.row);
    };
    while (move.head < move.queue.size() && is_gone(nodes[move.queue[move.head]])) ++move.head;
    if (move.head < move.queue.size()) starts.raise(move.to, nodes[move.queue[move.head]].start);
}

/// The chains that come from earlier points, and those that start here.
void LatestStarts::enter(const Point& point, Starts& starts) {
    scan::for_each_bit(point.steps & scan::bits_below(lattice_->n_steps, 0), 0, [&](std::ptrdiff_t k) {
        const auto step = static_cast<std::size_t>(k) + 1;
        if (step > 1) {
            for (Move& move : moves_to(step)) advance(move, point, starts);
        } else if (point.time >= range_.first_start && point.time <= range_.last_start) {
            starts.raise(1, point.time);
        }
    });
}

void LatestStarts::go_on_in_ties(const Point& point, Starts& starts) const {
    if (!point.plain) return go_on_in_shared_rows(point, starts);
    bool runs = false;  // a chain has come to this step, or past it where it is optional
    std::int64_t best = 0;
    for (std::size_t step = 1; step <= lattice_->n_steps; ++step) {
        const bool filled = (point.steps & bit_of(step)) != 0;
        const bool optional = lattice_->is_optional(step);
        const bool at_once = lattice_->backwards || lattice_->gaps[step - 1].may_be_tied();
        if (filled && runs && at_once) starts.raise(step, best);
        const bool has = filled && (starts.has & bit_of(step)) != 0;
        const bool leaves = has && (!lattice_->backwards || lattice_->gaps[step - 1].may_be_tied());
        if (!optional) runs = false;
        if (leaves) {
            best = runs ? std::max(best, starts.start[step - 1]) : starts.start[step - 1];
            runs = true;
        }
    }
}

/// Rows that fill several steps are given to one: an optional step in between is left out, for what can be
/// done with it can be done without it.
void LatestStarts::go_on_in_shared_rows(const Point& point, Starts& starts) const {
    const Starts entered = starts;
    scan::for_each_bit(entered.has, 0, [&](std::ptrdiff_t k) {
        const auto first = static_cast<std::size_t>(k) + 1;
        RowMatching rows(points_->kinds_of(point));
        rows.fill(first);
        for (std::size_t last = first, step = first + 1; step <= lattice_->n_steps; ++step) {
            const bool optional = lattice_->is_optional(step);
            const bool can = (point.steps & bit_of(step)) != 0 && lattice_->gap(last, step).may_be_tied() &&
                             rows.fill(step);
            if (can) starts.raise(step, entered.start[first - 1]);
            if (can && optional) rows.release(step);
            if (!can && !optional) break;
            if (!optional) last = step;
        }
    });
}

const Node* LatestStarts::latest_before(const Move& move, const Point& point,
                                        std::int64_t first_start) const {
    const std::vector<Node>& nodes = nodes_[move.from - 1];
    const std::int64_t barrier = last_exclusion(move.watched, point.time);
    auto node = std::upper_bound(nodes.begin(), nodes.end(), point.time,
                                 [](std::int64_t time, const Node& other) { return time < other.time; });
    while (node != nodes.begin()) {
        --node;
        const Point& theirs = at(node->point);
        if (lattice_->adjacent ? theirs.row >= point.row : node->time == point.time) continue;
        if (lattice_->adjacent && theirs.row + 1 != point.row) return nullptr;
        const bool backwards = lattice_->backwards;
        if (node->time < barrier || move.gap->is_too_long(node->time, point.time, backwards)) return nullptr;
        const bool is_apart = !move.gap->is_too_short(node->time, point.time, backwards);
        if (is_apart && node->start >= first_start) return &*node;
    }
    return nullptr;
}

/// Whether a chain can do the step as the first one at this point.
bool LatestStarts::has_entry(std::size_t step, const Point& point, std::int64_t first_start) const {
    if (step == 1) {
        return point.time >= std::max(first_start, range_.first_start) && point.time <= range_.last_start;
    }
    const auto moves = moves_to(step);
    return std::any_of(moves.begin(), moves.end(),
                       [&](const Move& move) { return latest_before(move, point, first_start) != nullptr; });
}

/// Whether a chain can come to the step, which has its row already, through other rows of the same point.
bool LatestStarts::has_entry_in_ties(std::size_t step, const Point& point, RowMatching rows,
                                     std::int64_t first_start) const {
    if (has_entry(step, point, first_start)) return true;
    for (std::size_t next = step, first = step - 1; first >= 1; --first) {
        const bool optional = lattice_->is_optional(first);
        const bool can = (point.steps & bit_of(first)) != 0 && lattice_->gap(first, next).may_be_tied() &&
                         rows.fill(first);
        if (can && has_entry(first, point, first_start)) return true;
        if (can && optional) rows.release(first);
        if (!can && !optional) return false;
        if (!optional) next = first;
    }
    return false;
}

bool LatestStarts::is_later(const Match& chain, const Match& than) {
    for (std::size_t step = chain.level; step >= 1; --step) {
        const bool done = (chain.done & bit_of(step)) != 0;
        const bool theirs = (than.done & bit_of(step)) != 0;
        if (done != theirs) return done;
        if (done && chain.time[step - 1] != than.time[step - 1]) {
            return chain.time[step - 1] > than.time[step - 1];
        }
    }
    return false;
}

Match LatestStarts::chain_to(const Node& end, std::size_t level, std::int64_t first_start) const {
    Match chain;
    chain.level = level;
    chain.first_point = chain.last_point = end.point;
    const Point* point = &at(end.point);
    RowMatching rows(points_->kinds_of(*point));
    const auto take = [&](std::size_t step) {
        chain.done |= bit_of(step);
        chain.time[step - 1] = point->time;
    };
    rows.fill(level);
    take(level);
    for (std::size_t step = level; step > 1;) {
        const auto moves = moves_to(step);
        const auto comes_from = [&](const Move& move) {
            if (lattice_->tied && (point->steps & bit_of(move.from)) != 0 && move.gap->may_be_tied() &&
                rows.fill(move.from)) {
                if (has_entry_in_ties(move.from, *point, rows, first_start)) return true;
                rows.release(move.from);
            }
            const Node* node = latest_before(move, *point, first_start);
            if (node == nullptr) return false;
            point = &at(node->point);
            chain.first_point = node->point;
            rows = RowMatching(points_->kinds_of(*point));
            rows.fill(move.from);
            return true;
        };
        const auto move = std::find_if(moves.begin(), moves.end(), comes_from);
        if (move == moves.end()) throw std::logic_error("a chain of steps was lost on the way back");
        step = move->from;
        take(step);
    }
    return chain;
}

}  // namespace stagefunnel::sequence::inline internal
