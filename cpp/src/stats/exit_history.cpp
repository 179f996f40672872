#include "stagefunnel/stats/exit_history.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "base/parallel.hpp"
#include "stats/radix_sort.hpp"

namespace stagefunnel::stats {
namespace {

constexpr std::size_t kMostMoments = (std::size_t{1} << 15U) - 1;

/// Finds the first of some moments that is later than a time. A table over their span says where to begin, so
/// that few moments are compared.
class MomentFinder {
  public:
    explicit MomentFinder(std::span<const Watched> moments) {
        for (const Watched& one : moments) at_.push_back(one.moment);
        if (at_.empty()) return;
        const auto span = static_cast<std::uint64_t>(at_.back()) - static_cast<std::uint64_t>(at_.front());
        const auto bits = static_cast<unsigned>(std::bit_width(span));
        shift_ = bits > kBits ? bits - kBits : 0;
        for (std::uint64_t place = 0, first = 0; place <= span >> shift_; ++place) {
            while (distance(at_[first]) >> shift_ < place) ++first;
            begin_.push_back(static_cast<std::uint32_t>(first));
        }
    }

    [[nodiscard]] std::size_t size() const { return at_.size(); }
    [[nodiscard]] std::size_t first_after(std::int64_t time) const {
        if (at_.empty() || time >= at_.back()) return at_.size();
        if (time < at_.front()) return 0;
        std::size_t first = begin_[distance(time) >> shift_];
        while (at_[first] <= time) ++first;
        return first;
    }

  private:
    static constexpr unsigned kBits = 12;

    [[nodiscard]] std::uint64_t distance(std::int64_t time) const {
        return static_cast<std::uint64_t>(time) - static_cast<std::uint64_t>(at_.front());
    }

    std::vector<std::int64_t> at_;
    std::vector<std::uint32_t> begin_;
    unsigned shift_ = 0;
};

/// A visit that was seen to go on at some moments: how long before the last moment it began, and the moments.
struct GoingOn {
    std::uint64_t key;
    std::uint32_t first, last;
};

/// What the visits of a range have, by cell.
struct RangeOfVisits {
    std::vector<std::size_t> n_ends;
    std::vector<std::vector<GoingOn>> going_on;
};

RangeOfVisits range_of(const DatedVisits& visits, const MomentFinder& moments, std::int64_t last_moment,
                       std::size_t begin, std::size_t end) {
    RangeOfVisits own{std::vector<std::size_t>(visits.n_cells, 0),
                      std::vector<std::vector<GoingOn>>(visits.n_cells)};
    for (std::size_t i = begin; i < end; ++i) {
        if (!visits.counts(i)) continue;
        visits.check(i);
        const auto cell = static_cast<std::size_t>(visits.cell[i]);
        const std::size_t first = moments.first_after(visits.began[i]);
        const std::size_t last = visits.has_end(i) ? moments.first_after(visits.ended[i]) : moments.size();
        if (first < last)
            own.going_on[cell].push_back(
                {static_cast<std::uint64_t>(last_moment) - static_cast<std::uint64_t>(visits.began[i]),
                 static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last)});
        if (last < moments.size()) ++own.n_ends[cell];
    }
    return own;
}

/// What was known of the visits of one cell, moment by moment.
class CellAtMoments {
  public:
    CellAtMoments(std::span<const Watched> moments, std::size_t n_causes)
        : moments_(moments),
          n_causes_(n_causes),
          events_(moments.size() * n_causes, 0),
          spent_(moments.size(), 0),
          oldest_(moments.size(), -1),
          common_(moments.size(), 0),
          open_age(moments.size()) {}

    /// Adds what ended, by age; and what went on, the last to begin first.
    void add(const AgedEnd& end) {
        const std::size_t at = end.known_from();
        ++events_[at * n_causes_ + end.cause()];
        spent_[at] += end.age();
        oldest_[at] = end.age();
        divide(common_[at], end.age());
    }
    void add_up() {
        for (std::size_t at = 1; at < moments_.size(); ++at) {
            for (std::size_t cause = 0; cause < n_causes_; ++cause)
                events_[at * n_causes_ + cause] += events_[(at - 1) * n_causes_ + cause];
            spent_[at] += spent_[at - 1];
            oldest_[at] = std::max(oldest_[at], oldest_[at - 1]);
            common_[at] = std::gcd(common_[at], common_[at - 1]);
        }
    }
    void watch(const GoingOn& one) {
        const std::int64_t began = moments_.back().moment - static_cast<std::int64_t>(one.key);
        for (std::size_t at = one.first; at < one.last; ++at) {
            const std::int64_t age = moments_[at].until - began;
            open_age[at].push_back(age);
            spent_[at] += age;
            divide(common_[at], age);
        }
    }
    void put(std::size_t cell, std::span<KnownExits> known) const {
        for (std::size_t at = 0; at < moments_.size(); ++at) {
            std::copy_n(events_.begin() + static_cast<std::ptrdiff_t>(at * n_causes_), n_causes_,
                        known[at].events.begin() + static_cast<std::ptrdiff_t>(cell * n_causes_));
            known[at].spent[cell] = spent_[at];
            known[at].oldest[cell] = oldest_[at];
        }
    }
    [[nodiscard]] std::int64_t common(std::size_t at) const { return common_[at]; }

