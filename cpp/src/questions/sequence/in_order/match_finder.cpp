#include "questions/sequence/in_order/match_finder.hpp"

#include <algorithm>

namespace stagefunnel::sequence::inline internal {
namespace {

/// The first node at or after a time, null if there is none.
const Node* node_from(const std::vector<Node>& nodes, std::int64_t time) {
    const auto node = std::lower_bound(nodes.begin(), nodes.end(), time,
                                       [](const Node& other, std::int64_t t) { return other.time < t; });
    return node == nodes.end() ? nullptr : &*node;
}

}  // namespace

ItemMatch MatchFinder::find(const Points& points, StartRange entries) {
    points_ = &points;
    entries_ = entries;
    graph_ = &rules_.graph;
    // Where the earliest start counts, its match may end after the first match that does all steps.
    entries_.until_done = rules_.timing == Timing::last_entry || entries.first_start == entries.last_start;
    const std::uint64_t cuts = rules_.stops | rules_.resets;
    std::uint64_t watched = cuts, watched_after = rules_.resets;
    MatchSet matches = deepest(watched, watched_after);
    ItemMatch found{.match = {}, .level = matches.level, .uncut_level = matches.level};
    if (matches.level > 0 && rules_.drops != 0) {
        watched |= rules_.drops;
        watched_after |= rules_.drops;
        matches = deepest(watched, watched_after, found.level);
    }
    if (matches.level > 0) {
        if (rules_.graph.optional != 0) matches = with_optional_steps(matches, watched, watched_after);
        found.match = rules_.timing == Timing::last_entry ? earliest_end(matches) : earliest_start(matches);
        found.stop = why_it_ends(found.match);
    }
    if (cuts != 0 && found.level < rules_.n_steps()) {
        graph_ = &rules_.graph;
        found.uncut_level = deepest(0, 0).level;
    }
    return found;
}

MatchFinder::MatchSet MatchFinder::deepest(std::uint64_t watched, std::uint64_t watched_after,
                                           std::size_t only) {
    starts_.begin(*graph_, &rules_.deadline);
    entries_.watched = watched;
    starts_.run(*points_, entries_);
    const std::size_t highest = only > 0 ? only : starts_.deepest();
    for (std::size_t level = highest; level >= entries_.least_level; --level) {
        if (const std::optional<MatchSet> matches = matches_of(level, watched_after)) return *matches;
        if (only > 0) break;
    }
    return {};
}

MatchFinder::MatchSet MatchFinder::with_optional_steps(MatchSet matches, std::uint64_t watched,
                                                       std::uint64_t watched_after) {
    narrowed_ = rules_.graph;
    graph_ = &narrowed_;
    bool is_current = true;  // whether `starts_` belongs to `matches`
    for (std::size_t step = 2; step < matches.level; ++step) {
        if (!rules_.graph.is_optional(step) || !points_->has_row_after(bit_of(step), kEarliest)) continue;
        narrowed_.optional &= ~bit_of(step);
        if (is_out_of_reach(step, matches.level)) {
            narrowed_.optional |= bit_of(step);
            continue;
        }
        const MatchSet found = deepest(watched, watched_after, matches.level);
        is_current = found.level > 0;
        if (is_current) {
            matches = found;
        } else {
            narrowed_.optional |= bit_of(step);
        }
    }
    return is_current ? matches : deepest(watched, watched_after, matches.level);
}

/// Whether the entry is too late for all obligatory steps, or too early for the step. Without this check each
/// of an item's many entries would read its rows in vain.
bool MatchFinder::is_out_of_reach(std::size_t step, std::size_t level) {
    if (entries_.first_start == kEarliest) return false;
    const auto is_same = [&](const EntryLimits& other) {
        return other.points == points_ && other.step == step && other.level == level &&
               other.optional == narrowed_.optional;
    };
    auto limits = std::find_if(entry_limits_.begin(), entry_limits_.end(), is_same);
    if (limits == entry_limits_.end()) limits = entry_limits_.insert(limits, limits_for(step, level));
    const auto next = std::lower_bound(limits->times.begin(), limits->times.end(), entries_.first_start);
    return limits->latest_entry < entries_.first_start || next == limits->times.end() ||
           *next > rules_.deadline.of(entries_.last_start);
}

MatchFinder::EntryLimits MatchFinder::limits_for(std::size_t step, std::size_t level) const {
    EntryLimits limits{points_, step, level, narrowed_.optional, kLatest, {}};
    for (const Point& point : points_->points) {
        if ((point.steps & bit_of(step)) != 0) limits.times.push_back(point.time);
    }
    std::size_t due = level;
    for (auto point = points_->points.rbegin(); point != points_->points.rend() && due > 1;) {
        if ((point->steps & bit_of(due)) == 0) {
            ++point;
            continue;
        }
        limits.latest_entry = point->time;
        do --due;
        while (due > 1 && narrowed_.is_optional(due));
    }
    if (due > 1) limits.latest_entry = kEarliest;
    return limits;
}

/// Whether a row after the last step hits a match depends on when its window is over, and so on its start:
/// the latest start is not the best one here. But starts whose windows end between the same two excluded rows
/// are equivalent: their matches must end after the earlier one of the two. These starts are tried together.
std::optional<MatchFinder::MatchSet> MatchFinder::matches_of(std::size_t level, std::uint64_t watched_after) {
    if (starts_.nodes(level).empty()) return std::nullopt;
    const std::uint64_t watched = watched_after & rules_.graph.watched_after(level);
    std::vector<std::int64_t> excluded;
    if (watched != 0) {
        for (std::size_t p = entries_.first_point; p < points_->points.size(); ++p) {
            const Point& point = points_->points[p];
            if (point.time > entries_.limit) break;
            if ((point.exclusions & watched) != 0) excluded.push_back(point.time);
        }
    }
    if (excluded.empty()) return MatchSet{.level = level, .entries = entries_};
    const std::vector<Node>& entries = starts_.nodes(1);
    std::size_t past = 0;  // the first excluded row after the window
    for (std::size_t first = 0; first < entries.size();) {
        const std::int64_t end = rules_.deadline.of(entries[first].time);
        while (past < excluded.size() && excluded[past] <= end) ++past;
        std::size_t last = first;
        const auto is_equivalent = [&](std::size_t entry) {
            return past == excluded.size() || rules_.deadline.of(entries[entry].time) < excluded[past];
        };
        while (last + 1 < entries.size() && is_equivalent(last + 1)) ++last;
        if (auto matches = matches_between(level, first, last, past > 0 ? excluded[past - 1] : kEarliest))
            return matches;
        first = last + 1;
    }
    return std::nullopt;
}

/// The matches of a level that start at the entries [first, last] and end at `first_end` or later, if any.
std::optional<MatchFinder::MatchSet> MatchFinder::matches_between(std::size_t level, std::size_t first,
                                                                  std::size_t last, std::int64_t first_end) {
    const Node& first_entry = starts_.nodes(1)[first];
    const Node& last_entry = starts_.nodes(1)[last];
    const MatchSet matches{.level = level,
                           .entries = {.first_point = first_entry.point,
                                       .first_start = first_entry.time,
                                       .last_start = last_entry.time,
                                       .limit = rules_.deadline.of(last_entry.time),
                                       .watched = entries_.watched,
                                       .least_level = entries_.least_level},
                           .first_end = first_end,
                           .is_narrowed = true};
    const Node* end = node_from(starts_.nodes(level), first_end);
    if (end == nullptr || end->time > matches.entries.limit) return std::nullopt;
    if (level == 1) return last_entry.time >= first_end ? std::optional(matches) : std::nullopt;
    narrowed_starts_.begin(*graph_, &rules_.deadline);
    narrowed_starts_.run(*points_, matches.entries);
    return node_from(narrowed_starts_.nodes(level), first_end) != nullptr ? std::optional(matches)
                                                                          : std::nullopt;
}

Match MatchFinder::earliest_end(const MatchSet& matches) {
    if (matches.is_narrowed) starts_.run(*points_, matches.entries);
    const std::int64_t end = node_from(starts_.nodes(matches.level), matches.first_end)->time;
    return starts_.match_to_time(
        end, matches.level, rules_.deadline.earliest_start(end), [](const Node&) { return true; },
        TieBreak::first);
}

/// Searches the reversed graph backwards in time: there the start is the last step, and the latest start is
/// the earliest end.
Match MatchFinder::earliest_start(const MatchSet& matches) {
    const StepGraph graph = graph_->reversed(matches.level);
    const std::size_t past = starts_.past_point();
    reversed_.assign_reversed(*points_, matches.entries.first_point, past, matches.level);
    starts_.begin(graph, nullptr);
    starts_.run(reversed_, {.first_point = 0,
                            .first_start = kEarliest,
                            .last_start = ~matches.first_end,
                            .limit = ~matches.entries.first_start,
                            .watched = matches.entries.watched});
    const std::vector<Node>& entries = starts_.nodes(matches.level);
    const auto in_time = [&](const Node& entry) {
        const std::int64_t start = ~entry.time;
        return start >= matches.entries.first_start && start <= matches.entries.last_start &&
               ~entry.start <= rules_.deadline.of(start);
    };
    const Node& entry = *std::find_if(entries.rbegin(), entries.rend(), in_time);
    const Match back = starts_.match_to_time(entry.time, matches.level, ~rules_.deadline.of(~entry.time),
                                             in_time, TieBreak::last);
    Match match;
    match.level = matches.level;
    for (std::size_t step = 1; step <= matches.level; ++step) {
        const std::size_t reversed_step = matches.level + 1 - step;
        if ((back.done & bit_of(reversed_step)) == 0) continue;
        match.done |= bit_of(step);
        match.time[step - 1] = ~back.time[reversed_step - 1];
    }
    match.last_point = past - 1 - back.first_point;
    return match;
}

/// Whether an exclusion that stops matches follows the last step inside the window.
bool MatchFinder::is_stopped(const Match& match) const {
    if (match.level == 0) return false;
    const std::uint64_t stops = rules_.stops & rules_.graph.watched_after(match.level);
    const std::int64_t deadline = rules_.deadline.of(match.entry());
    if (stops == 0) return false;
    for (std::size_t p = match.last_point; p < points_->points.size(); ++p) {
        const Point& point = points_->points[p];
        if (point.time > deadline) break;
        if ((point.exclusions & stops) != 0 && point.time > match.last_time()) return true;
    }
    return false;
}

Stop MatchFinder::why_it_ends(const Match& match) const {
    if (match.level == rules_.n_steps()) return Stop::completed;
    if (is_stopped(match)) return Stop::excluded;
    return rules_.is_immature(match.entry()) ? Stop::immature : why_no_next(match);
}

Stop MatchFinder::why_no_next(const Match& match) const {
    const std::uint64_t next = rules_.graph.next_steps(match.level);
    const std::int64_t deadline = rules_.deadline.of(match.entry());
    const Point& end = points_->points[match.last_point];
    Stop why = Stop::no_event;
    for (std::size_t p = match.last_point; p < points_->points.size(); ++p) {
        const Point& point = points_->points[p];
        if (point.time > deadline) break;
        if ((point.steps & next) == 0) continue;
        if (p == match.last_point && !has_unused_row(match, point, next)) continue;
        if (!rules_.graph.adjacent) return Stop::gap;
        if (point.row != end.row + 1) return Stop::interrupted;
        why = Stop::gap;
    }
    if (why == Stop::no_event && points_->has_row_after(next, deadline)) return Stop::window;
    return why;
}

/// Whether a row that is tied with the match's last one could fill one of the next steps.
bool MatchFinder::has_unused_row(const Match& match, const Point& point, std::uint64_t next) const {
    if (!rules_.graph.tied) return false;
    RowMatching rows(points_->kinds_of(point));
    for (std::size_t step = 1; step <= match.level; ++step) {
        if ((match.done & bit_of(step)) != 0 && match.time[step - 1] == point.time) rows.fill(step);
    }
    for (std::size_t step = match.level + 1; step <= rules_.n_steps(); ++step) {
        if ((next & bit_of(step)) != 0 && rows.fill(step)) return true;
    }
    return false;
}

}  // namespace stagefunnel::sequence::inline internal
