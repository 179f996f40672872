#include "stagefunnel/stats/spell_counts.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "stats/risk_sets.hpp"
#include "stats/time_steps.hpp"

namespace stagefunnel::stats {
namespace {

constexpr std::size_t kBlock = 1024;
constexpr std::uint64_t kMostSteps = std::uint64_t{1} << 30U;

/// Some values of a column, which nobody else writes to.
using Block = std::array<std::uint32_t, kBlock>;

std::size_t size_of(const auto& column) {
    return std::visit([](const auto& values) { return values.size(); }, column);
}

/// Returns the common divisor of some of the times, or 1 where they are so few that it does not matter.
template <class Time>
std::uint64_t step_of_some(std::span<const Time> times) {
    constexpr std::size_t kSome = 256;
    constexpr std::uint64_t kFew = 1U << 12U;
    if constexpr (std::is_same_v<Time, double>) {
        return 1;
    } else {
        std::uint64_t step = 0, highest = 0;
        const std::size_t apart = std::max<std::size_t>(times.size() / kSome, 1);
        for (std::size_t i = 0; i < times.size(); i += apart) {
            const auto time = static_cast<std::uint64_t>(std::int64_t{times[i]});
            step = std::gcd(step, time);
            highest |= time;
        }
        return highest < kFew ? 1 : std::max<std::uint64_t>(step, 1);
    }
}

/// Real entries are no numbers of steps but of the unit.
std::uint64_t common_step(const SpellColumns& spells) {
    if (spells.entry && std::holds_alternative<std::span<const double>>(*spells.entry)) return 1;
    return std::visit([](const auto& times) { return step_of_some(times); }, spells.exit);
}

/// Returns how many steps a time is, or at least `kMostSteps` where it is no number of steps.
/// @tparam kIsUnit a step is 1, so that nothing has to be divided.
template <bool kIsUnit>
std::uint64_t steps_of(std::integral auto time, const ExactDivider& divider) {
    const auto value = static_cast<std::uint64_t>(std::int64_t{time});
    return kIsUnit ? value : divider.quotient_or_more(value);
}

template <bool>
std::uint64_t steps_of(double time, const ExactDivider&) {
    if (!(time >= 0 && time < static_cast<double>(kMostSteps))) return kMostSteps;
    const auto steps = static_cast<std::int64_t>(time);
    return static_cast<double>(steps) == time ? static_cast<std::uint64_t>(steps) : kMostSteps;
}

bool is_from_start(std::integral auto entry) { return entry == SpellColumns::kFromStart; }

bool is_from_start(double entry) {
    return std::isnan(entry) || entry == -std::numeric_limits<double>::infinity();
}

/// Writes codes, each with 1 more, so that 0 is none.
void read_codes(const CodeColumn& column, std::size_t begin, std::size_t n, std::int32_t n_codes, Block& to) {
    const auto most = static_cast<std::uint32_t>(n_codes);
    bool any_outside = false;
    std::visit(
        [&](const auto& codes) {
            const auto some = codes.subspan(begin, n);
            for (std::size_t i = 0; i < n; ++i) {
                to[i] = static_cast<std::uint32_t>(std::int32_t{some[i]} + 1);
                any_outside |= to[i] > most;
            }
        },
        column);
    if (any_outside) throw std::invalid_argument("the code of a label is out of range");
}

/// Counts blocks of spells in cells of time, group and how they end, which grow with the times.
class Counting {
  public:
    explicit Counting(const SpellColumns& spells)
        : spells_(spells),
          n_(size_of(spells.exit)),
          n_groups_(spells.group ? static_cast<std::size_t>(spells.n_groups) + 1 : 1),
          width_(2 + static_cast<std::size_t>(spells.n_causes)),
          step_(common_step(spells)),
          divider_(step_) {
        const auto fits = [&](const auto& column) { return !column || size_of(*column) == n_; };
        if (size_of(spells.cause) != n_ || !fits(spells.entry) || !fits(spells.group))
            throw std::invalid_argument("the columns of spells differ in length");
    }

