#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "stagefunnel/questions/sequence/sequence.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::sequence {
namespace {

using namespace stagefunnel::testing;

constexpr std::size_t kLabels = 4;  // a, b, c and the excluded x

/// Rows such as "A0 X1 B2".
Journeys journeys_of(const std::string& text) {
    CodedRows rows;
    rows.n_labels = kLabels;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        const std::size_t code = word[0] == 'X' ? 3 : static_cast<std::size_t>(word[0] - 'A');
        rows.add(1, code, std::stoll(word.substr(1)));
    }
    return rows.build();
}

std::vector<std::uint8_t> only(std::size_t code) {
    std::vector<std::uint8_t> matches(kLabels + 1, 0);
    matches[code] = 1;
    return matches;
}

Options asking(std::size_t n_steps, Mode mode = Mode::ordered) {
    Options options;
    options.mode = mode;
    options.window = Length::of(10);
    options.observed_until = 1'000;
    for (std::size_t k = 0; k < n_steps; ++k)
        options.steps.push_back({.matches = only(k), .min_gap = {}, .max_gap = {}});
    return options;
}

/// The level and the times of a chain: "3: 0 - 5".
std::string shown(const Matches& chains, std::size_t place = 0) {
    std::ostringstream text;
    text << int(chains.level[place]) << ':';
    for (std::size_t k = 0; k < chains.n_steps; ++k) {
        const std::int64_t time = chains.time[place * chains.n_steps + k];
        text << ' ';
        time == kNoTime ? text << '-' : text << time;
    }
    return text.str();
}

std::string chain(const std::string& rows, const Options& options) {
    return shown(best_matches(journeys_of(rows), options));
}

TEST(Sequence, AnswersTheQuestionsOnWhichEnginesDiffer) {
    EXPECT_EQ(chain("A0 B5 C11", asking(3)), "2: 0 5 -");
    EXPECT_EQ(chain("A0 B10", asking(2)), "2: 0 10");
    EXPECT_EQ(chain("A0 A4 B5 C12", asking(3)), "3: 4 5 12");
    EXPECT_EQ(chain("A0 B0 C0", asking(3)), "3: 0 0 0");
    EXPECT_EQ(chain("B0 A0", asking(2)), "2: 0 0");
    EXPECT_EQ(chain("A0 X1 B2", asking(2)), "2: 0 2");
    EXPECT_EQ(chain("A0 C1 B2 C3", asking(3)), "3: 0 2 3");
    EXPECT_EQ(chain("A0 B1 B2 C3", asking(3)), "3: 0 2 3");
    EXPECT_EQ(chain("A0 A8 B9", asking(2)), "2: 8 9");
    Options first = asking(2);
    first.timing = Timing::first_entry;
    EXPECT_EQ(chain("A0 A8 B9", first), "2: 0 9");
}

TEST(Sequence, KeepsEveryEntryThatCanStillWin) {
    EXPECT_EQ(chain("A0 A1 B1", asking(2, Mode::increase)), "2: 0 1");
}

TEST(Sequence, KnowsModesWithAnOrderOfTheirOwn) {
    EXPECT_EQ(chain("A0 X1 B2", asking(2, Mode::strict)), "1: 0 -");
    EXPECT_EQ(chain("C0 A2 B3", asking(3, Mode::unordered)), "3: 0 2 3");
    EXPECT_EQ(chain("A0 C2 B5", asking(3, Mode::hybrid)), "3: 0 5 2");
    EXPECT_EQ(chain("A0 A4 B5 C12", asking(3, Mode::first_entry)), "2: 0 5 -");
    Options open = asking(3, Mode::open);
    open.window.reset();
    EXPECT_EQ(chain("C0 B99", open), "3: - 99 0");
}

TEST(Sequence, FillsAnOptionalStepWheneverTheLevelAllowsIt) {
    Options options = asking(3);
    options.steps[1].optional = true;
    EXPECT_EQ(chain("A0 C1", options), "3: 0 - 1");
    EXPECT_EQ(chain("A0 C1 B2 C3", options), "3: 0 2 3");
    EXPECT_EQ(chain("A0 B1 C11 A12 C13", options), "3: 12 - 13");
}

