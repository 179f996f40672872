#include "questions/sequence/in_order/match_finder.hpp"

#include <algorithm>

namespace stagefunnel::sequence::inline internal {
namespace {

/// The first node at or after a time.
const Node* node_from(const std::vector<Node>& nodes, std::int64_t time) {
    const auto node = std::lower_bound(nodes.begin(), nodes.end(), time,
                                       [](const Node& other, std::int64_t t) { return other.time < t; });
    return node == nodes.end() ? nullptr : &*node;
}

}  // namespace

ItemMatch MatchFinder::find(const Points& points, StartRange entries) {
    points_ = &points;
    entries_ = entries;
    lattice_ = &rules_.lattice;
    // A later end may belong to an earlier start.
    entries_.until_done = rules_.timing == Timing::last_entry || entries.first_start == entries.last_start;
    const std::uint64_t cuts = rules_.stops | rules_.resets;
    std::uint64_t watched = cuts, watched_after = rules_.resets;
    Place place = deepest(watched, watched_after);
    ItemMatch told{.chain = {}, .level = place.level, .uncut = place.level};
    if (place.level > 0 && rules_.drops != 0) {
        watched |= rules_.drops;
        watched_after |= rules_.drops;
        place = deepest(watched, watched_after, told.level);
    }
    if (place.level > 0) {
        if (rules_.lattice.optional != 0) place = with_optional_steps(place, watched, watched_after);
        told.chain = rules_.timing == Timing::last_entry ? earliest_end(place) : earliest_start(place);
        told.stop = why_it_ends(told.chain);
    }
    if (cuts != 0 && told.level < rules_.n_steps()) {
        lattice_ = &rules_.lattice;
        told.uncut = deepest(0, 0).level;
    }
    return told;
}

MatchFinder::Place MatchFinder::deepest(std::uint64_t watched, std::uint64_t watched_after,
                                        std::size_t only) {
    sweep_.begin(*lattice_, &rules_.deadline);
    entries_.watched = watched;
    sweep_.run(*points_, entries_);
    for (std::size_t level = only > 0 ? only : sweep_.deepest(); level > 0; --level) {
        if (const std::optional<Place> place = place_of(level, watched_after)) return *place;
        if (only > 0) break;
    }
    return {};
}

MatchFinder::Place MatchFinder::with_optional_steps(Place place, std::uint64_t watched,
                                                    std::uint64_t watched_after) {
    narrowed_ = rules_.lattice;
    lattice_ = &narrowed_;
    bool is_swept = true;
    for (std::size_t step = 2; step < place.level; ++step) {
        if (!rules_.lattice.is_optional(step) || !points_->has_past(bit_of(step), kEarliest)) continue;
        narrowed_.optional &= ~bit_of(step);
        if (is_out_of_reach(step, place.level)) {
            narrowed_.optional |= bit_of(step);
            continue;
        }
        const Place found = deepest(watched, watched_after, place.level);
        is_swept = found.level > 0;
        if (is_swept) {
            place = found;
        } else {
            narrowed_.optional |= bit_of(step);
        }
    }
    return is_swept ? place : deepest(watched, watched_after, place.level);
}

/// Whether the entry is too late for all obligatory steps, or too early for the step. An item may have many
/// entries: each of them would read rows in vain.
bool MatchFinder::is_out_of_reach(std::size_t step, std::size_t level) {
    if (entries_.first_start == kEarliest) return false;
    const auto is_known = [&](const Ahead& known) {
        return known.points == points_ && known.step == step && known.level == level &&
               known.optional == narrowed_.optional;
    };
    auto known = std::find_if(ahead_.begin(), ahead_.end(), is_known);
    if (known == ahead_.end()) known = ahead_.insert(known, ahead_of(step, level));
    const auto next = std::lower_bound(known->times.begin(), known->times.end(), entries_.first_start);
    return known->latest_entry < entries_.first_start || next == known->times.end() ||
           *next > rules_.deadline.of(entries_.last_start);
}

MatchFinder::Ahead MatchFinder::ahead_of(std::size_t step, std::size_t level) const {
    Ahead ahead{points_, step, level, narrowed_.optional, kLatest, {}};
    for (const Point& point : points_->points) {
        if ((point.steps & bit_of(step)) != 0) ahead.times.push_back(point.time);
    }
    std::size_t due = level;
    for (auto point = points_->points.rbegin(); point != points_->points.rend() && due > 1;) {
        if ((point->steps & bit_of(due)) == 0) {
            ++point;
            continue;
        }
        ahead.latest_entry = point->time;
        do --due;
        while (due > 1 && narrowed_.is_optional(due));
    }
    if (due > 1) ahead.latest_entry = kEarliest;
    return ahead;
}

/// Whether rows after the last step meet a chain depends on when its window is over, so on its start: the
/// latest start is not the best one here. But starts whose windows end between the same two excluded rows are
/// alike: their chains must end after the former of the two. So these starts are tried together.
std::optional<MatchFinder::Place> MatchFinder::place_of(std::size_t level, std::uint64_t watched_after) {
    if (sweep_.nodes(level).empty()) return std::nullopt;
    const std::uint64_t watched = watched_after & rules_.lattice.watched_after(level);
    std::vector<std::int64_t> excluded;
    if (watched != 0) {
        for (std::size_t p = entries_.first_point; p < points_->points.size(); ++p) {
            const Point& point = points_->points[p];
            if (point.time > entries_.limit) break;
            if ((point.exclusions & watched) != 0) excluded.push_back(point.time);
        }
    }
    if (excluded.empty()) return Place{.level = level, .entries = entries_};
    const std::vector<Node>& entries = sweep_.nodes(1);
    std::size_t past = 0;  // of the excluded rows inside the window
    for (std::size_t first = 0; first < entries.size();) {
        const std::int64_t end = rules_.deadline.of(entries[first].time);
        while (past < excluded.size() && excluded[past] <= end) ++past;
        std::size_t last = first;
        const auto is_alike = [&](std::size_t entry) {
            return past == excluded.size() || rules_.deadline.of(entries[entry].time) < excluded[past];
        };
        while (last + 1 < entries.size() && is_alike(last + 1)) ++last;
        if (auto place = among(level, first, last, past > 0 ? excluded[past - 1] : kEarliest)) return place;
        first = last + 1;
    }
    return std::nullopt;
}

/// The chains of a level that start at some of the entries and end at a time or later.
std::optional<MatchFinder::Place> MatchFinder::among(std::size_t level, std::size_t first, std::size_t last,
                                                     std::int64_t first_end) {
    const Node& first_entry = sweep_.nodes(1)[first];
    const Node& last_entry = sweep_.nodes(1)[last];
    const Place place{.level = level,
                      .entries = {.first_point = first_entry.point,
                                  .first_start = first_entry.time,
                                  .last_start = last_entry.time,
                                  .limit = rules_.deadline.of(last_entry.time),
                                  .watched = entries_.watched},
                      .first_end = first_end,
                      .is_part = true};
    const Node* end = node_from(sweep_.nodes(level), first_end);
    if (end == nullptr || end->time > place.entries.limit) return std::nullopt;
    if (level == 1) return last_entry.time >= first_end ? std::optional(place) : std::nullopt;
    probe_.begin(*lattice_, &rules_.deadline);
    probe_.run(*points_, place.entries);
    return node_from(probe_.nodes(level), first_end) != nullptr ? std::optional(place) : std::nullopt;
}

Match MatchFinder::earliest_end(const Place& place) {
    if (place.is_part) sweep_.run(*points_, place.entries);
    const std::int64_t end = node_from(sweep_.nodes(place.level), place.first_end)->time;
    return sweep_.chain_to_time(
        end, place.level, rules_.deadline.earliest_start(end), [](const Node&) { return true; }, false);
}

/// Looks backwards in time: from the last step, the latest start is the earliest end.
Match MatchFinder::earliest_start(const Place& place) {
    const StepGraph lattice = lattice_->mirrored(place.level);
    const std::size_t past = sweep_.past_point();
    mirrored_.mirror(*points_, place.entries.first_point, past, place.level);
    sweep_.begin(lattice, nullptr);
    sweep_.run(mirrored_, {.first_point = 0,
                           .first_start = kEarliest,
                           .last_start = ~place.first_end,
                           .limit = ~place.entries.first_start,
                           .watched = place.entries.watched});
    const std::vector<Node>& entries = sweep_.nodes(place.level);
    const auto in_time = [&](const Node& entry) {
        const std::int64_t start = ~entry.time;
        return start >= place.entries.first_start && start <= place.entries.last_start &&
               ~entry.start <= rules_.deadline.of(start);
    };
    const Node& entry = *std::find_if(entries.rbegin(), entries.rend(), in_time);
    const Match back =
        sweep_.chain_to_time(entry.time, place.level, ~rules_.deadline.of(~entry.time), in_time, true);
    Match chain;
    chain.level = place.level;
    for (std::size_t step = 1; step <= place.level; ++step) {
        const std::size_t turned = place.level + 1 - step;
        if ((back.done & bit_of(turned)) == 0) continue;
        chain.done |= bit_of(step);
        chain.time[step - 1] = ~back.time[turned - 1];
    }
    chain.last_point = past - 1 - back.first_point;
    return chain;
}

/// Whether an exclusion that stops chains follows the last step inside the window.
bool MatchFinder::is_stopped(const Match& chain) const {
    if (chain.level == 0) return false;
    const std::uint64_t stops = rules_.stops & rules_.lattice.watched_after(chain.level);
    const std::int64_t deadline = rules_.deadline.of(chain.entry());
    if (stops == 0) return false;
    for (std::size_t p = chain.last_point; p < points_->points.size(); ++p) {
        const Point& point = points_->points[p];
        if (point.time > deadline) break;
        if ((point.exclusions & stops) != 0 && point.time > chain.last_time()) return true;
    }
    return false;
}

Stop MatchFinder::why_it_ends(const Match& chain) const {
    if (chain.level == rules_.n_steps()) return Stop::completed;
    if (is_stopped(chain)) return Stop::excluded;
    return rules_.is_immature(chain.entry()) ? Stop::immature : why_no_next(chain);
}

Stop MatchFinder::why_no_next(const Match& chain) const {
    const std::uint64_t next = rules_.lattice.next_steps(chain.level);
    const std::int64_t deadline = rules_.deadline.of(chain.entry());
    const Point& end = points_->points[chain.last_point];
    Stop why = Stop::no_event;
    for (std::size_t p = chain.last_point; p < points_->points.size(); ++p) {
        const Point& point = points_->points[p];
        if (point.time > deadline) break;
        if ((point.steps & next) == 0) continue;
        if (p == chain.last_point && !has_unused_row(chain, point, next)) continue;
        if (!rules_.lattice.adjacent) return Stop::gap;
        if (point.row != end.row + 1) return Stop::interrupted;
        why = Stop::gap;
    }
    if (why == Stop::no_event && points_->has_past(next, deadline)) return Stop::window;
    return why;
}

/// Whether a row that is tied with the chain's last one could have been one of the next steps.
bool MatchFinder::has_unused_row(const Match& chain, const Point& point, std::uint64_t next) const {
    if (!rules_.lattice.tied) return false;
    RowMatching rows(points_->kinds_of(point));
    for (std::size_t step = 1; step <= chain.level; ++step) {
        if ((chain.done & bit_of(step)) != 0 && chain.time[step - 1] == point.time) rows.fill(step);
    }
    for (std::size_t step = chain.level + 1; step <= rules_.n_steps(); ++step) {
        if ((next & bit_of(step)) != 0 && rows.fill(step)) return true;
    }
    return false;
}

}  // namespace stagefunnel::sequence::inline internal
