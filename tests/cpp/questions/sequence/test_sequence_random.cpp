#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "support/log_builder.hpp"
#include "support/reference_sequence.hpp"

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

/// The options that a random question may have.
struct Allowed {
    Mode mode;
    bool gaps = false;
    bool optional = false;
    bool exclusions = false;
};

std::vector<std::uint8_t> random_stages(Dice& dice, std::size_t own) {
    std::vector<std::uint8_t> stages(kCodes + 1, 0);
    stages[own] = 1;
    while (dice.one_in(3)) stages[dice.below(kCodes)] = 1;
    return stages;
}

Options random_options(Dice& dice, const Allowed& allowed) {
    Options options;
    options.mode = allowed.mode;
    options.timing = dice.one_in(2) ? Timing::last_entry : Timing::first_entry;
    const std::size_t n_steps = 1 + dice.below(4);
    for (std::size_t k = 0; k < n_steps; ++k) {
        Step step;
        step.stages = random_stages(dice, dice.one_in(4) ? dice.below(kCodes) : k);
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
            {random_stages(dice, kCodes - 1), after, before, static_cast<ExclusionEffect>(dice.below(3))});
    }
    if (dice.one_in(5)) options.as_of = std::int64_t(5 + dice.below(6));
    return options;
}

std::vector<ReferenceRow> random_rows(Dice& dice) {
    std::vector<ReferenceRow> rows(1 + dice.below(8));
    const std::size_t n_times = 2 + dice.below(10);
    for (ReferenceRow& row : rows)
        row = {std::int64_t(dice.below(n_times)), dice.below(kCodes + (dice.one_in(8) ? 1 : 0))};
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
    return rows;
}

std::string described(const Options& options, const std::vector<ReferenceRow>& rows) {
    std::ostringstream text;
    text << "rows";
    for (const ReferenceRow& row : rows) text << ' ' << char('A' + row.code) << row.time;
    text << "\nsteps";
    const auto put = [&](const auto& stages) {
        for (std::size_t code = 0; code < stages.size(); ++code) {
            if (stages[code] != 0) text << char('A' + code);
        }
    };
    for (const Step& step : options.steps) {
        text << ' ';
        put(step.stages);
        if (step.optional) text << '?';
        if (step.first_time) text << '!';
        if (step.min_gap) text << ">=" << step.min_gap->shift[0];
        if (step.max_gap) text << "<=" << step.max_gap->shift[0];
    }
    for (const Exclusion& exclusion : options.exclusions) {
        text << "\nexclude ";
        put(exclusion.stages);
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

ReferenceAnswer first_answer(const Matches& matches) {
    const auto time = matches.time.begin();
    return {matches.level[0],
            static_cast<Stop>(matches.stop[0]),
            {time, time + static_cast<std::ptrdiff_t>(matches.n_steps)}};
}

class RandomSequences : public ::testing::TestWithParam<Allowed> {};

TEST_P(RandomSequences, HaveTheMatchThatTheReferenceFinds) {
    for (std::uint64_t seed = 1; seed <= 60'000; ++seed) {
        Dice dice(seed);
        Options options = random_options(dice, GetParam());
        const std::vector<ReferenceRow> rows = random_rows(dice);
        options.observed_until = options.as_of.value_or(rows.back().time);
        CodedRows coded;
        coded.n_labels = kCodes;
        for (const ReferenceRow& row : rows) coded.add(1, row.code, row.time);
        const ReferenceAnswer expected = ReferenceSequence(options, rows).answer();
        const ReferenceAnswer got = first_answer(best_matches(coded.build(), options));
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
