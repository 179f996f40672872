#include "stagefunnel/questions/durations/open_then.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/parallel.hpp"
#include "questions/durations/dates.hpp"
#include "stagefunnel/questions/durations/lives.hpp"

namespace stagefunnel::durations {
namespace {

/// An item that was open at a date.
struct OpenAtDate {
    std::int64_t visit, age;
    std::uint32_t item;
    std::int32_t stage;
    std::uint32_t date;
    std::uint8_t outcome;
};

/// What a range of items has, in blocks, so that nothing is moved as it grows; and how many of each date.
class OpenOfRange {
  public:
    explicit OpenOfRange(std::size_t n_dates) : n_of_date_(n_dates, 0) {}

    void add(const OpenAtDate& one) {
        if (blocks_.empty() || blocks_.back().size() == kBlock) {
            blocks_.emplace_back();
            blocks_.back().reserve(kBlock);
        }
        blocks_.back().push_back(one);
        ++n_of_date_[one.date];
    }
    [[nodiscard]] std::vector<std::int64_t>& n_of_date() { return n_of_date_; }
    /// Writes them behind the places of each date that are left in `n_of_date`.
    void put(OpenThen& to) {
        for (const auto& block : blocks_)
            for (const OpenAtDate& one : block) {
                const auto at = static_cast<std::size_t>(n_of_date_[one.date]++);
                to.visit[at] = one.visit;
                to.item[at] = one.item;
                to.stage[at] = one.stage;
                to.age[at] = one.age;
                to.outcome[at] = one.outcome;
            }
    }

  private:
    static constexpr std::size_t kBlock = std::size_t{1} << 15U;

    std::vector<std::int64_t> n_of_date_;
    std::vector<std::vector<OpenAtDate>> blocks_;
};

void check(const VisitColumns& visits, const Pipeline& pipeline, std::span<const std::int64_t> first_visit,
           std::span<const std::int64_t> dates, std::span<const std::int64_t> ends) {
    const std::size_t n = visits.item.size();
    if (visits.stage.size() != n || visits.began.size() != n || visits.state.size() != n)
        throw std::invalid_argument("the columns of visits differ in length");
    if (std::any_of(visits.stage.begin(), visits.stage.end(),
                    [&](std::int32_t row) { return row < 0 || row >= pipeline.n_rows(); }))
        throw std::invalid_argument("the stage of a visit is out of range");
    if (std::any_of(first_visit.begin(), first_visit.end(),
                    [&](std::int64_t at) { return at < 0 || static_cast<std::size_t>(at) >= n; }))
        throw std::invalid_argument("the first visit of an item is out of range");
    if (n > 0 && (visits.state.back() & StaySpells::kLast) == 0)
        throw std::invalid_argument("the visits of the last item go on");
    check_dates(dates, ends);
}

/// Follows one item through the dates.
class ItemAtDates {
  public:
    ItemAtDates(const VisitColumns& visits, const Pipeline& pipeline, std::span<const std::int64_t> dates,
                std::span<const std::int64_t> ends)
        : visits_(visits), pipeline_(pipeline), dates_(dates), ends_(ends) {}

    /// Fetches an item that is listed soon; items stand in another order than their visits.
    /// Inlined always, or a compiler drops its calls as ones without effect.
    [[gnu::always_inline]] void expect(std::size_t visit) const {
        __builtin_prefetch(&visits_.item[visit]);
        __builtin_prefetch(&visits_.stage[visit]);
        __builtin_prefetch(&visits_.began[visit]);
        __builtin_prefetch(&visits_.state[visit]);
    }

