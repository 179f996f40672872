#include "stagefunnel/questions/funnel/entries.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "questions/funnel/funnel_counter.hpp"
#include "questions/funnel/kind_rules.hpp"
#include "questions/funnel/ruled_stages.hpp"
#include "scan/same_items.hpp"
#include "scan/scan.hpp"
#include "scan/visits.hpp"

namespace stagefunnel::funnel {
namespace {

constexpr std::size_t kNever = ~std::size_t{0};

/// The entries for which the stages of one item count, each as a row of the journeys.
///
/// @tparam Mask a set that says whether the pipeline has rules of single stages.
template <class Mask>
class ItemEntries {
  public:
    ItemEntries(const Pipeline& pipeline, Kind kind)
        : pipeline_(pipeline),
          kind_(kind),
          n_open_(static_cast<std::size_t>(pipeline.n_open())),
          last_(static_cast<std::size_t>(pipeline.n_rows())),
          implied_(last_.size()),
          beyond_(last_.size()),
          absent_(last_.size(), kNever),
          implied_by_(last_.size()),
          in_order_(last_.size()),
          stages_(pipeline),
          filled_(stages_.seen.n_words()),
          went_beyond_(filled_.size()),
          went_absent_(filled_.size()) {}

    template <class Code>
    [[nodiscard]] scan::JourneyEnd read(const Journeys& journeys, const Code* codes, std::size_t item) {
        for (std::vector<std::size_t>* rows : {&last_, &implied_, &beyond_})
            std::fill(rows->begin(), rows->end(), kNever);
        std::fill(in_order_.begin(), in_order_.end(), false);
        next_in_order_ = 0;
        furthest_ = success_ = won_ = kNever;
        scan::JourneyEnd end(pipeline_);
        if constexpr (Mask::kHasRules) {
            read_by_rules(journeys, codes, item, end);
            return end;
        }
        scan::for_each_visit(codes, journeys.offsets[item], journeys.offsets[item + 1],
                             pipeline_.row_of_code(),
                             [&](std::int32_t row, std::size_t i) { visit(end, row, i); });
        began_limit_ = static_cast<std::size_t>(end.began_limit());
        if (kind_ == Kind::conversions_won && end.won_entry()) imply({0, n_open_}, success_);
        if (kind_ == Kind::furthest && end.any_won()) imply({0, n_open_}, won_);
        if (kind_ == Kind::furthest && !end.any_won() && end.furthest() >= 0)
            imply({0, static_cast<std::size_t>(end.furthest()) + 1}, furthest_);
        return end;
    }

    /// The last entry into a stage. This and the next two are `kNever` where there is no such entry.
    [[nodiscard]] std::size_t last(std::size_t stage) const { return last_[stage]; }
    /// The entry that first went beyond a stage.
    [[nodiscard]] std::size_t beyond(std::size_t stage) const { return beyond_[stage]; }
    /// The entry that first went beyond a stage while that was not there.
    [[nodiscard]] std::size_t beyond_absent(std::size_t stage) const { return absent_[stage]; }
    /// Whether the item's first entry was beyond a stage.
    [[nodiscard]] bool began_beyond(std::size_t stage) const { return stage < began_limit_; }
    /// The entry that first implied a stage under the kind's rule, whether the stage has a visit or not.
    [[nodiscard]] std::size_t implied(std::size_t stage) const { return implied_[stage]; }
    [[nodiscard]] bool is_passed(std::size_t stage) const {
        return kind_ == Kind::strict ? in_order_[stage] : last_[stage] != kNever;
    }
    [[nodiscard]] std::size_t n_open() const { return n_open_; }
    [[nodiscard]] std::size_t n_stages() const { return last_.size(); }

  private:
    void visit(scan::JourneyEnd& end, std::int32_t row, std::size_t i) {
        const Outcome outcome = pipeline_.outcome_of(row);
        const auto stage = static_cast<std::size_t>(row);
        last_[stage] = i;
        if (kind_ == Kind::conversions_moves)
            imply(passed_over(n_open_, end.last(), end.outcome(), row, outcome), i);
        if (kind_ == Kind::strict && counts_in_order(row, outcome, n_open_, next_in_order_))
            in_order_[stage] = true;
        const auto limit = static_cast<std::size_t>(end.beyond_limit());
        const std::int32_t furthest = end.furthest();
        const bool had_success = end.won_entry();
        end.visit(row);
        if (end.furthest() != furthest) furthest_ = i;
        if (end.won_entry() != had_success) success_ = i;
        if (outcome == Outcome::won && won_ == kNever) won_ = i;
        for (auto passed = limit; passed < static_cast<std::size_t>(end.beyond_limit()); ++passed)
            beyond_[passed] = i;
    }