    /// Returns whether all spells are counted.
    bool count() {
        for (std::size_t begin = 0; begin < n_; begin += kBlock)
            if (!count_block(begin, std::min(kBlock, n_ - begin))) return false;
        return true;
    }

    [[nodiscard]] SpellCounts found() const;

  private:
    bool count_block(std::size_t begin, std::size_t n) {
        if (spells_.group) read_codes(*spells_.group, begin, n, spells_.n_groups, group_);
        const bool are_alone = !spells_.group && !spells_.entry, is_unit = step_ == 1;
        const bool counted = std::visit(
            [&](const auto& times, const auto& causes) {
                const auto exits = times.subspan(begin, n);
                const auto ends = causes.subspan(begin, n);
                if (!are_alone) return count_ends<false, false>(exits, ends);
                return is_unit ? count_ends<true, true>(exits, ends) : count_ends<true, false>(exits, ends);
            },
            spells_.exit, spells_.cause);
        return counted &&
               (!spells_.entry ||
                std::visit([&](const auto& times) { return count_entries(times.subspan(begin, n)); },
                           *spells_.entry));
    }

    /// Counts how the spells of a block end.
    /// @tparam kAlone they have neither groups nor entries.
    /// @tparam kIsUnit the step of times is 1.
    template <bool kAlone, bool kIsUnit, class Time, class Code>
    bool count_ends(std::span<const Time> times, std::span<const Code> causes) {
        const auto n_causes = static_cast<std::uint32_t>(spells_.n_causes);
        for (std::size_t i = 0; (i = count_usual<kAlone, kIsUnit>(times, causes, i)) < times.size();) {
            const std::uint64_t steps = steps_of<kIsUnit>(times[i], divider_);
            if (steps >= n_times_ && !grow(steps)) return false;
            if (static_cast<std::uint32_t>(std::int32_t{causes[i]} + 1) > n_causes)
                throw std::invalid_argument("the code of a label is out of range");
        }
        return true;
    }

    /// Counts the spells of a block from one on, up to the first that has no cell; returns its place.
    template <bool kAlone, bool kIsUnit, class Time, class Code>
    std::size_t count_usual(std::span<const Time> times, std::span<const Code> causes, std::size_t i) {
        // What is local is not read again after each count.
        const auto n_causes = static_cast<std::uint32_t>(spells_.n_causes);
        const std::size_t n = times.size(), width = width_, n_groups = n_groups_;
        const std::uint64_t n_times = n_times_;
        const ExactDivider divider = divider_;
        std::uint32_t* const counts = counts_.data();
#pragma GCC unroll 4
        for (; i < n; ++i) {
            const std::uint64_t steps = steps_of<kIsUnit>(times[i], divider);
            const auto cause = static_cast<std::uint32_t>(std::int32_t{causes[i]} + 1);
            if (steps >= n_times || cause > n_causes) break;
            if constexpr (kAlone) {
                ++counts[steps * width + 1 + cause];
            } else {
                exit_[i] = static_cast<std::uint32_t>(steps * n_groups);
                ++counts[(exit_[i] + group_[i]) * width + 1 + cause];
            }
        }
        return i;
    }

    /// Counts the entries of a block; `exit_` has the first cell of each exit.
    template <class Time>
    bool count_entries(std::span<const Time> times) {
        for (std::size_t i = 0; i < times.size(); ++i) {
            const Time entry = times[i];
            if (is_from_start(entry)) continue;
            const std::uint64_t steps = steps_of<false>(entry, divider_);
            if (steps >= n_times_ || steps * n_groups_ >= exit_[i]) return false;
            ++counts_[(steps * n_groups_ + group_[i]) * width_];
        }
        return true;
    }

