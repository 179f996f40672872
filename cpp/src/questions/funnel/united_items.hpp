#pragma once

// Items that are counted as one: the deals of a lead, the items of a unit. Internal to the core.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "questions/funnel/funnel_counter.hpp"
#include "questions/funnel/kind_rules.hpp"
#include "questions/funnel/ruled_stages.hpp"
#include "scan/stage_set.hpp"
#include "scan/visits.hpp"
#include "stagefunnel/questions/funnel/units.hpp"

namespace stagefunnel::funnel::inline internal {

/// Brings values together by their keys, by a counting sort.
///
/// Where keys are many, values first come near their places, because each step to a place that is not in the
/// cache waits for memory (two passes of a radix sort).
///
/// @param value_of called with the place of each key, returns its value.
template <class ValueOf>
ByKey by_key(std::span<const std::uint32_t> keys, std::size_t n_keys, ValueOf value_of) {
    constexpr unsigned kShift = 10;
    constexpr std::size_t kNear = std::size_t{1} << kShift;  // keys whose places a cache holds
    struct Entry {
        std::uint32_t key, value;
    };
    ByKey sorted{std::vector<std::uint64_t>(n_keys + 1, 0), std::vector<std::uint32_t>(keys.size())};
    const std::size_t n_parts = (n_keys + kNear - 1) / kNear;
    std::vector<std::size_t> ends(n_parts + 1, 0);
    for (const std::uint32_t key : keys) ++ends[(key >> kShift) + 1];
    for (std::size_t part = 0; part < n_parts; ++part) ends[part + 1] += ends[part];
    LargeVector<Entry> entries(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) entries[ends[keys[i] >> kShift]++] = {keys[i], value_of(i)};
    std::size_t begin = 0;
    for (std::size_t part = 0; part < n_parts; begin = ends[part++]) {
        const std::size_t first = part << kShift, n = std::min(kNear, n_keys - first);
        std::array<std::uint64_t, kNear> next{};
        for (std::size_t i = begin; i < ends[part]; ++i) ++next[entries[i].key - first];
        std::uint64_t place = begin;
        for (std::size_t key = 0; key < n; ++key) {
            place += std::exchange(next[key], place);
            sorted.offsets[first + key + 1] = place;
        }
        for (std::size_t i = begin; i < ends[part]; ++i)
            sorted.values[next[entries[i].key - first]++] = entries[i].value;
    }
    return sorted;
}

/// Reads one item after another under the rules of a funnel.
template <class Mask, class Code>
class ItemReader {
  public:
    ItemReader(const Journeys& journeys, const Pipeline& pipeline, const Code* codes, const Options& options)
        : journeys_(journeys), pipeline_(pipeline), codes_(codes), options_(options), stages_(pipeline) {}

    /// Reads an item; returns false if no count has it.
    bool read(std::size_t item) { return read_rows(journeys_.offsets[item], journeys_.offsets[item + 1]); }

    /// Reads the rows [begin, end) of an item likewise.
    bool read_rows(std::size_t begin, std::size_t end_of_rows) {
        clear();
        scan::for_each_visit(codes_, begin, end_of_rows, pipeline_.row_of_code(),
                             [&](std::int32_t row, std::size_t i) { visit(row, i); });
        return finish();
    }

    /// Reads another item visit by visit: `visit` adds each, and `finish` says whether a count has the item
    /// as it stands then. More visits may follow.
    void clear() {
        stages_.clear();
        end_.emplace(pipeline_);
    }
    void visit(std::int32_t row, std::size_t i) {
        stages_.visit(options_.kind, *end_, row, pipeline_.outcome_of(row),
                      time_for_rules<Mask>(pipeline_, journeys_, i));
        end_->visit(row);
    }
    bool finish() {
        if (end_->empty() || is_left_out(*end_, options_.lost_then_won)) return false;
        stages_.fill_end(options_.kind, *end_);
        return true;
    }

