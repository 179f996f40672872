// Quantiles by sorting, incidence by its definition, and chains by the equations that they solve.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include "expect.hpp"
#include "kernels.hpp"
#include "stagefunnel/stats/chain.hpp"
#include "stagefunnel/stats/incidence.hpp"
#include "stats/quantiles.hpp"

namespace stagefunnel::fuzz {
namespace {

__extension__ typedef unsigned __int128 uint128;  // "extension": pedantic mode knows no 128 bits

bool near(double a, double b) { return std::abs(a - b) <= 1e-9 * (1 + std::abs(b)); }

/// Values of every magnitude, many of them equal or at the ends of the range.
std::uint64_t draw_value(Choices& choices) {
    const std::uint8_t byte = choices.byte();
    const std::uint64_t small = byte % 16;
    if (byte < 160) return small;
    if (byte < 192) return ~std::uint64_t{0} - small;
    return (std::uint64_t{1} << (choices.byte() % 64U)) + small;
}

std::vector<stats::Bounds> draw_brackets(Choices& choices, std::vector<std::uint64_t>& part,
                                         std::span<const stats::Quantile> quantiles) {
    if (choices.one_in(2)) return stats::guess_brackets(part, quantiles);
    std::vector<stats::Bounds> brackets;
    for (std::size_t i = choices.below(8); i > 0; --i) {
        std::uint64_t low = draw_value(choices), high = draw_value(choices);
        if (high < low) std::swap(low, high);
        if (brackets.empty() || brackets.back().high < low) brackets.push_back({low, high});
    }
    return brackets;
}

stats::Sieve sift(Choices& choices, const std::vector<std::uint64_t>& values,
                  const std::vector<stats::Bounds>& brackets) {
    const std::span all(values);
    const std::size_t cut = all.size() * choices.byte() / 255;
    stats::Sieve sieve(brackets), second(brackets);
    sieve.add(all.first(cut));
    second.add(all.subspan(cut));
    sieve.merge(second);
    return sieve;
}

void check_quantile(const std::vector<std::uint64_t>& sorted, const stats::Quantile& quantile,
                    const stats::Duration& found) {
    const uint128 place = static_cast<uint128>(sorted.size() - 1) * quantile.numerator;
    const auto below = static_cast<std::size_t>(place / quantile.denominator);
    const auto share = static_cast<std::uint64_t>(place % quantile.denominator);
    const std::uint64_t gap = below + 1 < sorted.size() ? sorted[below + 1] - sorted[below] : 0;
    // The exact value is sorted[below] + gap * share / denominator.
    const uint128 step = static_cast<uint128>(gap) * share;
    expect(
        found.whole == sorted[below] + static_cast<std::uint64_t>(step / quantile.denominator) &&
            static_cast<uint128>(found.rest) * quantile.denominator == step % quantile.denominator * found.of,
        "a quantile is that of the sorted values");
}

struct Spells {
    std::vector<std::int64_t> exit, entry;
    std::vector<std::int32_t> cause, group;
    std::int32_t n_causes = 1, n_groups = 1;

    [[nodiscard]] stats::Spells columns() const { return {exit, cause, entry, group, n_causes, n_groups}; }
    [[nodiscard]] bool at_risk(std::size_t i, std::int64_t time) const {
        return cause[i] != stats::Spells::kLeftOut && entry[i] < time && time <= exit[i];
    }
};

Spells draw_spells(Choices& choices, std::int64_t scale) {
    Spells spells;
    spells.n_causes = 1 + static_cast<std::int32_t>(choices.below(3));
    spells.n_groups = 1 + static_cast<std::int32_t>(choices.below(3));
    const std::size_t n = choices.below(24);
    for (std::size_t i = 0; i < n; ++i) {
        const auto exit = static_cast<std::int64_t>(choices.below(16));
        const auto entry = static_cast<std::int64_t>(choices.below(32)) - 2;
        spells.exit.push_back(exit * scale);
        spells.entry.push_back(entry < exit ? entry * scale : stats::Spells::kFromStart);
        spells.cause.push_back(static_cast<std::int32_t>(choices.below(spells.n_causes + 2U)) - 2);
        spells.group.push_back(static_cast<std::int32_t>(choices.below(spells.n_groups)));
    }
    return spells;
}

/// The curve of one group as the definition has it, and its value at each of the wanted times.
class SlowCurve {
  public:
    SlowCurve(const Spells& spells, std::int32_t group, std::int64_t min_at_risk)
        : spells_(spells), group_(group), min_at_risk_(min_at_risk) {}

