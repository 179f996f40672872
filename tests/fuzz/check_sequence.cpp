// Sequences of a few items, whose matches are listed one by one where their steps have an order.

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "expect.hpp"
#include "kernels.hpp"
#include "stagefunnel/questions/sequence/sequence.hpp"
#include "support/log_builder.hpp"
#include "support/reference_sequence.hpp"

namespace stagefunnel::fuzz {
namespace {

using sequence::Length;
using sequence::Mode;
using testing::ReferenceRow;

constexpr std::size_t kCodes = 5;
constexpr std::array kModes{Mode::ordered,   Mode::increase, Mode::strict, Mode::first_entry,
                            Mode::unordered, Mode::open,     Mode::hybrid};

bool has_order(Mode mode) { return mode != Mode::unordered && mode != Mode::open && mode != Mode::hybrid; }

std::vector<std::uint8_t> draw_stages(Choices& choices) {
    const std::uint8_t bits = choices.byte();
    std::vector<std::uint8_t> stages(kCodes + 1, 0);
    for (std::size_t code = 0; code < kCodes; ++code) stages[code] = (bits >> code) & 1U;
    stages[bits >> 5U >= kCodes ? 0 : bits >> 5U] = 1;
    return stages;
}

Length draw_length(Choices& choices, std::size_t below) {
    return Length::of(static_cast<std::int64_t>(choices.below(below)));
}

sequence::Step draw_step(Choices& choices, bool is_later, bool has_gaps) {
    sequence::Step step;
    step.stages = draw_stages(choices);
    step.first_time = choices.one_in(8);
    if (!is_later || !has_gaps) return step;
    step.optional = choices.one_in(3);
    if (choices.one_in(3)) step.min_gap = draw_length(choices, 3);
    if (choices.one_in(3)) {
        const std::int64_t least = step.min_gap ? step.min_gap->shift[0] : 0;
        step.max_gap = Length::of(least + static_cast<std::int64_t>(choices.below(4)));
    }
    return step;
}

sequence::Options draw_options(Choices& choices) {
    sequence::Options options;
    options.mode = choices.of(kModes);
    const bool ordered = has_order(options.mode);
    if (ordered && choices.one_in(2)) options.timing = sequence::Timing::first_entry;
    const std::size_t n = 1 + choices.below(4);
    for (std::size_t k = 0; k < n; ++k) options.steps.push_back(draw_step(choices, k > 0, ordered));
    if (options.mode != Mode::open) {
        if (choices.one_in(2)) options.window = draw_length(choices, 9);
        if (choices.one_in(5)) options.window = Length{{0, 3, 6}, {3, 1, 5}, {0, 6, 0}};
    }
    for (std::size_t i = choices.below(3); ordered && n > 1 && i > 0; --i) {
        const std::size_t after = 1 + choices.below(n - 1);
        const std::size_t before = after + 1 + choices.below(n - after);
        options.exclusions.push_back(
            {draw_stages(choices), after, before, static_cast<sequence::ExclusionEffect>(choices.below(3))});
    }
    if (choices.one_in(5)) options.as_of = static_cast<std::int64_t>(5 + choices.below(6));
    return options;
}

std::vector<ReferenceRow> draw_item(Choices& choices) {
    std::vector<ReferenceRow> rows(1 + choices.below(8));
    for (ReferenceRow& row : rows) {
        const std::uint8_t byte = choices.byte();
        row = {byte % 12, (byte / 12U) % (kCodes + 1)};
    }
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
    return rows;
}

using Items = std::vector<std::vector<ReferenceRow>>;

/// Built journeys keep the items in some order of their own; the first rows tell which is which.
std::vector<std::size_t> item_of_place(const Journeys& journeys, const Items& items) {
    std::vector<std::size_t> first_rows, places;
    std::size_t row = 0;
    for (const auto& rows : items) {
        first_rows.push_back(row);
        row += rows.size();
    }
    for (const std::uint32_t first : journeys.first_row) {
        places.push_back(static_cast<std::size_t>(
            std::find(first_rows.begin(), first_rows.end(), std::size_t{first}) - first_rows.begin()));
    }
    return places;
}

void check_match(const sequence::Options& options, const sequence::Matches& matches, std::size_t place,
                 const std::vector<ReferenceRow>& rows) {
    const std::size_t n = matches.n_steps;
    const auto* time = matches.time.data() + place * n;
    const std::vector<std::int64_t> times(time, time + n);
    expect(matches.level[place] <= n, "a level is a step");
    for (std::size_t k = 0; k < n; ++k) {
        const bool is_done = (matches.done[place] >> k & 1U) != 0;
        expect(is_done == (times[k] != sequence::kNoTime), "a step that is done has its time");
        if (!is_done) continue;
        expect(std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.time == times[k]; }),
               "a step is done at the time of a row");
        expect(!options.as_of || times[k] < *options.as_of, "no row at or after `as_of` is read");
    }
    if (!has_order(options.mode)) return;
    const testing::ReferenceAnswer slow = testing::ReferenceSequence(options, rows).answer();
    expect(matches.level[place] == slow.level, "the match is as deep as any");
    expect(times == slow.time, "the match is the one that the rules choose");
    expect(matches.stop[place] == static_cast<std::uint8_t>(slow.stop), "a match says why it ends");
}

