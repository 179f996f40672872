#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "log_builder.hpp"
#include "stagefunnel/sequence.hpp"

namespace stagefunnel::testing {
namespace {

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

SequenceOptions asking(std::size_t n_steps, SequenceMode mode = SequenceMode::ordered) {
    SequenceOptions options;
    options.mode = mode;
    options.window = SequenceSpan::of(10);
    options.observed_until = 1'000;
    for (std::size_t k = 0; k < n_steps; ++k)
        options.steps.push_back({.matches = only(k), .min_gap = {}, .max_gap = {}});
    return options;
}

/// The level and the times of a chain: "3: 0 - 5".
std::string shown(const SequenceChains& chains, std::size_t place = 0) {
    std::ostringstream text;
    text << int(chains.level[place]) << ':';
    for (std::size_t k = 0; k < chains.n_steps; ++k) {
        const std::int64_t time = chains.time[place * chains.n_steps + k];
        text << ' ';
        time == kNoTime ? text << '-' : text << time;
    }
    return text.str();
}

std::string chain(const std::string& rows, const SequenceOptions& options) {
    return shown(sequence_chains(journeys_of(rows), options));
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
    SequenceOptions first = asking(2);
    first.timing = SequenceTiming::first_entry;
    EXPECT_EQ(chain("A0 A8 B9", first), "2: 0 9");
}

TEST(Sequence, KeepsEveryEntryThatCanStillWin) {
    EXPECT_EQ(chain("A0 A1 B1", asking(2, SequenceMode::increase)), "2: 0 1");
}

TEST(Sequence, KnowsModesWithAnOrderOfTheirOwn) {
    EXPECT_EQ(chain("A0 X1 B2", asking(2, SequenceMode::strict)), "1: 0 -");
    EXPECT_EQ(chain("C0 A2 B3", asking(3, SequenceMode::unordered)), "3: 0 2 3");
    EXPECT_EQ(chain("A0 C2 B5", asking(3, SequenceMode::hybrid)), "3: 0 5 2");
    EXPECT_EQ(chain("A0 A4 B5 C12", asking(3, SequenceMode::first_entry)), "2: 0 5 -");
    SequenceOptions open = asking(3, SequenceMode::open);
    open.window.reset();
    EXPECT_EQ(chain("C0 B99", open), "3: - 99 0");
}

TEST(Sequence, FillsAnOptionalStepWheneverTheLevelAllowsIt) {
    SequenceOptions options = asking(3);
    options.steps[1].optional = true;
    EXPECT_EQ(chain("A0 C1", options), "3: 0 - 1");
    EXPECT_EQ(chain("A0 C1 B2 C3", options), "3: 0 2 3");
    EXPECT_EQ(chain("A0 B1 C11 A12 C13", options), "3: 12 - 13");
}

TEST(Sequence, DropsStopsOrResetsAtAnExcludedRow) {
    const auto with = [](ExclusionEffect effect) {
        SequenceOptions options = asking(2);
        options.exclusions.push_back({only(3), 1, 2, effect});
        return options;
    };
    const auto told = [&](const char* rows, ExclusionEffect effect) {
        const SequenceChains chains = sequence_chains(journeys_of(rows), with(effect));
        return std::pair{int(chains.level[0]), static_cast<SequenceStop>(chains.stop[0])};
    };
    EXPECT_EQ(told("A0 X1 B2", ExclusionEffect::drop), std::pair(0, SequenceStop::left_out));
    EXPECT_EQ(told("A0 X1 B2", ExclusionEffect::stop), std::pair(1, SequenceStop::excluded));
    EXPECT_EQ(told("A0 X1 B2", ExclusionEffect::reset), std::pair(0, SequenceStop::excluded));
    EXPECT_EQ(told("A0 X1 A3 B4", ExclusionEffect::drop), std::pair(2, SequenceStop::completed));
}

TEST(Sequence, HoldsWhatIsEqualAlongTheChain) {
    const Journeys journeys = journeys_of("A0 B1 B2");
    const std::vector<std::int32_t> colour{1, 2, 1};
    SequenceOptions options = asking(2);
    options.hold = colour;
    EXPECT_EQ(shown(sequence_chains(journeys, options)), "2: 0 2");
}

TEST(Sequence, TellsEntriesOneAfterAnother) {
    const SequenceChains two = sequence_entries(journeys_of("A0 B1 A2 B3"), asking(2));
    ASSERT_EQ(two.level.size(), 2U);
    EXPECT_EQ(shown(two, 0), "2: 0 1");
    EXPECT_EQ(shown(two, 1), "2: 2 3");
    const SequenceChains one = sequence_entries(journeys_of("A0 A4 B5 C12"), asking(3));
    ASSERT_EQ(one.level.size(), 1U);
    EXPECT_EQ(shown(one), "2: 0 5 -");
    EXPECT_EQ(sequence_entries(journeys_of("B0"), asking(2)).level.size(), 1U);
}

TEST(Sequence, CountsWhatTheChainsSay) {
    const SequenceCounts counts =
        count_sequence(journeys_of("A0 B4"), asking(3), false, {}, 1, std::span<const Quantile>{});
    EXPECT_EQ(counts.items, std::vector<std::int64_t>{1});
    EXPECT_EQ(counts.reached(0, 1), 1);
    EXPECT_EQ(counts.reached(0, 2), 0);
    EXPECT_EQ(counts.dropped(0, 1), 1);
    EXPECT_EQ(counts.from_previous[1].mean.whole, 4U);
}

TEST(Sequence, TakesSixtyFourStepsAndNoMore) {
    SequenceOptions options = asking(1);
    options.steps.resize(64, options.steps[0]);
    std::string rows;
    for (int i = 0; i < 64; ++i) rows += "A0 ";
    EXPECT_EQ(sequence_chains(journeys_of(rows), options).level[0], 64);
    options.steps.push_back(options.steps[0]);
    EXPECT_THROW(static_cast<void>(sequence_chains(journeys_of(rows), options)), std::invalid_argument);
}

TEST(Sequence, ExcludesBetweenPlacesInTimeWhereStepsHaveNoOrder) {
    const auto unordered = [](const std::string& rows, std::size_t after, std::size_t before,
                              std::int64_t window = 10) {
        SequenceOptions options = asking(3, SequenceMode::unordered);
        options.window = SequenceSpan::of(window);
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
    const auto refused = [&](SequenceOptions options) {
        EXPECT_THROW(static_cast<void>(sequence_chains(journeys, options)), std::invalid_argument);
    };
    refused(asking(0));
    SequenceOptions options = asking(2);
    options.steps[0].optional = true;
    refused(options);
    options = asking(2);
    options.window = SequenceSpan::of(-1);
    refused(options);
    options = asking(2);
    options.window = SequenceSpan{{0, 5}, {9, 1}, {0, 0}};
    refused(options);
    options = asking(2);
    options.exclusions.push_back({only(3), 2, 2, ExclusionEffect::drop});
    refused(options);
    options = asking(2, SequenceMode::unordered);
    options.steps[1].max_gap = SequenceSpan::of(1);
    refused(options);
    options = asking(3, SequenceMode::unordered);
    options.exclusions.push_back({only(3), 1, 3, ExclusionEffect::reset});
    options.exclusions.push_back({only(3), 2, 3, ExclusionEffect::reset});
    refused(options);
}

}  // namespace
}  // namespace stagefunnel::testing
