#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "stagefunnel/questions/sequence/sequence.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::sequence {
namespace {

using namespace stagefunnel::testing;

constexpr std::size_t kLetters = 4;  // A, B, C and the excluded X

/// Reads rows such as "A0 X1 B2": a stage and a time.
Journeys journeys_of(const std::string& text) {
    CodedRows rows;
    rows.n_labels = kLetters;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        const std::size_t code = word[0] == 'X' ? 3 : static_cast<std::size_t>(word[0] - 'A');
        rows.add(1, code, std::stoll(word.substr(1)));
    }
    return rows.build();
}

std::vector<std::uint8_t> only(std::size_t code) {
    std::vector<std::uint8_t> stages(kLetters + 1, 0);
    stages[code] = 1;
    return stages;
}

Options options_for(std::size_t n_steps, Mode mode = Mode::ordered) {
    Options options;
    options.mode = mode;
    options.window = Length::of(10);
    options.observed_until = 1'000;
    for (std::size_t k = 0; k < n_steps; ++k)
        options.steps.push_back({.stages = only(k), .min_gap = {}, .max_gap = {}});
    return options;
}

/// The level and the times of a match, such as "3: 0 - 5".
std::string shown(const Matches& matches, std::size_t place = 0) {
    std::ostringstream text;
    text << int(matches.level[place]) << ':';
    for (std::size_t k = 0; k < matches.n_steps; ++k) {
        const std::int64_t time = matches.time[place * matches.n_steps + k];
        text << ' ';
        time == kNoTime ? text << '-' : text << time;
    }
    return text.str();
}

std::string best_match(const std::string& rows, const Options& options) {
    return shown(best_matches(journeys_of(rows), options));
}

TEST(Sequence, AnswersTheCasesInWhichEnginesDiffer) {
    EXPECT_EQ(best_match("A0 B5 C11", options_for(3)), "2: 0 5 -");
    EXPECT_EQ(best_match("A0 B10", options_for(2)), "2: 0 10");
    EXPECT_EQ(best_match("A0 A4 B5 C12", options_for(3)), "3: 4 5 12");
    EXPECT_EQ(best_match("A0 B0 C0", options_for(3)), "3: 0 0 0");
    EXPECT_EQ(best_match("B0 A0", options_for(2)), "2: 0 0");
    EXPECT_EQ(best_match("A0 X1 B2", options_for(2)), "2: 0 2");
    EXPECT_EQ(best_match("A0 C1 B2 C3", options_for(3)), "3: 0 2 3");
    EXPECT_EQ(best_match("A0 B1 B2 C3", options_for(3)), "3: 0 2 3");
    EXPECT_EQ(best_match("A0 A8 B9", options_for(2)), "2: 8 9");
    Options first = options_for(2);
    first.timing = Timing::first_entry;
    EXPECT_EQ(best_match("A0 A8 B9", first), "2: 0 9");
}

TEST(Sequence, KeepsEveryEntryThatCanStillWin) {
    EXPECT_EQ(best_match("A0 A1 B1", options_for(2, Mode::increase)), "2: 0 1");
}

TEST(Sequence, OrdersTheStepsAsEachModeSays) {
    EXPECT_EQ(best_match("A0 X1 B2", options_for(2, Mode::strict)), "1: 0 -");
    EXPECT_EQ(best_match("C0 A2 B3", options_for(3, Mode::unordered)), "3: 0 2 3");
    EXPECT_EQ(best_match("A0 C2 B5", options_for(3, Mode::hybrid)), "3: 0 5 2");
    EXPECT_EQ(best_match("A0 A4 B5 C12", options_for(3, Mode::first_entry)), "2: 0 5 -");
    Options open = options_for(3, Mode::open);
    open.window.reset();
    EXPECT_EQ(best_match("C0 B99", open), "3: - 99 0");
}

TEST(Sequence, FillsAnOptionalStepWheneverTheLevelAllowsIt) {
    Options options = options_for(3);
    options.steps[1].optional = true;
    EXPECT_EQ(best_match("A0 C1", options), "3: 0 - 1");
    EXPECT_EQ(best_match("A0 C1 B2 C3", options), "3: 0 2 3");
    EXPECT_EQ(best_match("A0 B1 C11 A12 C13", options), "3: 12 - 13");
}

TEST(Sequence, DropsStopsOrResetsAtAnExcludedRow) {
    const auto with = [](ExclusionEffect effect) {
        Options options = options_for(2);
        options.exclusions.push_back({only(3), 1, 2, effect});
        return options;
    };
    const auto level_and_stop = [&](const char* rows, ExclusionEffect effect) {
        const Matches matches = best_matches(journeys_of(rows), with(effect));
        return std::pair{int(matches.level[0]), static_cast<Stop>(matches.stop[0])};
    };
    EXPECT_EQ(level_and_stop("A0 X1 B2", ExclusionEffect::drop), std::pair(0, Stop::left_out));
    EXPECT_EQ(level_and_stop("A0 X1 B2", ExclusionEffect::stop), std::pair(1, Stop::excluded));
    EXPECT_EQ(level_and_stop("A0 X1 B2", ExclusionEffect::reset), std::pair(0, Stop::excluded));
    EXPECT_EQ(level_and_stop("A0 X1 A3 B4", ExclusionEffect::drop), std::pair(2, Stop::completed));
}

