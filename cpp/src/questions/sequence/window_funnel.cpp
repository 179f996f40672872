#include "stagefunnel/questions/sequence/window_funnel.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>

#include "questions/sequence/rules/points.hpp"
#include "questions/sequence/rules/row_matching.hpp"
#include "scan/scan.hpp"

namespace stagefunnel::sequence {
namespace {

constexpr std::size_t kMostSteps = 32;
/// The bit of a row that fills no step, beside the bits of the steps, which are counted from 0 here.
constexpr std::uint64_t kUnmet = std::uint64_t{1} << 63U;

/// Returns the options if they do not contradict the journeys.
const WindowFunnelOptions& valid(const WindowFunnelOptions& options, const Journeys& journeys) {
    if (options.steps.empty() || options.steps.size() > kMostSteps) {
        throw std::invalid_argument("windowFunnel must have 1 to 32 steps, got " +
                                    std::to_string(options.steps.size()));
    }
    for (const std::vector<std::uint8_t>& stages : options.steps) {
        if (stages.size() != journeys.n_labels + 1) {
            throw std::invalid_argument("the stages of a step need one value for each of the " +
                                        std::to_string(journeys.n_labels + 1) + " stage codes, got " +
                                        std::to_string(stages.size()));
        }
        if (stages.back() != 0) throw std::invalid_argument("a missing stage cannot fill a step");
    }
    if (options.window < 0) {
        throw std::invalid_argument("a window must not be negative, got " + std::to_string(options.window));
    }
    return options;
}

struct WindowFunnelRules {
    WindowFunnelRules(const WindowFunnelOptions& options, const Journeys& journeys)
        : window(static_cast<std::uint64_t>(valid(options, journeys).window)),
          as_of(options.as_of),
          steps_of_code(journeys.n_labels + 1, 0) {
        const auto has = [&](WindowFunnelMode mode) {
            return std::find(options.modes.begin(), options.modes.end(), mode) != options.modes.end();
        };
        strict_order = has(WindowFunnelMode::strict_order);
        deduplication = has(WindowFunnelMode::strict_deduplication);
        increase = has(WindowFunnelMode::strict_increase);
        once = has(WindowFunnelMode::strict_once);
        reentry = has(WindowFunnelMode::allow_reentry);
        for (std::size_t code = 0; code < journeys.n_labels; ++code) {
            std::uint64_t& steps = steps_of_code[code];
            for (std::size_t k = 0; k < options.steps.size(); ++k) {
                if (options.steps[k][code] != 0) steps |= std::uint64_t{1} << k;
            }
            if (steps == 0 && strict_order) steps = kUnmet;
        }
    }

    std::uint64_t window;
    std::optional<std::int64_t> as_of;
    std::vector<std::uint64_t> steps_of_code;
    bool strict_order;
    bool deduplication;
    bool increase;
    bool once;
    bool reentry;
};

/// The rows of one time.
struct Moment {
    std::int64_t time;
    std::size_t begin;
    std::size_t end;
    std::uint64_t steps = 0;
    std::uint64_t repeated = 0;  // steps that several rows fill
};

/// The start of one match for each level that was reached.
struct Levels {
    std::uint64_t held = 0;  // a bit for each level; none is set without the one before
    std::array<std::int64_t, kMostSteps> start;

    [[nodiscard]] bool has(std::size_t step) const { return (held >> step & 1) != 0; }
    void put(std::size_t step, std::int64_t to) {
        start[step] = to;
        held |= std::uint64_t{1} << step;
    }
};

/// windowFunnel of ClickHouse, src/AggregateFunctions/AggregateFunctionWindowFunnel.cpp, one moment at a
/// time.
///
/// `getEventLevelNonStrictOnce` keeps one match for each level and overwrites it. `getEventLevelStrictOnce`
/// keeps all of them, but of the matches of a level the one that started last can do whatever the others can:
/// apart from their starts they differ only in rows and times of one moment, and each moment goes on from the
/// levels before it. So one start for each level is enough here too. A deeper level never starts later.
template <class Code>
class LevelReader {
  public:
    LevelReader(const WindowFunnelRules& rules, const Journeys& journeys, const Code* codes)
        : rules_(rules), codes_(codes), time_(journeys.time.data()), offsets_(journeys.offsets.data()) {
        kinds_ = rules.steps_of_code;
        std::sort(kinds_.begin(), kinds_.end());
        kinds_.erase(std::unique(kinds_.begin(), kinds_.end()), kinds_.end());
        for (const std::uint64_t steps : rules.steps_of_code) {
            shared_ = shared_ || std::popcount(steps) > 1;
            const auto kind = std::lower_bound(kinds_.begin(), kinds_.end(), steps);
            kind_of_code_.push_back(static_cast<std::size_t>(kind - kinds_.begin()));
        }
        n_of_kind_.resize(kinds_.size(), 0);
    }

    std::uint8_t level_of(std::size_t item) {
        const std::size_t end = end_of(item);
        levels_.held = 0;
        bool goes_on = true;
        for (std::size_t i = first_moment(offsets_[item], end); i < end && goes_on;) {
            Moment moment{.time = time_[i], .begin = i, .end = i};
            do {
                const std::uint64_t steps = rules_.steps_of_code[codes_[moment.end]];
                moment.repeated |= moment.steps & steps;
                moment.steps |= steps;
            } while (++moment.end < end && time_[moment.end] == moment.time);
            i = moment.end;
            if (moment.steps != 0) goes_on = read(moment);
        }
        return static_cast<std::uint8_t>(std::bit_width(levels_.held));
    }

