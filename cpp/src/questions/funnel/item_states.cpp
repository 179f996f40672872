#include "stagefunnel/questions/funnel/item_states.hpp"

#include <utility>

#include "base/parallel.hpp"
#include "questions/funnel/state_table.hpp"
#include "scan/scan.hpp"

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

}  // namespace

std::optional<ItemStates> find_states(const Journeys& journeys, const Pipeline& pipeline, unsigned threads) {
    pipeline.check(journeys);
    if (!is_worth_counting_states(journeys, pipeline)) return std::nullopt;
    return scan::scan(journeys, threads, [&] { return StateTable(pipeline); }).item_states();
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
    ItemStates item_states = recorder.table().item_states();
    const auto n_in_table =
        static_cast<std::uint32_t>(item_states.states.size() - recorder.table().n_mixed());
    for (const StateTable::MixedItem& one : recorder.table().mixed_items())
        of_item[one.item] = n_in_table + one.number;
    item_states.of_item = std::move(of_item);
    return item_states;
}

}  // namespace stagefunnel::funnel
