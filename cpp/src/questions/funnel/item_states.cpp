#include "stagefunnel/questions/funnel/item_states.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/parallel.hpp"
#include "questions/funnel/counted_states.hpp"
#include "scan/scan.hpp"
#include "stagefunnel/journeys/lookup.hpp"

namespace stagefunnel::funnel {
namespace {

/// Counts states and writes down the place in the table of each item's state.
class StateRecorder {
  public:
    StateRecorder(const Pipeline& pipeline, std::uint32_t* place_of_item)
        : table_(pipeline), place_of_item_(place_of_item) {}

    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last) {
        table_.read(journeys, codes, first, last, place_of_item_);
    }

    void merge(const StateRecorder& next) { table_.merge(next.table_); }

    [[nodiscard]] const StateTable& table() const { return table_; }

  private:
    StateTable table_;
    std::uint32_t* place_of_item_;
};

/// Numbers of items by state.
struct StateSizes {
    std::vector<std::uint32_t> items;

    void merge(const StateSizes& other) {
        for (std::size_t state = 0; state < items.size(); ++state) items[state] += other.items[state];
    }
};

}  // namespace

ItemStates internal::with_examples(const Journeys& journeys, std::vector<ItemStates::State> states) {
    std::vector<std::uint32_t> places;
    places.reserve(states.size());
    for (const ItemStates::State& state : states) places.push_back(state.example);
    return {std::move(states), journeys::take_items(journeys, places), {}};
}

std::optional<ItemStates> find_states(const Journeys& journeys, const Pipeline& pipeline, unsigned threads) {
    pipeline.check(journeys);
    if (!is_worth_counting_states(journeys, pipeline)) return std::nullopt;
    return with_examples(journeys,
                         scan::scan(journeys, threads, [&] { return StateTable(pipeline); }).states());
}

std::optional<ItemStates> find_states_of_items(const Journeys& journeys, const Pipeline& pipeline,
                                               unsigned threads) {
    pipeline.check(journeys);
    if (!is_worth_counting_states(journeys, pipeline)) return std::nullopt;
    LargeVector<std::uint32_t> of_item(journeys.n_items());
    const StateRecorder recorder =
        scan::scan(journeys, threads, [&] { return StateRecorder(pipeline, of_item.data()); });
    const std::vector<std::uint32_t> numbers = recorder.table().numbers();
    parallel_for(of_item.size(), threads, [&](std::size_t first, std::size_t last) {
        for (std::size_t item = first; item < last; ++item) {
            if (of_item[item] != ItemStates::kNoState) of_item[item] = numbers[of_item[item]];
        }
    });
    ItemStates item_states = with_examples(journeys, recorder.table().states());
    const MixedStates& mixed = recorder.table().mixed();
    const auto n_in_table = static_cast<std::uint32_t>(item_states.states.size() - mixed.states().size());
    for (const MixedStates::Item& one : mixed.items()) of_item[one.item] = n_in_table + one.number;
    item_states.of_item = std::move(of_item);
    return item_states;
}

ItemStates states_of_chosen(const ItemStates& all, std::span<const std::uint32_t> items, unsigned threads) {
    const std::span<const std::uint32_t> states = all.of_item;
    std::uint32_t highest = 0;
    for (const std::uint32_t item : items) highest = std::max(highest, item);
    if (!items.empty() && highest >= states.size())
        throw std::invalid_argument("an item has no state among those of all");
    LargeVector<std::uint32_t> of_item(items.size());
    const StateSizes sizes = parallel_merge(items.size(), threads, [&](std::size_t first, std::size_t last) {
        StateSizes own{std::vector<std::uint32_t>(all.states.size(), 0)};
        for (std::size_t i = first; i < last; ++i) {
            of_item[i] = states[items[i]];
            if (of_item[i] != ItemStates::kNoState) ++own.items[of_item[i]];
        }
        return own;
    });
    ItemStates chosen{all.states, all.examples, std::move(of_item)};
    for (std::size_t state = 0; state < sizes.items.size(); ++state)
        chosen.states[state].items = sizes.items[state];
    return chosen;
}

}  // namespace stagefunnel::funnel