    [[nodiscard]] std::int64_t at_risk(std::int64_t time) const {
        std::int64_t n = 0;
        for (std::size_t i = 0; i < spells_.exit.size(); ++i) {
            n += spells_.group[i] == group_ && spells_.at_risk(i, time);
        }
        return n;
    }
    [[nodiscard]] std::vector<std::int64_t> event_times() const {
        std::set<std::int64_t> times;
        for (std::size_t i = 0; i < spells_.exit.size(); ++i) {
            const bool is_event = spells_.group[i] == group_ && spells_.cause[i] >= 0;
            if (is_event && at_risk(spells_.exit[i]) >= min_at_risk_) times.insert(spells_.exit[i]);
        }
        return {times.begin(), times.end()};
    }
    [[nodiscard]] std::int64_t events(std::int64_t time, std::int32_t cause) const {
        std::int64_t n = 0;
        for (std::size_t i = 0; i < spells_.exit.size(); ++i) {
            n += spells_.group[i] == group_ && spells_.cause[i] == cause && spells_.exit[i] == time;
        }
        return n;
    }
    /// Survival, then the incidence of each cause, up to and with a time.
    [[nodiscard]] std::vector<double> until(std::int64_t time) const {
        std::vector<double> shares(1 + static_cast<std::size_t>(spells_.n_causes), 0);
        shares[0] = 1;
        for (const std::int64_t at : event_times()) {
            if (at > time) break;
            const auto n = static_cast<double>(at_risk(at));
            double all = 0;
            for (std::int32_t cause = 0; cause < spells_.n_causes; ++cause) {
                const auto own = static_cast<double>(events(at, cause));
                shares[1 + static_cast<std::size_t>(cause)] += shares[0] * own / n;
                all += own;
            }
            shares[0] *= 1 - all / n;
        }
        return shares;
    }

  private:
    const Spells& spells_;
    std::int32_t group_;
    std::int64_t min_at_risk_;
};

void check_row(const Spells& spells, const stats::IncidenceCurves& curves, std::size_t row,
               const std::vector<double>& shares) {
    const auto n_causes = static_cast<std::size_t>(spells.n_causes);
    expect(near(curves.survival[row], shares[0]), "survival is the product of the shares that go on");
    expect(curves.survival_variance[row] > -1e-12, "no variance is negative");
    for (std::size_t k = 0; k < n_causes; ++k) {
        expect(near(curves.incidence[row * n_causes + k], shares[1 + k]),
               "incidence adds up the chances of each cause");
        expect(curves.variance[row * n_causes + k] > -1e-12, "no variance is negative");
    }
}

void check_event_rows(const Spells& spells, const stats::IncidenceCurves& curves, std::int64_t min_at_risk) {
    for (std::int32_t group = 0; group < spells.n_groups; ++group) {
        const SlowCurve slow(spells, group, min_at_risk);
        const std::vector<std::int64_t> times = slow.event_times();
        const auto begin = static_cast<std::size_t>(curves.bounds[static_cast<std::size_t>(group)]);
        const auto end = static_cast<std::size_t>(curves.bounds[static_cast<std::size_t>(group) + 1]);
        expect(end - begin == times.size(), "a curve has its times of events");
        for (std::size_t i = 0; i < times.size(); ++i) {
            expect(curves.time[begin + i] == times[i], "a curve's times rise");
            expect(curves.at_risk[begin + i] == slow.at_risk(times[i]), "items at risk are counted");
            check_row(spells, curves, begin + i, slow.until(times[i]));
        }
    }
}

void check_wanted_rows(Choices& choices, const Spells& spells, std::int64_t scale, std::int64_t min_at_risk) {
    std::vector<std::int64_t> below, above;
    for (std::int64_t time = -1; time < 18; ++time) {
        if (!choices.one_in(4)) continue;
        below.push_back(time * scale);
        above.push_back(time * scale + static_cast<std::int64_t>(choices.below(2)));
    }
    const stats::IncidenceCurves curves =
        stats::estimate_incidence(spells.columns(), stats::WantedTimes{below, above}, min_at_risk, 1);
    for (std::int32_t group = 0; group < spells.n_groups; ++group) {
        const SlowCurve slow(spells, group, min_at_risk);
        for (std::size_t i = 0; i < below.size(); ++i) {
            const std::size_t row = static_cast<std::size_t>(group) * below.size() + i;
            expect(curves.time[row] == static_cast<std::int64_t>(i), "each wanted time has its row");
            expect(curves.at_risk[row] == slow.at_risk(above[i]),
                   "items at risk at a wanted time are counted");
            check_row(spells, curves, row, slow.until(below[i]));
        }
    }
}

struct Walk {
    std::size_t n_transient, n_absorbing;
    std::vector<double> probability;

