#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <random>

#include "stagefunnel/questions/sequence/sequence.hpp"
#include "support/log_builder.hpp"

namespace stagefunnel::sequence {
namespace {

using namespace stagefunnel::testing;

constexpr std::size_t kLabels = 5;  // the last one fills no step
constexpr std::int64_t kEnd = 40;   // of observation

/// The options that `is_simple` accepts, so that the fast path counts.
Options simple_options(std::size_t n_steps, std::optional<std::int64_t> window) {
    Options options;
    for (std::size_t k = 0; k < n_steps; ++k) {
        std::vector<std::uint8_t> stages(kLabels + 1, 0);
        stages[k] = 1;
        options.steps.push_back({.stages = stages, .min_gap = {}, .max_gap = {}});
    }
    if (window) options.window = Length::of(*window);
    options.observed_until = kEnd;
    return options;
}

struct TimeSum {
    std::int64_t count = 0;
    std::uint64_t sum = 0;
    bool operator==(const TimeSum&) const = default;

    void add(std::int64_t from, std::int64_t to) {
        ++count;
        sum += static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
    }
};

/// The counts of one group, step by step.
struct GroupCounts {
    std::array<std::int64_t, 4> reached{}, dropped{}, immature{};
    std::array<TimeSum, 4> from_previous{}, from_first{};
    bool operator==(const GroupCounts&) const = default;
};

GroupCounts counts_of_group(const Matches& matches, const std::vector<std::int32_t>& group,
                            std::int32_t wanted) {
    GroupCounts of_group;
    for (std::size_t item = 0; item < matches.level.size(); ++item) {
        const std::size_t level = matches.level[item];
        if (group[item] != wanted || level == 0) continue;
        const std::int64_t* time = matches.time.data() + item * matches.n_steps;
        for (std::size_t k = 0; k < level; ++k) ++of_group.reached[k];
        for (std::size_t k = 1; k < level; ++k) {
            of_group.from_previous[k].add(time[k - 1], time[k]);
            of_group.from_first[k].add(time[0], time[k]);
        }
        if (level == matches.n_steps) continue;
        const bool immature = matches.stop[item] == static_cast<std::uint8_t>(Stop::immature);
        ++(immature ? of_group.immature : of_group.dropped)[level - 1];
    }
    return of_group;
}

GroupCounts counts_of_group(const Counts& counts, std::int32_t group) {
    GroupCounts of_group;
    const auto sum_of = [](const StepTime& time) {
        return TimeSum{time.count, time.count == 0 ? 0 : time.mean.whole * time.mean.of + time.mean.rest};
    };
    const auto n_steps = static_cast<std::size_t>(counts.reached.cols());
    for (std::size_t k = 0; k < n_steps; ++k) {
        const auto step = static_cast<Eigen::Index>(k);
        of_group.reached[k] = counts.reached(group, step);
        of_group.dropped[k] = counts.dropped(group, step);
        of_group.immature[k] = counts.immature(group, step);
        const std::size_t row = static_cast<std::size_t>(group) * n_steps + k;
        of_group.from_previous[k] = sum_of(counts.from_previous[row]);
        of_group.from_first[k] = sum_of(counts.from_first[row]);
    }
    return of_group;
}

/// Random journeys whose times are `times(random)`.
template <class Times>
Journeys random_journeys(std::size_t n_rows, std::size_t n_items, Times times) {
    CodedRows rows;
    rows.n_labels = kLabels;
    std::mt19937_64 random(11);
    for (std::size_t i = 0; i < n_rows; ++i) {
        const std::size_t item = random() % n_items, code = random() % kLabels;
        rows.add(item, code, times(random));
    }
    return rows.build();
}

void expect_counts_of_matches(const Journeys& journeys, Options options) {
    std::vector<std::int32_t> group;
    for (std::size_t item = 0; item < journeys.n_items(); ++item) {
        group.push_back(static_cast<std::int32_t>(journeys.key[item] % 2));
    }
    const Matches matches = best_matches(journeys, options);
    for (const unsigned threads : {1U, 3U}) {
        options.threads = threads;
        const Counts counts = count_sequence(journeys, options, Counted::best_match, group, 2,
                                             std::span<const stats::Quantile>{});
        const Counts without_times = count_sequence(journeys, options, Counted::best_match, group, 2, {});
        EXPECT_EQ(without_times.reached, counts.reached);
        EXPECT_EQ(without_times.immature, counts.immature);
        for (const std::int32_t one : {0, 1})
            EXPECT_EQ(counts_of_group(counts, one), counts_of_group(matches, group, one));
    }
}

TEST(SequenceCounts, AreThoseOfTheMatchesWhereTimesRise) {
    std::int64_t clock = -200'000;
    const Journeys journeys =
        random_journeys(200'000, 40'000, [&](auto& random) { return clock += 1 + random() % 2; });
    for (const std::int64_t window : {0, 1'000, 60'000, 400'000}) {
        expect_counts_of_matches(journeys, simple_options(4, window));
    }
    expect_counts_of_matches(journeys, simple_options(4, {}));
    expect_counts_of_matches(journeys, simple_options(1, 5));
}

TEST(SequenceCounts, AreThoseOfTheMatchesWhereRowsAreTied) {
    const Journeys journeys = random_journeys(
        20'000, 3'000, [](auto& random) { return static_cast<std::int64_t>(random() % (kEnd + 1)); });
    for (const std::int64_t window : {0, 3, 12})
        expect_counts_of_matches(journeys, simple_options(4, window));
    expect_counts_of_matches(journeys, simple_options(3, {}));
}

TEST(SequenceCounts, AreThoseOfTheMatchesAtTheEndsOfTime) {
    constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min() + 1;
    constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();
    const Journeys journeys = random_journeys(2'000, 300, [&](auto& random) {
        const auto tick = static_cast<std::int64_t>(random() % 30);
        return random() % 2 == 0 ? kLow + tick : random() % 2 == 0 ? kHigh - tick : tick;
    });
    for (const std::int64_t window : {std::int64_t{9}, std::int64_t{1} << 62, kHigh}) {
        expect_counts_of_matches(journeys, simple_options(4, window));
    }
}

TEST(SequenceCounts, HaveAnItemWithoutRowsAmongTheItemsOnly) {
    Journeys journeys = random_journeys(40, 5, [](auto& random) { return std::int64_t(random() % 9); });
    const std::size_t n_items = journeys.n_items();
    journeys.offsets.push_back(journeys.offsets.back());
    journeys.first_row.push_back(0);
    const Counts counts = count_sequence(journeys, simple_options(2, 5), Counted::best_match, {}, 1, {});
    EXPECT_EQ(counts.items, (std::vector<std::int64_t>{static_cast<std::int64_t>(n_items) + 1}));
    EXPECT_LE(counts.reached(0, 0), static_cast<std::int64_t>(n_items));
}

TEST(SequenceCounts, HaveNoItemWithoutRowsBeforeTheEndOfObservation) {
    Journeys journeys = random_journeys(40, 5, [](auto& random) { return std::int64_t(random() % 9); });
    const std::size_t n_items = journeys.n_items();
    journeys.offsets.insert(journeys.offsets.begin(), 0);  // as an item that a selection leaves out
    journeys.first_row.push_back(0);
    Options options = simple_options(2, 5);
    options.as_of = 9;
    const Counts counts = count_sequence(journeys, options, Counted::best_match, {}, 1, {});
    EXPECT_EQ(counts.items, std::vector<std::int64_t>{static_cast<std::int64_t>(n_items)});
}

}  // namespace
}  // namespace stagefunnel::sequence
