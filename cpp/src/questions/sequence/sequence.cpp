#include "stagefunnel/questions/sequence/sequence.hpp"

#include <algorithm>
#include <stdexcept>

#include "questions/sequence/item_match.hpp"
#include "questions/sequence/rules/rules.hpp"
#include "scan/scan.hpp"

namespace stagefunnel::sequence {
namespace {

void put_times(const Match& chain, std::size_t n_steps, std::int64_t* time) {
    for (std::size_t k = 0; k < n_steps; ++k) {
        time[k] = (chain.done >> k & 1) != 0 ? chain.time[k] : kNoTime;
    }
}

Matches with_room(std::size_t n_steps, std::size_t n_chains) {
    Matches chains;
    chains.n_steps = n_steps;
    chains.level.resize(n_chains);
    chains.stop.resize(n_chains);
    chains.done.resize(n_chains);
    chains.time.resize(n_chains * n_steps);
    return chains;
}

/// The chains of a range of the items, which are joined in order.
struct EntriesPart {
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
    Matches chains = with_room(n, journeys.n_items());
    scan::scan_ranges(journeys, options.threads, [&](const auto* codes, std::size_t first, std::size_t last) {
        ItemMatcher teller(rules, journeys, codes);
        for (std::size_t item = first; item < last; ++item) {
            const ItemMatch told = teller.tell(item);
            chains.level[item] = static_cast<std::uint8_t>(told.chain.level);
            chains.stop[item] = static_cast<std::uint8_t>(told.stop);
            chains.done[item] = told.chain.done;
            put_times(told.chain, n, chains.time.data() + item * n);
        }
    });
    return chains;
}

Matches entry_matches(const Journeys& journeys, const Options& options) {
    const Rules rules(options, journeys);
    rules.check_entries();
    const std::size_t n = rules.n_steps();
    const auto read = [&](const auto* codes, std::size_t first, std::size_t last) {
        EntriesPart part;
        ItemMatcher teller(rules, journeys, codes);
        for (std::size_t item = first; item < last; ++item) {
            teller.tell_entries(item, [&](const ItemMatch& told) {
                part.item.push_back(static_cast<std::uint32_t>(item));
                part.level.push_back(static_cast<std::uint8_t>(told.chain.level));
                part.stop.push_back(static_cast<std::uint8_t>(told.stop));
                part.done.push_back(told.chain.done);
                part.time.resize(part.time.size() + n);
                put_times(told.chain, n, part.time.data() + part.time.size() - n);
            });
        }
        return part;
    };
    const std::vector<EntriesPart> parts = scan::scan_ranges(journeys, options.threads, read);
    Matches chains;
    chains.n_steps = n;
    const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    for (const EntriesPart& part : parts) {
        append(chains.item, part.item);
        append(chains.level, part.level);
        append(chains.stop, part.stop);
        append(chains.done, part.done);
        append(chains.time, part.time);
    }
    return chains;
}

}  // namespace stagefunnel::sequence
