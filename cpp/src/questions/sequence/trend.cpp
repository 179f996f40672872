#include "stagefunnel/questions/sequence/trend.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "questions/sequence/by_period/period_matcher.hpp"
#include "questions/sequence/by_period/period_rules.hpp"
#include "questions/sequence/item_matcher.hpp"
#include "scan/scan.hpp"

namespace stagefunnel::sequence {
namespace {

void check_trend(const PeriodRules& asked, const Journeys& journeys) {
    const Rules& rules = asked.rules;
    const Trend& trend = asked.trend;
    const std::size_t n = rules.n_steps();
    if (trend.from_step < 1 || trend.from_step >= trend.to_step || trend.to_step > n) {
        throw std::invalid_argument("a trend leads from one step to a later one of 1 to " +
                                    std::to_string(n) + ", got " + std::to_string(trend.from_step) + " and " +
                                    std::to_string(trend.to_step));
    }
    if (trend.timed_step > n) {
        throw std::invalid_argument("a step must be 1 to " + std::to_string(n) + ", got " +
                                    std::to_string(trend.timed_step));
    }
    if (rules.mode == Mode::unordered) {
        throw std::invalid_argument(
            "in the mode unordered the period of a match would depend on how far it comes");
    }
    const auto not_rising = std::adjacent_find(trend.bounds.begin(), trend.bounds.end(),
                                               [](std::int64_t a, std::int64_t b) { return a >= b; });
    if (trend.bounds.size() < 2 || not_rising != trend.bounds.end()) {
        throw std::invalid_argument("the bounds of periods must be at least two and rise");
    }
    if (trend.counted == Counted::every_entry) rules.check_entries();
    if (trend.valued.empty()) return;
    if (asked.own_matches) {
        throw std::invalid_argument("only answers for all matches of a period have touches");
    }
    if (trend.valued.size() != journeys.n_rows()) {
        throw std::invalid_argument("the marks of rows with a value must be one for each of the " +
                                    std::to_string(journeys.n_rows()) + " rows, got " +
                                    std::to_string(trend.valued.size()));
    }
}

/// Adds the answers of one item after the other.
struct Collector {
    const PeriodRules& asked;
    PeriodAnswers answers = {};

    void add(std::size_t item, const PeriodAnswer& answer) {
        answers.item.push_back(static_cast<std::uint32_t>(item));
        answers.period.push_back(static_cast<std::int32_t>(answer.period));
        answers.converted.push_back(answer.converted ? 1 : 0);
        answers.mature.push_back(answer.mature ? 1 : 0);
        if (asked.trend.timed_step > 0) answers.time.push_back(answer.time);
        if (!asked.trend.valued.empty()) answers.touch.push_back(answer.touch);
    }
    /// Adds a match that stands for itself, in the period in which it did `from_step`.
    void add(std::size_t item, const Match& match) {
        const auto did = [&](std::size_t step) { return (match.done & bit_of(step)) != 0; };
        const Trend& trend = asked.trend;
        if (!did(trend.from_step)) return;
        const std::size_t period = asked.period_of(match.time[trend.from_step - 1]);
        if (period == kNoPeriod) return;
        const std::size_t timed = trend.timed_step;
        add(item, {.period = period,
                   .converted = did(trend.to_step),
                   .mature = asked.is_mature(match.entry()),
                   .time = timed > 0 && did(timed) ? match.time[timed - 1] : kNoTime});
    }
};

template <class Code>
PeriodAnswers answers_of(const PeriodRules& asked, const Journeys& journeys, const Code* codes,
                         std::size_t first, std::size_t last) {
    Collector found{asked};
    if (asked.own_matches) {
        ItemMatcher<Code> matcher(asked.rules, journeys, codes);
        for (std::size_t item = first; item < last; ++item) {
            if (asked.trend.counted == Counted::every_entry) {
                matcher.for_each_entry(item, [&](const ItemMatch& match) { found.add(item, match.match); });
            } else {
                found.add(item, matcher.find(item).match);
            }
        }
        return std::move(found.answers);
    }
    PeriodMatcher<Code> matcher(asked, journeys, codes);
    for (std::size_t item = first; item < last; ++item) {
        matcher.for_each_answer(item, [&](const PeriodAnswer& answer) { found.add(item, answer); });
    }
    return std::move(found.answers);
}

}  // namespace

PeriodAnswers answers_by_period(const Journeys& journeys, const Options& options, const Trend& trend) {
    const PeriodRules asked(options, trend, journeys);
    check_trend(asked, journeys);
    std::vector<PeriodAnswers> ranges = scan::scan_ranges(
        journeys, options.threads, [&](const auto* codes, std::size_t first, std::size_t last) {
            return answers_of(asked, journeys, codes, first, last);
        });
    PeriodAnswers answers = std::move(ranges.front());
    const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    for (std::size_t r = 1; r < ranges.size(); ++r) {
        append(answers.item, ranges[r].item);
        append(answers.period, ranges[r].period);
        append(answers.converted, ranges[r].converted);
        append(answers.mature, ranges[r].mature);
        append(answers.time, ranges[r].time);
        append(answers.touch, ranges[r].touch);
    }
    return answers;
}

}  // namespace stagefunnel::sequence
