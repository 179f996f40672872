#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace stagefunnel::stats {

/// How long each of some items was watched, and how its watch ended.
///
/// Times are whole numbers, and only their order counts; those of one call share a unit. An item is at risk
/// at the times t with entry < t <= exit, so that one whose exit is 0 and that has no entry is at risk at 0.
struct Spells {
    static constexpr std::int64_t kFromStart = std::numeric_limits<std::int64_t>::min();
    static constexpr std::int32_t kCensored = -1;
    static constexpr std::int32_t kLeftOut = -2;

    std::span<const std::int64_t> exit;
    std::span<const std::int32_t> cause;    // what ended it, from 0; `kCensored`; `kLeftOut`: no such spell
    std::span<const std::int64_t> entry{};  // `kFromStart`: watched from the beginning; empty: all are
    std::span<const std::int32_t> group{};  // from 0; empty: all are of group 0
    std::int32_t n_causes = 1;
    std::int32_t n_groups = 1;

    /// @throws std::invalid_argument if columns differ in length, a cause or a group is out of range, or a
    ///     spell is over before it began.
    void check(unsigned threads) const;
};

/// A time at which a curve is wanted, which may lie between two whole ones: between `below` and `above`.
struct WantedTimes {
    std::span<const std::int64_t> below;  // the largest whole time not after each; rising
    std::span<const std::int64_t> above;  // the smallest whole time not before each
};

/// Curves of cumulative incidence, one for each group, as one table of their times.
///
/// Group g has the rows [bounds[g], bounds[g + 1]). Tables by cause have a row for each row of the table and
/// a column for each cause.
struct IncidenceCurves {
    std::vector<std::int64_t> bounds;
    std::vector<std::int64_t> time;     // the time, or the place in the wanted times
    std::vector<std::int64_t> at_risk;  // just before the time
    std::vector<std::int64_t> events;   // by cause: after the row before, up to this time
    std::vector<double> survival;       // share that nothing has happened to
    std::vector<double> survival_variance;
    std::vector<double> incidence;   // by cause
    std::vector<double> variance;    // of these
    std::vector<double> covariance;  // of the incidence of causes 0 and 1; empty with one cause
};

/// Estimates how often each cause has ended a spell by each time, after Aalen and Johansen.
///
/// With one cause it is Kaplan and Meier's estimate. Events at one time are simultaneous, and come before the
/// spells that are censored at it. Variances are of Greenwood's type, carried along in the same pass
/// (Allignol, Schumacher and Beyersmann, "A note on variance estimation of the Aalen-Johansen estimator",
/// 2010). Where there are few distinct times, spells are counted by group and time without a sort, by all
/// threads; else each group is sorted by radix. Both take time proportional to the spells.
///
/// @param wanted the times of the rows; without them each group has its own times of events.
/// @param min_at_risk events at a time at which fewer spells are at risk are passed over.
/// @throws std::invalid_argument as `Spells::check`.
[[nodiscard]] IncidenceCurves estimate_incidence(const Spells& spells,
                                                 const std::optional<WantedTimes>& wanted,
                                                 std::int64_t min_at_risk, unsigned threads);

/// Estimates the variances of the incidence by cause at the rows of its curves, robust to spells of one item
/// that depend on each other: the infinitesimal jackknife, whose parts are added up item by item.
///
/// @param item the item of each spell, from 0; empty: each spell is an item of its own.
/// @return As `IncidenceCurves::variance`, for the rows that `estimate_incidence` gives with the same
/// options.
/// @throws std::invalid_argument as `Spells::check`, or if the items are not one for each spell.
[[nodiscard]] std::vector<double> robust_variances(const Spells& spells, std::span<const std::int32_t> item,
                                                   const std::optional<WantedTimes>& wanted,
                                                   std::int64_t min_at_risk);

}  // namespace stagefunnel::stats
