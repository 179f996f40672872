#pragma once

// Counts the items of each state. Internal to the core.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scan/stage_epochs.hpp"
#include "scan/stage_set.hpp"
#include "scan/visits.hpp"
#include "stagefunnel/questions/funnel/item_states.hpp"

namespace stagefunnel::funnel::inline internal {

/// A table of all possible states, in which the state of an item is its own address.
///
/// A state is the set of visited stages, beyond which stages the first visit was, how the journey ends, and
/// whether the item entered a won stage: from work in progress, or as its first visit. How it ends is the
/// last stage; of a win also whether a loss comes before the closing run of wins, and of a loss the stage
/// before the closing run of losses. All else that funnels ask of the end follows from these.
class StateTable {
  public:
    StateTable() = default;
    explicit StateTable(const Pipeline& pipeline)
        : n_rows_(static_cast<std::size_t>(pipeline.n_rows())),
          n_limits_(n_limits(pipeline)),
          n_ends_(n_ends(pipeline)),
          n_plain_(n_plain(pipeline)),
          epochs_(pipeline),
          states_(n_states(pipeline)) {
        number_ends(pipeline);
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
                                                 static_cast<std::uint16_t>(row),
                                                 static_cast<std::uint16_t>(pipeline.outcome_of(row))}
                                     : CodeStage{});
            limits_.push_back(
                listed ? static_cast<std::uint8_t>(scan::JourneyEnd::began_limit_of(pipeline, row)) : 0);
        }
    }

    static std::size_t n_states(const Pipeline& pipeline) {
        return n_plain(pipeline) * scan::StageEpochs(pipeline).size();
    }

    /// Counts the items of a range. An item without a listed row has no state.
    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last) {
        count_range(
            journeys, codes, first, last, [](std::size_t, std::size_t) {}, [](std::size_t, std::uint32_t) {});
    }

    /// Does the same and writes down the place of each item's state in the table, or `kNowhere`. Items whose
    /// state is not in the table are kept in a list.
    template <class Code>
    void read(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last,
              std::uint32_t* place_of_item) {
        count_range(
            journeys, codes, first, last,
            [place_of_item](std::size_t item, std::size_t place) {
                place_of_item[item] = static_cast<std::uint32_t>(place);
            },
            [this, place_of_item](std::size_t item, std::uint32_t mixed) {
                place_of_item[item] = ItemStates::kNoState;
                mixed_items_.push_back({static_cast<std::uint32_t>(item), mixed});
            });
    }

    void merge(const StateTable& other) {
        for (std::size_t i = 0; i < states_.size(); ++i) {
            if (states_[i].items == 0) states_[i].example = other.states_[i].example;
            states_[i].items += other.states_[i].items;
        }
        std::vector<std::uint32_t> number_here(other.mixed_.size());
        for (std::size_t number = 0; number < other.mixed_.size(); ++number) {
            const std::uint32_t here = mixed_number(other.mixed_keys_[number], other.mixed_[number].example);
            mixed_[here].items += other.mixed_[number].items;
            number_here[number] = here;
        }
        for (const MixedItem& one : other.mixed_items_)
            mixed_items_.push_back({one.item, number_here[one.number]});
    }

    /// Returns the states that have items.
    [[nodiscard]] std::vector<ItemStates::State> states() const {
        std::vector<ItemStates::State> states;
        const auto number = numbers();
        for (std::size_t place = 0; place < states_.size(); ++place) {
            const ItemStates::State& own = states_[place];
            if (own.items == 0) continue;
            if (number[place] >= states.size()) states.push_back({0, own.example});
            states[number[place]].items += own.items;
        }
        states.insert(states.end(), mixed_.begin(), mixed_.end());
        return states;
    }

    /// For each place of the table its place in `states()`; it means nothing for an empty state.
    [[nodiscard]] std::vector<std::uint32_t> numbers() const {
        constexpr std::uint32_t kNone = ~std::uint32_t{0};
        std::vector<std::uint32_t> numbers(states_.size(), kNone);
        std::uint32_t next = 0;
        for (std::size_t place = 0; place < states_.size(); ++place) {
            if (states_[place].items == 0) continue;
            std::uint32_t& shared = numbers[place_alike(place)];  // which does not lie behind this place
            if (shared == kNone) shared = next++;
            numbers[place] = shared;
        }
        return numbers;
    }

    /// An item whose state is not in the table, and the number of its state among those.
    struct MixedItem {
        std::uint32_t item = 0;
        std::uint32_t number = 0;
    };
    [[nodiscard]] const std::vector<MixedItem>& mixed_items() const { return mixed_items_; }
    [[nodiscard]] std::size_t n_mixed() const { return mixed_.size(); }

    static constexpr std::size_t kNowhere = ~std::size_t{0};

  private:
    template <class Code, class AtItem, class AtMixed>
    void count_range(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last,
                     AtItem at_item, AtMixed at_mixed) {
        if (epochs_.size() == 1) {
            count_without_dates(journeys, codes, first, last, at_item);
        } else if (epochs_.size() == 2) {
            count_with_dates<true>(journeys, codes, first, last, at_item, at_mixed);
        } else {
            count_with_dates<false>(journeys, codes, first, last, at_item, at_mixed);
        }
    }

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
        const CodeStage begun = stages[codes[i++]];
        std::uint32_t visited = begun.bit, won_entry = begun.outcome == kWon ? 1 : 0;
        std::uint16_t stage = begun.row, outcome = begun.outcome;
        auto before_run = static_cast<std::uint16_t>(n_rows_);  // none
        for (; i < end; ++i) {
            const CodeStage next = stages[codes[i]];
            if (next.bit == 0) continue;
            before_run = next.outcome != outcome ? stage : before_run;
            // A win that follows work in progress is an entry too.
            won_entry |= static_cast<std::uint32_t>(next.outcome == kWon && outcome == kOpen);
            visited |= next.bit;
            stage = next.row;
            outcome = next.outcome;
        }
        const std::size_t end_number = end_numbers_[stage * (n_rows_ + 1) + before_run];
        return {((visited * n_limits_ + limit) * n_ends_ + end_number) * 2 + won_entry, visited};
    }

    template <class AtItem>
    void count_item(std::size_t item, std::size_t place, AtItem at_item) {
        at_item(item, place);
        if (place != kNowhere && states_[place].items++ == 0)
            states_[place].example = static_cast<std::uint32_t>(item);
    }

    template <class Code, class AtItem>
    void count_without_dates(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last,
                             AtItem at_item) {
        const std::uint64_t* const row = journeys.offsets.data();
        for (std::size_t item = first; item < last; ++item)
            count_item(item, read_codes(codes, row[item], row[item + 1]).place, at_item);
    }

    /// Returns the epoch in which an item begins, and whether it has rows in others.
    template <bool kIsOneChange>
    [[nodiscard]] std::pair<std::size_t, bool> epoch_of(std::int64_t first_time,
                                                        std::int64_t last_time) const {
        if constexpr (kIsOneChange) {
            const bool is_after = first_time > epochs_.last_tick(0);
            return {static_cast<std::size_t>(is_after), last_time > epochs_.last_tick(0) && !is_after};
        } else {
            const std::size_t epoch = epochs_.at(first_time);
            return {epoch, last_time > epochs_.last_tick(epoch)};
        }
    }

    /// Dates matter only to an item that is beyond a stage that has them, and no processor foresees which
    /// these are. A comparison with one date costs less than to wait for times that are read out of turn, so
    /// the times of all items are read then.
    template <bool kIsOneChange, class Code, class AtItem, class AtMixed>
    void count_with_dates(const Journeys& journeys, const Code* codes, std::size_t first, std::size_t last,
                          AtItem at_item, AtMixed at_mixed) {
        for (std::size_t item = first; item < last; ++item) {
            const std::size_t begin = journeys.offsets[item], end = journeys.offsets[item + 1];
            std::pair own{std::size_t{0}, false};
            if (kIsOneChange && begin < end)
                own = epoch_of<true>(journeys.time[begin], journeys.time[end - 1]);
            const ReadCodes read = read_codes(codes, begin, end);
            if ((read.visited & beyond_dated_) == 0) {
                count_item(item, read.place, at_item);
                continue;
            }
            if (!kIsOneChange) own = epoch_of<false>(journeys.time[begin], journeys.time[end - 1]);
            if (!own.second) {
                count_item(item, read.place + own.first * n_plain_, at_item);
                continue;
            }
            const std::uint64_t key = mixed_key(journeys, codes, begin, end, read.place, own.first);
            const std::uint32_t number = mixed_number(key, static_cast<std::uint32_t>(item));
            ++mixed_[number].items;
            at_mixed(item, number);
        }
    }

    /// Returns all that funnels ask of an item with rows in several epochs: its place in the table of one
    /// epoch, and what depends on the times of its moves.
    template <class Code>
    [[nodiscard]] std::uint64_t mixed_key(const Journeys& journeys, const Code* codes, std::size_t begin,
                                          std::size_t end, std::size_t place, std::size_t epoch) const {
        // With at most twelve stages the parts fit into one word.
        constexpr unsigned kBits = 12;
        std::uint64_t beyond = 0, absent = 0, filled = 0;
        std::uint32_t last = 0;
        std::uint16_t outcome = kOpen;
        for (std::size_t i = begin; i < end; ++i) {
            const CodeStage next = stages_[codes[i]];
            if (next.bit == 0 || next.bit == last) continue;
            while (journeys.time[i] > epochs_.last_tick(epoch)) ++epoch;
            const std::uint64_t implied = epochs_.implied(epoch, 0),
                                passed = scan::bits_below(limits_[codes[i]], 0);
            beyond |= passed & implied;
            absent |= passed & epochs_.absent(epoch, 0);
            filled |= next.outcome == kWon && outcome == kOpen ? implied : 0;
            last = next.bit;
            outcome = next.outcome;
        }
        return ((place << kBits | beyond) << kBits | absent) << kBits | filled;
    }

    /// Returns the number of a state that is not in the table, a new one where no item had it.
    std::uint32_t mixed_number(std::uint64_t key, std::uint32_t example) {
        // Most items have one of few states.
        Recent& recent = recent_[(key * 0x9E3779B97F4A7C15U) >> (64U - kRecentBits)];
        if (recent.key == key) return recent.number;
        const auto [found, is_new] = mixed_numbers_.try_emplace(key, std::uint32_t(mixed_.size()));
        if (is_new) {
            mixed_.push_back({0, example});
            mixed_keys_.push_back(key);
        }
        recent = {key, found->second};
        return found->second;
    }

    /// The last state of those that share a place; no key is all ones.
    struct Recent {
        std::uint64_t key = ~std::uint64_t{0};
        std::uint32_t number = 0;
    };
    static constexpr unsigned kRecentBits = 10;

    static constexpr auto kOpen = static_cast<std::uint16_t>(Outcome::open);
    static constexpr auto kWon = static_cast<std::uint16_t>(Outcome::won);

    /// All about the stage of a code in one load; `bit` is 0 where the code is unlisted.
    struct CodeStage {
        std::uint32_t bit = 0;
        std::uint16_t row = 0;
        std::uint16_t outcome = 0;
    };

    static bool has_date(const Pipeline& pipeline, std::size_t row) {
        const StageRules& rules = pipeline.rules();
        return !rules.since.empty() &&
               (rules.since[row] != StageRules::kAlways || rules.until[row] != StageRules::kForever);
    }

    /// Returns the place of a state that counts like another: it began beyond the same unvisited stages, and
    /// beyond no other.
    [[nodiscard]] std::size_t place_alike(std::size_t place) const {
        const std::size_t n_endings = n_ends_ * 2;
        const std::size_t limit = place / n_endings % n_limits_;
        const std::size_t visited = place / n_endings / n_limits_;
        const std::size_t below = (std::size_t{1} << limit) - 1;
        const auto own = static_cast<std::size_t>(std::bit_width(below & ~visited));
        return place - (limit - own) * n_endings;
    }

    static std::size_t n_plain(const Pipeline& pipeline) {
        const auto n = static_cast<std::size_t>(pipeline.n_rows());
        return (std::size_t{1} << n) * n_limits(pipeline) * n_ends(pipeline) * 2;
    }

    static std::size_t n_limits(const Pipeline& pipeline) {
        return static_cast<std::size_t>(pipeline.n_open()) + 1;
    }

    static std::size_t n_ends(const Pipeline& pipeline) {
        const auto n = static_cast<std::size_t>(pipeline.n_rows());
        const auto n_open = static_cast<std::size_t>(pipeline.n_open());
        const auto n_won = static_cast<std::size_t>(pipeline.n_won());
        return n_open + 2 * n_won + (n - n_open - n_won) * (n + 1);
    }

    /// Gives a number to each end, for each last stage and each stage before the closing run, or none.
    void number_ends(const Pipeline& pipeline) {
        const auto is_lost = [&](std::size_t row) {
            return row < n_rows_ && pipeline.outcome_of(static_cast<std::int32_t>(row)) == Outcome::lost;
        };
        std::uint16_t next = 0;
        for (std::size_t stage = 0; stage < n_rows_; ++stage) {
            const Outcome outcome = pipeline.outcome_of(static_cast<std::int32_t>(stage));
            for (std::size_t before = 0; before <= n_rows_; ++before) {
                const std::size_t own = outcome == Outcome::lost                     ? before
                                        : outcome == Outcome::won && is_lost(before) ? 1
                                                                                     : 0;
                end_numbers_.push_back(static_cast<std::uint16_t>(next + own));
            }
            const std::size_t n_own = outcome == Outcome::lost  ? n_rows_ + 1
                                      : outcome == Outcome::won ? 2
                                                                : 1;
            next = static_cast<std::uint16_t>(next + n_own);
        }
    }

    std::size_t n_rows_ = 0;
    std::size_t n_limits_ = 0;
    std::size_t n_ends_ = 0;
    std::size_t n_plain_ = 0;         // states of one epoch
    std::uint32_t beyond_dated_ = 0;  // stages beyond the first one that comes or goes
    scan::StageEpochs epochs_;
    std::vector<CodeStage> stages_;           // of each code
    std::vector<std::uint8_t> limits_;        // of each code, as `JourneyEnd::began_limit_of` has them
    std::vector<std::uint16_t> end_numbers_;  // of each last stage and stage before the closing run
    std::vector<ItemStates::State> states_;
    // States of items with rows in several epochs, in the order in which items have them.
    std::vector<ItemStates::State> mixed_;
    std::vector<std::uint64_t> mixed_keys_;
    std::unordered_map<std::uint64_t, std::uint32_t> mixed_numbers_;
    std::vector<Recent> recent_ = std::vector<Recent>(std::size_t{1} << kRecentBits);
    std::vector<MixedItem> mixed_items_;
};

}  // namespace stagefunnel::funnel::inline internal