    void list(std::size_t first, OpenOfRange& to) const {
        std::size_t last = first;
        while ((visits_.state[last] & StaySpells::kLast) == 0) ++last;
        const auto begun = std::upper_bound(dates_.begin(), dates_.end(), visits_.began[first]);
        std::size_t visit = first;
        for (auto d = static_cast<std::size_t>(begun - dates_.begin()); d < dates_.size(); ++d) {
            visit = seen_at(visit, last, dates_[d]);
            if (!is_in_progress(visit)) {
                if (visit == last) return;
                continue;
            }
            const std::int32_t then = visits_.stage[seen_at(visit, last, ends_[d])];
            const bool is_known = (visits_.state[visit] & StaySpells::kStartUnknown) == 0;
            to.add({.visit = static_cast<std::int64_t>(visit),
                    .age = is_known ? dates_[d] - visits_.began[visit] : OpenThen::kNotKnown,
                    .item = visits_.item[first],
                    .stage = visits_.stage[visit],
                    .date = static_cast<std::uint32_t>(d),
                    .outcome = static_cast<std::uint8_t>(pipeline_.outcome_of(then))});
        }
    }

  private:
    /// The last visit that began before a moment, of those from `visit` on.
    [[nodiscard]] std::size_t seen_at(std::size_t visit, std::size_t last, std::int64_t moment) const {
        while (visit < last && visits_.began[visit + 1] < moment) ++visit;
        return visit;
    }
    [[nodiscard]] bool is_in_progress(std::size_t visit) const {
        return pipeline_.outcome_of(visits_.stage[visit]) == Outcome::open;
    }

    const VisitColumns& visits_;
    const Pipeline& pipeline_;
    std::span<const std::int64_t> dates_, ends_;
};

}  // namespace

LargeVector<std::int64_t> first_visits(const VisitColumns& visits, std::span<const std::uint32_t> first_row) {
    const std::size_t n = visits.item.size();
    if (visits.state.size() != n) throw std::invalid_argument("the columns of visits differ in length");
    constexpr std::int64_t kNone = -1;
    std::uint32_t last = 0;
    for (const std::uint32_t row : first_row) last = std::max(last, row);
    LargeVector<std::int64_t> of_row(first_row.empty() ? 0 : std::size_t{last} + 1, kNone);
    bool is_first = true;
    std::size_t n_items = 0;
    for (std::size_t visit = 0; visit < n; ++visit) {
        if (is_first) {
            if (visits.item[visit] >= first_row.size())
                throw std::invalid_argument("the item of a visit has no first row");
            of_row[first_row[visits.item[visit]]] = static_cast<std::int64_t>(visit);
            ++n_items;
        }
        is_first = (visits.state[visit] & StaySpells::kLast) != 0;
    }
    LargeVector<std::int64_t> found;
    found.reserve(n_items);
    for (const std::int64_t visit : of_row)
        if (visit != kNone) found.push_back(visit);
    return found;
}

OpenThen open_then(const VisitColumns& visits, const Pipeline& pipeline,
                   std::span<const std::int64_t> first_visit, std::span<const std::int64_t> dates,
                   std::span<const std::int64_t> ends, unsigned threads) {
    check(visits, pipeline, first_visit, dates, ends);
    const ItemAtDates walk(visits, pipeline, dates, ends);
    auto parts = parallel_parts(first_visit.size(), threads, [&](std::size_t from, std::size_t to) {
        OpenOfRange own(dates.size());
        constexpr std::size_t kAhead = 12;
        for (std::size_t item = from; item < to; ++item) {
            if (item + kAhead < to) walk.expect(static_cast<std::size_t>(first_visit[item + kAhead]));
            walk.list(static_cast<std::size_t>(first_visit[item]), own);
        }
        return own;
    });
    OpenThen found;
    found.bounds.push_back(0);
    std::int64_t before = 0;
    for (std::size_t d = 0; d < dates.size(); ++d) {
        for (OpenOfRange& part : parts) before += std::exchange(part.n_of_date()[d], before);
        found.bounds.push_back(before);
    }
    const auto n_open = static_cast<std::size_t>(before);
    found.visit.resize(n_open);
    found.item.resize(n_open);
    found.stage.resize(n_open);
    found.age.resize(n_open);
    found.outcome.resize(n_open);
    parallel_tasks(parts.size(), threads, [&](std::size_t p) { parts[p].put(found); });
    return found;
}

}  // namespace stagefunnel::durations