  private:
    [[nodiscard]] std::size_t end_of(std::size_t item) const {
        const std::size_t begin = offsets_[item], end = offsets_[item + 1];
        if (!rules_.as_of) return end;
        return static_cast<std::size_t>(std::lower_bound(time_ + begin, time_ + end, *rules_.as_of) - time_);
    }

    /// Rows before the first row of step 1 matter only if they are tied with it.
    [[nodiscard]] std::size_t first_moment(std::size_t begin, std::size_t end) const {
        std::size_t i = begin;
        while (i < end && (rules_.steps_of_code[codes_[i]] & 1) == 0) ++i;
        if (i == end) return end;
        const std::int64_t first = time_[i];
        while (i > begin && time_[i - 1] == first) --i;
        return i;
    }

    /// Takes the steps of a moment in their order; returns false if the scan ends.
    bool read(const Moment& moment) {
        if (rules_.strict_order && levels_.held != 0 && (moment.steps & kUnmet) != 0) return false;
        const std::uint64_t steps = moment.steps & ~kUnmet;
        const bool shares = rules_.once && shared_ && !rules_.increase && !std::has_single_bit(steps);
        if (shares) count_rows(moment);
        if (shares || (rules_.once && rules_.increase)) before_ = levels_;
        std::uint64_t put = 0;
        for (std::uint64_t bits = steps; bits != 0; bits &= bits - 1) {
            const auto step = static_cast<std::size_t>(std::countr_zero(bits));
            std::optional<std::int64_t> start = moment.time;
            if (step != 0) {
                if (rules_.deduplication && levels_.has(step)) return false;
                if (!levels_.has(step - 1)) {
                    if (rules_.strict_order && !rules_.reentry && levels_.held != 0) return false;
                    continue;
                }
                start = shares ? start_in_shared_rows(step, moment) : start_before(step, put);
            }
            if (!start || distance(*start, moment.time) > rules_.window) continue;
            levels_.put(step, *start);
            put |= std::uint64_t{1} << step;
            if (step == 0 || !rules_.deduplication || (moment.repeated >> step & 1) == 0) continue;
            if (!shares || is_reached_before_last_row(step, moment)) return false;
        }
        return true;
    }

    /// The start of the match that a step continues; `put` has the moment's steps so far.
    [[nodiscard]] std::optional<std::int64_t> start_before(std::size_t step, std::uint64_t put) const {
        const bool is_tied = (put >> (step - 1) & 1) != 0;
        if (!rules_.increase || !is_tied) return levels_.start[step - 1];
        if (rules_.once && before_.has(step - 1)) return before_.start[step - 1];
        return std::nullopt;
    }

    /// The latest start of a match that does the step in this moment, where a row fills one step at most.
    [[nodiscard]] std::optional<std::int64_t> start_in_shared_rows(std::size_t step,
                                                                   const Moment& moment) const {
        RowMatching rows(rows_);
        // The steps from `first` on are done in this moment, each in a row of its own.
        std::size_t first = step + 1;
        while (first > 0 && (moment.steps >> (first - 1) & 1) != 0 && rows.fill(first)) --first;
        if (first == 0) return moment.time;
        if (first > step || !before_.has(first - 1)) return std::nullopt;
        return before_.start[first - 1];
    }

    /// Whether a step of several rows is reached without the last of them. Rows are read in their order, so
    /// the last one then repeats the step.
    bool is_reached_before_last_row(std::size_t step, const Moment& moment) {
        std::size_t last = moment.end - 1;
        while ((rules_.steps_of_code[codes_[last]] >> step & 1) == 0) --last;
        const std::uint64_t steps = rules_.steps_of_code[codes_[last]];
        RowKind& kind = *std::find_if(rows_.begin(), rows_.end(),
                                      [&](const RowKind& other) { return other.steps == steps; });
        if (kind.n_rows > 1) return true;
        kind.steps &= ~(std::uint64_t{1} << step);
        const std::optional<std::int64_t> start = start_in_shared_rows(step, moment);
        kind.steps = steps;
        return start && distance(*start, moment.time) <= rules_.window;
    }

    void count_rows(const Moment& moment) {
        for (std::size_t i = moment.begin; i < moment.end; ++i) ++n_of_kind_[kind_of_code_[codes_[i]]];
        rows_.clear();
        for (std::size_t i = moment.begin; i < moment.end; ++i) {
            const std::size_t kind = kind_of_code_[codes_[i]];
            if (n_of_kind_[kind] != 0) rows_.push_back({kinds_[kind], n_of_kind_[kind]});
            n_of_kind_[kind] = 0;
        }
    }

    const WindowFunnelRules& rules_;
    const Code* codes_;
    const std::int64_t* time_;
    const std::uint64_t* offsets_;
    bool shared_ = false;               // whether a stage fills several steps
    std::vector<std::uint64_t> kinds_;  // the distinct sets of steps that a stage fills
    std::vector<std::size_t> kind_of_code_;
    std::vector<std::size_t> n_of_kind_;
    std::vector<RowKind> rows_;  // of the moment
    Levels levels_;
    Levels before_;  // `levels_` before the moment
};

}  // namespace

LargeVector<std::uint8_t> window_funnel(const Journeys& journeys, const WindowFunnelOptions& options) {
    const WindowFunnelRules rules(options, journeys);
    LargeVector<std::uint8_t> level;
    level.resize(journeys.n_items());
    scan::scan_ranges(journeys, options.threads, [&](const auto* codes, std::size_t first, std::size_t last) {
        LevelReader reader(rules, journeys, codes);
        for (std::size_t item = first; item < last; ++item) level[item] = reader.level_of(item);
    });
    return level;
}

}  // namespace stagefunnel::sequence
