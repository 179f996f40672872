#pragma once

// Counts the items of each state. Internal to the core.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "questions/funnel/ending_steps.hpp"
#include "questions/funnel/key_numbers.hpp"
#include "scan/stage_epochs.hpp"
#include "scan/stage_set.hpp"
#include "scan/visits.hpp"
#include "stagefunnel/questions/funnel/item_states.hpp"

namespace stagefunnel::funnel::inline internal {

/// A table of all possible states, in which the state of an item is its own address.
///
/// A state is the set of visited stages, beyond which stages the first visit was, and how the journey ends,
/// as `EndingSteps` reads it. All else that funnels ask of the end follows from these.
///
/// Items are read in small blocks: first what their codes say, then they are counted. Reading goes on while
/// no count waits for it.
class StateTable {
  public:
    StateTable() = default;
    explicit StateTable(const Pipeline& pipeline)
        : n_rows_(static_cast<std::size_t>(pipeline.n_rows())),
          n_limits_(n_limits(pipeline)),
          n_plain_(n_plain(pipeline)),
          endings_(pipeline),
          epochs_(pipeline),
          numbers_(n_states(pipeline)) {
        for (std::size_t row = 0; row < n_rows_; ++row) {
            const bool is_final = pipeline.outcome_of(static_cast<std::int32_t>(row)) != Outcome::open;
            if (is_final || !has_date(pipeline, row)) continue;
            const std::size_t n_beyond = n_limits_ - 1 + static_cast<std::size_t>(pipeline.n_won());
            beyond_dated_ |=
                static_cast<std::uint32_t>(scan::bits_below(n_beyond, 0) & ~scan::bits_below(row + 1, 0));
            break;  // beyond the first of them is beyond some
        }
        for (const std::int32_t row : pipeline.rows()) {
            const bool listed = row != Pipeline::kUnlisted;
            stages_.push_back(listed ? CodeStage{std::uint32_t{1} << static_cast<unsigned>(row),
                                                 static_cast<std::uint32_t>(row)}
                                     : CodeStage{0, static_cast<std::uint32_t>(endings_.unlisted())});
            limits_.push_back(
                listed ? static_cast<std::uint8_t>(scan::JourneyEnd::began_limit_of(pipeline, row)) : 0);
        }
        if (epochs_.size() > 1) note_moves(pipeline);
    }

    static std::size_t n_states(const Pipeline& pipeline) {
        return n_plain(pipeline) * scan::StageEpochs(pipeline).size();
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
            const Identity own = other.identities_[number];
            const std::uint32_t here = own.is_mixed ? number_of_key(own.key, state.example)
                                                    : number_of_place(own.key, state.example);
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
        if (epochs_.size() == 1 || journeys.time.empty()) {
            count_without_dates(journeys, codes, first, last, item_of, at_item);
        } else if (epochs_.size() == 2) {
            count_with_dates<true>(journeys, codes, first, last, item_of, at_item);
        } else {
            count_with_dates<false>(journeys, codes, first, last, item_of, at_item);
        }
    }

    static constexpr std::size_t kNowhere = ~std::size_t{0};
    static constexpr std::size_t kBlock = 256;

    /// A number for each item of a block; a place has all bits set where an item is nowhere.
    using Places = std::array<std::uint32_t, kBlock>;

    /// All about the stage of a code in one load; `bit` is 0 where the code is unlisted.
    struct CodeStage {
        std::uint32_t bit = 0;
        std::uint32_t row = 0;  // as `EndingSteps` reads it
    };

    /// What the codes of an item say.
    struct ReadCodes {
        std::size_t place;      // in the part of the table that one epoch has, or `kNowhere`
        std::uint32_t visited;  // the stages, as bits
    };

    template <class Code>
    [[nodiscard]] ReadCodes read_codes(const Code* codes, std::size_t i, std::size_t end) const {
        const CodeStage* const stages = stages_.data();
        while (i < end && stages[codes[i]].bit == 0) ++i;
        if (i == end) return {kNowhere, 0};
        const std::size_t limit = limits_[codes[i]];
        std::uint32_t visited = 0;
        std::size_t state = EndingSteps::kStart;
        for (; i < end; ++i) {
            const CodeStage next = stages[codes[i]];
            visited |= next.bit;
            state = endings_.next(state, next.row);
        }
        return {(visited * n_limits_ + limit) * endings_.size() + endings_.ending(state), visited};
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
        const std::size_t alike = place_alike(place);
        if (numbers_[alike] == 0) numbers_[alike] = new_state({alike, false}, example) + 1;
        numbers_[place] = numbers_[alike];
        return numbers_[place] - 1;
    }