  private:
    static void divide(std::int64_t& divisor, std::int64_t length) {
        if (divisor == 1) return;
        if (divisor == 0 || length % divisor != 0) divisor = std::gcd(divisor, length);
    }

    std::span<const Watched> moments_;
    std::size_t n_causes_;
    std::vector<std::int64_t> events_, spent_, oldest_, common_;

  public:
    std::vector<std::vector<std::int64_t>> open_age;
};

}  // namespace

void DatedVisits::check() const {
    const std::size_t n = began.size();
    if (ended.size() != n || cause.size() != n || cell.size() != n)
        throw std::invalid_argument("the columns of visits differ in length");
    if (n > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
        throw std::invalid_argument("the visits are more than can be sorted");
    if (n_causes > std::size_t{1} << AgedEnd::kCauseBits)
        throw std::invalid_argument("the causes are more than can be counted");
}

void DatedVisits::check(std::size_t i) const {
    if (cell[i] < 0 || static_cast<std::size_t>(cell[i]) >= n_cells)
        throw std::invalid_argument("the cell of a visit is out of range");
    if (cause[i] == Spells::kCensored) return;
    if (cause[i] < 0 || static_cast<std::size_t>(cause[i]) >= n_causes)
        throw std::invalid_argument("what ended a visit is out of range");
    if (ended[i] < began[i]) throw std::invalid_argument("a visit ends before it began");
}

ExitHistory::ExitHistory(const DatedVisits& visits, std::span<const Watched> watched, unsigned threads)
    : n_causes_(visits.n_causes), known_(watched.size()), end_bounds_(visits.n_cells + 1, 0) {
    visits.check();
    const auto rise = [](const Watched& a, const Watched& b) { return a.moment < b.moment; };
    if (!std::is_sorted(watched.begin(), watched.end(), rise))
        throw std::invalid_argument("the moments do not rise");
    if (watched.size() > kMostMoments)
        throw std::invalid_argument("the moments are more than can be counted");
    const MomentFinder moments(watched);
    const std::int64_t last_moment = watched.empty() ? 0 : watched.back().moment;
    const std::size_t n_visits = visits.began.size(), n_cells = visits.n_cells;
    auto ranges = parallel_parts(n_visits, threads, [&](std::size_t begin, std::size_t end) {
        return range_of(visits, moments, last_moment, begin, end);
    });
    // Ends that are never known are not kept; those of a cell stay in their order.
    std::size_t before = 0;
    for (std::size_t cell = 0; cell < n_cells; ++cell) {
        for (RangeOfVisits& range : ranges) before += std::exchange(range.n_ends[cell], before);
        end_bounds_[cell + 1] = before;
    }
    ends_.resize(before);
    parallel_tasks(ranges.size(), threads, [&](std::size_t r) {
        std::vector<std::size_t>& place = ranges[r].n_ends;
        for (std::size_t i = n_visits * r / ranges.size(); i < n_visits * (r + 1) / ranges.size(); ++i) {
            if (!visits.counts(i) || !visits.has_end(i) || visits.ended[i] >= last_moment) continue;
            const std::size_t from = moments.first_after(visits.ended[i]);
            if (from == moments.size()) continue;
            ends_[place[static_cast<std::size_t>(visits.cell[i])]++] = {
                static_cast<std::uint64_t>(visits.ended[i]) - static_cast<std::uint64_t>(visits.began[i]),
                static_cast<std::int32_t>(from << AgedEnd::kCauseBits) | visits.cause[i]};
        }
    });
    for (std::size_t at = 0; at < watched.size(); ++at) {
        known_[at].place = at;
        known_[at].events.resize(n_cells * n_causes_, 0);
        known_[at].oldest.resize(n_cells, -1);
        known_[at].spent.resize(n_cells, 0);
    }
    std::vector<CellAtMoments> cells(n_cells, CellAtMoments({}, 0));
    parallel_tasks(n_cells, threads, [&](std::size_t cell) {
        const std::size_t n_ends = end_bounds_[cell + 1] - end_bounds_[cell];
        const std::span<AgedEnd> own(ends_.data() + end_bounds_[cell], n_ends);
        cells[cell] = CellAtMoments(watched, n_causes_);
        {
            LargeVector<AgedEnd> spare(n_ends);
            radix_sort<AgedEnd>(own, spare);
        }
        for (const AgedEnd& end : own) cells[cell].add(end);
        cells[cell].add_up();
        LargeVector<GoingOn> going_on;
        for (RangeOfVisits& range : ranges) {
            going_on.insert(going_on.end(), range.going_on[cell].begin(), range.going_on[cell].end());
            range.going_on[cell] = {};
        }
        LargeVector<GoingOn> spare(going_on.size());
        radix_sort<GoingOn>(going_on, spare);
        for (const GoingOn& one : going_on) cells[cell].watch(one);
        cells[cell].put(cell, known_);
    });
    parallel_tasks(watched.size(), threads, [&](std::size_t at) {
        KnownExits& known = known_[at];
        known.bounds.push_back(0);
        for (CellAtMoments& cell : cells) {
            known.open_age.insert(known.open_age.end(), cell.open_age[at].begin(), cell.open_age[at].end());
            cell.open_age[at] = {};
            known.bounds.push_back(known.open_age.size());
            known.common = std::gcd(known.common, cell.common(at));
        }
    });
}

}  // namespace stagefunnel::stats
