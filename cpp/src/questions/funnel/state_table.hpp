#pragma once

// Counts the items of each state. Internal to the core.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "questions/funnel/dated_moves.hpp"
#include "questions/funnel/ending_steps.hpp"
#include "questions/funnel/epoch_finder.hpp"
#include "questions/funnel/key_numbers.hpp"
#include "scan/stage_epochs.hpp"
#include "scan/visits.hpp"
#include "stagefunnel/questions/funnel/item_states.hpp"

namespace stagefunnel::funnel::inline internal {

/// A table of all possible states, in which the state of an item is its own address.
///
/// A state is the set of visited stages, beyond which stages the first visit was, and how the journey ends,
/// as `EndingSteps` reads it. All else that funnels ask of the end follows from these. Where stages come and
/// go, what the moves say of them, as `DatedMoves` has it, belongs to the state too; a table then has a place
/// for each epoch, because most items have all their rows in one.
///
/// Items are read in small blocks: first what their codes say, then they are counted. Reading goes on while
/// no count waits for it.
class StateTable {
  public:
    StateTable() = default;
    explicit StateTable(const Pipeline& pipeline)
        : n_limits_(n_limits(pipeline)), endings_(pipeline), epochs_(pipeline), numbers_(n_states(pipeline)) {
        for (const std::int32_t row : pipeline.rows()) {
            const bool listed = row != Pipeline::kUnlisted;
            stages_.push_back(listed ? CodeStage{std::uint32_t{1} << static_cast<unsigned>(row),
                                                 static_cast<std::uint32_t>(row)}
                                     : CodeStage{0, static_cast<std::uint32_t>(endings_.unlisted())});
            limits_.push_back(
                listed ? static_cast<std::uint8_t>(scan::JourneyEnd::began_limit_of(pipeline, row)) : 0);
        }
        if (epochs_.size() > 1) moves_ = DatedMoves(pipeline, epochs_);
    }

    static std::size_t n_states(const Pipeline& pipeline) {
        return (std::size_t{1} << static_cast<unsigned>(pipeline.n_rows())) * n_limits(pipeline) *
               EndingSteps::size(pipeline) * scan::StageEpochs(pipeline).size();
    }

    /// Counts the items of a range. An item without a listed row has no state.
    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last) {
        count_range(journeys, codes, first, last, Itself{}, [](std::size_t, std::uint32_t) {});
    }

    /// Does the same and calls `at_item(item, number)` with the number of each item's state, or
    /// `ItemStates::kNoState`.
    template <class Code, class AtItem>
    void read_each(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last,
                   AtItem at_item) {
        count_range(journeys, codes, first, last, Itself{}, at_item);
    }

