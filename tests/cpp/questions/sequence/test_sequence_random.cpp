#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "support/log_builder.hpp"
#include "support/plain_sequence.hpp"

namespace stagefunnel::sequence {
namespace {

using namespace stagefunnel::testing;

constexpr std::size_t kCodes = 5;

class Dice {
  public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }
    bool one_in(std::size_t n) { return below(n) == 0; }

  private:
    std::mt19937_64 engine_;
};

/// What a random question may have.
struct Allowed {
    Mode mode;
    bool gaps = false;
    bool optional = false;
    bool exclusions = false;
};

std::vector<std::uint8_t> random_matches(Dice& dice, std::size_t own) {
    std::vector<std::uint8_t> matches(kCodes + 1, 0);
    matches[own] = 1;
    while (dice.one_in(3)) matches[dice.below(kCodes)] = 1;
    return matches;
}

Options random_options(Dice& dice, const Allowed& allowed) {
    Options options;
    options.mode = allowed.mode;
    options.timing = dice.one_in(2) ? Timing::last_entry : Timing::first_entry;
    const std::size_t n_steps = 1 + dice.below(4);
    for (std::size_t k = 0; k < n_steps; ++k) {
        Step step;
        step.matches = random_matches(dice, dice.one_in(4) ? dice.below(kCodes) : k);
        step.first_time = dice.one_in(10);
        if (k > 0 && allowed.optional) step.optional = dice.one_in(3);
        if (k > 0 && allowed.gaps && dice.one_in(2)) step.min_gap = Length::of(std::int64_t(dice.below(3)));
        if (k > 0 && allowed.gaps && dice.one_in(2))
            step.max_gap =
                Length::of((step.min_gap ? step.min_gap->shift[0] : 0) + std::int64_t(dice.below(4)));
        options.steps.push_back(step);
    }
    if (!dice.one_in(4)) options.window = Length::of(std::int64_t(dice.below(9)));
    if (dice.one_in(5)) options.window = Length{{0, 3, 6}, {3, 1, 5}, {0, 6, 0}};
    while (allowed.exclusions && n_steps > 1 && dice.one_in(2) && options.exclusions.size() < 3) {
        const std::size_t after = 1 + dice.below(n_steps - 1);
        const std::size_t before = after + 1 + dice.below(n_steps - after);
        options.exclusions.push_back(
            {random_matches(dice, kCodes - 1), after, before, static_cast<ExclusionEffect>(dice.below(3))});
    }
    if (dice.one_in(5)) options.as_of = std::int64_t(5 + dice.below(6));
    return options;
}

std::vector<PlainRow> random_rows(Dice& dice) {
    std::vector<PlainRow> rows(1 + dice.below(8));
    const std::size_t span = 2 + dice.below(10);
    for (PlainRow& row : rows)
        row = {std::int64_t(dice.below(span)), dice.below(kCodes + (dice.one_in(8) ? 1 : 0))};
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
    return rows;
}

std::string described(const Options& options, const std::vector<PlainRow>& rows) {
    std::ostringstream text;
    text << "rows";
    for (const PlainRow& row : rows) text << ' ' << char('A' + row.code) << row.time;
    text << "\nsteps";
    const auto put = [&](const auto& matches) {
        for (std::size_t code = 0; code < matches.size(); ++code) {
            if (matches[code] != 0) text << char('A' + code);
        }
    };
    for (const Step& step : options.steps) {
        text << ' ';
        put(step.matches);
        if (step.optional) text << '?';
        if (step.first_time) text << '!';
        if (step.min_gap) text << ">=" << step.min_gap->shift[0];
        if (step.max_gap) text << "<=" << step.max_gap->shift[0];
    }
    for (const Exclusion& exclusion : options.exclusions) {
        text << "\nexclude ";
        put(exclusion.matches);
        text << ' ' << exclusion.after << '-' << exclusion.before << " effect " << int(exclusion.effect);
    }
    if (options.window) {
        text << "\nwindow";
        for (const std::int64_t shift : options.window->shift) text << ' ' << shift;
    }
    text << "\nmode " << int(options.mode) << " timing " << int(options.timing);
    if (options.as_of) text << " as of " << *options.as_of;
    return text.str();
}

PlainAnswer answer_of(const Matches& chains, std::size_t place) {
    const auto time = chains.time.begin() + static_cast<std::ptrdiff_t>(place * chains.n_steps);
    return {chains.level[place],
            static_cast<Stop>(chains.stop[place]),
            {time, time + static_cast<std::ptrdiff_t>(chains.n_steps)}};
}

class RandomSequences : public ::testing::TestWithParam<Allowed> {};

TEST_P(RandomSequences, AreToldAsTheSlowWayTellsThem) {
    for (std::uint64_t seed = 1; seed <= 60'000; ++seed) {
        Dice dice(seed);
        Options options = random_options(dice, GetParam());
        const std::vector<PlainRow> rows = random_rows(dice);
        options.observed_until = options.as_of.value_or(rows.back().time);
        CodedRows coded;
        coded.n_labels = kCodes;
        for (const PlainRow& row : rows) coded.add(1, row.code, row.time);
        const PlainAnswer expected = PlainSequence(options, rows).answer();
        const PlainAnswer got = answer_of(best_matches(coded.build(), options), 0);
        ASSERT_EQ(got.level, expected.level) << "seed " << seed << '\n' << described(options, rows);
        ASSERT_EQ(got.time, expected.time) << "seed " << seed << '\n' << described(options, rows);
        ASSERT_EQ(int(got.stop), int(expected.stop)) << "seed " << seed << '\n' << described(options, rows);
    }
}

constexpr Allowed kEach[] = {
    {Mode::ordered},
    {Mode::ordered, true},
    {Mode::ordered, false, true},
    {Mode::ordered, false, false, true},
    {Mode::ordered, true, true, true},
    {Mode::increase},
    {Mode::increase, true, true, true},
    {Mode::strict},
    {Mode::strict, true, true, true},
    {Mode::first_entry},
    {Mode::first_entry, true, true, true},
};
INSTANTIATE_TEST_SUITE_P(EachModeAndOption, RandomSequences, ::testing::ValuesIn(kEach));

}  // namespace
}  // namespace stagefunnel::sequence
