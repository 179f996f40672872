#include "stagefunnel/window_funnel.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <stdexcept>
#include <string>

#include "parallel.hpp"
#include "sequence_points.hpp"
#include "visits.hpp"

namespace stagefunnel {
namespace {

constexpr std::size_t kMost = 32;

struct Rules {
    Rules(const WindowFunnelOptions& options, const Journeys& journeys)
        : n_steps(options.steps.size()),
          window(static_cast<std::uint64_t>(options.window)),
          as_of(options.as_of),
          steps_of_code(journeys.n_labels + 1, 0) {
        if (n_steps < 1 || n_steps > kMost) {
            throw std::invalid_argument("windowFunnel has 1 to 32 steps, got " + std::to_string(n_steps));
        }
        if (options.window < 0) throw std::invalid_argument("a window must not be negative");
        for (std::size_t k = 0; k < n_steps; ++k) {
            const std::vector<std::uint8_t>& matches = options.steps[k];
            if (matches.size() != journeys.n_labels + 1 || matches.back() != 0) {
                throw std::invalid_argument(
                    "matches must be one per stage code, and none for a missing stage");
            }
            for (std::size_t code = 0; code < matches.size(); ++code) {
                if (matches[code] != 0) steps_of_code[code] |= bit_of(k + 1);
            }
        }
        const auto has = [&](WindowFunnelMode mode) {
            return std::find(options.modes.begin(), options.modes.end(), mode) != options.modes.end();
        };
        in_order = has(WindowFunnelMode::strict_order);
        deduplicates = has(WindowFunnelMode::strict_deduplication);
        rises = has(WindowFunnelMode::strict_increase);
        once = has(WindowFunnelMode::strict_once);
        reenters = has(WindowFunnelMode::allow_reentry);
    }

    std::size_t n_steps;
    std::uint64_t window;
    std::optional<std::int64_t> as_of;
    std::vector<std::uint64_t> steps_of_code;
    bool in_order;
    bool deduplicates;
    bool rises;
    bool once;
    bool reenters;
};

/// The rows of one time, each as the steps that it fills.
struct Moment {
    std::int64_t time = 0;
    std::uint64_t steps = 0;     // that one of the rows fills
    std::uint64_t repeated = 0;  // that several fill
    bool has_unmet = false;      // a row that fills none
    std::vector<std::uint64_t> rows;

    void clear(std::int64_t at) {
        time = at;
        steps = repeated = 0;
        has_unmet = false;
        rows.clear();
    }
    void add(std::uint64_t filled) {
        has_unmet |= filled == 0;
        repeated |= steps & filled;
        steps |= filled;
        rows.push_back(filled);
    }
};

/// What the scan remembers: one chain for each step, or in `strict_once` the best of all.
class Scan {
  public:
    explicit Scan(const Rules& rules) : rules_(rules) {}

    void clear() { held_ = 0; }
    [[nodiscard]] std::size_t level() const { return static_cast<std::size_t>(std::popcount(held_)); }

    /// Returns whether the scan goes on.
    bool read(const Moment& moment) {
        if (rules_.in_order && moment.has_unmet && (held_ & 1) != 0) return false;
        return rules_.once ? read_once(moment) : read_plainly(moment);
    }

  private:
    /// A chain on its way through the rows of one moment.
    struct Way {
        std::size_t after;  // the step that was done before this moment, 0 for none
        std::size_t last;   // the step that it has come to
        std::int64_t start;
        RowsForSteps rows;
    };

    [[nodiscard]] bool holds(std::size_t step) const { return (held_ & bit_of(step)) != 0; }
    [[nodiscard]] bool ends_at_early_step() const {
        return rules_.in_order && !rules_.reenters && (held_ & 1) != 0;
    }
    [[nodiscard]] bool is_open(std::int64_t start, std::int64_t now) const {
        return distance(start, now) <= rules_.window;
    }
    void hold(std::size_t step, std::int64_t start, std::int64_t now) {
        start_[step - 1] = start;
        last_[step - 1] = now;
        held_ |= bit_of(step);
    }

    bool read_plainly(const Moment& moment) {
        for (std::uint64_t bits = moment.steps; bits != 0; bits &= bits - 1) {
            const auto step = static_cast<std::size_t>(std::countr_zero(bits)) + 1;
            if (step == 1) {
                hold(1, moment.time, moment.time);
                continue;
            }
            if (rules_.deduplicates && holds(step)) return false;
            if (!holds(step - 1)) {
                if (ends_at_early_step()) return false;
                continue;
            }
            if (!is_open(start_[step - 2], moment.time)) continue;
            if (rules_.rises && last_[step - 2] >= moment.time) continue;
            hold(step, start_[step - 2], moment.time);
            if (rules_.deduplicates && (moment.repeated & bit_of(step)) != 0) return false;
        }
        return true;
    }