    template <class Code>
    void read_by_rules(const Journeys& journeys, const Code* codes, std::size_t item, scan::JourneyEnd& end) {
        std::fill(absent_.begin(), absent_.end(), kNever);
        std::fill(implied_by_.begin(), implied_by_.end(), -1);
        for (std::vector<std::uint64_t>* words : {&filled_, &went_beyond_, &went_absent_})
            std::fill(words->begin(), words->end(), 0);
        stages_.clear();
        scan::for_each_visit(
            codes, journeys.offsets[item], journeys.offsets[item + 1], pipeline_.row_of_code(),
            [&](std::int32_t row, std::size_t i) { visit_by_rules(end, row, i, journeys.time[i]); });
        stages_.fill_end(kind_, end);
        began_limit_ = static_cast<std::size_t>(end.began_limit());
        for (std::size_t stage = 0; kind_ == Kind::strict && stage < last_.size(); ++stage)
            in_order_[stage] = has(stages_.own(kind_), stage) ? 1 : 0;
    }

    /// Notes for each stage the entry that first filled it in and those that first went beyond it.
    void visit_by_rules(scan::JourneyEnd& end, std::int32_t row, std::size_t i, std::int64_t time) {
        last_[static_cast<std::size_t>(row)] = i;
        stages_.visit(kind_, end, row, pipeline_.outcome_of(row), time);
        end.visit(row);
        for (std::size_t w = 0; w < stages_.seen.n_words(); ++w) {
            note_new(stages_.filled.word(w), filled_[w], w, implied_, i);
            note_new(stages_.beyond(end, w), went_beyond_[w], w, beyond_, i);
            note_new(stages_.beyond_absent(w), went_absent_[w], w, absent_, i);
        }
        if (kind_ == Kind::furthest) imply_furthest(row, i, stages_.epochs().at(time));
    }

    /// Notes an entry for the stages that are in a word now and were not before.
    static void note_new(std::uint64_t now, std::uint64_t& before, std::size_t w,
                         std::vector<std::size_t>& entries, std::size_t i) {
        scan::for_each_bit(now & ~before, w,
                           [&](std::ptrdiff_t stage) { entries[static_cast<std::size_t>(stage)] = i; });
        before = now;
    }

    /// Of the entries that go beyond a stage, the furthest one implies it; all won ones are equally far.
    void imply_furthest(std::int32_t row, std::size_t i, std::size_t epoch) {
        const std::int32_t distance = std::min(row, pipeline_.n_open());
        const auto limit = static_cast<std::size_t>(scan::JourneyEnd::began_limit_of(pipeline_, row));
        for (std::size_t w = 0; w < stages_.seen.n_words(); ++w) {
            scan::for_each_bit(stages_.epochs().implied(epoch, w) & scan::bits_below(limit, w), w,
                               [&](std::ptrdiff_t at) {
                                   const auto stage = static_cast<std::size_t>(at);
                                   if (distance <= implied_by_[stage]) return;
                                   implied_by_[stage] = distance;
                                   implied_[stage] = i;
                               });
        }
    }

    template <class Set>
    static bool has(const Set& set, std::size_t stage) {
        return (set.word(stage / scan::kWordBits) >> (stage % scan::kWordBits) & 1U) != 0;
    }

    void imply(StageRange stages, std::size_t i) {
        for (std::size_t stage = stages.begin; stage < stages.end; ++stage) {
            if (implied_[stage] == kNever) implied_[stage] = i;
        }
    }

    const Pipeline& pipeline_;
    Kind kind_;
    std::size_t n_open_;
    std::vector<std::size_t> last_, implied_, beyond_, absent_;
    std::vector<std::int32_t> implied_by_;  // how far the entry went that implied each stage
    std::vector<std::uint8_t> in_order_;    // whether each stage counts in the strict funnel
    StagesOf<Mask> stages_;                 // read where there are rules
    // Words of the stages for which an entry is noted, that filled them in or went beyond them.
    std::vector<std::uint64_t> filled_, went_beyond_, went_absent_;
    std::size_t next_in_order_ = 0;
    std::size_t began_limit_ = 0;
    std::size_t furthest_ = kNever;  // first entry into the furthest stage
    std::size_t success_ = kNever;   // first entry into a won stage that is a success
    std::size_t won_ = kNever;       // first entry into any won stage
};

/// Counts the stages of one item after another in the groups of their entries.
template <class Mask>
class EntryCounter {
  public:
    EntryCounter(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
                 const RowColumns& columns)
        : journeys_(journeys),
          columns_(columns),
          options_(options),
          entries_(pipeline, options.kind),
          partial_(columns.n_groups, pipeline, columns.amount.empty() ? Amounts::absent : Amounts::summed) {}