/// In mode open each step is done at the first row that fills it.
void check_open(const sequence::Matches& matches, std::size_t place, const sequence::Options& options,
                const std::vector<ReferenceRow>& rows) {
    for (std::size_t k = 0; k < matches.n_steps; ++k) {
        const auto fills = [&](const ReferenceRow& row) {
            return options.steps[k].stages[row.code] != 0 && (!options.as_of || row.time < *options.as_of);
        };
        const bool is_done = (matches.done[place] >> k & 1U) != 0;
        expect(is_done == std::any_of(rows.begin(), rows.end(), fills), "an open step is done by any row");
    }
}

void check_counts(const Journeys& journeys, const sequence::Options& options,
                  const sequence::Matches& matches) {
    const std::array quantiles{stats::Quantile{1, 2}};
    const sequence::Counts counts = sequence::count_sequence(
        journeys, options, sequence::Counted::best_match, {}, 1, std::span<const stats::Quantile>(quantiles));
    std::int64_t left_out = 0;
    std::vector<std::int64_t> reached(matches.n_steps, 0);
    for (std::size_t i = 0; i < matches.level.size(); ++i) {
        left_out += matches.stop[i] == static_cast<std::uint8_t>(sequence::Stop::left_out);
        for (std::size_t k = 0; k < matches.n_steps; ++k) reached[k] += matches.done[i] >> k & 1U;
    }
    expect(counts.left_out[0] == left_out, "items that an exclusion drops are counted");
    for (std::size_t k = 0; k < matches.n_steps; ++k) {
        expect(counts.reached(0, static_cast<Eigen::Index>(k)) == reached[k],
               "the counts of a sequence are those of its matches");
    }
}

}  // namespace

void check_sequence(Choices& choices) {
    sequence::Options options = draw_options(choices);
    Items items(1 + choices.below(3));
    testing::CodedRows coded;
    coded.n_labels = kCodes;
    std::int64_t last = 0;
    for (std::size_t item = 0; item < items.size(); ++item) {
        items[item] = draw_item(choices);
        for (const ReferenceRow& row : items[item]) coded.add(item + 1, row.code, row.time);
        last = std::max(last, items[item].back().time);
    }
    options.observed_until = options.as_of.value_or(last);
    const Journeys journeys = coded.build();
    const sequence::Matches matches = sequence::best_matches(journeys, options);
    const std::vector<std::size_t> item_at = item_of_place(journeys, items);
    for (std::size_t place = 0; place < items.size(); ++place) {
        check_match(options, matches, place, items[item_at[place]]);
        if (options.mode == Mode::open && std::none_of(options.steps.begin(), options.steps.end(),
                                                       [](const auto& step) { return step.first_time; })) {
            check_open(matches, place, options, items[item_at[place]]);
        }
    }
    check_counts(journeys, options, matches);
}

}  // namespace stagefunnel::fuzz