TEST(Sequence, DropsStopsOrResetsAtAnExcludedRow) {
    const auto with = [](ExclusionEffect effect) {
        Options options = asking(2);
        options.exclusions.push_back({only(3), 1, 2, effect});
        return options;
    };
    const auto told = [&](const char* rows, ExclusionEffect effect) {
        const Matches chains = best_matches(journeys_of(rows), with(effect));
        return std::pair{int(chains.level[0]), static_cast<Stop>(chains.stop[0])};
    };
    EXPECT_EQ(told("A0 X1 B2", ExclusionEffect::drop), std::pair(0, Stop::left_out));
    EXPECT_EQ(told("A0 X1 B2", ExclusionEffect::stop), std::pair(1, Stop::excluded));
    EXPECT_EQ(told("A0 X1 B2", ExclusionEffect::reset), std::pair(0, Stop::excluded));
    EXPECT_EQ(told("A0 X1 A3 B4", ExclusionEffect::drop), std::pair(2, Stop::completed));
}

TEST(Sequence, HoldsWhatIsEqualAlongTheChain) {
    const Journeys journeys = journeys_of("A0 B1 B2");
    const std::vector<std::int32_t> colour{1, 2, 1};
    Options options = asking(2);
    options.hold = colour;
    EXPECT_EQ(shown(best_matches(journeys, options)), "2: 0 2");
}

TEST(Sequence, TellsEntriesOneAfterAnother) {
    const Matches two = entry_matches(journeys_of("A0 B1 A2 B3"), asking(2));
    ASSERT_EQ(two.level.size(), 2U);
    EXPECT_EQ(shown(two, 0), "2: 0 1");
    EXPECT_EQ(shown(two, 1), "2: 2 3");
    const Matches one = entry_matches(journeys_of("A0 A4 B5 C12"), asking(3));
    ASSERT_EQ(one.level.size(), 1U);
    EXPECT_EQ(shown(one), "2: 0 5 -");
    EXPECT_EQ(entry_matches(journeys_of("B0"), asking(2)).level.size(), 1U);
}

TEST(Sequence, CountsWhatTheChainsSay) {
    const Counts counts =
        count_sequence(journeys_of("A0 B4"), asking(3), false, {}, 1, std::span<const stats::Quantile>{});
    EXPECT_EQ(counts.items, std::vector<std::int64_t>{1});
    EXPECT_EQ(counts.reached(0, 1), 1);
    EXPECT_EQ(counts.reached(0, 2), 0);
    EXPECT_EQ(counts.dropped(0, 1), 1);
    EXPECT_EQ(counts.from_previous[1].mean.whole, 4U);
}

TEST(Sequence, TakesSixtyFourStepsAndNoMore) {
    Options options = asking(1);
    options.steps.resize(64, options.steps[0]);
    std::string rows;
    for (int i = 0; i < 64; ++i) rows += "A0 ";
    EXPECT_EQ(best_matches(journeys_of(rows), options).level[0], 64);
    options.steps.push_back(options.steps[0]);
    EXPECT_THROW(static_cast<void>(best_matches(journeys_of(rows), options)), std::invalid_argument);
}

TEST(Sequence, ExcludesBetweenPlacesInTimeWhereStepsHaveNoOrder) {
    const auto unordered = [](const std::string& rows, std::size_t after, std::size_t before,
                              std::int64_t window = 10) {
        Options options = asking(3, Mode::unordered);
        options.window = Length::of(window);
        options.exclusions.push_back({only(3), after, before, ExclusionEffect::reset});
        return chain(rows, options);
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

TEST(Sequence, RefusesWhatContradictsItself) {
    const Journeys journeys = journeys_of("A0");
    const auto refused = [&](Options options) {
        EXPECT_THROW(static_cast<void>(best_matches(journeys, options)), std::invalid_argument);
    };
    refused(asking(0));
    Options options = asking(2);
    options.steps[0].optional = true;
    refused(options);
    options = asking(2);
    options.window = Length::of(-1);
    refused(options);
    options = asking(2);
    options.window = Length{{0, 5}, {9, 1}, {0, 0}};
    refused(options);
    options = asking(2);
    options.exclusions.push_back({only(3), 2, 2, ExclusionEffect::drop});
    refused(options);
    options = asking(2, Mode::unordered);
    options.steps[1].max_gap = Length::of(1);
    refused(options);
    options = asking(3, Mode::unordered);
    options.exclusions.push_back({only(3), 1, 3, ExclusionEffect::reset});
    options.exclusions.push_back({only(3), 2, 3, ExclusionEffect::reset});
    refused(options);
}

}  // namespace
}  // namespace stagefunnel::sequence
