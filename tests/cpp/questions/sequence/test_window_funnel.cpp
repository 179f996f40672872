#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "stagefunnel/questions/sequence/window_funnel.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::sequence {
namespace {

using namespace stagefunnel::testing;

using enum WindowFunnelMode;

/// Rows named by letters, with a step for each of the first letters; `_` is a row without a stage.
struct Letters {
    std::string_view rows;
    std::size_t n_steps = 3;
    std::vector<std::int64_t> times = {};  // empty: 0, 1, 2 …
};

WindowFunnelOptions funnel_options(std::size_t n_steps, std::vector<WindowFunnelMode> modes) {
    WindowFunnelOptions options{.steps = {}, .window = 10, .modes = std::move(modes), .as_of = {}};
    for (std::size_t step = 0; step < n_steps; ++step) {
        options.steps.emplace_back(5, std::uint8_t{0});
        options.steps.back()[step % 4] = 1;
    }
    return options;
}

Journeys letter_journeys(const Letters& letters) {
    CodedRows rows;
    rows.n_labels = 4;
    for (std::size_t i = 0; i < letters.rows.size(); ++i) {
        const char letter = letters.rows[i];
        const auto time = letters.times.empty() ? static_cast<std::int64_t>(i) : letters.times[i];
        rows.add(1, letter == '_' ? 4 : static_cast<std::size_t>(letter - 'a'), time);
    }
    return rows.build();
}

std::size_t level(const Letters& letters, std::vector<WindowFunnelMode> modes = {}) {
    return window_funnel(letter_journeys(letters), funnel_options(letters.n_steps, std::move(modes))).at(0);
}

TEST(WindowFunnel, PassesOverOtherRowsUnlessTheOrderIsStrict) {
    EXPECT_EQ(level({"adbc"}), 3U);
    EXPECT_EQ(level({"adbc"}, {strict_order}), 1U);
    EXPECT_EQ(level({"a_bc"}, {strict_order}), 3U);
    EXPECT_EQ(level({"acb"}, {strict_order}), 1U);
    EXPECT_EQ(level({"acb"}, {strict_order, allow_reentry}), 2U);
    EXPECT_EQ(level({"ccbbaa"}), 1U);
}

TEST(WindowFunnel, EndsAtARepeatOnlyIfTheStepWasReached) {
    EXPECT_EQ(level({"abdbc"}), 3U);
    EXPECT_EQ(level({"abdbc"}, {strict_deduplication}), 2U);
    EXPECT_EQ(level({"aabc"}, {strict_deduplication}), 3U);
    EXPECT_EQ(level({"abb", 2, {0, 1, 1}}, {strict_deduplication}), 2U);
}

TEST(WindowFunnel, LosesAMatchThatItOverwrites) {
    EXPECT_EQ(level({"aab", 2, {0, 1, 1}}, {strict_increase}), 1U);
    EXPECT_EQ(level({"aab", 2, {0, 1, 1}}, {strict_increase, strict_once}), 2U);
    EXPECT_EQ(level({"ab", 2, {0, 0}}, {strict_increase}), 1U);
}

TEST(WindowFunnel, IncludesTheBoundOfTheWindow) {
    EXPECT_EQ(level({"ab", 2, {0, 10}}), 2U);
    EXPECT_EQ(level({"ab", 2, {0, 11}}), 1U);
}

TEST(WindowFunnel, MayFillTwoStepsWithOneRow) {
    WindowFunnelOptions options = funnel_options(2, {});
    options.steps[1] = options.steps[0];
    const Journeys journeys = letter_journeys({"a"});
    EXPECT_EQ(window_funnel(journeys, options).at(0), 2);
    options.modes = {strict_once};
    EXPECT_EQ(window_funnel(journeys, options).at(0), 1);
}

TEST(WindowFunnel, GivesTiedRowsToStepsSoThatTheDeepestMatchIsFound) {
    WindowFunnelOptions options = funnel_options(2, {strict_once});
    options.steps[0][1] = 1;  // a or b, then b
    EXPECT_EQ(window_funnel(letter_journeys({"ba", 2, {0, 0}}), options).at(0), 2);
    EXPECT_EQ(window_funnel(letter_journeys({"ab", 2, {0, 0}}), options).at(0), 2);
    EXPECT_EQ(window_funnel(letter_journeys({"aa", 2, {0, 0}}), options).at(0), 1);
}

TEST(WindowFunnel, EndsAtATiedRepeatOnlyIfTheStepWasReachedBeforeIt) {
    WindowFunnelOptions options = funnel_options(3, {strict_deduplication, strict_once});
    options.steps[1][0] = 1;  // a, then a or b, then c
    EXPECT_EQ(window_funnel(letter_journeys({"abc", 3, {0, 0, 1}}), options).at(0), 3)
        << "a fills step 1 alone";
    EXPECT_EQ(window_funnel(letter_journeys({"bac", 3, {0, 0, 1}}), options).at(0), 2) << "a comes after b";
}

TEST(WindowFunnel, ReadsNoRowsFromTheEndOfObservationOn) {
    WindowFunnelOptions options = funnel_options(3, {});
    options.as_of = 2;
    EXPECT_EQ(window_funnel(letter_journeys({"abc"}), options).at(0), 2);
}

TEST(WindowFunnel, RefusesOptionsOutOfRange) {
    const Journeys journeys = letter_journeys({"abc"});
    EXPECT_THROW(static_cast<void>(window_funnel(journeys, funnel_options(0, {}))), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(window_funnel(journeys, funnel_options(33, {}))), std::invalid_argument);
    WindowFunnelOptions options = funnel_options(2, {});
    options.window = -1;
    EXPECT_THROW(static_cast<void>(window_funnel(journeys, options)), std::invalid_argument);
    options.window = 1;
    options.steps[0].back() = 1;
    EXPECT_THROW(static_cast<void>(window_funnel(journeys, options)), std::invalid_argument);
}

}  // namespace
}  // namespace stagefunnel::sequence