    bool grow(std::uint64_t highest) {
        if (highest >= kMostSteps) return false;
        constexpr std::uint64_t kMostCells = std::uint64_t{1} << 31U;
        const auto are_few = [&](std::uint64_t n_times) {
            return are_few_cells(n_times, n_groups_, n_) && n_times * n_groups_ <= kMostCells;
        };
        std::uint64_t n_times = std::bit_ceil(highest + 1);
        if (!are_few(n_times)) n_times = highest + 1;
        if (!are_few(n_times)) return false;
        // Times in the unit that is asked for are numbers of 63 bits.
        const auto unit = static_cast<std::uint64_t>(spells_.unit);
        if (std::bit_width(n_times) + std::bit_width(step_) + std::bit_width(unit) > 62) return false;
        n_times_ = n_times;
        counts_.resize(n_times_ * n_groups_ * width_);
        return true;
    }

    const SpellColumns& spells_;
    std::size_t n_, n_groups_, width_;
    std::uint64_t step_;
    ExactDivider divider_;
    std::uint64_t n_times_ = 0;
    std::vector<std::uint32_t> counts_;  // by time, group (those without one come first) and how
    Block exit_{}, group_{};
};

/// Returns the places of what is there.
std::vector<std::size_t> places_of(const std::vector<bool>& is_there) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < is_there.size(); ++i)
        if (is_there[i]) places.push_back(i);
    return places;
}

SpellCounts Counting::found() const {
    std::vector<bool> has_cause(width_), has_group(n_groups_);
    std::vector<std::size_t> last(n_groups_);
    std::size_t n_ages = 0;
    for (std::size_t cell = 0; cell < n_times_ * n_groups_; ++cell) {
        bool any = false;
        for (std::size_t what = 1; what < width_; ++what) {
            if (counts_[cell * width_ + what] == 0) continue;
            any = true;
            has_cause[what] = true;
        }
        if (!any) continue;
        has_group[cell % n_groups_] = true;
        last[cell % n_groups_] = cell / n_groups_;
        n_ages = cell / n_groups_ + 1;
    }
    has_cause[1] = false;  // being censored is no cause
    const std::vector<std::size_t> causes = places_of(has_cause);
    std::vector<std::size_t> groups = places_of(has_group);
    // Those without a label come last.
    if (spells_.group && !groups.empty() && groups[0] == 0)
        std::rotate(groups.begin(), groups.begin() + 1, groups.end());

    SpellCounts found;
    RiskCells& cells = found.cells;
    cells.enters_before = false;
    cells.step = static_cast<std::int64_t>(step_) * spells_.unit;
    cells.n_ages = n_ages;
    cells.n_groups = groups.size();
    cells.n_causes = std::max<std::size_t>(causes.size(), 1);
    cells.ended.resize(cells.n_groups * n_ages * cells.width());
    cells.from_start.resize(cells.n_groups);
    for (const std::size_t cause : causes) found.causes.push_back(static_cast<std::int32_t>(cause) - 2);
    for (std::size_t place = 0; place < groups.size(); ++place) {
        const std::size_t group = groups[place];
        std::uint32_t* to = cells.ended.data() + place * n_ages * cells.width();
        std::int64_t n_ended = 0, n_entered = 0;
        for (std::size_t age = 0; age < n_ages; ++age, to += cells.width()) {
            const std::uint32_t* from = counts_.data() + (age * n_groups_ + group) * width_;
            to[0] = from[0];
            to[1] = from[1];
            for (std::size_t k = 0; k < causes.size(); ++k) to[2 + k] = from[causes[k]];
            n_entered += from[0];
            n_ended += std::accumulate(to + 1, to + cells.width(), std::int64_t{0});
        }
        cells.from_start[place] = n_ended - n_entered;
        found.last_exit.push_back(static_cast<std::int64_t>(last[group]) * cells.step);
        if (!spells_.group) continue;
        found.groups.push_back(group == 0 ? spells_.n_groups : static_cast<std::int32_t>(group) - 1);
    }
    return found;
}

}  // namespace

std::optional<SpellCounts> count_spells(const SpellColumns& spells) {
    Counting counting(spells);
    if (!counting.count()) return std::nullopt;
    return counting.found();
}

}  // namespace stagefunnel::stats
