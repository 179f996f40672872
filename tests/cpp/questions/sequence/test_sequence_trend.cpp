#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <string>
#include <vector>

#include "stagefunnel/questions/sequence/trend.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::sequence {
namespace {

using namespace stagefunnel::testing;

constexpr std::size_t kEvents = 5;  // A, B, C, D and the excluded X

constexpr std::size_t kExcluded = 4;

/// Reads the rows of one item after the other, such as "A0 X1 B2 | A3".
Journeys log_of(const std::string& text) {
    CodedRows rows;
    rows.n_labels = kEvents;
    std::istringstream words(text);
    std::int64_t item = 1;
    for (std::string word; words >> word;) {
        if (word == "|") {
            ++item;
        } else {
            const std::size_t code = word[0] == 'X' ? kExcluded : static_cast<std::size_t>(word[0] - 'A');
            rows.add(item, code, std::stoll(word.substr(1)));
        }
    }
    return rows.build();
}

std::vector<std::uint8_t> event(std::size_t code) {
    std::vector<std::uint8_t> stages(kEvents + 1, 0);
    stages[code] = 1;
    return stages;
}

Options asked_of(std::size_t n_steps, Mode mode = Mode::ordered) {
    Options options;
    options.mode = mode;
    options.window = Length::of(7);
    options.observed_until = 90;
    for (std::size_t k = 0; k < n_steps; ++k)
        options.steps.push_back({.stages = event(k), .min_gap = {}, .max_gap = {}});
    return options;
}

const std::vector<std::int64_t> kMonths{0, 31, 59, 90};

/// The answers as words: the item if there are several, the month, and whether it converted and is mature.
std::string trend_of(const std::string& rows, const Options& options, Trend trend = {}) {
    if (trend.bounds.empty()) trend.bounds = kMonths;
    if (trend.to_step == 1) trend.to_step = options.steps.size();
    const PeriodAnswers found = answers_by_period(log_of(rows), options, trend);
    std::ostringstream text;
    for (std::size_t i = 0; i < found.item.size(); ++i) {
        if (i > 0) text << ", ";
        text << found.item[i] << '/' << found.period[i];
        if (found.converted[i] != 0) text << " converted";
        if (found.mature[i] != 0) text << " mature";
        if (!found.touch.empty()) text << " at " << found.touch[i];
        if (!found.time.empty()) text << " on " << found.time[i];
    }
    return text.str();
}

TEST(SequenceTrend, JudgesAnItemOnceInEachPeriodOfItsEntries) {
    EXPECT_EQ(trend_of("A4 B5 A61", asked_of(2)), "0/0 converted mature, 0/2 mature");
    EXPECT_EQ(trend_of("A29 A31 B32", asked_of(2)), "0/0 converted mature, 0/1 converted mature");
    EXPECT_EQ(trend_of("A29 B38", asked_of(2)), "0/0 mature");
    EXPECT_EQ(trend_of("B3 | A5", asked_of(2)), "1/0 mature");
}

TEST(SequenceTrend, IsMatureIfTheWindowOfTheLatestEntryEndsBeforeTheEndOfObservation) {
    EXPECT_EQ(trend_of("A82", asked_of(2)), "0/2 mature");
    EXPECT_EQ(trend_of("A83", asked_of(2)), "0/2");
    EXPECT_EQ(trend_of("A60 B61 A83", asked_of(2)), "0/2 converted");
    Options without = asked_of(2);
    without.window.reset();
    EXPECT_EQ(trend_of("A4 B70", without), "0/0 converted");
}

TEST(SequenceTrend, TakesThePeriodOfTheStepThatIsAskedForAndTheWindowOfTheEntry) {
    const Trend from_b{.bounds = kMonths, .from_step = 2, .to_step = 3};
    EXPECT_EQ(trend_of("A29 B30 B32 C33", asked_of(3), from_b), "0/0 converted mature, 0/1 converted mature");
    EXPECT_EQ(trend_of("B3 A29 C30", asked_of(3), from_b), "");
    EXPECT_EQ(trend_of("A83 B84", asked_of(3), from_b), "0/2");
    EXPECT_EQ(trend_of("A82 B89", asked_of(3), from_b), "0/2 mature");
    Options optional = asked_of(3);
    optional.steps[1].optional = true;
    EXPECT_EQ(trend_of("A3 C4", optional, from_b), "");
}

TEST(SequenceTrend, JudgesExclusionsAmongTheMatchesOfThePeriod) {
    const auto with = [](ExclusionEffect effect) {
        Options options = asked_of(2);
        options.exclusions.push_back({event(kExcluded), 1, 2, effect});
        return options;
    };
    const std::string rows = "A29 X30 A31 B32";
    EXPECT_EQ(trend_of(rows, with(ExclusionEffect::drop)), "0/1 converted mature");
    EXPECT_EQ(trend_of(rows, with(ExclusionEffect::reset)), "0/1 converted mature");
    EXPECT_EQ(trend_of(rows, with(ExclusionEffect::stop)), "0/0 mature, 0/1 converted mature");
}

TEST(SequenceTrend, ConvertsInTheWindowOfAnEntryThatNothingStops) {
    // C comes from A5 past X, which is stopped, and from A0, whose window ends before D.
    Options options = asked_of(4);
    options.window = Length::of(11);
    options.exclusions.push_back({event(kExcluded), 1, 2, ExclusionEffect::stop});
    const Trend c_to_d{.bounds = kMonths, .from_step = 3, .to_step = 4};
    EXPECT_EQ(trend_of("A0 B1 A5 X6 B7 C10 D12", options, c_to_d), "0/0 mature");
    EXPECT_EQ(trend_of("A0 B1 A5 X6 B7 C10 D11", options, c_to_d), "0/0 converted mature");
    EXPECT_EQ(trend_of("A70 B71 A79 X80 B80 C81", options, c_to_d), "0/2");
}

TEST(SequenceTrend, FillsOptionalStepsAmongTheMatchesOfThePeriod) {
    Options options = asked_of(3);
    options.steps[1].optional = true;
    const Trend to_b{.bounds = kMonths, .from_step = 1, .to_step = 2};
    EXPECT_EQ(trend_of("A4 B5 A11 C12", options, to_b), "0/0 mature");
    EXPECT_EQ(trend_of("A29 B30 A37 C38", options, to_b), "0/0 converted mature, 0/1 mature");
}

TEST(SequenceTrend, KeepsTheMatchesOfTheFunnelForEntriesAndInModesOfOneEntry) {
    const Trend entries{.bounds = kMonths, .from_step = 1, .to_step = 2, .counted = Counted::every_entry};
    EXPECT_EQ(trend_of("A29 A31 B32 A33", asked_of(2), entries), "0/0 converted mature, 0/1 mature");
    EXPECT_EQ(trend_of("A29 A31 B32", asked_of(2, Mode::hybrid)), "0/0 converted mature");
    EXPECT_EQ(trend_of("A29 A31 B32", asked_of(2, Mode::first_entry)), "0/0 converted mature");
    Options open = asked_of(2, Mode::open);
    open.window.reset();
    EXPECT_EQ(trend_of("A29 A31 B32", open), "0/0 converted");
}

TEST(SequenceTrend, FindsTheFirstAndTheLastRowWithAValueInTheMatchesOfThePeriod) {
    const std::vector<std::uint8_t> valued{1, 1, 0, 1, 1};
    Trend trend{.bounds = kMonths, .from_step = 1, .to_step = 2, .valued = valued};
    EXPECT_EQ(trend_of("A4 A7 B8 C9 A33", asked_of(2), trend), "0/0 converted mature at 0, 0/1 mature at 4");
    trend.touch = TouchAt::last;
    EXPECT_EQ(trend_of("A4 A7 B8 C9 A33", asked_of(2), trend), "0/0 converted mature at 1, 0/1 mature at 4");
    const std::vector<std::uint8_t> nowhere(5, 0);
    trend.valued = nowhere;
    EXPECT_EQ(trend_of("A4 A7 B8 C9 A33", asked_of(2), trend),
              "0/0 converted mature at -1, 0/1 mature at -1");
}

TEST(SequenceTrend, GivesTheTimeOfAStepOfTheMatchThatCounts) {
    const Trend trend{.bounds = kMonths, .from_step = 1, .to_step = 2, .timed_step = 1};
    EXPECT_EQ(trend_of("A4 A7 B8", asked_of(2), trend), "0/0 converted mature on 7");
    // In January no B comes before C, in February one does.
    Options optional = asked_of(4, Mode::first_entry);
    optional.window = Length::of(40);
    optional.steps[1].optional = true;
    const Trend from_c{.bounds = kMonths, .from_step = 3, .to_step = 4, .timed_step = 2};
    EXPECT_EQ(trend_of("A0 C5 C32 B33 C34", optional, from_c),
              "0/0 mature on " + std::to_string(kNoTime) + ", 0/1 mature on 33");
}

TEST(SequenceTrend, LeavesOutRowsOutsideOfAllPeriods) {
    const std::vector<std::int64_t> bounds{31, 59};
    const Trend february{.bounds = bounds, .from_step = 1, .to_step = 2};
    EXPECT_EQ(trend_of("A29 A31 B32 A59", asked_of(2), february), "0/0 converted mature");
}

TEST(SequenceTrend, RefusesWhatMakesNoSense) {
    const auto refuses = [](const Options& options, const Trend& trend) {
        EXPECT_THROW(static_cast<void>(answers_by_period(log_of("A0 B1"), options, trend)),
                     std::invalid_argument);
    };
    const std::vector<std::int64_t> falling{5, 5};
    const std::vector<std::uint8_t> one{1}, two{1, 1};
    const Trend good{.bounds = kMonths, .from_step = 1, .to_step = 2};
    const auto with = [&](auto change) {
        Trend trend = good;
        change(trend);
        return trend;
    };
    refuses(asked_of(2, Mode::unordered), good);
    refuses(asked_of(2), with([&](Trend& trend) { trend.bounds = falling; }));
    refuses(asked_of(2), with([&](Trend& trend) { trend.bounds = {}; }));
    refuses(asked_of(2), with([&](Trend& trend) { trend.from_step = 0; }));
    refuses(asked_of(2), with([&](Trend& trend) { trend.from_step = 2; }));
    refuses(asked_of(2), with([&](Trend& trend) { trend.to_step = 3; }));
    refuses(asked_of(2), with([&](Trend& trend) { trend.timed_step = 3; }));
    refuses(asked_of(2), with([&](Trend& trend) { trend.valued = one; }));
    refuses(asked_of(2, Mode::hybrid), with([&](Trend& trend) { trend.valued = two; }));
    refuses(asked_of(2, Mode::first_entry),
            with([&](Trend& trend) { trend.counted = Counted::every_entry; }));
}

/// Reads an item with a row of A in each period and none of B, with C all over; returns how long it takes.
double seconds_for(std::size_t n_periods, const Options& options) {
    CodedRows rows;
    rows.n_labels = kEvents;
    constexpr std::size_t kRows = 100'000;
    for (std::size_t i = 0; i < kRows; ++i) rows.add(1, i % 2 == 0 ? 0 : 2, std::int64_t(i));
    const Journeys journeys = rows.build();
    std::vector<std::int64_t> bounds;
    for (std::size_t p = 0; p <= n_periods; ++p) bounds.push_back(std::int64_t(kRows * p / n_periods));
    const Trend trend{.bounds = bounds, .from_step = 1, .to_step = 2};
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(answers_by_period(journeys, options, trend).item.size(), n_periods);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST(SequenceTrend, TakesNoLongerForManyPeriods) {
    Options endless = asked_of(3);
    endless.window.reset();
    Options dropping = asked_of(3);
    dropping.exclusions.push_back({event(kExcluded), 1, 2, ExclusionEffect::drop});
    for (const Options& options : {endless, dropping}) {
        // Were each period to read all rows, a thousand would take a thousand times as long.
        EXPECT_LT(seconds_for(1'000, options), 20 * seconds_for(1, options) + 0.1);
    }
}

}  // namespace
}  // namespace stagefunnel::sequence
