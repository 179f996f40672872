#include "stagefunnel/sequence.hpp"

#include <algorithm>
#include <stdexcept>

#include "parallel.hpp"
#include "sequence_rules.hpp"
#include "sequence_teller.hpp"
#include "visits.hpp"

namespace stagefunnel {
namespace {

void put_times(const ChainSteps& chain, std::size_t n_steps, std::int64_t* time) {
    for (std::size_t k = 0; k < n_steps; ++k) {
        time[k] = (chain.done >> k & 1) != 0 ? chain.time[k] : kNoTime;
    }
}

SequenceChains with_room(std::size_t n_steps, std::size_t n_chains) {
    SequenceChains chains;
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

SequenceChains sequence_chains(const Journeys& journeys, const SequenceOptions& options) {
    const SequenceRules rules(options, journeys);
    const std::size_t n = rules.n_steps();
    SequenceChains chains = with_room(n, journeys.n_items());
    with_codes(journeys, [&](const auto* codes) {
        parallel_parts(journeys.n_items(), options.threads, [&](std::size_t first, std::size_t last) {
            SequenceTeller teller(rules, journeys, codes);
            for (std::size_t item = first; item < last; ++item) {
                const Told told = teller.tell(item);
                chains.level[item] = static_cast<std::uint8_t>(told.chain.level);
                chains.stop[item] = static_cast<std::uint8_t>(told.stop);
                chains.done[item] = told.chain.done;
                put_times(told.chain, n, chains.time.data() + item * n);
            }
            return 0;
        });
    });
    return chains;
}

SequenceChains sequence_entries(const Journeys& journeys, const SequenceOptions& options) {
    const SequenceRules rules(options, journeys);
    rules.check_entries();
    const std::size_t n = rules.n_steps();
    auto parts = with_codes(journeys, [&](const auto* codes) {
        return parallel_parts(journeys.n_items(), options.threads, [&](std::size_t first, std::size_t last) {
            EntriesPart part;
            SequenceTeller teller(rules, journeys, codes);
            for (std::size_t item = first; item < last; ++item) {
                teller.tell_entries(item, [&](const Told& told) {
                    part.item.push_back(static_cast<std::uint32_t>(item));
                    part.level.push_back(static_cast<std::uint8_t>(told.chain.level));
                    part.stop.push_back(static_cast<std::uint8_t>(told.stop));
                    part.done.push_back(told.chain.done);
                    part.time.resize(part.time.size() + n);
                    put_times(told.chain, n, part.time.data() + part.time.size() - n);
                });
            }
            return part;
        });
    });
    SequenceChains chains;
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

}  // namespace stagefunnel
