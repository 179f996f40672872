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

/// Which stages an item counts in.
enum class Kind : std::uint8_t {
    classic,            ///< the stages it has a visit of
    conversions_won,    ///< and every in-progress stage, if it has an entry into a won stage
    conversions_moves,  ///< and the stages that its moves pass over, move by move
    furthest,           ///< and every in-progress stage up to the furthest; all for an item ever won
    strict              ///< the longest run of in-progress stages passed in order from the first
};

/// Which items that were lost and are won now are left out of the report.
enum class LostThenWon : std::uint8_t {
    include,
    exclude,          ///< those whose last visits are won and directly follow a lost visit
    exclude_reopened  ///< all that are won now and have any lost visit
};

struct Options {
    Kind kind = Kind::classic;
    LostThenWon lost_then_won = LostThenWon::include;
    std::span<const std::int32_t> group;  // group of each item; empty: all are in group 0
    std::int32_t n_groups = 1;
    std::span<const double> amount;  // amount of each item, NaN where it has none; empty: no amounts
    unsigned threads = 1;
};

/// Counts of items, one row per group and one column per stage of the pipeline.
struct Counts {
    CountMatrix passed;          // counted for their own rows
    CountMatrix assumed;         // counted only because the kind fills the stage in
    CountMatrix visited;         // with a visit of the stage, whatever the kind
    CountMatrix skipped;         // gone beyond the stage without a visit of it
    CountMatrix beyond;          // gone beyond the stage with a visit of it
    CountMatrix lost_from;       // lost now, by the last visit before the closing lost ones
    CountMatrix open_at;         // open now, by the last visit
    SumMatrix amount;            // over passed and assumed items; 0 × 0 without amounts
    CountMatrix amount_missing;  // passed and assumed items without an amount
    CountVector won, lost, open, left_out, reopened_won;
};

/// One member of `Counts` under its name.
template <class Table>
struct NamedTable {
    const char* name;
    Table Counts::* table;
};

/// The counts that have one column per stage. All that is done to every table alike runs over these two
/// lists.
inline constexpr std::array<NamedTable<CountMatrix>, 8> kStageTables{{
    {"passed", &Counts::passed},
    {"assumed", &Counts::assumed},
    {"visited", &Counts::visited},
    {"skipped", &Counts::skipped},
    {"beyond", &Counts::beyond},
    {"lost_from", &Counts::lost_from},
    {"open_at", &Counts::open_at},
    {"amount_missing", &Counts::amount_missing},
}};

/// The counts that have one number per group.
inline constexpr std::array<NamedTable<CountVector>, 5> kGroupTables{{
    {"won", &Counts::won},
    {"lost", &Counts::lost},
    {"open", &Counts::open},
    {"left_out", &Counts::left_out},
    {"reopened_won", &Counts::reopened_won},
}};

static_assert(sizeof(Counts) == kStageTables.size() * sizeof(CountMatrix) + sizeof(SumMatrix) +
                                    kGroupTables.size() * sizeof(CountVector),
              "a table that no list names would be neither set to zero nor merged");

/// Counts the items of each group in each stage, in one pass over the journeys.
///
/// An item without a listed row is in no count. Sums are exact to 2^-64 before they are rounded to double,
/// so neither the order of the items nor the number of threads shows in them.
///
/// @param item_states of these journeys and this pipeline, if there is one already; with groups or amounts
/// one that
///     has the state of each item.
/// @throws std::invalid_argument if groups or amounts are not one per item, a group lies outside
///     [0, n_groups), or amounts are infinite or add up beyond 2^62.
[[nodiscard]] Counts count_funnel(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
                                  const ItemStates* item_states = nullptr);

/// Counts several funnels of the same groups and amounts, their items brought together once for all.
///
/// @param item_states of these journeys and this pipeline, with the state of each item.
/// @throws std::invalid_argument as `count_funnel` does; also for kinds that a item_states does not answer,
/// other
///     groups or amounts than the first funnel has, or a item_states without the states of these items.
[[nodiscard]] std::vector<Counts> count_funnels(const Journeys& journeys, const Pipeline& pipeline,
                                                std::span<const Options> funnels,
                                                const ItemStates& item_states);

}  // namespace stagefunnel::funnel
