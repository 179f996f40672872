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

/// Counts states and writes down the number of each item's state.
class StateRecorder {
  public:
    StateRecorder(const Pipeline& pipeline, std::uint32_t* state_of_item)
        : table_(pipeline), state_of_item_(state_of_item) {}

    /// Reads a range of some chosen items, whose states stand in the order of these.
    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::span<const std::uint32_t> chosen,
              std::size_t first, std::size_t last) {
        table_.read(journeys, codes, chosen, first, last, state_of_item_);
        parts_.push_back({first, last, {}});
    }

    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last) {
        table_.read(journeys, codes, first, last, state_of_item_);
        parts_.push_back({first, last, {}});
    }

    void merge(const StateRecorder& next) {
        std::vector<std::uint32_t> numbers_here = table_.merge(next.table_);
        for (const Part& part : next.parts_) parts_.push_back({part.first, part.last, numbers_here});
    }

    /// Gives the items of all threads the numbers that their states have here.
    void renumber(unsigned threads) const {
        for (const Part& part : parts_) {
            if (part.numbers_here.empty()) continue;
            parallel_for(part.last - part.first, threads, [&](std::size_t begin, std::size_t end) {
                for (std::size_t item = part.first + begin; item < part.first + end; ++item) {
                    std::uint32_t& state = state_of_item_[item];
                    if (state != ItemStates::kNoState) state = part.numbers_here[state];
                }
            });
        }
    }

    [[nodiscard]] const StateTable& table() const { return table_; }

  private:
    /// Items that one thread read.
    struct Part {
        std::size_t first, last;
        std::vector<std::uint32_t> numbers_here;  // of each of their states; empty: those they have
    };

    StateTable table_;
    std::uint32_t* state_of_item_;
    std::vector<Part> parts_;
};

/// Counts the items of each state, and those of them that are flagged.
class FlaggedTable {
  public:
    FlaggedTable(const Pipeline& pipeline, std::span<const std::uint8_t> is_flagged)
        : table_(pipeline), is_flagged_(is_flagged) {}

    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last) {
        table_.read_each(journeys, codes, first, last, [this](std::size_t item, std::uint32_t number) {
            if (number >= n_flagged_.size()) {
                if (number == ItemStates::kNoState) return;
                n_flagged_.resize(number + 1, 0);
            }
            n_flagged_[number] += is_flagged_[item] != 0 ? 1 : 0;
        });
    }

    void merge(const FlaggedTable& next) {
        const std::vector<std::uint32_t> numbers_here = table_.merge(next.table_);
        n_flagged_.resize(table_.states().size(), 0);
        for (std::size_t state = 0; state < next.n_flagged_.size(); ++state)
            n_flagged_[numbers_here[state]] += next.n_flagged_[state];
    }

    [[nodiscard]] const std::vector<ItemStates::State>& states() const { return table_.states(); }
    /// Returns how many items of each state are flagged.
    [[nodiscard]] const std::vector<std::uint32_t>& n_flagged() const { return n_flagged_; }

  private:
    StateTable table_;
    std::span<const std::uint8_t> is_flagged_;
    std::vector<std::uint32_t> n_flagged_;
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
    if (!is_worth_counting_states(journeys.n_items(), pipeline)) return std::nullopt;
    return with_examples(journeys,
                         scan::scan(journeys, threads, [&] { return StateTable(pipeline); }).states());
}

namespace {

ItemStates recorded(const Journeys& journeys, const StateRecorder& recorder,
                    LargeVector<std::uint32_t> of_item, unsigned threads) {
    recorder.renumber(threads);
    ItemStates item_states = internal::with_examples(journeys, recorder.table().states());
    item_states.of_item = std::move(of_item);
    return item_states;
}

}  // namespace

std::optional<ItemStates> find_states_of_items(const Journeys& journeys, const Pipeline& pipeline,
                                               unsigned threads) {
    pipeline.check(journeys);
    if (!is_worth_counting_states(journeys.n_items(), pipeline)) return std::nullopt;
    LargeVector<std::uint32_t> of_item(journeys.n_items());
    const StateRecorder recorder =
        scan::scan(journeys, threads, [&] { return StateRecorder(pipeline, of_item.data()); });
    return recorded(journeys, recorder, std::move(of_item), threads);
}

std::optional<ItemStates> find_states_of_chosen(const Journeys& journeys, const Pipeline& pipeline,
                                                std::span<const std::uint32_t> items, unsigned threads) {
    pipeline.check(journeys);
    if (!is_worth_counting_states(items.size(), pipeline)) return std::nullopt;
    for (const std::uint32_t item : items) {
        if (item >= journeys.n_items()) throw std::invalid_argument("the log does not have such an item");
    }
    LargeVector<std::uint32_t> of_item(items.size());
    const StateRecorder recorder = scan::with_codes(journeys, [&](const auto* codes) {
        return parallel_merge(items.size(), threads, [&](std::size_t first, std::size_t last) {
            StateRecorder own(pipeline, of_item.data());
            own.read(journeys, codes, items, first, last);
            return own;
        });
    });
    return recorded(journeys, recorder, std::move(of_item), threads);
}

std::optional<StatesOfAllAndFlagged> find_states_of_flagged(const Journeys& journeys,
                                                            const Pipeline& pipeline,
                                                            std::span<const std::uint8_t> is_flagged,
                                                            unsigned threads) {
    pipeline.check(journeys);
    if (is_flagged.size() != journeys.n_items()) throw std::invalid_argument("each item must have one flag");
    if (!is_worth_counting_states(journeys.n_items(), pipeline)) return std::nullopt;
    const FlaggedTable table =
        scan::scan(journeys, threads, [&] { return FlaggedTable(pipeline, is_flagged); });
    std::vector<ItemStates::State> states = table.states();
    StatesOfAllAndFlagged found{internal::with_examples(journeys, states), {}};
    for (std::size_t state = 0; state < states.size(); ++state)
        states[state].items = table.n_flagged()[state];
    found.flagged = {std::move(states), found.all.examples, {}};
    return found;
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