    std::uint32_t number_of_key(std::uint64_t key, std::uint32_t example) {
        return mixed_.find(key, [&] { return new_state({key, true}, example); });
    }

    /// What distinguishes a state: its place, or the key of one that is not in the table.
    struct Identity {
        std::uint64_t key = 0;
        bool is_mixed = false;
    };

    std::uint32_t new_state(Identity identity, std::uint32_t example) {
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
                places[i] = static_cast<std::uint32_t>(read_codes(codes, row[item], row[item + 1]).place);
            }
            count_places(places, block, n, item_of, at_item);
        }
    }

    /// Counts a block of items by their places.
    template <class ItemOf, class AtItem>
    void count_places(const Places& places, std::size_t block, std::size_t n, ItemOf item_of,
                      AtItem at_item) {
        for (std::size_t i = 0; i < n; ++i) {
            const bool is_nowhere = places[i] == static_cast<std::uint32_t>(kNowhere);
            at_item(block + i,
                    is_nowhere ? ItemStates::kNoState : count_place(places[i], item_of(block + i)));
        }
    }

    /// Returns the epoch of a time.
    template <bool kIsOneChange>
    [[nodiscard]] std::size_t epoch_of(std::int64_t time) const {
        return kIsOneChange ? static_cast<std::size_t>(time > epochs_.last_tick(0)) : epochs_.at(time);
    }

    /// Dates matter only to an item that is beyond a stage that has them, and no processor foresees which
    /// these are, nor which have rows in several epochs. So the first and last time of every item are read,
    /// in their order in memory, and the few with rows in several epochs are put aside until a block is read.
    template <bool kIsOneChange, class Code, class ItemOf, class AtItem>
    void count_with_dates(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last,
                          ItemOf item_of, AtItem at_item) {
        Places places, dated, places_of_mixed;
        const std::uint64_t* const row = journeys.offsets.data();
        const std::int64_t* const time = journeys.time.data();
        const auto n_plain = static_cast<std::uint32_t>(n_plain_);
        for (std::size_t block = first; block < last; block += kBlock) {
            const std::size_t n = std::min(kBlock, last - block);
            std::size_t n_dated = 0, n_mixed = 0;
            for (std::size_t i = 0; i < n; ++i) {
                const std::size_t item = item_of(block + i);
                __builtin_prefetch(time + row[item], 0, 0);
                const ReadCodes read = read_codes(codes, row[item], row[item + 1]);
                places[i] = static_cast<std::uint32_t>(read.place);
                dated[n_dated] = static_cast<std::uint32_t>(i);
                n_dated += (read.visited & beyond_dated_) != 0 ? 1 : 0;
            }
            for (std::size_t k = 0; k < n_dated; ++k) {
                const std::size_t i = dated[k], item = item_of(block + i);
                const std::size_t epoch = epoch_of<kIsOneChange>(time[row[item]]);
                // The list of those that are mixed grows over what has been read of the other.
                dated[n_mixed] = static_cast<std::uint32_t>(i);
                places_of_mixed[n_mixed] = places[i];
                n_mixed += time[row[item + 1] - 1] > epochs_.last_tick(epoch) ? 1 : 0;
                places[i] += static_cast<std::uint32_t>(epoch) * n_plain;
            }
            for (std::size_t k = 0; k < n_mixed; ++k) places[dated[k]] = static_cast<std::uint32_t>(kNowhere);
            count_places(places, block, n, item_of, at_item);
            for (std::size_t k = 0; k < n_mixed; ++k) {
                const std::size_t item = item_of(block + dated[k]);
                const std::uint64_t key = mixed_key<kIsOneChange>(journeys, codes, item, places_of_mixed[k]);
                const std::uint32_t number = number_of_key(key, static_cast<std::uint32_t>(item));
                ++states_[number].items;
                at_item(block + dated[k], number);
            }
        }
    }

    /// Returns all that funnels ask of an item with rows in several epochs: its place in the table of one
    /// epoch, and what depends on the times of its moves.
    template <bool kIsOneChange, class Code>
    [[nodiscard]] std::uint64_t mixed_key(const Journeys& journeys, const Code* codes, std::size_t item,
                                          std::size_t place) const {
        std::uint64_t moves = 0;
        std::uint32_t last = 0, visited = 0;
        bool is_after_work = true;
        std::size_t limit = 0;
        // Without branches: no processor foresees where an epoch ends.
        for (std::size_t i = journeys.offsets[item]; i < journeys.offsets[item + 1]; ++i) {
            const CodeStage next = stages_[codes[i]];
            if (next.bit == 0) continue;
            if (visited == 0) limit = limits_[codes[i]];
            const std::size_t epoch = epoch_of<kIsOneChange>(journeys.time[i]);
            const std::uint64_t is_visit = next.bit != last ? ~std::uint64_t{0} : 0;
            moves |= moves_[((is_after_work ? 0 : epochs_.size()) + epoch) * n_rows_ + next.row] & is_visit;
            visited |= next.bit;
            last = next.bit;
            is_after_work = (next.bit & open_stages_) != 0;
        }
        return place_alike(place, limit, visited, moves >> (2 * kBits)) << (3 * kBits) | moves;
    }

    /// Notes what a move to each stage says in each epoch, in three parts: beyond which stages it goes that
    /// are there, beyond which ones that are not, and which ones a win fills in that follows work in
    /// progress. The moves that follow such work, or nothing, come first.
    void note_moves(const Pipeline& pipeline) {
        open_stages_ = static_cast<std::uint32_t>(scan::bits_below(n_limits_ - 1, 0));
        for (const bool is_after_work : {true, false})
            for (std::size_t epoch = 0; epoch < epochs_.size(); ++epoch)
                for (std::int32_t row = 0; row < pipeline.n_rows(); ++row) {
                    const auto limit =
                        static_cast<std::size_t>(scan::JourneyEnd::began_limit_of(pipeline, row));
                    const std::uint64_t passed = scan::bits_below(limit, 0),
                                        implied = epochs_.implied(epoch, 0);
                    const bool is_entry = is_after_work && pipeline.outcome_of(row) == Outcome::won;
                    moves_.push_back(((passed & implied) << kBits | (passed & epochs_.absent(epoch, 0)))
                                         << kBits |
                                     (is_entry ? implied : 0));
                }
    }

    // With at most twelve stages the parts of a key fit into one word.
    static constexpr unsigned kBits = 12;

    static bool has_date(const Pipeline& pipeline, std::size_t row) {
        const StageRules& rules = pipeline.rules();
        return !rules.since.empty() &&
               (rules.since[row] != StageRules::kAlways || rules.until[row] != StageRules::kForever);
    }

    /// Returns the place of a state that counts like another: it began beyond the same unvisited stages, and
    /// beyond no other.
    [[nodiscard]] std::size_t place_alike(std::size_t place) const {
        const std::size_t limit = place / endings_.size() % n_limits_;
        return place_alike(place, limit, place / endings_.size() / n_limits_, ~std::size_t{0});
    }

    /// Does the same with what the place says, without a division.
    ///
    /// @param counted the stages of which it matters whether an item began beyond them.
    [[nodiscard]] std::size_t place_alike(std::size_t place, std::size_t limit, std::size_t visited,
                                          std::size_t counted) const {
        const std::size_t below = (std::size_t{1} << limit) - 1;
        const auto own = static_cast<std::size_t>(std::bit_width(below & ~visited & counted));
        return place - (limit - own) * endings_.size();
    }

    static std::size_t n_plain(const Pipeline& pipeline) {
        const auto n = static_cast<std::size_t>(pipeline.n_rows());
        return (std::size_t{1} << n) * n_limits(pipeline) * EndingSteps::size(pipeline);
    }

    static std::size_t n_limits(const Pipeline& pipeline) {
        return static_cast<std::size_t>(pipeline.n_open()) + 1;
    }

    std::size_t n_rows_ = 0;
    std::size_t n_limits_ = 0;
    std::size_t n_plain_ = 0;         // states of one epoch
    std::uint32_t beyond_dated_ = 0;  // stages beyond the first one that comes or goes
    std::uint32_t open_stages_ = 0;   // stages in progress, where some come or go
    EndingSteps endings_;
    scan::StageEpochs epochs_;
    std::vector<CodeStage> stages_;       // of each code
    std::vector<std::uint8_t> limits_;    // of each code, as `JourneyEnd::began_limit_of` has them
    std::vector<std::uint64_t> moves_;    // as `note_moves` says, where some stages come or go
    std::vector<std::uint32_t> numbers_;  // of each place that of its state, from 1 on; 0: no item has it
    KeyNumbers mixed_;                    // of the states of items with rows in several epochs
    std::vector<ItemStates::State> states_;
    std::vector<Identity> identities_;  // of each state
};

}  // namespace stagefunnel::funnel::inline internal