    /// Does the same and writes down the number of each item's state, or `ItemStates::kNoState`.
    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last,
              std::uint32_t* state_of_item) {
        count_range(journeys, codes, first, last, Itself{},
                    [state_of_item](std::size_t i, std::uint32_t number) { state_of_item[i] = number; });
    }

    /// Does the same for a range of some chosen items.
    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::span<const std::uint32_t> chosen,
              std::size_t first, std::size_t last, std::uint32_t* state_of_chosen) {
        count_range(
            journeys, codes, first, last, [chosen](std::size_t i) -> std::size_t { return chosen[i]; },
            [state_of_chosen](std::size_t i, std::uint32_t number) { state_of_chosen[i] = number; });
    }

    /// Adds the items of another table.
    ///
    /// @return The number that each state of the other has here.
    std::vector<std::uint32_t> merge(const StateTable& other) {
        std::vector<std::uint32_t> numbers_here;
        numbers_here.reserve(other.states_.size());
        for (std::size_t number = 0; number < other.states_.size(); ++number) {
            const ItemStates::State& state = other.states_[number];
            const std::uint64_t own = other.identities_[number];
            const std::uint32_t here =
                epochs_.size() > 1 ? number_of_key(own, state.example) : number_of_place(own, state.example);
            states_[here].items += state.items;
            numbers_here.push_back(here);
        }
        return numbers_here;
    }

    /// Returns the states that have items, in the order in which items have them.
    [[nodiscard]] const std::vector<ItemStates::State>& states() const { return states_; }

  private:
    /// Every item is read: a type and no function, so that it costs nothing.
    struct Itself {
        std::size_t operator()(std::size_t item) const { return item; }
    };

    /// Counts the items `item_of(first)` up to `item_of(last - 1)`, and calls `at_item(i, number)` for each.
    template <class Code, class ItemOf, class AtItem>
    void count_range(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last,
                     ItemOf item_of, AtItem at_item) {
        switch (epochs_.size()) {
            case 1:
                return count_without_dates(journeys, codes, first, last, item_of, at_item);
            case 2:
                return count_with_dates<1>(journeys, codes, first, last, item_of, at_item);
            case 3:
            case 4:
                return count_with_dates<3>(journeys, codes, first, last, item_of, at_item);
            default:
                return count_with_dates<0>(journeys, codes, first, last, item_of, at_item);
        }
    }

    static constexpr std::uint32_t kNowhere = ~std::uint32_t{0};
    static constexpr std::size_t kBlock = 256;

    /// The place of each item of a block, or `kNowhere`.
    using Places = std::array<std::uint32_t, kBlock>;

    /// All about the stage of a code in one load; `bit` is 0 where the code is unlisted.
    struct CodeStage {
        std::uint32_t bit = 0;
        std::uint32_t row = 0;  // as `EndingSteps` reads it
    };

    /// Returns the place of an item among those of its epoch, or `kNowhere`.
    template <class Code>
    [[nodiscard]] std::uint32_t read_codes(const Code* codes, std::size_t i, std::size_t end) const {
        const CodeStage* const stages = stages_.data();
        while (i < end && stages[codes[i]].bit == 0) ++i;
        if (i == end) return kNowhere;
        const std::size_t limit = limits_[codes[i]];
        std::uint32_t visited = 0;
        std::size_t state = EndingSteps::kStart;
        for (; i < end; ++i) {
            const CodeStage next = stages[codes[i]];
            visited |= next.bit;
            state = endings_.next(state, next.row);
        }
        return static_cast<std::uint32_t>((visited * n_limits_ + limit) * endings_.size() +
                                          endings_.ending(state));
    }

    /// Counts an item and returns the number of its state.
    std::uint32_t count_place(std::size_t place, std::size_t item) {
        const std::uint32_t number = number_of_place(place, static_cast<std::uint32_t>(item));
        ++states_[number].items;
        return number;
    }

    std::uint32_t number_of_place(std::size_t place, std::uint32_t example) {
        const std::uint32_t number = numbers_[place];
        return number != 0 ? number - 1 : new_number_of_place(place, example);
    }

    [[gnu::noinline]] std::uint32_t new_number_of_place(std::size_t place, std::uint32_t example) {
        if (epochs_.size() > 1) {
            const ReadPlace read = read_place(place / epochs_.size());
            const std::uint64_t moves =
                moves_.of_stages(read.visited, read.is_won_entry, place % epochs_.size());
            numbers_[place] = number_of_key(key_of(place / epochs_.size(), moves), example) + 1;
            return numbers_[place] - 1;
        }
        const std::size_t alike = place_alike(place, ~std::size_t{0});
        if (numbers_[alike] == 0) numbers_[alike] = new_state(alike, example) + 1;
        numbers_[place] = numbers_[alike];
        return numbers_[place] - 1;
    }

    static std::uint64_t key_of(std::size_t place, std::uint64_t moves) {
        return std::uint64_t{place} << DatedMoves::kBits | moves;
    }

    std::uint32_t number_of_key(std::uint64_t key, std::uint32_t example) {
        return keyed_.find(key, [&] { return new_number_of_key(key, example); });
    }

    [[gnu::noinline]] std::uint32_t new_number_of_key(std::uint64_t key, std::uint32_t example) {
        const std::uint64_t moves = key & ((std::uint64_t{1} << DatedMoves::kBits) - 1);
        const std::uint64_t alike =
            key_of(place_alike(key >> DatedMoves::kBits, DatedMoves::beyond(moves)), moves);
        return alike == key ? new_state(key, example) : number_of_key(alike, example);
    }

    /// @param identity what distinguishes a state: its place, or its key where stages come and go.
    std::uint32_t new_state(std::uint64_t identity, std::uint32_t example) {
        states_.push_back({0, example});
        identities_.push_back(identity);
        return static_cast<std::uint32_t>(states_.size() - 1);
    }

    template <class Code, class ItemOf, class AtItem>
    void count_without_dates(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last,
                             ItemOf item_of, AtItem at_item) {
        const std::uint64_t* const row = journeys.offsets.data();
        Places places;
        for (std::size_t block = first; block < last; block += kBlock) {
            const std::size_t n = std::min(kBlock, last - block);
            for (std::size_t i = 0; i < n; ++i) {
                const std::size_t item = item_of(block + i);
                places[i] = read_codes(codes, row[item], row[item + 1]);
            }
            for (std::size_t i = 0; i < n; ++i) {
                at_item(block + i, places[i] == kNowhere ? ItemStates::kNoState
                                                         : count_place(places[i], item_of(block + i)));
            }
        }
    }

    /// No processor foresees in which epoch an item is, so that all times are compared. The few items with
    /// rows in several epochs are put aside until a block is counted, and read once more.
    template <std::size_t kMost, class Code, class ItemOf, class AtItem>
    void count_with_dates(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last,
                          ItemOf item_of, AtItem at_item) {
        Places places, mixed;
        const EpochFinder<kMost> epochs(epochs_);
        const std::size_t n_epochs = kMost == 1 ? 2 : epochs_.size();
        const std::uint64_t* const row = journeys.offsets.data();
        const std::int64_t* const time = journeys.time.data();
        for (std::size_t block = first; block < last; block += kBlock) {
            const std::size_t n = std::min(kBlock, last - block);
            for (std::size_t i = 0; i < n; ++i) {
                const std::size_t item = item_of(block + i);
                __builtin_prefetch(time + row[item], 0, 0);
                places[i] = read_codes(codes, row[item], row[item + 1]);
            }
            std::size_t n_mixed = 0;
            for (std::size_t i = 0; i < n; ++i) {
                if (places[i] == kNowhere) {
                    at_item(block + i, ItemStates::kNoState);
                    continue;
                }
                const std::size_t item = item_of(block + i);
                const std::size_t epoch = epochs.at(time[row[item]]);
                if (epochs.is_after(time[row[item + 1] - 1], epoch)) [[unlikely]] {
                    mixed[n_mixed++] = static_cast<std::uint32_t>(i);
                    continue;
                }
                at_item(block + i, count_place(places[i] * n_epochs + epoch, item));
            }
            for (std::size_t k = 0; k < n_mixed; ++k) {
                const std::size_t i = mixed[k], item = item_of(block + i);
                const std::uint64_t moves = moves_.of_rows(epochs, codes, time, row[item], row[item + 1]);
                const std::uint32_t number =
                    number_of_key(key_of(places[i], moves), static_cast<std::uint32_t>(item));
                ++states_[number].items;
                at_item(block + i, number);
            }
        }
    }

    /// What a place among those of one epoch says.
    struct ReadPlace {
        std::size_t visited, limit;
        bool is_won_entry;
    };

    [[nodiscard]] ReadPlace read_place(std::size_t place) const {
        const std::size_t set = place / endings_.size();
        return {set / n_limits_, set % n_limits_, EndingSteps::is_won_entry(place % endings_.size())};
    }

    /// Returns the place of a state that counts like another: it began beyond the same unvisited stages, and
    /// beyond no other.
    ///
    /// @param counted the stages of which it matters whether an item began beyond them.
    [[nodiscard]] std::size_t place_alike(std::size_t place, std::size_t counted) const {
        const ReadPlace read = read_place(place);
        const std::size_t below = (std::size_t{1} << read.limit) - 1;
        const auto own = static_cast<std::size_t>(std::bit_width(below & ~read.visited & counted));
        return place - (read.limit - own) * endings_.size();
    }

    static std::size_t n_limits(const Pipeline& pipeline) {
        return static_cast<std::size_t>(pipeline.n_open()) + 1;
    }

    std::size_t n_limits_ = 0;
    EndingSteps endings_;
    scan::StageEpochs epochs_;
    DatedMoves moves_;                    // where some stages come or go
    std::vector<CodeStage> stages_;       // of each code
    std::vector<std::uint8_t> limits_;    // of each code, as `JourneyEnd::began_limit_of` has them
    std::vector<std::uint32_t> numbers_;  // of each place that of its state, from 1 on; 0: no item has it
    KeyNumbers keyed_;                    // of states where some stages come or go
    std::vector<ItemStates::State> states_;
    std::vector<std::uint64_t> identities_;  // of each state
};

}  // namespace stagefunnel::funnel::inline internal
