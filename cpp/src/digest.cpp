#include "stagefunnel/digest.hpp"

#include "parallel.hpp"
#include "states.hpp"
#include "visits.hpp"

namespace stagefunnel {
namespace {

/// `read(table, codes, first, last)` counts the items of a range.
template <class Read>
StateTable count_states(const Journeys& journeys, const Pipeline& pipeline, unsigned threads, Read read) {
    return with_codes(journeys, [&](const auto* codes) {
        return parallel_merge(journeys.n_items(), threads, [&](std::size_t first, std::size_t last) {
            StateTable table(pipeline);
            read(table, codes, first, last);
            return table;
        });
    });
}

}  // namespace

std::optional<Digest> digest_of(const Journeys& journeys, const Pipeline& pipeline, unsigned threads) {
    pipeline.check(journeys);
    if (!is_worth_a_digest(journeys, pipeline)) return std::nullopt;
    return count_states(journeys, pipeline, threads,
                        [&](StateTable& table, const auto* codes, std::size_t first, std::size_t last) {
                            table.read(journeys, codes, first, last);
                        })
        .digest();
}

std::optional<Digest> digest_of_items(const Journeys& journeys, const Pipeline& pipeline, unsigned threads) {
    pipeline.check(journeys);
    if (!is_worth_a_digest(journeys, pipeline)) return std::nullopt;
    LargeVector<std::uint32_t> of_item(journeys.n_items());
    const StateTable table =
        count_states(journeys, pipeline, threads,
                     [&](StateTable& part, const auto* codes, std::size_t first, std::size_t last) {
                         part.read(journeys, codes, first, last, of_item.data());
                     });
    const std::vector<std::uint32_t> numbers = table.numbers();
    parallel_parts(of_item.size(), threads, [&](std::size_t first, std::size_t last) {
        for (std::size_t item = first; item < last; ++item) {
            if (of_item[item] != Digest::kNoState) of_item[item] = numbers[of_item[item]];
        }
        return 0;
    });
    Digest digest = table.digest();
    digest.of_item = std::move(of_item);
    return digest;
}

}  // namespace stagefunnel