    template <class Code>
    void count(const Journeys& journeys, const Code* codes, std::size_t item) {
        const scan::JourneyEnd end = entries_.read(journeys, codes, item);
        if (end.empty()) return;
        item_ = item;
        Counts& counts = partial_.counts;
        const Eigen::Index now = group_at(entries_.last(static_cast<std::size_t>(end.last())));
        if (is_left_out(end, options_.lost_then_won)) {
            ++counts.left_out(now);
            return;
        }
        switch (end.outcome()) {
            case Outcome::open:
                ++counts.open(now);
                ++counts.open_at(now, end.last());
                break;
            case Outcome::won:
                ++counts.won(now);
                if (end.any_lost()) ++counts.reopened_won(now);
                break;
            case Outcome::lost:
                ++counts.lost(now);
                if (end.before_run() >= 0) {
                    const std::size_t left = entries_.last(static_cast<std::size_t>(end.before_run()));
                    ++counts.lost_from(group_at(left), end.before_run());
                }
                break;
        }
        add_stages();
    }

    void merge(const EntryCounter& next) { partial_.merge(next.partial_); }

    [[nodiscard]] PartialCounts take() {
        partial_.complete(options_.kind);
        return std::move(partial_);
    }

  private:
    void add_stages() {
        Counts& counts = partial_.counts;
        std::size_t next_entry = kNever;  // last entry into the nearest later in-progress stage with a visit
        for (std::size_t stage = entries_.n_stages(); stage-- > 0;) {
            const auto column = static_cast<Eigen::Index>(stage);
            const std::size_t entry = entries_.last(stage), beyond = entries_.beyond(stage),
                              implied = entries_.implied(stage);
            const bool is_visited = entry != kNever;
            if (is_visited) ++counts.visited(group_at(entry), column);
            if (beyond != kNever) {
                CountMatrix& skipped = entries_.began_beyond(stage) ? counts.began_beyond : counts.skipped;
                ++(is_visited ? counts.beyond : skipped)(group_at(beyond), column);
            }
            if constexpr (Mask::kHasRules) {
                const std::size_t absent = entries_.beyond_absent(stage);
                if (absent != kNever) ++counts.beyond_absent(group_at(absent), column);
            }
            if (entries_.is_passed(stage)) {
                if (options_.kind == Kind::strict) ++counts.passed(group_at(entry), column);
                add_amount(group_at(entry), stage, entry);
            } else if (implied != kNever) {
                ++counts.assumed(group_at(implied), column);
                add_amount(group_at(implied), stage, next_entry != kNever ? next_entry : implied);
            }
            if (is_visited && stage < entries_.n_open()) next_entry = entry;
        }
    }

    void add_amount(Eigen::Index group, std::size_t stage, std::size_t row) {
        if (columns_.amount.empty()) return;
        AmountSum one;
        one.add(columns_.amount[place_in(columns_.amount.size(), row)], 1);
        partial_.counts.amount_missing(group, static_cast<Eigen::Index>(stage)) += one.missing;
        const Eigen::Index n_stages = partial_.counts.passed.cols();
        partial_.sums[static_cast<std::size_t>(group * n_stages) + stage] += one.sum;
    }

    [[nodiscard]] Eigen::Index group_at(std::size_t row) const {
        return columns_.group[place_in(columns_.group.size(), row)];
    }

    /// Place of the value for a row of the item in a column of `n_values` values, one per item or one per
    /// row.
    ///
    /// Where the log has as many items as rows, each item has one row, and both ways give the same place.
    [[nodiscard]] std::size_t place_in(std::size_t n_values, std::size_t row) const {
        if (n_values == journeys_.n_items()) return item_;
        return scan::place_in_whole(journeys_, columns_.whole, item_, row);
    }

    const Journeys& journeys_;
    const RowColumns& columns_;
    const Options& options_;
    ItemEntries<Mask> entries_;
    PartialCounts partial_;
    std::size_t item_ = 0;
};

}  // namespace

Counts count_entries(const Journeys& journeys, const Pipeline& pipeline, const Options& options,
                     const RowColumns& columns) {
    pipeline.check(journeys);
    scan::check_same_items(journeys, columns.whole);
    const auto fits = [&](std::size_t n_values) {
        return n_values == columns.whole.n_rows() || n_values == journeys.n_items();
    };
    if (!fits(columns.group.size())) throw std::invalid_argument("groups must be one per row or per item");
    if (!columns.amount.empty() && !fits(columns.amount.size()))
        throw std::invalid_argument("amounts must be one per row or per item");
    check_group_range(columns.group, columns.n_groups);
    check_amounts(columns.amount);
    return scan::with_stage_set(pipeline, [&]<class Mask>() {
        return scan::scan(journeys, options.threads,
                          [&] { return EntryCounter<Mask>(journeys, pipeline, options, columns); })
            .take()
            .finish();
    });
}

}  // namespace stagefunnel::funnel
