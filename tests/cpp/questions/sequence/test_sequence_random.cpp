#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "stagefunnel/questions/sequence/trend.hpp"
#include "support/log_builder.hpp"
#include "support/reference_sequence.hpp"

namespace stagefunnel::sequence {
namespace {

using namespace stagefunnel::testing;

constexpr std::size_t kCodes = 5;

// A sanitizer takes fifty times as long, and looks for faults that need no rare answer.
#ifdef STAGEFUNNEL_SANITIZED
constexpr std::uint64_t kSeeds = 2'000;
constexpr std::uint64_t kSeedsOfPeriods = 400;
#else
constexpr std::uint64_t kSeeds = 60'000;
constexpr std::uint64_t kSeedsOfPeriods = 12'000;
#endif

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
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
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

std::vector<std::uint8_t> random_marks(Dice& dice, std::size_t n) {
    std::vector<std::uint8_t> marks(n);
    for (std::uint8_t& mark : marks) mark = dice.one_in(2) ? 1 : 0;
    return marks;
}

/// The row of the journeys at which the item is read, of the first or last of those that are marked.
std::int64_t touch_of(const ReferencePeriod& period, const Trend& trend) {
    const auto& rows = period.touches;
    const auto is_marked = [&](std::size_t row) { return trend.valued[row] != 0; };
    if (trend.touch == TouchAt::first) {
        const auto row = std::find_if(rows.begin(), rows.end(), is_marked);
        return row == rows.end() ? kNoRow : std::int64_t(*row);
    }
    const auto row = std::find_if(rows.rbegin(), rows.rend(), is_marked);
    return row == rows.rend() ? kNoRow : std::int64_t(*row);
}

TEST_P(RandomSequences, HaveTheAnswerOfEachPeriodThatTheReferenceFinds) {
    const std::vector<std::int64_t> bounds{0, 2, 3, 7, 99};
    for (std::uint64_t seed = 1; seed <= kSeedsOfPeriods; ++seed) {
        Dice dice(seed);
        Options options = random_options(dice, GetParam());
        const std::size_t n = options.steps.size();
        if (n < 2) continue;
        const std::vector<ReferenceRow> rows = random_rows(dice);
        options.observed_until = options.as_of.value_or(rows.back().time + 4);
        CodedRows coded;
        coded.n_labels = kCodes;
        for (const ReferenceRow& row : rows) coded.add(1, row.code, row.time);
        const Journeys journeys = coded.build();
        Trend trend{.bounds = bounds, .from_step = 1 + dice.below(n - 1)};
        trend.to_step = trend.from_step + 1 + dice.below(n - trend.from_step);
        // Without touches and times all periods may be answered by one search.
        const PeriodAnswers plain = answers_by_period(journeys, options, trend);
        const std::vector<std::uint8_t> marks = random_marks(dice, rows.size());
        trend.valued = marks;
        trend.touch = dice.one_in(2) ? TouchAt::first : TouchAt::last;
        trend.timed_step = 1 + dice.below(n);
        const PeriodAnswers full = answers_by_period(journeys, options, trend);
        const ReferenceSequence reference(options, rows);
        std::size_t at = 0;
        for (std::size_t p = 0; p + 1 < bounds.size(); ++p) {
            const auto expected = reference.answer_in(trend.from_step, bounds[p], bounds[p + 1]);
            if (!expected || expected->answer.level == 0) continue;
            const std::string where = "seed " + std::to_string(seed) + ", period " + std::to_string(p) +
                                      ", steps " + std::to_string(trend.from_step) + " to " +
                                      std::to_string(trend.to_step) + '\n' + described(options, rows);
            for (const PeriodAnswers* got : {&plain, &full}) {
                ASSERT_LT(at, got->period.size()) << where;
                ASSERT_EQ(got->period[at], std::int32_t(p)) << where;
                ASSERT_EQ(got->converted[at] != 0, expected->answer.time[trend.to_step - 1] != kNoTime)
                    << where;
                ASSERT_EQ(got->mature[at] != 0, reference.is_over(expected->latest_entry)) << where;
            }
            ASSERT_EQ(full.time[at], expected->answer.time[trend.timed_step - 1]) << where;
            ASSERT_EQ(full.touch[at], touch_of(*expected, trend)) << where;
            ++at;
        }
        ASSERT_EQ(plain.period.size(), at) << "seed " << seed << '\n' << described(options, rows);
        ASSERT_EQ(full.period.size(), at) << "seed " << seed << '\n' << described(options, rows);
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
