// The exits of a history by steps of age.

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "base/parallel.hpp"
#include "stagefunnel/stats/exit_history.hpp"

namespace stagefunnel::stats {
namespace {

/// Wanted steps of one cell, and how far they are filled.
struct Filled {
    std::span<const std::int64_t> ends;
    std::size_t at = 0;  // of all wanted steps
    std::size_t step = 0;
    bool awaits_first = true;  // end of the step
    double spread_before = 0;  // what had been added by the beginning of the step
    std::vector<double> gone_before{};

    [[nodiscard]] bool is_full() const { return step == ends.size(); }
    [[nodiscard]] std::int64_t last_age() const {
        return is_full() ? std::numeric_limits<std::int64_t>::max() : ends[step];
    }
};

/// Goes through the ends of one cell by age, as they were known at a moment.
///
/// Between two visits that go on, what is left falls as the number of those at risk does, so that each end
/// takes the same share: whatever was at risk when the last one went on divides once for all of them (B.
/// Efron, "The two sample problem with censored data", 1967: what goes on gives its share to those to the
/// right). So ends are counted, and divisions are made where a visit goes on.
class EndsByAge {
  public:
    EndsByAge(std::span<const AgedEnd> ends, std::span<const std::int64_t> events,
              std::span<const std::int64_t> open, std::size_t place)
        : next_(ends.data()),
          begin_(next_),
          end_(next_ + ends.size()),
          open_(open),
          known_below_(static_cast<std::int32_t>((place + 1) << AgedEnd::kCauseBits)),
          gone_(events.size(), 0.0),
          even_(events.size(), 0),
          odd_(events.size(), 0),
          at_risk_(std::accumulate(events.begin(), events.end(), static_cast<std::int64_t>(open.size()))),
          share_(at_risk_ > 0 ? 1 / static_cast<double>(at_risk_) : 0.0) {}

    void fill(std::span<Filled> wanted, SteppedExits& to) {
        for (Filled& one : wanted) one.gone_before.assign(gone_.size(), 0.0);
        while (true) {
            std::int64_t until = std::numeric_limits<std::int64_t>::max();
            bool is_full = true;
            for (const Filled& one : wanted) {
                until = std::min(until, one.last_age());
                is_full = is_full && one.is_full();
            }
            if (is_full) return;
            const bool goes_on = !open_.empty() && open_.front() <= until;
            if (goes_on) until = open_.front();
            const std::int64_t before = at_risk_ - n_ended_, n_before = n_ended_;
            count(until);
            if (n_ended_ > n_before)
                for (Filled& one : wanted) {
                    if (one.awaits_first && !one.is_full()) to.at_risk[one.at + one.step] = before;
                    one.awaits_first = false;
                }
            // Ends come before the visits of the same age that go on.
            if (goes_on) let_go_on(until);
            for (Filled& one : wanted)
                while (!one.is_full() && one.last_age() <= until) finish_step(one, to);
        }
    }

  private:
    /// Counts the ends up to an age that were known. Nobody can guess which were, so there is no branch.
    void count(std::int64_t until) {
        const auto count_one = [&](const AgedEnd& end, std::vector<std::int32_t>& counts) {
            const std::int32_t is_known = end.what < known_below_ ? 1 : 0;
            counts[end.cause()] += is_known;
            n_ended_ += is_known;
        };
        // Two counts do not wait for each other.
        for (; next_ + 1 < end_ && next_[1].age() <= until; next_ += 2) {
            count_one(next_[0], even_);
            count_one(next_[1], odd_);
        }
        if (next_ < end_ && next_->age() <= until) count_one(*next_++, even_);
    }

    void let_go_on(std::int64_t age) {
        if (n_ended_ > 0) {
            for (std::size_t cause = 0; cause < gone_.size(); ++cause) {
                gone_[cause] = gone(cause);
                even_[cause] = odd_[cause] = 0;
            }
            spread_ = spread();
            left_ = left();
            at_risk_ -= n_ended_;
            n_ended_ = 0;
        }
        for (; !open_.empty() && open_.front() == age; open_ = open_.subspan(1)) --at_risk_;
        share_ = at_risk_ > 0 ? left_ / static_cast<double>(at_risk_) : 0.0;
    }

    void finish_step(Filled& one, SteppedExits& to) const {
        const std::size_t at = one.at + one.step, n_causes = gone_.size();
        to.left[at] = left();
        for (std::size_t cause = 0; cause < n_causes; ++cause) {
            const double now = gone(cause);
            to.gone[at * n_causes + cause] = now;
            to.chance[at * n_causes + cause] = now - one.gone_before[cause];
            one.gone_before[cause] = now;
        }
        const double now = spread();
        to.spread[at] = now - one.spread_before;
        one.spread_before = now;
        one.awaits_first = true;
        ++one.step;
    }