    [[nodiscard]] double at(std::size_t from, std::size_t to) const {
        return probability[from * (n_transient + n_absorbing) + to];
    }
};

/// Each row's chances are shares of small numbers, some of which nothing leaves for.
Walk draw_walk(Choices& choices) {
    Walk walk{choices.below(7), 1 + choices.below(3), {}};
    const std::size_t width = walk.n_transient + walk.n_absorbing;
    for (std::size_t from = 0; from < walk.n_transient; ++from) {
        std::vector<std::size_t> weights(width);
        std::size_t sum = choices.one_in(3) ? choices.below(4) : 0;  // never seen to leave
        for (std::size_t& weight : weights) {
            weight = choices.one_in(2) ? choices.below(5) : 0;
            sum += weight;
        }
        for (const std::size_t weight : weights) {
            walk.probability.push_back(sum == 0 ? 0 : static_cast<double>(weight) / static_cast<double>(sum));
        }
    }
    return walk;
}

std::vector<std::uint8_t> ways_out(const Walk& walk) {
    std::vector<std::uint8_t> out(walk.n_transient, 0);
    for (std::size_t round = 0; round <= walk.n_transient; ++round) {
        for (std::size_t from = 0; from < walk.n_transient; ++from) {
            for (std::size_t to = 0; to < walk.n_transient + walk.n_absorbing; ++to) {
                if (walk.at(from, to) > 0 && (to >= walk.n_transient || out[to] != 0)) out[from] = 1;
            }
        }
    }
    return out;
}

}  // namespace

void check_quantiles(Choices& choices) {
    std::vector<std::uint64_t> values(1 + choices.below(64));
    for (std::uint64_t& value : values) value = draw_value(choices);
    if (choices.one_in(16)) {
        // Longer than what is split at once.
        while (values.size() < 5'000) values.push_back(values[values.size() / 3] + values.size() % 3);
    }
    std::vector<stats::Quantile> quantiles{{1, 2}};
    for (std::size_t i = choices.below(4); i > 0; --i) {
        const std::uint64_t denominator = 1 + choices.below(100);
        quantiles.push_back({choices.below(denominator + 1), denominator});
    }
    const std::size_t longest_part = std::min<std::size_t>(values.size(), 256);
    const std::span some = std::span(values).first(1 + choices.below(longest_part));
    std::vector<std::uint64_t> part(some.begin(), some.end());
    stats::Sieve sieve = sift(choices, values, draw_brackets(choices, part, quantiles));
    const std::vector<stats::Bounds> missing = stats::missing_brackets(sieve, quantiles);
    if (!missing.empty()) sieve = sift(choices, values, missing);
    expect(stats::missing_brackets(sieve, quantiles).empty(), "a second pass is enough");
    uint128 sum = 0;
    for (const std::uint64_t value : values) sum += value;
    expect(sieve.count() == values.size() && sieve.mean().whole == sum / values.size() &&
               sieve.mean().rest == sum % values.size(),
           "the mean is exact");
    std::sort(values.begin(), values.end());
    const std::vector<stats::Duration> found = stats::quantiles_of(sieve, quantiles);
    for (std::size_t i = 0; i < quantiles.size(); ++i) check_quantile(values, quantiles[i], found[i]);
}

void check_incidence(Choices& choices) {
    // Far apart, times are sorted and not counted in cells.
    constexpr std::array<std::int64_t, 4> kScales{1, 86'400, 1'000'000'007, std::int64_t{1} << 58U};
    const std::int64_t scale = choices.of(kScales);
    const Spells spells = draw_spells(choices, scale);
    const auto min_at_risk = static_cast<std::int64_t>(choices.below(5));
    const unsigned threads = choices.one_in(8) ? 3 : 1;
    check_event_rows(spells, stats::estimate_incidence(spells.columns(), std::nullopt, min_at_risk, threads),
                     min_at_risk);
    check_wanted_rows(choices, spells, scale, min_at_risk);
}

void check_absorbing_chain(Choices& choices) {
    const Walk walk = draw_walk(choices);
    const std::size_t n = walk.n_transient, width = walk.n_absorbing + 1;
    const stats::ChainEnds ends = stats::solve_chain({n, walk.n_absorbing, walk.probability});
    const std::vector<std::uint8_t> out = ways_out(walk);
    expect(ends.has_way_out == out, "states without a way out are found");
    for (std::size_t from = 0; from < n; ++from) {
        double all = 0;
        for (std::size_t end = 0; end < width; ++end) all += ends.absorbed[from * width + end];
        expect(near(all, 1), "a chain ends somewhere");
        if (out[from] == 0) {
            expect(ends.absorbed[from * width + width - 1] == 1, "without a way out the end is undetermined");
            continue;
        }
        // One step on, the chances are those of the states that follow.
        for (std::size_t end = 0; end < walk.n_absorbing; ++end) {
            double chance = walk.at(from, n + end);
            for (std::size_t to = 0; to < n; ++to)
                chance += walk.at(from, to) * ends.absorbed[to * width + end];
            expect(near(ends.absorbed[from * width + end], chance),
                   "the chances of ends follow from one step");
        }
        for (std::size_t state = 0; state < n; ++state) {
            double visits = from == state ? 1 : 0;
            for (std::size_t to = 0; to < n; ++to) {
                if (out[to] != 0) visits += walk.at(from, to) * ends.visits[to * n + state];
            }
            if (out[state] == 0) visits = 0;
            expect(near(ends.visits[from * n + state], visits), "the numbers of visits follow from one step");
        }
    }
}

}  // namespace stagefunnel::fuzz