    /// Of chains of a step that ended before this moment the one that started last can do whatever the others
    /// can; those that go through the moment's rows use each row once.
    bool read_once(const Moment& moment) {
        sort_kinds(moment);
        ways_.clear();
        const std::uint64_t held_before = held_;
        const std::array<std::int64_t, kMost> start_before = start_;
        for (std::uint64_t bits = moment.steps; bits != 0; bits &= bits - 1) {
            const auto step = static_cast<std::size_t>(std::countr_zero(bits)) + 1;
            if (step == 1) {
                raise(1, moment.time);
                ways_.push_back({0, 0, moment.time, RowsForSteps(kinds_)});
                ways_.back().rows.add(1);
                ways_.back().last = 1;
                continue;
            }
            if (rules_.deduplicates && holds(step)) return false;
            if (!holds(step - 1)) {
                if (ends_at_early_step()) return false;
                continue;
            }
            if (rules_.rises) ways_.clear();
            std::erase_if(ways_, [&](const Way& way) { return way.last < step - 1; });
            if ((held_before & bit_of(step - 1)) != 0 && is_open(start_before[step - 2], moment.time)) {
                ways_.push_back({step - 1, step - 1, start_before[step - 2], RowsForSteps(kinds_)});
            }
            bool done = false;
            for (Way& way : ways_) {
                if (!way.rows.add(step)) continue;
                way.last = step;
                raise(step, way.start);
                done = true;
            }
            if (done && rules_.deduplicates && comes_again(moment, step)) return false;
        }
        return true;
    }

    /// Whether another row of the step comes after the first one with which a chain goes on.
    [[nodiscard]] bool comes_again(const Moment& moment, std::size_t step) const {
        std::vector<std::uint64_t> rows;
        for (const std::uint64_t row : moment.rows) {
            if ((row & bit_of(step)) != 0) rows.push_back(row);
        }
        rows.pop_back();
        std::sort(rows.begin(), rows.end());
        rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
        return std::any_of(rows.begin(), rows.end(), [&](std::uint64_t row) {
            return std::any_of(ways_.begin(), ways_.end(),
                               [&](const Way& way) { return fits(way, step, row); });
        });
    }

    /// Whether a chain can do the step with a row of one kind.
    [[nodiscard]] bool fits(const Way& way, std::size_t step, std::uint64_t kind) const {
        std::vector<RowKind> kinds = kinds_;
        for (RowKind& other : kinds) {
            if (other.steps != kind) other.steps &= ~bit_of(step);
        }
        RowsForSteps rows(kinds);
        for (std::size_t next = way.after + 1; next <= step; ++next) {
            if (!rows.add(next)) return false;
        }
        return true;
    }

    void raise(std::size_t step, std::int64_t start) {
        start_[step - 1] = holds(step) ? std::max(start_[step - 1], start) : start;
        held_ |= bit_of(step);
    }

    void sort_kinds(const Moment& moment) {
        sorted_ = moment.rows;
        std::sort(sorted_.begin(), sorted_.end());
        kinds_.clear();
        for (const std::uint64_t row : sorted_) {
            if (kinds_.empty() || kinds_.back().steps != row) kinds_.push_back({row, 0});
            ++kinds_.back().n_rows;
        }
    }

    const Rules& rules_;
    std::uint64_t held_ = 0;
    std::array<std::int64_t, kMost> start_{};
    std::array<std::int64_t, kMost> last_{};
    std::vector<std::uint64_t> sorted_;
    std::vector<RowKind> kinds_;
    std::vector<Way> ways_;
};

template <class Code>
std::size_t level_of(const Rules& rules, const Journeys& journeys, const Code* codes, std::size_t item,
                     Scan& scan, Moment& moment) {
    scan.clear();
    const std::size_t end = journeys.offsets[item + 1];
    for (std::size_t i = journeys.offsets[item]; i < end;) {
        moment.clear(journeys.time[i]);
        if (rules.as_of && moment.time >= *rules.as_of) break;
        for (; i < end && journeys.time[i] == moment.time; ++i) {
            if (codes[i] != journeys.n_labels) moment.add(rules.steps_of_code[codes[i]]);
        }
        if (!scan.read(moment)) break;
    }
    return scan.level();
}

}  // namespace

LargeVector<std::uint8_t> window_funnel(const Journeys& journeys, const WindowFunnelOptions& options) {
    const Rules rules(options, journeys);
    LargeVector<std::uint8_t> level(journeys.n_items());
    with_codes(journeys, [&](const auto* codes) {
        parallel_parts(journeys.n_items(), options.threads, [&](std::size_t first, std::size_t last) {
            Scan scan(rules);
            Moment moment;
            for (std::size_t item = first; item < last; ++item) {
                level[item] = static_cast<std::uint8_t>(level_of(rules, journeys, codes, item, scan, moment));
            }
            return 0;
        });
    });
    return level;
}

}  // namespace stagefunnel
