#include "stagefunnel/questions/sequence/sequence.hpp"

#include <vector>

#include "questions/sequence/item_matcher.hpp"
#include "questions/sequence/rules/rules.hpp"
#include "scan/scan.hpp"

namespace stagefunnel::sequence {
namespace {

void put_times(const Match& match, std::size_t n_steps, std::int64_t* time) {
    for (std::size_t k = 0; k < n_steps; ++k) {
        time[k] = (match.done >> k & 1) != 0 ? match.time[k] : kNoTime;
    }
}

Matches sized(std::size_t n_steps, std::size_t n_matches) {
    Matches matches;
    matches.n_steps = n_steps;
    matches.level.resize(n_matches);
    matches.stop.resize(n_matches);
    matches.done.resize(n_matches);
    matches.time.resize(n_matches * n_steps);
    return matches;
}

/// The matches of a range of items; the ranges are joined in order.
struct RangeMatches {
    void add(std::size_t of_item, const ItemMatch& found, std::size_t n_steps) {
        item.push_back(static_cast<std::uint32_t>(of_item));
        level.push_back(static_cast<std::uint8_t>(found.match.level));
        stop.push_back(static_cast<std::uint8_t>(found.stop));
        done.push_back(found.match.done);
        time.resize(time.size() + n_steps);
        put_times(found.match, n_steps, time.data() + time.size() - n_steps);
    }

    std::vector<std::uint32_t> item;
    std::vector<std::uint8_t> level;
    std::vector<std::uint8_t> stop;
    std::vector<std::uint64_t> done;
    std::vector<std::int64_t> time;
};

}  // namespace

Matches best_matches(const Journeys& journeys, const Options& options) {
    const Rules rules(options, journeys);
    const std::size_t n = rules.n_steps();
    Matches matches = sized(n, journeys.n_items());
    scan::scan_ranges(journeys, options.threads, [&](const auto* codes, std::size_t first, std::size_t last) {
        ItemMatcher matcher(rules, journeys, codes);
        for (std::size_t item = first; item < last; ++item) {
            const ItemMatch found = matcher.find(item);
            matches.level[item] = static_cast<std::uint8_t>(found.match.level);
            matches.stop[item] = static_cast<std::uint8_t>(found.stop);
            matches.done[item] = found.match.done;
            put_times(found.match, n, matches.time.data() + item * n);
        }
    });
    return matches;
}

Matches entry_matches(const Journeys& journeys, const Options& options) {
    const Rules rules(options, journeys);
    rules.check_entries();
    const std::size_t n = rules.n_steps();
    const auto read = [&](const auto* codes, std::size_t first, std::size_t last) {
        RangeMatches found;
        ItemMatcher matcher(rules, journeys, codes);
        for (std::size_t item = first; item < last; ++item) {
            matcher.for_each_entry(item, [&](const ItemMatch& match) { found.add(item, match, n); });
        }
        return found;
    };
    const std::vector<RangeMatches> ranges = scan::scan_ranges(journeys, options.threads, read);
    Matches matches;
    matches.n_steps = n;
    const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    for (const RangeMatches& range : ranges) {
        append(matches.item, range.item);
        append(matches.level, range.level);
        append(matches.stop, range.stop);
        append(matches.done, range.done);
        append(matches.time, range.time);
    }
    return matches;
}

}  // namespace stagefunnel::sequence