    [[nodiscard]] const scan::JourneyEnd& end() const { return *end_; }
    [[nodiscard]] std::size_t n_words() const { return stages_.seen.n_words(); }
    [[nodiscard]] std::uint64_t visited(std::size_t w) const { return stages_.seen.word(w); }
    [[nodiscard]] std::uint64_t passed(std::size_t w) const { return stages_.own(options_.kind).word(w); }
    [[nodiscard]] std::uint64_t reached(std::size_t w) const { return passed(w) | stages_.filled.word(w); }
    [[nodiscard]] std::uint64_t beyond(std::size_t w) const { return stages_.beyond(*end_, w); }
    [[nodiscard]] std::uint64_t began_beyond(std::size_t w) const { return stages_.began_beyond(*end_, w); }
    [[nodiscard]] std::uint64_t beyond_absent(std::size_t w) const { return stages_.beyond_absent(w); }
    [[nodiscard]] bool passed_a_won_stage() const {
        const auto n_open = static_cast<std::size_t>(pipeline_.n_open());
        const auto n_won = static_cast<std::size_t>(pipeline_.n_won());
        for (std::size_t w = 0; w < n_words(); ++w) {
            if ((passed(w) & scan::bits_below(n_open + n_won, w) & ~scan::bits_below(n_open, w)) != 0)
                return true;
        }
        return false;
    }

  private:
    const Journeys& journeys_;
    const Pipeline& pipeline_;
    const Code* codes_;
    const Options& options_;
    StagesOf<Mask> stages_;
    std::optional<scan::JourneyEnd> end_;
};

/// What a reader found in an item, kept while it reads others.
template <class Mask>
class ReadItem {
  public:
    template <class Reader>
    explicit ReadItem(const Reader& reader, std::size_t n_rows)
        : end_(reader.end()),
          visited_(n_rows),
          passed_(n_rows),
          reached_(n_rows),
          beyond_(n_rows),
          began_beyond_(n_rows),
          absent_(n_rows) {
        for (std::size_t w = 0; w < reader.n_words(); ++w) {
            visited_.add(w, reader.visited(w));
            passed_.add(w, reader.passed(w));
            reached_.add(w, reader.reached(w));
            beyond_.add(w, reader.beyond(w));
            began_beyond_.add(w, reader.began_beyond(w));
            absent_.add(w, reader.beyond_absent(w));
        }
    }

    [[nodiscard]] const scan::JourneyEnd& end() const { return end_; }
    [[nodiscard]] std::size_t n_words() const { return visited_.n_words(); }
    [[nodiscard]] std::uint64_t visited(std::size_t w) const { return visited_.word(w); }
    [[nodiscard]] std::uint64_t passed(std::size_t w) const { return passed_.word(w); }
    [[nodiscard]] std::uint64_t reached(std::size_t w) const { return reached_.word(w); }
    [[nodiscard]] std::uint64_t beyond(std::size_t w) const { return beyond_.word(w); }
    [[nodiscard]] std::uint64_t began_beyond(std::size_t w) const { return began_beyond_.word(w); }
    [[nodiscard]] std::uint64_t beyond_absent(std::size_t w) const { return absent_.word(w); }

  private:
    scan::JourneyEnd end_;
    Mask visited_, passed_, reached_, beyond_, began_beyond_, absent_;
};

inline Standing standing_of(Outcome outcome) {
    if (outcome == Outcome::open) return Standing::open;
    return outcome == Outcome::won ? Standing::won : Standing::lost;
}

/// How far an item came; a won stage is further than all stages in progress.
inline std::int32_t distance_of(const scan::JourneyEnd& end) {
    return end.any_won() ? end.beyond_limit() : end.furthest();
}

/// How items stand together: the better outcome decides, then the furthest stage that an item visited, then
/// which item came first.
class JointStanding {
  public:
    /// @param first_row first row of the item in the input.
    void see(const scan::JourneyEnd& end, std::uint32_t first_row) {
        const Outcome outcome = end.outcome();
        reopened_ = reopened_ || (outcome == Outcome::won && end.any_lost());
        const std::int32_t row = outcome == Outcome::lost ? end.before_run() : end.last();
        const Place place{standing_of(outcome), distance_of(end), -static_cast<std::int64_t>(first_row)};
        if (place > best_) {
            best_ = place;
            row_ = row;
        }
    }
    void see_moved() { moved_ = true; }

