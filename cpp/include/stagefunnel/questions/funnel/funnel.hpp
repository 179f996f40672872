#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "stagefunnel/base/counts.hpp"
#include "stagefunnel/journeys/journeys.hpp"
#include "stagefunnel/questions/funnel/item_states.hpp"
#include "stagefunnel/scan/pipeline.hpp"

namespace stagefunnel::funnel {

/// Rule that says in which stages an item counts.
///
/// `docs/definitions.md` defines the kinds. A final stage counts where the item has a visit of it.
enum class Kind : std::uint8_t {
    classic,            ///< the stages of which the item has a visit
    conversions_won,    ///< these, and every in-progress stage if the item enters a won stage
    conversions_moves,  ///< these, and the stages that the item's transitions pass over
    furthest,           ///< these, and every in-progress stage up to the furthest; all if it was ever won
    strict              ///< the in-progress stages visited in order from the first; won only after all
};

/// Which of the items that were lost and are won now are left out of the counts.
enum class LostThenWon : std::uint8_t {
    include,          ///< none of them
    exclude,          ///< those whose closing won visits directly follow a lost visit
    exclude_reopened  ///< all that have any lost visit
};

/// What a funnel counts. The spans are borrowed and must outlive the call.
struct Options {
    Kind kind = Kind::classic;
    LostThenWon lost_then_won = LostThenWon::include;
    std::span<const std::int32_t> group;  // group of each item; empty: all items are in group 0
    std::int32_t n_groups = 1;
    std::span<const double> amount;  // amount of each item, NaN where it is missing; empty: no amounts
    unsigned threads = 1;
};

/// A sum of amounts before it is rounded: `whole` + `fraction` / 2^64.
struct ExactSum {
    std::int64_t whole = 0;
    std::uint64_t fraction = 0;
};

/// Numbers of items, with one row per group; the matrices have one column per stage of the pipeline.
struct Counts {
    CountMatrix passed;        // items that count in the stage for their own visits
    CountMatrix assumed;       // items that count in the stage only because the kind fills it in
    CountMatrix visited;       // items with a visit of the stage, whatever the kind
    CountMatrix skipped;       // items that went beyond the stage without a visit of it
    CountMatrix began_beyond;  // of the skipped, items whose first visit was beyond the stage
    CountMatrix beyond;        // items that went beyond the stage with a visit of it
    // Items that went beyond the stage while it was not there; without columns where no stage has dates.
    CountMatrix beyond_absent;
    CountMatrix lost_from;       // items lost now, at the last visit before the closing lost ones
    CountMatrix open_at;         // items open now, at their last visit
    SumMatrix amount;            // sum of the amounts of passed and assumed items; 0 × 0 without amounts
    CountMatrix amount_missing;  // passed and assumed items without an amount; 0 × 0 without amounts
    CountVector won, lost, open, left_out, reopened_won;
    std::vector<ExactSum> sums;  // `amount` before it is rounded, row by row
};

/// A table of `Counts` and its name.
template <class Table>
struct NamedTable {
    const char* name;
    Table Counts::* table;
};

/// The counts with one column per stage. Whatever treats all tables alike iterates over the two lists.
inline constexpr std::array<NamedTable<CountMatrix>, 10> kStageTables{{
    {"passed", &Counts::passed},
    {"assumed", &Counts::assumed},
    {"visited", &Counts::visited},
    {"skipped", &Counts::skipped},
    {"began_beyond", &Counts::began_beyond},
    {"beyond", &Counts::beyond},
    {"beyond_absent", &Counts::beyond_absent},
    {"lost_from", &Counts::lost_from},
    {"open_at", &Counts::open_at},
    {"amount_missing", &Counts::amount_missing},
}};

/// The counts with one number per group.
inline constexpr std::array<NamedTable<CountVector>, 5> kGroupTables{{
    {"won", &Counts::won},
    {"lost", &Counts::lost},
    {"open", &Counts::open},
    {"left_out", &Counts::left_out},
    {"reopened_won", &Counts::reopened_won},
}};

static_assert(sizeof(Counts) == kStageTables.size() * sizeof(CountMatrix) + sizeof(SumMatrix) +
                                    sizeof(std::vector<ExactSum>) + kGroupTables.size() * sizeof(CountVector),
              "a table that no list names would be neither set to zero nor merged");

/// Counts the items of each group in each stage.
///
/// An item without a listed row is in no count; an item that the rule for lost-then-won items leaves out is
/// counted in `left_out` only. Sums are exact to 2^-64 before they are rounded to double, so they depend
/// neither on the order of the items nor on the number of threads. The cost is one pass over the journeys, or
/// one visit of an example of each state where the item states answer the options.
///
/// @param item_states states of these journeys under this pipeline, or null to find them where that pays.
///     With groups or amounts, states without `of_item` are not used.
/// @throws std::invalid_argument if groups or amounts are not one per item, a group lies outside [0,
///     n_groups), or amounts are infinite or add up beyond 2^62.
[[nodiscard]] Counts count_funnel(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
                                  const ItemStates* item_states = nullptr);

/// Rounds the sums of some groups to double, each of them once.
///
/// @param groups the groups of the result.
/// @param joined for each of them a group whose sums are added to its own before they are rounded; empty:
/// none.
/// @param scale number of decimal places of which the amounts that were added up are whole numbers, at
/// most 22.
/// @throws std::invalid_argument if `joined` differs in length from `groups`, or a group or the scale lies
/// out
///     of range.
[[nodiscard]] SumMatrix rounded_sums(const Counts& counts, std::span<const std::int64_t> groups,
                                     std::span<const std::int64_t> joined, int scale);

/// Counts several funnels of the same groups and amounts by the states of the items alone, without their
/// journeys; the items are brought together by group only once.
///
/// @param funnels options that differ in `kind` and `lost_then_won` only.
/// @param item_states states of the items under this pipeline; with groups or amounts, with the state of each
///     item.
/// @throws std::invalid_argument as `count_funnel` does; also for a kind that item states do not answer, for
///     funnels of different groups or amounts, and for item states that lack the state of each item.
[[nodiscard]] std::vector<Counts> count_funnels(const Pipeline& pipeline, std::span<const Options> funnels,
                                                const ItemStates& item_states);

}  // namespace stagefunnel::funnel