TEST(Sequence, HoldsAValueThroughoutTheMatch) {
    const Journeys journeys = journeys_of("A0 B1 B2");
    const std::vector<std::int32_t> colour{1, 2, 1};
    Options options = options_for(2);
    options.hold = colour;
    EXPECT_EQ(shown(best_matches(journeys, options)), "2: 0 2");
}

TEST(Sequence, ReturnsOneEntryAfterAnother) {
    const Matches two = entry_matches(journeys_of("A0 B1 A2 B3"), options_for(2));
    ASSERT_EQ(two.level.size(), 2U);
    EXPECT_EQ(shown(two, 0), "2: 0 1");
    EXPECT_EQ(shown(two, 1), "2: 2 3");
    const Matches one = entry_matches(journeys_of("A0 A4 B5 C12"), options_for(3));
    ASSERT_EQ(one.level.size(), 1U);
    EXPECT_EQ(shown(one), "2: 0 5 -");
    EXPECT_EQ(entry_matches(journeys_of("B0"), options_for(2)).level.size(), 1U);
}

TEST(Sequence, CountsTheStepsOfTheMatches) {
    const Counts counts = count_sequence(journeys_of("A0 B4"), options_for(3), Counted::best_match, {}, 1,
                                         std::span<const stats::Quantile>{});
    EXPECT_EQ(counts.items, std::vector<std::int64_t>{1});
    EXPECT_EQ(counts.reached(0, 1), 1);
    EXPECT_EQ(counts.reached(0, 2), 0);
    EXPECT_EQ(counts.dropped(0, 1), 1);
    EXPECT_EQ(counts.from_previous[1].mean.whole, 4U);
}

TEST(Sequence, CountsEntriesOrItems) {
    const auto entered = [](Counted counted) {
        const Counts counts = count_sequence(journeys_of("A0 B1 A2 B3"), options_for(2), counted, {}, 1, {});
        return std::pair{counts.items.at(0), counts.reached(0, 1)};
    };
    EXPECT_EQ(entered(Counted::best_match), std::pair(std::int64_t{1}, std::int64_t{1}));
    EXPECT_EQ(entered(Counted::every_entry), std::pair(std::int64_t{2}, std::int64_t{2}));
}

TEST(Sequence, TakesSixtyFourStepsAndNoMore) {
    Options options = options_for(1);
    options.steps.resize(64, options.steps[0]);
    std::string rows;
    for (int i = 0; i < 64; ++i) rows += "A0 ";
    EXPECT_EQ(best_matches(journeys_of(rows), options).level[0], 64);
    options.steps.push_back(options.steps[0]);
    EXPECT_THROW(static_cast<void>(best_matches(journeys_of(rows), options)), std::invalid_argument);
}

TEST(Sequence, CountsTheStepsOfAnExclusionInOrderOfTimeWhereTheyHaveNoOrder) {
    const auto unordered = [](const std::string& rows, std::size_t after, std::size_t before,
                              std::int64_t window = 10) {
        Options options = options_for(3, Mode::unordered);
        options.window = Length::of(window);
        options.exclusions.push_back({only(3), after, before, ExclusionEffect::reset});
        return best_match(rows, options);
    };
    EXPECT_EQ(unordered("A0 X1 B2 C3", 2, 3), "3: 0 2 3");
    EXPECT_EQ(unordered("A0 X1 B2 C3", 1, 2), "2: 2 3 -");
    EXPECT_EQ(unordered("A0 B1 X2 C3", 1, 2), "3: 0 1 3");
    EXPECT_EQ(unordered("A0 B1 X2 C3", 2, 3), "2: 1 3 -");
    EXPECT_EQ(unordered("A0 B1 X2 B3 C4", 2, 3), "3: 0 3 4");
    EXPECT_EQ(unordered("A0 X1", 2, 3), "1: 0 - -");
    EXPECT_EQ(unordered("A0 B1 X1 C2", 1, 3), "3: 0 1 2");
    EXPECT_EQ(unordered("A0 B1 X1 B3 C4", 1, 3), "3: 0 1 4");
    EXPECT_EQ(unordered("A2 A3 B3 X4", 1, 3, 1), "2: 2 3 -");
}

TEST(Sequence, RefusesOptionsThatContradictEachOther) {
    const Journeys journeys = journeys_of("A0");
    const auto refused = [&](Options options) {
        EXPECT_THROW(static_cast<void>(best_matches(journeys, options)), std::invalid_argument);
    };
    refused(options_for(0));
    Options options = options_for(2);
    options.steps[0].optional = true;
    refused(options);
    options = options_for(2);
    options.window = Length::of(-1);
    refused(options);
    options = options_for(2);
    options.window = Length{{0, 5}, {9, 1}, {0, 0}};
    refused(options);
    options = options_for(2);
    options.exclusions.push_back({only(3), 2, 2, ExclusionEffect::drop});
    refused(options);
    options = options_for(2, Mode::unordered);
    options.steps[1].max_gap = Length::of(1);
    refused(options);
    options = options_for(3, Mode::unordered);
    options.exclusions.push_back({only(3), 1, 3, ExclusionEffect::reset});
    options.exclusions.push_back({only(3), 2, 3, ExclusionEffect::reset});
    refused(options);
}

}  // namespace
}  // namespace stagefunnel::sequence