    [[nodiscard]] double gone(std::size_t cause) const {
        return gone_[cause] + share_ * static_cast<double>(even_[cause] + odd_[cause]);
    }
    [[nodiscard]] double left() const {
        return n_ended_ > 0 ? share_ * static_cast<double>(at_risk_ - n_ended_) : left_;
    }
    /// M. Greenwood's sum of d / (n (n - d)), which is that of all ends while nothing goes on; the last ends
    /// of all have none.
    [[nodiscard]] double spread() const {
        std::int64_t lasting = at_risk_ - n_ended_;
        if (n_ended_ == 0) return spread_;
        if (lasting == 0) {
            std::int64_t last_age = -1;
            for (const AgedEnd* end = next_; end != begin_;) {
                --end;
                if (end->what >= known_below_) continue;
                if (last_age < 0) last_age = end->age();
                if (end->age() < last_age) break;
                ++lasting;
            }
        }
        const auto n = static_cast<double>(at_risk_), after = static_cast<double>(lasting);
        return spread_ + (n - after) / (n * after);
    }

    const AgedEnd* next_;
    const AgedEnd* begin_;
    const AgedEnd* end_;
    std::span<const std::int64_t> open_;  // the visits that go on for longer
    std::int32_t known_below_;
    // As it was when the last visit went on: what is gone, left and spread, and who is at risk.
    std::vector<double> gone_;
    std::vector<std::int32_t> even_, odd_;  // ends since then, by cause
    std::int64_t at_risk_, n_ended_ = 0;
    double share_, left_ = 1, spread_ = 0;
};

}  // namespace

SteppedExits ExitHistory::by_step(const KnownExits& known, const WantedSteps& wanted,
                                  unsigned threads) const {
    const std::size_t n_cells = end_bounds_.size() - 1;
    check_known(known);
    if (wanted.bounds.size() != wanted.cell.size() + 1 || wanted.bounds.front() != 0 ||
        !std::is_sorted(wanted.bounds.begin(), wanted.bounds.end()) ||
        static_cast<std::size_t>(wanted.bounds.back()) != wanted.end.size())
        throw std::invalid_argument("the steps do not fit together");
    for (const std::int64_t cell : wanted.cell)
        if (cell < 0 || static_cast<std::size_t>(cell) >= n_cells)
            throw std::invalid_argument("a cell of wanted steps is out of range");
    const std::size_t n = wanted.end.size();
    SteppedExits stepped{std::vector<double>(n * n_causes_, 0.0), std::vector<double>(n * n_causes_, 0.0),
                         std::vector<double>(n, 1.0), std::vector<double>(n, 0.0),
                         std::vector<std::int64_t>(n, 0)};
    std::vector<std::vector<Filled>> of_cell(n_cells);
    for (std::size_t r = 0; r < wanted.cell.size(); ++r) {
        const auto first = static_cast<std::size_t>(wanted.bounds[r]);
        const auto last = static_cast<std::size_t>(wanted.bounds[r + 1]);
        of_cell[static_cast<std::size_t>(wanted.cell[r])].push_back(
            {.ends = wanted.end.subspan(first, last - first), .at = first});
    }
    parallel_tasks(n_cells, threads, [&](std::size_t cell) {
        if (of_cell[cell].empty()) return;
        const std::size_t first = end_bounds_[cell], n_open = known.bounds[cell + 1] - known.bounds[cell];
        EndsByAge(std::span(ends_).subspan(first, end_bounds_[cell + 1] - first),
                  std::span(known.events).subspan(cell * n_causes_, n_causes_),
                  std::span(known.open_age).subspan(known.bounds[cell], n_open), known.place)
            .fill(of_cell[cell], stepped);
    });
    return stepped;
}

std::vector<std::int64_t> ExitHistory::cuts(const KnownExits& known, std::size_t cell,
                                            std::size_t most) const {
    check_known(known);
    if (cell + 1 >= end_bounds_.size())
        throw std::invalid_argument("the cell of wanted cuts is out of range");
    const auto events = std::span(known.events).subspan(cell * n_causes_, n_causes_);
    const auto total = static_cast<double>(std::accumulate(events.begin(), events.end(), std::int64_t{0}));
    const auto wanted = [&](std::size_t k) {
        return total * static_cast<double>(k) / static_cast<double>(most);
    };
    std::vector<std::int64_t> all, cut;
    std::size_t next = 1;
    std::int64_t passed = 0;
    for (std::size_t i = end_bounds_[cell]; i < end_bounds_[cell + 1] && next <= most;) {
        const std::int64_t age = ends_[i].age(), before = passed;
        for (; i < end_bounds_[cell + 1] && ends_[i].age() == age; ++i)
            passed += ends_[i].known_from() <= known.place ? 1 : 0;
        if (passed == before) continue;
        if (all.size() <= most) all.push_back(age);
        if (static_cast<double>(passed) < wanted(next)) continue;
        cut.push_back(age);
        while (next <= most && static_cast<double>(passed) >= wanted(next)) ++next;
    }
    return all.size() <= most ? all : cut;
}

void ExitHistory::check_known(const KnownExits& known) const {
    if (known.bounds.size() != end_bounds_.size() || known.events.size() != known.oldest.size() * n_causes_)
        throw std::invalid_argument("what was known is of other visits");
}

}  // namespace stagefunnel::stats