    /// Whether all items that a count has are in another pipeline now.
    [[nodiscard]] bool has_moved_out() const { return moved_ && std::get<0>(best_) == Standing::none; }

    /// Adds the joint item `n` times to a group.
    void count(Counts& counts, Eigen::Index g, std::int64_t n) const {
        const Standing standing = std::get<0>(best_);
        if (standing == Standing::won) {
            counts.won(g) += n;
            counts.reopened_won(g) += reopened_ ? n : 0;
        } else if (standing == Standing::open) {
            counts.open(g) += n;
            counts.open_at(g, row_) += n;
        } else if (standing == Standing::lost) {
            counts.lost(g) += n;
            if (row_ >= 0) counts.lost_from(g, row_) += n;
        }
    }

  private:
    using Place = std::tuple<Standing, std::int32_t, std::int64_t>;

    Place best_{Standing::none, -1, std::numeric_limits<std::int64_t>::min()};
    std::int32_t row_ = -1;
    bool reopened_ = false;
    bool moved_ = false;
};

/// Unites items, one after another, and counts them as one.
template <class Mask>
class ItemUnion {
  public:
    explicit ItemUnion(const Pipeline& pipeline) : ItemUnion(static_cast<std::size_t>(pipeline.n_rows())) {}

    void clear() {
        for (Mask* set : {&visited_, &passed_, &reached_, &beyond_, &moved_past_, &absent_}) set->clear();
        standing_ = {};
    }

    /// Adds the item that was read, whose first row in the input is `first_row`.
    template <class Reader>
    void see(const Reader& item, std::uint32_t first_row, bool has_moved) {
        for (std::size_t w = 0; w < item.n_words(); ++w) {
            visited_.add(w, item.visited(w));
            passed_.add(w, item.passed(w));
            reached_.add(w, item.reached(w));
            beyond_.add(w, item.beyond(w));
            moved_past_.add(w, item.beyond(w) & ~item.began_beyond(w));
            absent_.add(w, item.beyond_absent(w));
        }
        if (has_moved) {
            standing_.see_moved();
        } else {
            standing_.see(item.end(), first_row);
        }
    }

    [[nodiscard]] bool has_moved_out() const { return standing_.has_moved_out(); }

    /// Adds the united items `n` times to a group.
    void count(Counts& counts, Eigen::Index g, std::int64_t n) const {
        const auto add = [&](CountMatrix& table, std::uint64_t rows, std::size_t w) {
            scan::for_each_bit(rows, w, [&](Eigen::Index row) { table(g, row) += n; });
        };
        for (std::size_t w = 0; w < visited_.n_words(); ++w) {
            const std::uint64_t skipped = beyond_.word(w) & ~visited_.word(w);
            add(counts.visited, visited_.word(w), w);
            add(counts.passed, passed_.word(w), w);
            add(counts.assumed, reached_.word(w) & ~passed_.word(w), w);
            add(counts.skipped, skipped, w);
            add(counts.began_beyond, skipped & ~moved_past_.word(w), w);
            add(counts.beyond, beyond_.word(w) & visited_.word(w), w);
            add(counts.beyond_absent, absent_.word(w), w);
        }
        standing_.count(counts, g, n);
    }

  private:
    explicit ItemUnion(std::size_t n)
        : visited_(n), passed_(n), reached_(n), beyond_(n), moved_past_(n), absent_(n) {}

    Mask visited_, passed_, reached_, beyond_, moved_past_, absent_;
    JointStanding standing_;
};

}  // namespace stagefunnel::funnel::inline internal
